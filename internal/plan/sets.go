package plan

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
)

// planName decides about all records of one name. A name that some rule uses,
// ours or not, keeps its addresses; any other goes after it has lingered.
func (p *planner) planName(cluster string, c *clusterState, name string, records []*model.Record) {
	set, known := p.Want.Sets[name]
	used := p.named[name]
	switch {
	case used:
	case !p.Rules.Known: // whether a rule names it is not known yet
		p.stillAbsent(name, records)
		return
	case len(p.Settings.Unread(c.said)) > 0: // a rule of a CDN that nobody reads may
		used = true
		if name != model.OwnershipName(cluster, p.Settings.Owner) {
			c.keptNames = append(c.keptNames, name)
		}
	}
	var members, others []*model.Record
	for _, r := range records {
		if len(p.Memory.absent) > 0 && (p.records.Is(r.Key(), observed.InFlight) || p.records.Doubtful(r.Key())) {
			p.stillAbsent(name, []*model.Record{r})
		}
		switch {
		case name == model.OwnershipName(cluster, p.Settings.Owner) && r.Type == "TXT":
		case used && !known:
			// Somebody's rule names it although no Service has such a set.
		case used && r.Resolves() && (r.Type == "CNAME") == (set.CNAME != ""):
			members = append(members, r)
		default:
			others = append(others, r)
			p.unwantedRecord(cluster, r, !used, true)
		}
	}
	switch {
	case !used || !known:
	case set.CNAME != "":
		p.sets.of[name] = p.planCNAME(c, name, set.CNAME, members, slices.ContainsFunc(others, (*model.Record).Resolves))
	default:
		blocked := slices.ContainsFunc(others, (*model.Record).Resolves) // a CNAME stands alone
		p.sets.of[name] = p.planSet(cluster, c, name, set, members, blocked || c.ttlChanges)
	}
	p.noteSetLoss(c, name, records, p.sets.get(name).standing)
}

// stillAbsent remembers of records of a set what was known of them, as long as it is not
// known what becomes of them.
func (p *planner) stillAbsent(name string, records []*model.Record) {
	for _, r := range records {
		if gone, ok := p.Memory.absent[r.ID]; ok {
			p.absent[r.ID] = gone
		}
	}
	if stood, ok := p.Memory.stood[name]; ok {
		p.stood[name] = stood
	}
}

// planCNAME brings a name that is one CNAME towards its target. That changes in
// place, so that the name resolves at any time. Nothing is made while blocked:
// a CNAME cannot stand beside other records.
func (p *planner) planCNAME(c *clusterState, name, target string, records []*model.Record, blocked bool) setState {
	want := model.Record{Name: name, Type: "CNAME", Data: target, TTL: c.ttl}
	stands, sure := p.records.Sure(want.Key())
	failed := p.Records.Refused || p.records.Is(want.Key(), observed.BackingOff)
	switch {
	case sure && stands.Equal(want):
		p.removeDuplicates(stands)
	case sure && len(records) > 1:
		p.removeDuplicates(stands)
	case sure && stands.Data != target: // by itself: a change of data and TTL at once may be refused
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Update, From: stands, To: new(stands.WithData(target)), Urgency: model.UrgentChange})
		return setState{settled: failed, failed: failed}
	case sure && !c.ttlChanges:
		p.changeOnlyTTL(stands, c.ttl)
	case sure: // its TTL will follow that of the claim
	case p.records.Doubtful(want.Key()) || p.records.Is(want.Key(), observed.InFlight):
		return setState{}
	default:
		if !blocked {
			p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Create, To: &want, Urgency: model.UrgentCreate})
		}
		return setState{settled: failed, failed: failed}
	}
	if stands.Data != target {
		return setState{settled: failed, failed: failed}
	}
	return setState{standing: 1, settled: true, converged: true, unproven: p.unproven([]*model.Record{stands})}
}

