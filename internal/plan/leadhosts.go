package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// target is the name at the CDN that a rule's host has to lead to, "" if it is
// not known.
func (p *planner) target(r *model.Rule) string {
	return p.cdn(r.CDN).HostOf(r)
}

// namesHosts reports whether the name at a CDN that a host has to be led to is known, or
// will be.
func (p *planner) namesHosts(name model.Provider) bool {
	cdn := p.cdn(name)
	return !cdn.OneName || cdn.Host != ""
}

// lead is where a host shall lead, for which Ingress.
type lead struct {
	target  string
	ingress model.IngressID
	adopt   bool // a CNAME that nobody marked may be taken over, if it leads there
}

// lead notes that a route is served, so that its host may lead to it.
func (p *planner) lead(route *desired.Route, stands *model.Rule) {
	if target := p.target(stands); target != "" && !stands.Pending && p.aliases[route.Rule.Host] != nil {
		p.leads[route.Rule.Host] = append(p.leads[route.Rule.Host], lead{target, route.Ingress, route.Adopt})
	}
}

// seenToLead reports whether DNS was read again since nobody should be led to a
// rule any more, which is at due, and asks for that if not: the list that a start
// rests on may have been an old one.
func (p *planner) seenToLead(pub *hostAlias, due time.Time) bool {
	if p.Now.Before(due) || p.readSince(p.Records.Part(pub.zone), due) {
		return true
	}
	if p.step.RereadZones == nil {
		p.step.RereadZones = make(map[string]bool)
	}
	p.step.RereadZones[pub.zone] = true
	return false
}

// planHostAliases leads published hosts to their CDN, and takes away the DNS of
// those that nobody wants. The rules are planned.
func (p *planner) planHostAliases() {
	if len(p.aliases) == 0 {
		return
	}
	wanted, held, released := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	known := make(map[string]bool)    // hosts that lead to a rule that was read
	names := make(map[string]bool)    // hosts at a CDN whose name for them is, or will be, known
	standing := make(map[string]bool) // those of these that have a rule of ours
	for _, s := range p.rows.all {
		host, r := s.Where().Host, s.route
		released[host] = released[host] || r.Release
		lost := r.Wanted() && p.lost(s)
		if lost {
			p.aliases[host].lost = true
		}
		wanted[host] = wanted[host] || r.Wanted() && !lost
		_, stays := p.held(r, s.ours)
		held[host] = held[host] || stays
		if p.namesHosts(s.Where().CDN) {
			names[host] = true
			standing[host] = standing[host] || len(s.ours) > 0
		}
		if pub := p.aliases[host]; pub != nil && len(s.ours) > 0 {
			pub.of = *s.ours[0].of
		}
	}
	for _, host := range p.hosts {
		pub := p.aliases[host]
		for _, r := range p.rows.rulesOf(host) { // of others, too
			known[host] = known[host] || pub.hasCNAME && p.target(r) == pub.cname.Data
			names[host] = names[host] || p.namesHosts(r.CDN)
		}
	}
	for key := range p.Memory.droppedRules {
		if pub := p.aliases[key.Host]; pub != nil {
			pub.dropped = true
		}
	}
	for _, host := range p.hosts {
		pub, leads := p.aliases[host], p.leads[host]
		c := p.clusters.get(pub.cluster)
		stays := pub.barred == "" && !p.yields[host] && (len(leads) > 0 || wanted[host] || held[host])
		switch {
		case released[host] && len(leads) == 0:
			if pub.marked() && !pub.busy && c.claimed { // the CNAME stays, nobody's
				p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Delete, From: pub.marks[0], Urgency: model.UrgentTidy})
			}
		case stays && len(leads) > 0:
			p.publish(pub, leads)
		case stays && (pub.hasCNAME || names[host] && !pub.shadows), !pub.marked(), !p.Rules.Known && !(pub.hasCNAME && known[host]), c == nil || !c.claimed:
		case pub.hasCNAME && !known[host] && len(p.Settings.Unread(c.said)) > 0:
			c.keptHosts = append(c.keptHosts, host)
		default:
			p.unpublish(pub, standing[host])
		}
		if pub.barred != "" && len(leads) > 0 {
			p.noDNS(pub, leads)
		}
	}
	for _, stray := range p.strays {
		pub, c := p.aliases[stray.host], p.clusters.get(stray.cluster)
		moved := pub.hasCNAME && !pub.busy
		if stray.marked() && !stray.busy && c.claimed && (moved || !wanted[stray.host] && !held[stray.host] && !released[stray.host]) {
			p.unpublish(stray, false)
		}
	}
}

