package plan

import (
	"fmt"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// recordsByCluster sorts out what lies in the owner's part of the zone and
// reports what belongs to clusters that the configuration does not name.
func (p *planner) recordsByCluster() map[string][]*model.Record {
	byCluster := make(map[string][]*model.Record)
	for _, r := range p.stands.concerns {
		cluster, ok := model.ClusterOf(r, p.Settings.Owner)
		if !ok {
			continue
		}
		if _, mark := model.ParseAliasLabel(r, p.Settings.Owner); mark {
			continue // an earlier version published hosts there: it goes with their DNS
		}
		if p.clusters.get(cluster) != nil {
			byCluster[cluster] = append(byCluster[cluster], r)
		} else if model.IsOwnership(r, cluster, p.Settings.Owner) {
			p.notice("the names below %s.%s belong to a cluster %q that is not in the configuration; they are left alone",
				model.Subtree(cluster, p.Settings.Owner), p.Settings.Domain, cluster)
		}
	}
	return byCluster
}

// planClaim finds out whether the cluster's part of the zone is its own, and
// claims it where it is free and needed. The claim says, before there is any, at
// which CDNs the cluster has rules and in which zones published hosts.
func (p *planner) planClaim(cluster string, c *clusterState, records []*model.Record) {
	name := model.OwnershipName(cluster, p.Settings.Owner)
	uid := p.Want.Clusters[cluster].UID
	claim := model.Record{Name: name, Type: "TXT", TTL: p.Settings.TTL}
	key, fqdn := claim.Key(), name+"."+p.Settings.Domain
	if p.records.Doubtful(key) {
		return
	}
	c.compared = true
	var standing []*model.Record
	said := model.Ownership{Owner: p.Settings.Owner, UID: uid}
	for _, r := range records {
		if r.Name != name || r.Type != "TXT" {
			continue
		}
		switch o, ok := model.ParseOwnership(r.Data); {
		case ok && o.UID != uid:
			c.refused = fmt.Sprintf("%s is claimed by another cluster: its kube-system has the UID %.64q, that of cluster %s is %s. "+
				"Nothing is written for this cluster. Correct its kubeconfig, or give it another clusters[].name or another owner; "+
				"if the other cluster is gone for good, delete that TXT record", fqdn, o.UID, cluster, uid)
		case !ok || o.Owner != p.Settings.Owner:
			c.refused = fmt.Sprintf("the TXT record %s is not a claim of edgeward. Nothing is written for cluster %s. "+
				"Delete it, or give the cluster another clusters[].name or another owner", fqdn, cluster)
		default:
			standing, said = append(standing, r), said.And(o)
			continue
		}
		p.alarm("%s", c.refused)
		return
	}
	if len(said.CDNs) == 0 && (len(standing) > 0 || len(records)+p.ownedAliases(cluster) > 0) {
		if !p.Rules.Tried() {
			return
		}
		said.CDNs = p.perhapsAt(cluster, records)
	}
	said.Config = p.selected(cluster, c, standing)
	c.said = said
	c.unchanged = said.Config != "" && said.Config == p.Want.Clusters[cluster].Selection
	claim.Data = p.ownership(cluster, c).String()
	parked := p.records.Is(key, observed.BackingOff)
	switch {
	case len(standing) > 0:
		stands := standing[0]
		if i := slices.IndexFunc(standing, func(r *model.Record) bool { return r.Data == claim.Data }); i >= 0 {
			stands = standing[i]
		}
		c.claimed, c.claimFailed, c.ttl = true, parked, stands.TTL
		switch {
		case p.records.Is(key, observed.InFlight):
			c.ttlChanges = stands.TTL != p.Settings.TTL
		case stands.Data != claim.Data:
			p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Update, From: stands, To: new(stands.WithData(claim.Data)), Urgency: model.UrgentClaim})
		case len(standing) > 1:
			p.removeOthers(standing, stands)
		case stands.TTL != p.Settings.TTL:
			c.ttlChanges = !parked
			p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Update, From: stands, To: &claim, Urgency: model.UrgentClaim})
		}
	case p.records.Is(key, observed.InFlight):
		c.compared = false
	case len(records)+p.ownedAliases(cluster) > 0:
		found := fmt.Sprintf("there are %d records below %s.%s", len(records), model.Subtree(cluster, p.Settings.Owner), p.Settings.Domain)
		if len(records) == 0 {
			found = fmt.Sprintf("%d hosts are marked as published for cluster %s", p.ownedAliases(cluster), cluster)
		}
		c.refused = fmt.Sprintf("%s, but no claim. Nothing is written for cluster %s. "+
			"If they are nobody else's, create the TXT record %s with the text %q; otherwise give the cluster another clusters[].name or another owner",
			found, cluster, fqdn, claim.Data)
		p.alarm("%s", c.refused)
	case p.wantsRecords(cluster):
		c.compared, c.claimFailed = false, parked
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Create, To: &claim, Urgency: model.UrgentClaim})
	}
}

