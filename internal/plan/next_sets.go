package plan

import (
	"slices"
	"strings"
	"time"
)

// address is the record of one address in a set.
func address(set, ip string, ttl int) Record {
	t := "A"
	if strings.Contains(ip, ":") {
		t = "AAAA"
	}
	return Record{Name: set, Type: t, Data: ip, TTL: ttl}
}

// planName decides about all records of one name. A name that some rule uses,
// ours or not, keeps its addresses; any other goes after it has lingered.
func (p *planner) planName(cluster string, c *clusterState, name string, records []*Record) {
	set, known := p.Want.Sets[name]
	used := p.named[name]
	switch {
	case used:
	case !p.Rules.Known: // whether a rule names it is not known yet
		p.stillAbsent(name, records)
		return
	case len(p.Settings.Unread(c.said)) > 0: // a rule of a CDN that nobody reads may
		used = true
		if name != ClaimName(cluster, p.Settings.Owner) {
			c.keptNames = append(c.keptNames, name)
		}
	}
	var members, others []*Record
	for _, r := range records {
		if len(p.Memory.absent) > 0 && (p.records.is(r.Key(), InFlight) || p.records.doubtful(r.Key())) {
			p.stillAbsent(name, []*Record{r})
		}
		switch {
		case name == ClaimName(cluster, p.Settings.Owner) && r.Type == "TXT":
		case used && !known:
			// Somebody's rule names it although no Service has such a set.
		case used && r.resolves() && (r.Type == "CNAME") == (set.CNAME != ""):
			members = append(members, r)
		default:
			others = append(others, r)
			p.unwantedRecord(cluster, r, !used, true)
		}
	}
	switch {
	case !used || !known:
	case set.CNAME != "":
		p.sets.of[name] = p.planCNAME(c, name, set.CNAME, members, slices.ContainsFunc(others, (*Record).resolves))
	default:
		blocked := slices.ContainsFunc(others, (*Record).resolves) // a CNAME stands alone
		p.sets.of[name] = p.planSet(cluster, c, name, set, members, blocked || c.ttlChanges)
	}
	p.noteSetLoss(c, name, records, p.sets.get(name).standing)
}

// stillAbsent remembers of records of a set what was known of them, as long as it is not
// known what becomes of them.
func (p *planner) stillAbsent(name string, records []*Record) {
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
func (p *planner) planCNAME(c *clusterState, name, target string, records []*Record, blocked bool) setState {
	want := Record{Name: name, Type: "CNAME", Data: target, TTL: c.ttl}
	stands, sure := p.records.sure(want.Key())
	failed := p.Records.Refused || p.records.is(want.Key(), Parked)
	switch {
	case sure && stands.Equal(want):
		p.removeDuplicates(stands)
	case sure && len(records) > 1:
		p.removeDuplicates(stands)
	case sure && stands.Data != target: // by itself: a change of data and TTL at once may be refused
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, From: stands, To: new(stands.withData(target)), Urgency: urgentChange})
		return setState{settled: failed, failed: failed}
	case sure && !c.ttlChanges:
		p.changeOnlyTTL(stands, c.ttl)
	case sure: // its TTL will follow that of the claim
	case p.records.doubtful(want.Key()) || p.records.is(want.Key(), InFlight):
		return setState{}
	default:
		if !blocked {
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, To: &want, Urgency: urgentCreate})
		}
		return setState{settled: failed, failed: failed}
	}
	if stands.Data != target {
		return setState{settled: failed, failed: failed}
	}
	return setState{standing: 1, settled: true, exact: true, unproven: p.unproven([]*Record{stands})}
}

// planSet brings one address set that is in use towards its addresses. New
// ones come before old ones go, and one that stands is always left. Nothing is
// made while blocked: a CNAME has the name, or the TTL is about to change.
func (p *planner) planSet(cluster string, c *clusterState, name string, set Set, records []*Record, blocked bool) setState {
	want := slices.Clone(set.Addresses)
	for _, ip := range set.Keep {
		if p.records.has(address(name, ip, 0).Key()) {
			want = append(want, ip)
		}
	}
	want = sortedSet(want)
	p.noteSize(name, set, want)
	found := p.examine(name, want, records)
	hopeless := found.untried && p.Records.Refused
	state := setState{standing: len(found.inWant), failed: found.failed || hopeless}
	if len(want) == 0 {
		state.standing, state.settled, state.exact = len(found.standing), true, true
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
				p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, To: new(address(name, ip, ttl)), Urgency: urgentCreate})
			}
		}
	}
	if changing {
		return state
	}
	state.settled = !found.waiting && (!found.untried || hopeless)
	state.exact = !found.waiting && len(found.missing) == 0
	state.unproven = p.unproven(found.inWant)
	for _, r := range found.standing {
		p.removeDuplicates(r)
		if !contains(want, r.Data) {
			state.exact = false
			safe := false
			if !found.waiting && !found.untried {
				_, safe = p.support(found.inWant)
			}
			p.unwantedRecord(cluster, r, false, safe)
		}
	}
	return state
}

// contains reports whether a sorted list holds s.
func contains(list []string, s string) bool {
	_, ok := slices.BinarySearch(list, s)
	return ok
}