// noDNS says to whom it concerns that no DNS can be made for a host.
func (p *planner) noDNS(pub *hostAlias, leads []lead) {
	if p.step.NoDNS == nil {
		p.step.NoDNS = make(map[string]bool)
	}
	p.step.NoDNS[pub.host] = true
	for _, l := range leads {
		p.warn(l.ingress, "edgeward makes no DNS for %s: %s. Its DNS is left to you", pub.host, pub.barred)
	}
}

// lost reports whether the place of a route is somebody else's, with no rule of
// ours there or on its way, while its host still leads to a rule that is gone: a
// name at the CDN that anybody may get.
func (p *planner) lost(s *row) bool {
	pub := p.aliases[s.Where().Host]
	if pub == nil || len(s.ours) > 0 || p.written.Has(s) || p.missing(s) || !p.barred(s) {
		return false
	}
	return !slices.ContainsFunc(s.others, func(r *model.Rule) bool { return pub.leadsTo(p.target(r)) })
}

// publish leads a host to the CDN: first the mark, then the CNAME. Each has the TTL
// of the cluster's other records, and nothing waits for a TTL to change: that may
// be refused.
func (p *planner) publish(pub *hostAlias, leads []lead) {
	slices.SortFunc(leads, func(a, b lead) int { return strings.Compare(a.target, b.target) })
	to := leads[0]
	pub.of = to.ingress
	for _, l := range leads {
		if l.target != to.target {
			p.warn(l.ingress, "%s is published at several CDNs; its DNS name leads to %s", pub.host, to.target)
		}
	}
	c := p.clusters.get(to.ingress.Cluster)
	ttl := p.Settings.TTL
	if c.claimed {
		ttl = c.ttl
	}
	want := model.Record{Zone: pub.zone, Name: pub.name, Type: "CNAME", Data: to.target, TTL: ttl}
	mark := model.Record{Zone: pub.zone, Name: model.OwnerPrefix + pub.name, Type: "TXT", Data: model.AliasLabel(p.Settings.Owner, to.ingress.Cluster), TTL: ttl}
	switch {
	case pub.foreign != nil && !(to.adopt && sameCNAME(*pub.foreign, want)):
		p.warn(to.ingress, "%s", p.inTheWay(pub, to.target))
		return
	case pub.busy:
	case !pub.leadsTo(want.Data) && !c.said.ListsZone(p.zone(pub.zone)): // first the claim says so
	case !pub.marked() && p.dark(pub):
	case !pub.marked():
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Create, To: &mark, Urgency: model.UrgentCreate})
	case !pub.hasCNAME && p.refusedInTheDark(pub, want):
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Delete, From: pub.marks[0], Urgency: model.UrgentChange})
	case !pub.hasCNAME && p.unproven(pub.marks) != nil:
		p.verify(*pub.marks[0]) // without its mark the CNAME would be nobody's
	case !pub.hasCNAME:
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Create, To: &want, Urgency: model.UrgentCreate})
	case pub.cname.Data != want.Data:
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Update, From: &pub.cname, To: new(pub.cname.WithData(want.Data)), Urgency: model.UrgentChange})
	case pub.marks[0].Data != mark.Data: // the host has come from another cluster
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Update, From: pub.marks[0], To: new(pub.marks[0].WithData(mark.Data)), Urgency: model.UrgentTidy})
		return
	default:
		p.removeOthers(pub.marks, pub.marks[0])
		p.changeOnlyTTL(&pub.cname, ttl)
		if len(pub.marks) == 1 {
			p.changeOnlyTTL(pub.marks[0], ttl)
		}
		return
	}
	p.unfinished(pub, want, mark)
}

// sameCNAME reports whether a record is the CNAME that is wanted, whatever its TTL.
func sameCNAME(r, want model.Record) bool {
	r.ID, r.TTL = want.ID, want.TTL
	return r == want
}

// inTheWay says which record that edgeward did not make keeps it from leading a
// host to the CDN, and what helps.
func (p *planner) inTheWay(pub *hostAlias, target string) string {
	full := func(r *model.Record) string { return r.Name + "." + p.zone(r.Zone) }
	if cluster, ours := model.ParseAliasLabel(pub.foreign, p.Settings.Owner); ours {
		return fmt.Sprintf("the TXT record %s marks %s for cluster %s, which is not in the configuration: it is left alone. "+
			"Bring that cluster back, or remove what is its own by edgeward uninstall --cluster %[3]s", full(pub.foreign), pub.host, cluster)
	}
	return fmt.Sprintf("%s has DNS records that edgeward did not make (%s), which are left alone: delete them, or lead %s to %s yourself",
		full(pub.foreign), pub.foreign.Type, pub.host, target)
}