// selected is what the configuration selected when all was well, as all claims that stand
// say; "" if that is not known. Where there is no claim, and no rule yet, it is what it
// selects now.
func (p *planner) selected(cluster string, c *clusterState, standing []*model.Record) string {
	if len(standing) == 0 {
		for _, rules := range c.rules {
			if rules > 0 {
				return ""
			}
		}
		return p.Want.Clusters[cluster].Selection
	}
	first, _ := model.ParseOwnership(standing[0].Data)
	for _, r := range standing[1:] {
		if o, _ := model.ParseOwnership(r.Data); o.Config != first.Config {
			return ""
		}
	}
	return first.Config
}

// perhapsAt are the CDNs that are not in the configuration and at which the cluster
// may have rules, where no claim says at which it has: that is missing, or an earlier
// version made it. It may have some where an address stands that no rule names, since
// before this process began, or a host is led to a name that no rule has.
func (p *planner) perhapsAt(cluster string, records []*model.Record) []model.Provider {
	unknown := p.Settings.UnknownCDNs()
	if len(unknown) == 0 {
		return nil
	}
	for _, r := range records {
		if r.Resolves() && !p.named[r.Name] && !p.Memory.named[r.Name] {
			return unknown
		}
	}
	for _, pub := range p.aliases {
		known := func(r *model.Rule) bool { return p.target(r) == pub.cname.Data }
		if pub.cluster == cluster && pub.hasCNAME && !slices.ContainsFunc(p.Rules.Objects, known) {
			return unknown
		}
	}
	return nil
}

// ownership is what the cluster's claim shall say: the CDNs at which it has rules or
// is about to, or the only one that there is; the zones of the configuration; and what
// it said of others, which are not read, until the configuration says that they may be
// forgotten. A CDN of several stays for the linger after its last rule. What the
// configuration selects is said once that was found to be well; see noteSettled.
func (p *planner) ownership(cluster string, c *clusterState) model.Ownership {
	o := model.Ownership{Owner: c.said.Owner, UID: c.said.UID, Config: c.said.Config}
	if p.Memory.settled[cluster] {
		o.Config = p.Want.Clusters[cluster].Selection
	}
	o.CDNs = p.Settings.Unread(c.said)
	for _, cdn := range p.Settings.CDNs {
		name := cdn.Name
		uses := len(p.Settings.CDNs) == 1 || c.rules[name] > 0 || c.wants[name]
		if uses || c.said.ListsCDN(name) && (!p.Rules.Part(string(name)).Known || p.lingers(clusterCDN{cluster, name})) {
			o.CDNs = append(o.CDNs, name)
		}
	}
	o.Zones = p.Settings.Unlisted(c.said)
	for _, zone := range p.Settings.PublishZones {
		o.Zones = append(o.Zones, model.ZoneTag(zone))
	}
	return o.And(model.Ownership{}) // sorted
}

// tellUnread says what of a cluster stays for the sake of what is not read.
func (p *planner) tellUnread(cluster string, c *clusterState) {
	if kept := len(c.keptNames) + len(c.keptHosts); kept > 0 {
		p.notice("cluster %s has published at %s, which is not in the configuration any more, so that its rules there are not read. "+
			"What they may rest on stays (%s). Put the section back, or, when nothing of ours is left there, list it in sync.forget",
			cluster, model.Joined(p.Settings.Unread(c.said), " and "), model.Listed(slices.Concat(c.keptHosts, c.keptNames), ", "))
	}
	if len(p.Settings.Unlisted(c.said)) == 0 {
		return
	}
	var hosts []string
	for _, s := range p.rows.all {
		for _, r := range s.ours {
			if r.of.Cluster == cluster && p.target(r.Rule) != "" && p.Settings.UnlistedZone(c.said, r.Host) != "" {
				hosts = append(hosts, r.Host)
			}
		}
	}
	if len(hosts) > 0 {
		p.notice("cluster %s has led hosts to the CDN in zones that are not in %s any more: %s. "+
			"Their CNAMEs are left as they are, and so is what they lead to. List the zones again, or delete the records of these hosts and list the zones in sync.forget",
			cluster, p.Settings.DNS.Key("publish_zones"), model.Listed(slices.Compact(hosts), ", "))
	}
}

// clusterCDN is a CDN as one cluster uses it.
type clusterCDN struct {
	cluster string
	cdn     model.Provider
}

// lingers reports whether the linger is not over yet since a cluster was first seen to
// have no rule at a CDN, which it remembers.
func (p *planner) lingers(of clusterCDN) bool {
	since, ok := p.Memory.unused[of]
	if !ok {
		since = p.Now
	}
	p.unused[of] = since
	end := since.Add(p.Settings.Linger)
	if p.Now.Before(end) {
		p.wakeAt(end)
		return true
	}
	return false
}

// wantsRecords reports whether any rule wants an address set of the cluster
// that could be filled.
func (p *planner) wantsRecords(cluster string) bool {
	for name, set := range p.Want.Sets {
		if set.Cluster == cluster && p.named[name] && !set.Empty() {
			return true
		}
	}
	return false
}
