package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// hostAlias is the DNS of a published host in one of Settings.PublishZones: a
// CNAME to the CDN, and beside it, below _edgeward, a TXT record that marks it
// as ours. Without the mark, whatever has the host's name is somebody else's.
type hostAlias struct {
	host       string
	zone, name string          // of the CNAME
	here       []*model.Record // all that has the name
	marks      []*model.Record // ours that certainly stand
	cluster    string          // that the mark names
	cname      model.Record    // if there is one for certain
	hasCNAME   bool
	busy       bool            // something about it is under way or unknown
	foreign    *model.Record   // what is not ours and has the host's name, or the mark's
	of         model.IngressID // for whose sake it is led there, or for which a rule of it stands; zero: nobody's
	lost       bool            // see planner.lost
	dropped    bool            // the watch reported that a rule of the host is not wanted any more
	shadows    bool            // a wildcard answers for the name, as long as nothing stands there
	// barred is why no DNS can be made here for the host, in words for its Ingress; what
	// stands for it of ours goes.
	barred string
	unread string // why the zone cannot be read; "": it was
}

// marked reports whether the name is certainly marked as ours.
func (p *hostAlias) marked() bool { return len(p.marks) > 0 }

// leadsTo reports whether the host certainly leads to a name, and nowhere else.
func (p *hostAlias) leadsTo(target string) bool {
	return p.marked() && p.hasCNAME && !p.busy && p.cname.Data == target
}

// host is the host whose DNS is at a name in a zone.
func (p *planner) host(at model.RecordName) string { return at.Name + "." + p.zone(at.Zone) }

// zone is the full name of a zone, as Record has it.
func (p *planner) zone(zone string) string {
	if zone == "" {
		return p.Settings.Domain
	}
	return zone
}

// zones is what has to be known of the zones before a published host is looked at.
type zones struct {
	written map[model.RecordName]bool // names of what is being made or changed, or may have been
	owners  map[string]bool           // of claims in the origins' zone
	// What was looked up of names that have many hosts below them.
	delegated map[model.RecordName]bool // has NS records, so that others are asked for what lies there
	wild      map[model.RecordName]bool // has a wildcard below it
}

func (p *planner) surveyZones() zones {
	z := zones{
		written: make(map[model.RecordName]bool), owners: map[string]bool{p.Settings.Owner: true},
		delegated: make(map[model.RecordName]bool), wild: make(map[model.RecordName]bool),
	}
	for _, a := range p.Records.Attempts {
		if !a.Verb.Reads() && a.Status != observed.BackingOff {
			z.written[model.RecordName{Zone: a.New().Zone, Name: a.New().Name}] = true
		}
	}
	for _, r := range p.stands.concerns {
		if owner, ok := ownershipFor(r); ok {
			z.owners[owner] = true
		}
	}
	return z
}

// bar notes why no DNS can be made for a host; "" if it can. What stands already is
// not taken away for the sake of another owner, who has come later.
func (p *planner) bar(pub *hostAlias, z zones) {
	pub.barred = p.delegatedAt(pub, z)
	if pub.zone != "" {
		return
	}
	for owner := range z.owners {
		if strings.HasSuffix(pub.name, "."+owner) && (owner == p.Settings.Owner || !pub.hasCNAME) {
			pub.barred = "it lies below " + owner + "." + p.Settings.Domain + ", where edgeward keeps the names of origins"
		}
	}
}

// delegatedAt says that others are asked for a host's name; "" if not.
func (p *planner) delegatedAt(pub *hostAlias, z zones) string {
	delegates := func(records []*model.Record) bool {
		return slices.ContainsFunc(records, func(r *model.Record) bool { return r.Type == "NS" })
	}
	delegated := delegates(pub.here)
	for name := pub.name; name != ""; {
		if delegated {
			zone := p.zone(pub.zone)
			return "the zone " + zone + " delegates " + name + "." + zone + " to other name servers (NS), so that nobody asks this zone for it"
		}
		_, name, _ = strings.Cut(name, ".")
		above := model.RecordName{Zone: pub.zone, Name: name}
		delegated = name != "" && known(z.delegated, above, func() bool { return delegates(p.stands.at(above)) })
	}
	return ""
}