// planSet brings one address set that is in use towards its addresses. New
// ones come before old ones go, and one that stands is always left. Nothing is
// made while blocked: a CNAME has the name, or the TTL is about to change.
func (p *planner) planSet(cluster string, c *clusterState, name string, set addresses.Set, records []*model.Record, blocked bool) setState {
	want := slices.Clone(set.Addresses)
	for _, ip := range set.Keep {
		if p.records.Has(model.AddressRecord(name, ip, 0).Key()) {
			want = append(want, ip)
		}
	}
	want = ordered.Distinct(want)
	p.noteSize(name, set, want)
	found := p.examine(name, want, records)
	hopeless := found.untried && p.Records.Refused
	state := setState{standing: len(found.inWant), failed: found.failed || hopeless}
	if len(want) == 0 {
		state.standing, state.settled, state.converged = len(found.standing), true, true
		if state.standing > 0 {
			state.unproven = p.unproven(found.standing)
			p.step.Stale[name] = Stale{cluster, set.Lacks}
		}
		return state
	}
	changing := false // a TTL
	for _, t := range []string{"A", "AAAA"} {
		of := found.of(t)
		ttl := c.ttl
		if i := slices.IndexFunc(of.standing, p.ttlRefused); i >= 0 {
			ttl = of.standing[i].TTL
		}
		switch {
		case len(of.inWant)+len(of.missing) == 0:
		case p.otherTTL(name, t, ttl, records):
			changing = true
			if !blocked {
				p.changeTTL(ttl, of)
			}
		case !blocked:
			for _, ip := range of.missing {
				p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Create, To: new(model.AddressRecord(name, ip, ttl)), Urgency: model.UrgentCreate})
			}
		}
	}
	if changing {
		return state
	}
	state.settled = !found.waiting && (!found.untried || hopeless)
	state.converged = !found.waiting && len(found.missing) == 0
	state.unproven = p.unproven(found.inWant)
	for _, r := range found.standing {
		p.removeDuplicates(r)
		if !ordered.Contains(want, r.Data) {
			state.converged = false
			safe := false
			if !found.waiting && !found.untried {
				_, safe = p.support(found.inWant)
			}
			p.unwantedRecord(cluster, r, false, safe)
		}
	}
	return state
}

// members is what is known of the addresses of a set.
type members struct {
	standing []*model.Record // sure to stand
	inWant   []*model.Record // of these, the ones that shall
	missing  []string        // addresses to make
	untried  bool            // some of these were not tried yet
	waiting  bool            // something is under way or unknown
	failed   bool            // one to make failed at the last attempt
}

// examine finds out how far each address is that a set wants or has. Want is
// sorted.
func (p *planner) examine(name string, want []string, records []*model.Record) members {
	var m members
	for _, ip := range p.addressesOf(name, want, records) {
		place := model.AddressRecord(name, ip, 0)
		wanted := ordered.Contains(want, ip)
		r, sure := p.records.Sure(place.Key())
		switch {
		case sure:
			m.standing = append(m.standing, r)
			if wanted {
				m.inWant = append(m.inWant, r)
			}
		case p.records.Doubtful(place.Key()) || p.records.Is(place.Key(), observed.InFlight):
			m.waiting = true
		case wanted:
			m.missing = append(m.missing, ip)
			if p.records.Is(place.Key(), observed.BackingOff) {
				m.failed = true
			} else {
				m.untried = true
			}
		}
	}
	return m
}

// of returns what concerns records of one type.
func (m members) of(recordType string) members {
	other := func(r *model.Record) bool { return r.Type != recordType }
	return members{
		standing: slices.DeleteFunc(slices.Clone(m.standing), other),
		inWant:   slices.DeleteFunc(slices.Clone(m.inWant), other),
		missing:  slices.DeleteFunc(slices.Clone(m.missing), func(ip string) bool { return other(new(model.AddressRecord("", ip, 0))) }),
	}
}

// addressesOf lists, sorted, the addresses that a set wants, has, or has
// operations for. Want is sorted.
func (p *planner) addressesOf(name string, want []string, records []*model.Record) []string {
	var others []string
	note := func(ip string) {
		if !ordered.Contains(want, ip) {
			others = append(others, ip)
		}
	}
	for _, r := range records {
		note(r.Data)
	}
	for _, a := range p.Records.Attempts {
		for _, r := range []model.Record{a.Old(), a.New()} {
			if !a.Verb.Reads() && r.Name == name && (r.Type == "A" || r.Type == "AAAA") {
				note(r.Data)
			}
		}
	}
	if len(others) == 0 {
		return want
	}
	return ordered.Distinct(slices.Concat(want, others))
}

