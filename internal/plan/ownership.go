package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// cluster is a cluster of the configuration, and whether its part of the zone is its own:
// nothing is written for it before its record of ownership stands.
type cluster struct {
	name    string
	ready   bool   // its snapshots are complete
	leaving bool   // see desired.ClusterWant
	owned   bool   // its record of ownership stands: it may be written for
	why     string // why nothing may be written for it
	// known says that it is known whether the record of ownership stands, failed that it
	// could not be made at the last attempt.
	known, failed bool
	records       []*model.Record // all in its part of the zone
	// says is what the record of ownership says, as it stands.
	says model.Ownership
	// The TTL of the record of ownership is that of all records of the cluster: where the
	// provider keeps another one than the configured, they follow.
	ttl        int
	ttlChanges bool
}

// ownership is the stage that finds out for which clusters may be written.
type ownership struct {
	*draft
	usage
	aliases hostalias.Aliases
	// noRules is since when a cluster has no rule at a CDN. It is the memory being built.
	noRules map[clusterCDN]time.Time
}

// planOwnership finds the record of ownership of each cluster, and makes it where the
// cluster's part of the zone is free and needed.
func planOwnership(d *draft, u usage, aliases hostalias.Aliases) (map[string]*cluster, map[clusterCDN]time.Time) {
	o := &ownership{d, u, aliases, make(map[clusterCDN]time.Time)}
	records := o.recordsByCluster()
	clusters := make(map[string]*cluster)
	for _, name := range slices.Sorted(maps.Keys(d.Want.Clusters)) {
		c := &cluster{name: name, records: records[name]}
		clusters[name] = c
		want := d.Want.Clusters[name]
		c.ready, c.leaving = want != nil, want != nil && want.Leaving
		switch {
		case c.leaving:
			o.leave(c)
		case c.ready:
			o.examine(c)
		}
		if c.owned && !c.leaving {
			d.out.Owned.Claims++
			d.out.Owned.Addresses += len(c.records) - 1 // the record of ownership is not counted
		}
	}
	return clusters, o.noRules
}

// recordsByCluster sorts out what lies in the owner's part of the zone and
// reports what belongs to clusters that the configuration does not name.
func (o *ownership) recordsByCluster() map[string][]*model.Record {
	byCluster := make(map[string][]*model.Record)
	for _, r := range o.directory.Ours {
		cluster, ok := model.ClusterOf(r, o.Settings.Owner)
		if !ok {
			continue
		}
		if _, label := model.ParseAliasLabel(r, o.Settings.Owner); label {
			continue // an earlier version published hosts there: it goes with their DNS
		}
		if o.configured(cluster) {
			byCluster[cluster] = append(byCluster[cluster], r)
		} else if model.IsOwnership(r, cluster, o.Settings.Owner) {
			o.notice("the names below %s.%s belong to a cluster %q that is not in the configuration; they are left alone",
				model.Subtree(cluster, o.Settings.Owner), o.Settings.Domain, cluster)
		}
	}
	return byCluster
}

// examine finds out whether the cluster's part of the zone is its own, and has it be that.
// The record of ownership says, before there is any, at which CDNs the cluster has rules
// and in which zones published hosts.
func (o *ownership) examine(c *cluster) {
	want := model.Record{Name: model.OwnershipName(c.name, o.Settings.Owner), Type: "TXT", TTL: o.Settings.TTL}
	key := want.Key()
	if o.places.Doubtful(key) {
		return
	}
	c.known = true
	standing, says, refused := o.read(c, want.Name)
	if refused != "" {
		c.why = refused
		o.alarm(refused)
		return
	}
	below := len(c.records) + o.aliases.OwnedBy(c.name)
	if len(says.CDNs) == 0 && (len(standing) > 0 || below > 0) {
		if !o.Rules.Tried() {
			return
		}
		says.CDNs = o.perhapsAt(c)
	}
	says.Config = o.selectedInSync(c, standing)
	c.says = says
	gone := o.withoutRules(c)
	for cdn, since := range gone {
		o.noRules[clusterCDN{c.name, cdn}] = since
		if end := since.Add(o.Settings.Linger); o.Now.Before(end) {
			o.wakeAt(end)
		}
	}
	want.Data = o.shallSay(c, gone).String()
	switch {
	case len(standing) > 0:
		o.keep(c, standing, want)
	case o.places.Is(key, observed.InFlight):
		c.known = false
	case below > 0:
		c.why = o.unowned(c, want)
		o.alarm(c.why)
	case o.needed(c):
		c.known, c.failed = false, o.places.Is(key, observed.BackingOff)
		o.records.Create(want, model.UrgentClaim)
	}
}