// shadowed reports whether a wildcard answers for a name, as long as nothing stands there.
func (p *planner) shadowed(at model.RecordName, z zones) bool {
	for above := at.Name; above != ""; {
		_, above, _ = strings.Cut(above, ".")
		here := model.RecordName{Zone: at.Zone, Name: above}
		if known(z.wild, here, func() bool { return len(p.stands.at(here.Wildcard())) > 0 }) {
			return true
		}
	}
	return false
}

// known is what a map has, after find was asked for it if it has nothing.
func known(answers map[model.RecordName]bool, of model.RecordName, find func() bool) bool {
	answer, ok := answers[of]
	if !ok {
		answer = find()
		answers[of] = answer
	}
	return answer
}

// findHostAliases finds out how the published hosts' DNS stands: of those that
// are wanted, of those that a mark of ours names, and of those that were led to a
// CDN a moment ago.
func (p *planner) findHostAliases() {
	if len(p.Settings.PublishZones) == 0 {
		return
	}
	places := make(map[string]model.RecordName)
	note := func(host string) {
		if at, ok := p.Settings.ZoneOf(host); ok && at.Name != "" {
			places[host] = at
		}
	}
	latest := "" // neighbours are often of one host
	for _, r := range p.Want.Routes {
		if r.Key.Host != latest && r.Wanted() {
			latest = r.Key.Host
			note(latest)
		}
	}
	var marked []model.RecordName // with a mark of ours
	for _, r := range p.stands.concerns {
		if _, ours := model.ParseAliasLabel(r, p.Settings.Owner); ours {
			at := model.RecordName{Zone: r.Zone, Name: strings.TrimPrefix(r.Name, model.OwnerPrefix)}
			marked = append(marked, at)
			note(p.host(at))
		}
	}
	for key := range p.Memory.pointed {
		note(key.host)
	}
	if !p.Records.Complete() { // as long as a zone is not known there may be a mark
		for _, s := range p.rows.all {
			if at, ok := p.Settings.ZoneOf(s.Where().Host); ok && len(s.ours) > 0 && !p.Records.Part(at.Zone).Seen() {
				note(s.Where().Host)
			}
		}
	}
	marked = slices.DeleteFunc(marked, func(at model.RecordName) bool {
		place, ok := places[p.host(at)]
		return !ok || place == at
	})
	zones := p.surveyZones()
	p.hosts = slices.Sorted(maps.Keys(places))
	for _, host := range p.hosts {
		pub := p.examineHostAlias(host, places[host], zones)
		p.bar(pub, zones)
		p.aliases[host] = pub
	}
	for _, at := range marked { // where the host's DNS is not made any more
		stray := p.examineHostAlias(p.host(at), at, zones)
		stray.barred = "its DNS is made in the zone " + p.zone(places[p.host(at)].Zone)
		p.strays = append(p.strays, stray)
	}
	p.notePointed()
}

// examineHostAlias looks at what has a host's name, and its mark's.
func (p *planner) examineHostAlias(host string, at model.RecordName, z zones) *hostAlias {
	pub := &hostAlias{host: host, zone: at.Zone, name: at.Name, here: p.stands.at(at), unread: p.Records.Part(at.Zone).Fault}
	pub.busy = !p.Records.Part(at.Zone).Known || pub.unread != ""
	marks := p.stands.at(at.OwnerName())
	doubt := func(place model.Record, standing []*model.Record) bool {
		key := place.Key()
		return p.records.Is(key, observed.InFlight) || p.records.Is(key, observed.Unknown) ||
			slices.ContainsFunc(standing, func(r *model.Record) bool { return p.Records.Missing[r.ID] && r.Key() == key })
	}
	for _, r := range marks {
		cluster, ours := model.ParseAliasLabel(r, p.Settings.Owner)
		switch {
		case ours && p.clusters.get(cluster) != nil && doubt(*r, marks):
			pub.busy = true
		case ours && p.clusters.get(cluster) != nil:
			pub.marks, pub.cluster = append(pub.marks, r), cluster
		default:
			pub.foreign = r
		}
	}
	pub.busy = pub.busy || doubt(model.Record{Zone: at.Zone, Name: at.Name, Type: "CNAME"}, pub.here) || z.written[at.OwnerName()]
	for _, r := range pub.here {
		switch {
		case r.Type != "CNAME" || !pub.marked() && !pub.busy:
			pub.foreign = cmp.Or(pub.foreign, r)
		case !pub.busy:
			pub.cname, pub.hasCNAME = *r, true
		}
	}
	pub.shadows = p.shadowed(at, z)
	return pub
}

