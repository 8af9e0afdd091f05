package plan

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// publication is the DNS of a published host in one of Settings.PublishZones: a
// CNAME to the CDN, and beside it, below _edgeward, a TXT record that marks it
// as ours. Without the mark, whatever has the host's name is somebody else's.
type publication struct {
	host       string
	zone, name string // of the CNAME
	mark       Record // ours, if marked
	marked     bool   // the mark certainly stands
	cluster    string // that the mark names
	cname      Record // if there is one for certain
	hasCNAME   bool
	busy       bool // something about it is under way or unknown
	foreign    bool // what is not ours has the host's name, or the mark's
	lost       bool // see planner.lost
}

// leadsTo reports whether the host certainly leads to a name, and nowhere else.
func (p *publication) leadsTo(target string) bool {
	return p.marked && p.hasCNAME && !p.busy && p.cname.Data == target
}

// publishMark begins the text of every mark of an owner; the name of the cluster
// follows.
func publishMark(owner string) string {
	return heritage + "edgeward/owner=" + owner + ",edgeward/publisher="
}

const markLabel = "_edgeward."

// publishZone is the zone in which a host's DNS is ours to make, and its name
// there; "" is the zone of the origins, as in Record.
func (s Settings) publishZone(host string) (zone, name string, ok bool) {
	for _, z := range s.PublishZones {
		if host != z && !strings.HasSuffix(host, "."+z) || len(z) < len(zone) {
			continue
		}
		zone, name, ok = z, strings.TrimSuffix(strings.TrimSuffix(host, z), "."), true
	}
	if zone == s.Domain {
		zone = ""
	}
	if _, origins := clusterOf(&Record{Zone: zone, Name: name}, s.Owner); origins {
		return "", "", false // its part of the zone is for other names
	}
	return zone, name, ok
}

// findPublications finds out how the published hosts' DNS stands: of those that
// are wanted, and of those that a mark of ours names.
func (p *planner) findPublications() {
	if len(p.Settings.PublishZones) == 0 {
		return
	}
	at := make(map[string][]Record) // by zone and name
	for _, r := range p.Records.Objects {
		at[r.Zone+" "+r.Name] = append(at[r.Zone+" "+r.Name], *r)
	}
	hosts := make(map[string]bool)
	for _, r := range p.Want.Routes {
		hosts[r.Key.Host] = hosts[r.Key.Host] || r.Wanted()
	}
	for _, r := range p.Records.Objects {
		if name, ok := strings.CutPrefix(r.Name, markLabel); ok && r.Type == "TXT" && strings.HasPrefix(r.Data, publishMark(p.Settings.Owner)) {
			hosts[name+"."+p.zone(r.Zone)] = true
		}
	}
	for host, named := range hosts {
		zone, name, ok := p.Settings.publishZone(host)
		if !named || !ok || name == "" {
			continue
		}
		p.published[host] = p.examinePublication(host, zone, name, at[zone+" "+name], at[zone+" "+markLabel+name])
	}
	p.notePointed()
}

func (p *planner) zone(zone string) string {
	if zone == "" {
		return p.Settings.Domain
	}
	return zone
}

// examinePublication looks at what has a host's name, and its mark's.
func (p *planner) examinePublication(host, zone, name string, records, marks []Record) *publication {
	pub := &publication{host: host, zone: zone, name: name}
	doubt := func(r Record) bool { return p.records.doubtful(r.Key()) || p.records.is(r.Key(), InFlight) }
	for _, r := range marks {
		cluster, ours := strings.CutPrefix(r.Data, publishMark(p.Settings.Owner))
		switch {
		case r.Type != "TXT" || !ours || p.clusters.get(cluster) == nil:
			pub.foreign = true
		case doubt(r):
			pub.busy = true
		default:
			pub.mark, pub.marked, pub.cluster = r, true, cluster
		}
	}
	place := Record{Zone: zone, Name: name, Type: "CNAME"}
	pub.busy = pub.busy || doubt(place)
	for _, a := range p.Records.Attempts {
		pub.busy = pub.busy || !a.Verb.Reads() && a.Status != Parked && a.New().Zone == zone && a.New().Name == markLabel+name
	}
	for _, r := range records {
		switch {
		case r.Type != "CNAME" || !pub.marked && !pub.busy:
			pub.foreign = true
		case !pub.busy:
			pub.cname, pub.hasCNAME = r, true
		}
	}
	return pub
}