// read finds the records of ownership of a cluster, of which lost replies may have left
// several, and what they say together; or why its part of the zone is somebody else's.
func (o *ownership) read(c *cluster, name string) (standing []*model.Record, says model.Ownership, refused string) {
	uid, fqdn := o.Want.Clusters[c.name].UID, name+"."+o.Settings.Domain
	says = model.Ownership{Owner: o.Settings.Owner, UID: uid}
	for _, r := range c.records {
		if r.Name != name || r.Type != "TXT" {
			continue
		}
		switch said, ok := model.ParseOwnership(r.Data); {
		case ok && said.UID != uid:
			return nil, says, fmt.Sprintf("%s is claimed by another cluster: its kube-system has the UID %.64q, that of cluster %s is %s. "+
				"Nothing is written for this cluster. Correct its kubeconfig, or give it another clusters[].name or another owner; "+
				"if the other cluster is gone for good, delete that TXT record", fqdn, said.UID, c.name, uid)
		case !ok || said.Owner != o.Settings.Owner:
			return nil, says, fmt.Sprintf("the TXT record %s is not a claim of edgeward. Nothing is written for cluster %s. "+
				"Delete it, or give the cluster another clusters[].name or another owner", fqdn, c.name)
		default:
			standing, says = append(standing, r), says.And(said)
		}
	}
	return standing, says, ""
}

// keep brings the record of ownership that stands up to date, one change after the other.
func (o *ownership) keep(c *cluster, standing []*model.Record, want model.Record) {
	stands := standing[0]
	if i := slices.IndexFunc(standing, func(r *model.Record) bool { return r.Data == want.Data }); i >= 0 {
		stands = standing[i]
	}
	c.owned, c.failed, c.ttl = true, o.places.Is(want.Key(), observed.BackingOff), stands.TTL
	switch {
	case o.places.Is(want.Key(), observed.InFlight):
		c.ttlChanges = stands.TTL != o.Settings.TTL
	case stands.Data != want.Data:
		o.records.Change(stands, stands.WithData(want.Data), model.UrgentClaim)
	case len(standing) > 1:
		o.records.RemoveOthers(standing, stands)
	case stands.TTL != o.Settings.TTL:
		c.ttlChanges = !c.failed
		o.records.Change(stands, want, model.UrgentClaim)
	}
}

// leave finds the records of ownership of a cluster of which nothing shall stay, whatever
// cluster it was that had this name, and removes them once they protect nothing any more.
// Where there are none, what lies in the cluster's part of the zone is not ours.
func (o *ownership) leave(c *cluster) {
	var standing []*model.Record
	for _, r := range c.records {
		if model.IsOwnership(r, c.name, o.Settings.Owner) {
			said, _ := model.ParseOwnership(r.Data)
			standing, c.says = append(standing, r), c.says.And(said)
		}
	}
	c.owned, c.known = true, true
	if len(c.says.CDNs) == 0 {
		c.says.CDNs = o.perhapsAt(c)
	}
	if len(standing) == 0 {
		c.records = nil
		return
	}
	if len(c.records) == len(standing) && o.aliases.OwnedBy(c.name) == 0 && !o.inUse(c) {
		for _, r := range standing {
			if o.idle(r) {
				o.records.Remove(r, model.UrgentTidy)
			}
		}
	}
}

// inUse reports whether the cluster has rules, or any rule uses a name in its part of the
// zone.
func (o *ownership) inUse(c *cluster) bool {
	for of, n := range o.rules {
		if of.cluster == c.name && n > 0 {
			return true
		}
	}
	for name := range o.names {
		if of, ok := model.ClusterOf(&model.Record{Name: name}, o.Settings.Owner); ok && of == c.name {
			return true
		}
	}
	return false
}

// unowned says that something stands in the cluster's part of the zone, but no record of
// ownership, and what helps.
func (o *ownership) unowned(c *cluster, want model.Record) string {
	found := fmt.Sprintf("there are %d records below %s.%s", len(c.records), model.Subtree(c.name, o.Settings.Owner), o.Settings.Domain)
	if len(c.records) == 0 {
		found = fmt.Sprintf("%d hosts are marked as published for cluster %s", o.aliases.OwnedBy(c.name), c.name)
	}
	return fmt.Sprintf("%s, but no claim. Nothing is written for cluster %s. "+
		"If they are nobody else's, create the TXT record %s with the text %q; otherwise give the cluster another clusters[].name or another owner",
		found, c.name, want.Name+"."+o.Settings.Domain, want.Data)
}

// selectedInSync is what the configuration selected when all was well, as all records of
// ownership that stand say; "" if that is not known. Where there is none, and no rule yet,
// it is what it selects now.
func (o *ownership) selectedInSync(c *cluster, standing []*model.Record) string {
	if len(standing) == 0 {
		for of, rules := range o.rules {
			if of.cluster == c.name && rules > 0 {
				return ""
			}
		}
		return o.Want.Clusters[c.name].Selection
	}
	first, _ := model.ParseOwnership(standing[0].Data)
	for _, r := range standing[1:] {
		if said, _ := model.ParseOwnership(r.Data); said.Config != first.Config {
			return ""
		}
	}
	return first.Config
}