// changeTTL carries the addresses of one type over to another TTL. It is refused to have
// two TTLs in one record set, so all records but one go, that one is changed, and
// the others come back. The one that stays is wanted; if none of those that stand
// is, one is made first, with the old TTL.
func (p *planner) changeTTL(ttl int, m members) {
	if len(m.inWant) == 0 {
		if len(m.standing) > 0 && len(m.missing) > 0 && !p.othersInFlight(m.standing[0]) {
			first := model.AddressRecord(m.standing[0].Name, m.missing[0], m.standing[0].TTL)
			p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Create, To: &first, Urgency: model.UrgentCreate})
		}
		return
	}
	stays, ok := p.support(m.inWant)
	if !ok {
		return
	}
	for _, r := range m.standing {
		for _, same := range p.records.At[r.Key()] {
			if same.ID != stays.ID {
				p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Delete, From: same, Urgency: model.UrgentChange})
			}
		}
	}
	if !p.othersInFlight(stays) && !p.othersStand(stays) {
		p.step.Records = append(p.step.Records, model.Op[model.Record]{
			Verb: model.Update, From: stays, To: new(model.AddressRecord(stays.Name, stays.Data, ttl)), Urgency: model.UrgentChange,
		})
	}
}

// changeOnlyTTL brings a record to another TTL. Nothing waits for that: it may be
// refused.
func (p *planner) changeOnlyTTL(stands *model.Record, ttl int) {
	if stands.TTL != ttl {
		changed := stands.WithData(stands.Data)
		changed.TTL = ttl
		p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Update, From: stands, To: &changed, Urgency: model.UrgentTidy})
	}
}

// refusal is when a provider refused something, and how long to wait until it is
// asked again.
type refusal struct {
	at   time.Time
	wait time.Duration
}

// A set whose TTL cannot be changed comes back with the one that it had. It is tried
// again after firstRefusal, then twice as long each time, up to lastRefusal: each try
// takes all of its addresses but one away for a moment.
const (
	firstRefusal = 10 * time.Minute
	lastRefusal  = 24 * time.Hour
)

// ttlRefused reports whether the provider refused, not long ago, to change the TTL of
// an address in place, and remembers it.
func (p *planner) ttlRefused(r *model.Record) bool {
	before, known := p.Memory.ttlRefused[r.ID]
	if p.Records.Rejected[r.Key()] && slices.ContainsFunc(p.Records.Attempts, func(a observed.Attempt[model.Record]) bool { return a.Verb == model.Update && a.Old().ID == r.ID }) {
		wait := firstRefusal
		if known {
			wait = min(2*before.wait, lastRefusal)
		}
		before, known = refusal{p.Now, wait}, true
	}
	if known {
		p.ttls[r.ID] = before
	}
	return known && p.Now.Before(before.at.Add(before.wait))
}

// otherTTL reports whether a record of the set of that type has another TTL, or
// may soon.
func (p *planner) otherTTL(name, recordType string, ttl int, records []*model.Record) bool {
	return slices.ContainsFunc(records, func(r *model.Record) bool { return r.Type == recordType && r.TTL != ttl }) ||
		slices.ContainsFunc(p.Records.Attempts, func(a observed.Attempt[model.Record]) bool {
			return a.Status != observed.BackingOff && (a.Verb == model.Create || a.Verb == model.Update) &&
				a.New().Name == name && a.New().Type == recordType && a.New().TTL != ttl
		})
}

// othersStand reports whether there is another record of r's name and type.
func (p *planner) othersStand(r *model.Record) bool {
	return slices.ContainsFunc(p.stands.at(model.RecordName{Zone: r.Zone, Name: r.Name}), func(o *model.Record) bool { return o.Type == r.Type && o.ID != r.ID })
}

// othersInFlight reports whether a record of r's name and type is being made
// or changed, or may have been.
func (p *planner) othersInFlight(r *model.Record) bool {
	return slices.ContainsFunc(p.Records.Attempts, func(a observed.Attempt[model.Record]) bool {
		return a.Status != observed.BackingOff && (a.Verb == model.Create || a.Verb == model.Update) && a.New().Name == r.Name && a.New().Type == r.Type
	})
}