// notePointed remembers where our CNAMEs lead now, or may.
func (p *planner) notePointed() {
	for key, at := range p.Memory.pointed {
		if host, _, _ := strings.Cut(key, " "); p.published[host] != nil {
			p.pointed[key] = at
		}
	}
	note := func(r Record) {
		if host := r.Name + "." + p.zone(r.Zone); r.Type == "CNAME" && p.published[host] != nil {
			p.pointed[host+" "+r.Data] = p.Now
		}
	}
	for _, r := range p.Records.Objects {
		note(*r)
	}
	for _, a := range p.Records.Attempts {
		if a.Status != Parked {
			note(a.Old())
			note(a.New())
		}
	}
}

// forgotten is when no cache leads from a host to a rule any more, of which
// nobody wants to know since then.
func (p *planner) forgotten(pub *publication, r Rule, since time.Time) time.Time {
	ttl := time.Duration(p.Settings.TTL) * time.Second
	if last, ok := p.pointed[pub.host+" "+p.target(&r)]; ok && last.After(since) {
		since = last
	}
	return since.Add(ttl)
}

// seenToLead reports whether DNS was read again since nobody should be led to a
// rule any more, which is at due, and asks for that if not: the list that a start
// rests on may have been an old one.
func (p *planner) seenToLead(due time.Time) bool {
	if p.Now.Before(due) || p.readSince(p.Records.Read, due) {
		return true
	}
	p.step.Reread[Vultr] = true
	return false
}

// target is the name at the CDN that a rule's host has to lead to, "" if it is
// not known.
func (p *planner) target(r *Rule) string {
	if r.CDN == Edgio {
		return p.Settings.CNAMETarget
	}
	return r.Published
}

// lead notes that a route is served, so that its host may lead to it.
func (p *planner) lead(route *Route, stands *Rule) {
	if target := p.target(stands); target != "" && !stands.Pending && p.published[route.Rule.Host] != nil {
		p.leads[route.Rule.Host] = append(p.leads[route.Rule.Host], lead{target, route.Ingress})
	}
}

// lead is where a host shall lead, for which Ingress.
type lead struct {
	target  string
	ingress IngressID
}

// planPublications leads published hosts to their CDN, and takes away the DNS of
// those that nobody wants. The rules are planned.
func (p *planner) planPublications() {
	if len(p.published) == 0 {
		return
	}
	wanted, held, released := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	standing := make(map[string]bool) // hosts of rules that are ours
	for _, s := range p.sites.all {
		host, r := s.key().Host, s.route
		released[host] = released[host] || r.Release
		lost := r.Wanted() && p.lost(s)
		if lost {
			p.published[host].lost = true
		}
		wanted[host] = wanted[host] || r.Wanted() && !lost
		_, stays := p.held(r, s.ours)
		held[host] = held[host] || stays
		standing[host] = standing[host] || len(s.ours) > 0
	}
	for _, host := range slices.Sorted(maps.Keys(p.published)) {
		pub := p.published[host]
		switch leads := p.leads[host]; {
		case released[host] && len(leads) == 0:
			if pub.marked && !pub.busy { // the CNAME stays, nobody's
				p.step.Records = append(p.step.Records, Op[Record]{Verb: Delete, old: &pub.mark, Urgency: urgentTidy})
			}
		case len(leads) > 0:
			p.publish(pub, leads)
		case wanted[host] || held[host] || !pub.marked || !p.Rules.Known:
		case p.clusters.get(pub.cluster) == nil || !p.clusters.get(pub.cluster).ready:
		default:
			p.unpublish(pub, standing[host])
		}
	}
}