// perhapsAt are the CDNs that are not in the configuration and at which the cluster may
// have rules, where no record of ownership says at which it has: that is missing, or an
// earlier version made it. It may have some where an address stands that no rule names,
// since before this process began, or a host is led to a name that no rule has.
func (o *ownership) perhapsAt(c *cluster) []model.Provider {
	unknown := o.Settings.UnknownCDNs()
	if len(unknown) == 0 {
		return nil
	}
	for _, r := range c.records {
		if r.Resolves() && !o.names[r.Name] && !o.Memory.names[r.Name] {
			return unknown
		}
	}
	for _, alias := range o.aliases.Of {
		leadsThere := func(r *model.Rule) bool { return alias.LeadsTo(o.Settings.CDNName(r)) }
		if alias.Cluster == c.name && alias.CNAME != nil && !slices.ContainsFunc(o.Rules.Objects, leadsThere) {
			return unknown
		}
	}
	return nil
}

// shallSay is what the cluster's record of ownership shall say: the CDNs at which it has
// rules or is about to, or the only one that there is; the zones of the configuration; and
// what it said of others, which are not read, until the configuration says that they may
// be forgotten. A CDN of several stays for the linger after its last rule was gone. What
// the configuration selects is said once that was found to be well; see clustersInSync.
func (o *ownership) shallSay(c *cluster, gone map[model.Provider]time.Time) model.Ownership {
	shall := model.Ownership{Owner: c.says.Owner, UID: c.says.UID, Config: c.says.Config}
	if o.Memory.inSync[c.name] {
		shall.Config = o.Want.Clusters[c.name].Selection
	}
	shall.CDNs = o.Settings.Unread(c.says)
	for _, cdn := range o.Settings.CDNs {
		since, without := gone[cdn.Name]
		over := without && !o.Now.Before(since.Add(o.Settings.Linger))
		if o.uses(c, cdn.Name) || c.says.ListsCDN(cdn.Name) && !over {
			shall.CDNs = append(shall.CDNs, cdn.Name)
		}
	}
	shall.Zones = o.Settings.Unlisted(c.says)
	for _, zone := range o.Settings.PublishZones {
		shall.Zones = append(shall.Zones, model.ZoneTag(zone))
	}
	return shall.And(model.Ownership{}) // sorted
}

// uses reports whether the cluster has rules at a CDN or is about to, or there is no other
// one.
func (o *ownership) uses(c *cluster, cdn model.Provider) bool {
	of := clusterCDN{c.name, cdn}
	return len(o.Settings.CDNs) == 1 || o.rules[of] > 0 || o.wanted[of]
}

// withoutRules is since when the cluster has no rule at those CDNs of which its record of
// ownership still says that it has.
func (o *ownership) withoutRules(c *cluster) map[model.Provider]time.Time {
	gone := make(map[model.Provider]time.Time)
	for _, cdn := range o.Settings.CDNs {
		if o.uses(c, cdn.Name) || !c.says.ListsCDN(cdn.Name) || !o.Rules.Part(string(cdn.Name)).Known {
			continue
		}
		since, known := o.Memory.noRules[clusterCDN{c.name, cdn.Name}]
		if !known {
			since = o.Now
		}
		gone[cdn.Name] = since
	}
	return gone
}

// needed reports whether any rule wants an address set of the cluster that could be
// filled.
func (o *ownership) needed(c *cluster) bool {
	for name, set := range o.Want.Sets {
		if set.Cluster == c.name && o.names[name] && !set.Empty() {
			return true
		}
	}
	return false
}

// tellUnread says what of the clusters stays for the sake of what is not read.
func tellUnread(d *draft, clusters map[string]*cluster, keptNames, keptHosts map[string][]string) {
	for name, c := range clusters {
		if kept := slices.Concat(keptHosts[name], keptNames[name]); len(kept) > 0 {
			d.notice("cluster %s has published at %s, which is not in the configuration any more, so that its rules there are not read. "+
				"What they may rest on stays (%s). Put the section back, or, when nothing of ours is left there, list it in sync.forget",
				name, model.Joined(d.Settings.Unread(c.says), " and "), model.Listed(kept, ", "))
		}
		if hosts := hostsUnseen(d.facts, c); len(hosts) > 0 {
			d.notice("cluster %s has led hosts to the CDN in zones that are not in %s any more: %s. "+
				"Their CNAMEs are left as they are, and so is what they lead to. List the zones again, or delete the records of these hosts and list the zones in sync.forget",
				name, d.Settings.DNS.Key("publish_zones"), model.Listed(hosts, ", "))
		}
	}
}

// hostsUnseen are the hosts of a cluster's rules that may be led to the CDN in a zone that
// is not listed any more.
func hostsUnseen(f *facts, c *cluster) (hosts []string) {
	if len(f.Settings.Unlisted(c.says)) == 0 {
		return nil
	}
	for _, row := range f.rows.All {
		for _, r := range row.Ours {
			if r.Ingress.Cluster == c.name && f.Settings.CDNName(r.Rule) != "" && f.Settings.UnlistedZone(c.says, r.Host) != "" {
				hosts = append(hosts, r.Host)
			}
		}
	}
	return slices.Compact(hosts)
}