// pointer is that a published host leads to a name at a CDN.
type pointer struct{ host, target string }

// notePointed remembers where our CNAMEs lead now, or may, and which were refused.
func (p *planner) notePointed() {
	for key, at := range p.Memory.pointed {
		if p.Now.Before(at.Add(p.remembered(p.aliases[key.host]))) {
			p.pointed[key] = at
		}
	}
	for host, at := range p.Memory.refused {
		if p.Now.Before(at.Add(inTheDark)) {
			p.refused[host] = at
		}
	}
	note := func(r model.Record) {
		if r.Type != "CNAME" {
			return
		}
		if host := p.host(model.RecordName{Zone: r.Zone, Name: r.Name}); p.aliases[host] != nil {
			p.pointed[pointer{host, r.Data}] = p.Now
		}
	}
	for host, pub := range p.aliases {
		for _, r := range pub.here {
			note(*r)
		}
		for _, at := range p.Settings.PlacesOf(host) { // which may be in several zones
			if at != (model.RecordName{Zone: pub.zone, Name: pub.name}) {
				for _, r := range p.stands.at(at) {
					note(*r)
				}
			}
		}
	}
	for _, a := range p.Records.Attempts {
		if a.Status != observed.BackingOff {
			note(a.Old())
			note(a.New())
		}
	}
}

// remembered is how long caches may know where a host's name leads: as long as the
// TTL with which it stands, or else that of the configuration, says.
func (p *planner) remembered(pub *hostAlias) time.Duration {
	ttl := p.Settings.TTL
	if pub != nil {
		ttl = max(ttl, pub.cname.TTL)
		for _, mark := range pub.marks {
			ttl = max(ttl, mark.TTL)
		}
	}
	return time.Duration(ttl) * time.Second
}

// forgotten is when no cache leads from a host to a rule any more, of which
// nobody wants to know since then.
func (p *planner) forgotten(pub *hostAlias, r *model.Rule, since time.Time) time.Time {
	for _, name := range p.namesOf(pub, r) {
		if last := p.pointed[pointer{pub.host, name}]; last.After(since) {
			since = last
		}
	}
	return since.Add(p.remembered(pub))
}

// concerns reports whether the host's DNS says, or said a moment ago, that it leads
// to a rule.
func (p *planner) concerns(pub *hostAlias, r *model.Rule) bool {
	return p.leadable(r) && (pub.marked() || pub.busy || slices.ContainsFunc(p.namesOf(pub, r), func(name string) bool {
		_, pointed := p.pointed[pointer{pub.host, name}]
		return pointed
	}))
}

// isPublished reports whether a rule, whosever, has a name at its CDN. It goes through
// all rules, once.
func (p *planner) isPublished(name string) bool {
	if p.names == nil {
		p.names = make(map[string]bool)
		for _, r := range p.Rules.Objects {
			p.names[r.Published] = true
		}
	}
	return p.names[name]
}

// leadable reports whether any host can be led to a rule. Where all are led to one name
// they may have been while that was in the configuration.
func (p *planner) leadable(r *model.Rule) bool { return p.cdn(r.CDN).OneName || p.target(r) != "" }

// namesOf are the names by which a host's DNS leads, or led, to a rule. Where the one
// name of a CDN is not known these are all that no rule has.
func (p *planner) namesOf(pub *hostAlias, r *model.Rule) []string {
	if target := p.target(r); target != "" {
		return []string{target}
	}
	var names []string
	for to := range p.pointed {
		if to.host == pub.host && !p.isPublished(to.target) {
			names = append(names, to.target)
		}
	}
	return names
}