// lost reports whether the place of a route is somebody else's, with no rule of
// ours there or on its way, while its host still leads to a rule that is gone: a
// name at the CDN that anybody may get.
func (p *planner) lost(s *site) bool {
	pub := p.published[s.key().Host]
	if pub == nil || len(s.ours) > 0 || p.written.has(s) || p.missing(s) || !p.barred(s) {
		return false
	}
	return !slices.ContainsFunc(s.others, func(r *Rule) bool { return pub.leadsTo(p.target(r)) })
}

// publish leads a host to the CDN: first the mark, then the CNAME.
func (p *planner) publish(pub *publication, leads []lead) {
	slices.SortFunc(leads, func(a, b lead) int { return strings.Compare(a.target, b.target) })
	to := leads[0]
	for _, l := range leads {
		if l.target != to.target {
			p.warn(l.ingress, "%s is published at several CDNs; its DNS name leads to %s", pub.host, to.target)
		}
	}
	want := Record{Zone: pub.zone, Name: pub.name, Type: "CNAME", Data: to.target, TTL: p.Settings.TTL}
	mark := Record{Zone: pub.zone, Name: markLabel + pub.name, Type: "TXT", Data: publishMark(p.Settings.Owner) + to.ingress.Cluster, TTL: p.Settings.TTL}
	switch {
	case pub.foreign:
		p.warn(to.ingress, "%s has DNS records that edgeward did not make, which are left alone: delete them, or lead the name to %s yourself", pub.host, to.target)
		return
	case pub.busy:
	case !pub.marked:
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, new: &mark, Urgency: urgentCreate})
	case !pub.hasCNAME && p.unproven([]*Record{&pub.mark}) != nil:
		p.verify(pub.mark) // without its mark the CNAME would be nobody's
	case !pub.hasCNAME:
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, new: &want, Urgency: urgentCreate})
	case !pub.cname.Equal(want):
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, old: &pub.cname, new: &want, Urgency: urgentChange})
	case !pub.mark.Equal(mark): // its TTL, or the host has come from another cluster
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, old: &pub.mark, new: &mark, Urgency: urgentTidy})
		return
	default:
		p.removeDuplicates(pub.mark.Key(), &pub.mark)
		return
	}
	p.unfinished(pub, want, mark)
}

// unfinished tells of the routes of a host that its DNS name is on the way.
func (p *planner) unfinished(pub *publication, want, mark Record) {
	state, reason := Pending, "its DNS name "+pub.host+" is on the way"
	if p.records.is(want.Key(), Parked) || p.records.is(mark.Key(), Parked) {
		state, reason = Failed, "its DNS name "+pub.host+" could not be made"
	}
	for i, r := range p.step.Routes {
		if r.Key.Host == pub.host && r.State == Synced {
			p.step.Routes[i].State, p.step.Routes[i].Reason = state, reason
			p.open(r.Ingress, Open{Records: true})
		}
	}
}

// unpublish takes away the CNAME of a host that nobody wants, after the grace;
// the mark goes when no rule is left for which the CNAME has to be forgotten.
func (p *planner) unpublish(pub *publication, standing bool) {
	switch {
	case pub.busy || pub.foreign && !pub.hasCNAME:
	case pub.hasCNAME:
		p.unwantedPublication(pub, pub.cname)
	case !standing:
		p.unwantedPublication(pub, pub.mark)
	}
}

// unwantedPublication notes that nobody wants a record of a published host. What
// the watch reported does not count for sync.max_delete, nor what was lost to
// others; else a record is one of all those of its cluster's hosts.
func (p *planner) unwantedPublication(pub *publication, r Record) {
	reported := pub.lost
	for key := range p.Memory.droppedRules {
		reported = reported || key.Host == pub.host
	}
	c := p.clusters.get(pub.cluster)
	gone := p.unwanted(pub.cluster, r.ID, reported || r.Type == "TXT")
	c.publicationDeletions = append(c.publicationDeletions, deletion[Record]{
		op: Op[Record]{Verb: Delete, old: &r, Urgency: urgentRemove}, reported: gone.reported, safe: true,
		due: gone.since.Add(p.Settings.DeletionGrace),
	})
}

// publications is how many hosts are marked for a cluster.
func (p *planner) publications(cluster string) (n int) {
	for _, pub := range p.published {
		if pub.marked && pub.cluster == cluster {
			n++
		}
	}
	return n
}