// members is what is known of the addresses of a set.
type members struct {
	standing []*Record // sure to stand
	inWant   []*Record // of these, the ones that shall
	missing  []string  // addresses to make
	untried  bool      // some of these were not tried yet
	waiting  bool      // something is under way or unknown
	failed   bool      // one to make failed at the last attempt
}

// examine finds out how far each address is that a set wants or has. Want is
// sorted.
func (p *planner) examine(name string, want []string, records []*Record) members {
	var m members
	for _, ip := range p.addressesOf(name, want, records) {
		place := address(name, ip, 0)
		wanted := contains(want, ip)
		r, sure := p.records.sure(place.Key())
		switch {
		case sure:
			m.standing = append(m.standing, r)
			if wanted {
				m.inWant = append(m.inWant, r)
			}
		case p.records.doubtful(place.Key()) || p.records.is(place.Key(), InFlight):
			m.waiting = true
		case wanted:
			m.missing = append(m.missing, ip)
			if p.records.is(place.Key(), Parked) {
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
	other := func(r *Record) bool { return r.Type != recordType }
	return members{
		standing: slices.DeleteFunc(slices.Clone(m.standing), other),
		inWant:   slices.DeleteFunc(slices.Clone(m.inWant), other),
		missing:  slices.DeleteFunc(slices.Clone(m.missing), func(ip string) bool { return other(new(address("", ip, 0))) }),
	}
}

// addressesOf lists, sorted, the addresses that a set wants, has, or has
// operations for. Want is sorted.
func (p *planner) addressesOf(name string, want []string, records []*Record) []string {
	var others []string
	note := func(ip string) {
		if !contains(want, ip) {
			others = append(others, ip)
		}
	}
	for _, r := range records {
		note(r.Data)
	}
	for _, a := range p.Records.Attempts {
		for _, r := range []Record{a.Old(), a.New()} {
			if !a.Verb.Reads() && r.Name == name && (r.Type == "A" || r.Type == "AAAA") {
				note(r.Data)
			}
		}
	}
	if len(others) == 0 {
		return want
	}
	return sortedSet(slices.Concat(want, others))
}

// changeTTL carries the addresses of one type over to another TTL. Vultr refuses
// two TTLs in one record set, so all records but one go, that one is changed, and
// the others come back. The one that stays is wanted; if none of those that stand
// is, one is made first, with the old TTL.
func (p *planner) changeTTL(ttl int, m members) {
	if len(m.inWant) == 0 {
		if len(m.standing) > 0 && len(m.missing) > 0 && !p.othersInFlight(m.standing[0]) {
			first := address(m.standing[0].Name, m.missing[0], m.standing[0].TTL)
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, To: &first, Urgency: urgentCreate})
		}
		return
	}
	stays, ok := p.support(m.inWant)
	if !ok {
		return
	}
	for _, r := range m.standing {
		for _, same := range p.records.at[r.Key()] {
			if same.ID != stays.ID {
				p.step.Records = append(p.step.Records, Op[Record]{Verb: Delete, From: same, Urgency: urgentChange})
			}
		}
	}
	if !p.othersInFlight(stays) && !p.othersStand(stays) {
		p.step.Records = append(p.step.Records, Op[Record]{
			Verb: Update, From: stays, To: new(address(stays.Name, stays.Data, ttl)), Urgency: urgentChange,
		})
	}
}

// changeOnlyTTL brings a record to another TTL. Nothing waits for that: it may be
// refused.
func (p *planner) changeOnlyTTL(stands *Record, ttl int) {
	if stands.TTL != ttl {
		changed := stands.withData(stands.Data)
		changed.TTL = ttl
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, From: stands, To: &changed, Urgency: urgentTidy})
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
func (p *planner) ttlRefused(r *Record) bool {
	before, known := p.Memory.ttlRefused[r.ID]
	if p.Records.Rejected[r.Key()] && slices.ContainsFunc(p.Records.Attempts, func(a Attempt[Record]) bool { return a.Verb == Update && a.Old().ID == r.ID }) {
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
func (p *planner) otherTTL(name, recordType string, ttl int, records []*Record) bool {
	return slices.ContainsFunc(records, func(r *Record) bool { return r.Type == recordType && r.TTL != ttl }) ||
		slices.ContainsFunc(p.Records.Attempts, func(a Attempt[Record]) bool {
			return a.Status != Parked && (a.Verb == Create || a.Verb == Update) &&
				a.New().Name == name && a.New().Type == recordType && a.New().TTL != ttl
		})
}

// othersStand reports whether there is another record of r's name and type.
func (p *planner) othersStand(r *Record) bool {
	return slices.ContainsFunc(p.stands.at(recordName{r.Zone, r.Name}), func(o *Record) bool { return o.Type == r.Type && o.ID != r.ID })
}

// othersInFlight reports whether a record of r's name and type is being made
// or changed, or may have been.
func (p *planner) othersInFlight(r *Record) bool {
	return slices.ContainsFunc(p.Records.Attempts, func(a Attempt[Record]) bool {
		return a.Status != Parked && (a.Verb == Create || a.Verb == Update) && a.New().Name == r.Name && a.New().Type == r.Type
	})
}