// A mark makes its host exist in DNS, so that a wildcard does not answer for it any
// more: without the CNAME the host is in the dark. Where there is a wildcard the mark
// does not stand without the CNAME for longer than the two calls take. When the CNAME
// is refused the mark goes, and both are tried again after this time.
const inTheDark = 10 * time.Minute

// refusedInTheDark reports whether the CNAME of a marked host was refused while a
// wildcard would answer for it, and remembers when.
func (p *planner) refusedInTheDark(pub *hostAlias, cname model.Record) bool {
	if !pub.shadows {
		return false
	}
	if p.Records.Rejected[cname.Key()] {
		p.refused[pub.host] = p.Now
	}
	_, refused := p.refused[pub.host]
	return refused
}

// dark reports whether it is too early for the mark of a host whose CNAME was refused,
// and has Next asked again when it is time.
func (p *planner) dark(pub *hostAlias) bool {
	at, refused := p.refused[pub.host]
	if refused && pub.shadows {
		p.askAgain(at.Add(inTheDark))
	}
	return refused && pub.shadows
}

// unfinished tells of the routes of a host that its DNS name is on the way.
func (p *planner) unfinished(pub *hostAlias, want, mark model.Record) {
	state, reason := desired.Pending, "its DNS name "+pub.host+" is on the way"
	_, refused := p.refused[pub.host]
	switch {
	case pub.unread != "":
		state, reason = desired.Failed, "the zone "+p.zone(pub.zone)+" of its DNS name "+pub.host+" cannot be read: "+pub.unread
	case refused || p.records.Is(want.Key(), observed.BackingOff) || p.records.Is(mark.Key(), observed.BackingOff):
		state, reason = desired.Failed, "its DNS name "+pub.host+" could not be made"
	}
	i, _ := slices.BinarySearchFunc(p.step.Routes, pub.host, func(r RouteState, host string) int { return strings.Compare(r.Key.Host, host) })
	for ; i < len(p.step.Routes) && p.step.Routes[i].Key.Host == pub.host; i++ {
		if r := p.step.Routes[i]; r.State == desired.Synced {
			p.step.Routes[i].State, p.step.Routes[i].Reason = state, reason
			p.open(r.Ingress, Open{Records: true})
		}
	}
}

// unpublish takes away the CNAME of a host that nobody wants, after the grace;
// the mark goes when no rule is left for which the CNAME has to be forgotten, or
// at once where a wildcard is to answer for the host again.
func (p *planner) unpublish(pub *hostAlias, standing bool) {
	switch {
	case pub.busy || pub.foreign != nil && !pub.hasCNAME && pub.barred == "":
	case pub.hasCNAME:
		p.unwantedAlias(pub, pub.cname)
	case !standing || pub.shadows || pub.barred != "":
		p.unwantedAlias(pub, *pub.marks[0])
	}
}

// unwantedAlias notes that nobody wants a record of a published host. It follows
// the rules of its host, where there are some that nobody wants: as long as the guard holds
// one of them back it stays. It goes whatever the guard says where it was lost to others or
// cannot be; else it is one of all those of its cluster's hosts.
func (p *planner) unwantedAlias(pub *hostAlias, r model.Record) {
	must := pub.lost || pub.barred != "" || p.yields[pub.host] || r.Type == "TXT"
	stays := p.heldBack[pub.host] && !must
	c := p.clusters.get(pub.cluster)
	gone := p.unwanted(p.Settings.DNS.Name, pub.cluster, r.ID, saidIf(must || !stays && (pub.dropped || p.letGo[pub.host])))
	if stays {
		return
	}
	due := gone.since.Add(p.Settings.DeletionGrace)
	if r.Type == "TXT" && pub.shadows {
		due = gone.since // as it came
	}
	c.lost.hosts = append(c.lost.hosts, deletion[model.Record]{
		op: model.Op[model.Record]{Verb: model.Delete, From: &r, Urgency: model.UrgentRemove}, safe: true, due: due,
	})
}

// ownedAliases is how many hosts are marked for a cluster.
func (p *planner) ownedAliases(cluster string) (n int) {
	for _, pub := range p.aliases {
		if pub.marked() && pub.cluster == cluster {
			n++
		}
	}
	return n
}
