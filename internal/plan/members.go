package plan

import (
	"slices"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
)

// planCNAME brings a name that is one CNAME towards its target. That changes in
// place, so that the name resolves at any time. Nothing is made while blocked:
// a CNAME cannot stand beside other records.
func (s *sets) planCNAME(c *cluster, name, target string, records []*model.Record, blocked bool) setState {
	want := model.Record{Name: name, Type: "CNAME", Data: target, TTL: c.ttl}
	stands, sure := s.places.Sure(want.Key())
	failed := s.Records.Refused || s.places.Is(want.Key(), observed.BackingOff)
	unfinished := setState{tried: failed, failed: failed}
	switch {
	case sure && (stands.Equal(want) || len(records) > 1):
		s.removeDuplicates(stands)
	case sure && stands.Data != target: // by itself: a change of data and TTL at once may be refused
		s.change(stands, stands.WithData(target), model.UrgentChange)
	case sure && !c.ttlChanges:
		s.changeTTL(stands, c.ttl)
	case sure: // its TTL will follow that of the record of ownership
	case s.places.Doubtful(want.Key()) || s.places.Is(want.Key(), observed.InFlight):
		return setState{}
	case blocked:
		return unfinished
	default:
		s.create(want, model.UrgentCreate)
		return unfinished
	}
	if stands.Data != target {
		return unfinished
	}
	return setState{standing: 1, tried: true, converged: true, unproven: s.unproven([]*model.Record{stands})}
}

// planAddresses brings one address set that is in use towards its addresses. New ones
// come before old ones go, and one that stands is always left. Nothing is made while
// blocked: a CNAME has the name, or the TTL is about to change. It returns what nobody
// wants and may go.
func (s *sets) planAddresses(c *cluster, name string, set addresses.Set, records []*model.Record, blocked bool) (setState, []guard.Deletion[model.Record]) {
	want := s.wantedAddresses(name, set)
	if notice, ok := set.TooLarge(name+"."+s.Settings.Domain, want); ok {
		s.out.Notices = append(s.out.Notices, notice)
	}
	found := s.examine(name, want, records)
	hopeless := found.untried && s.Records.Refused
	state := setState{standing: len(found.inWant), failed: found.failed || hopeless}
	if len(want) == 0 {
		state.standing, state.tried, state.converged = len(found.standing), true, true
		if state.standing > 0 {
			state.unproven = s.unproven(found.standing)
			s.out.Stale[name] = Stale{c.name, set.Lacks}
		}
		return state, nil
	}
	if s.makeMissing(c, name, found, records, blocked) {
		return state, nil
	}
	state.tried = !found.waiting && (!found.untried || hopeless)
	state.converged = !found.waiting && len(found.missing) == 0
	state.unproven = s.unproven(found.inWant)
	var leaving []guard.Deletion[model.Record]
	for _, r := range found.standing {
		s.removeDuplicates(r)
		if ordered.Contains(want, r.Data) {
			continue
		}
		// What cannot go yet, since other addresses come first, is not judged by the guard
		// either: the loss would be less when they have come.
		state.converged = false
		deletion := s.surplus(c, r)
		switch {
		case found.waiting || found.untried || len(found.inWant) == 0:
		case state.unproven != nil:
			s.verify(state.unproven)
		default:
			leaving = append(leaving, deletion)
		}
	}
	return state, leaving
}

// wantedAddresses are the addresses that a set shall have, sorted: also those that it may
// keep and that stand or are on the way.
func (s *sets) wantedAddresses(name string, set addresses.Set) []string {
	want := slices.Clone(set.Addresses)
	for _, ip := range set.Keep {
		if s.places.Has(model.AddressRecord(name, ip, 0).Key()) {
			want = append(want, ip)
		}
	}
	return ordered.Distinct(want)
}

// makeMissing makes the addresses that a set lacks, unless blocked, and reports whether
// its TTL has to change first.
func (s *sets) makeMissing(c *cluster, name string, found members, records []*model.Record, blocked bool) (changing bool) {
	for _, recordType := range []string{"A", "AAAA"} {
		of := found.of(recordType)
		ttl := s.ttlOf(c, of)
		switch {
		case len(of.inWant)+len(of.missing) == 0:
		case s.hasOtherTTL(name, recordType, ttl, records):
			changing = true
			if !blocked {
				s.changeSetTTL(ttl, of)
			}
		case !blocked:
			for _, ip := range of.missing {
				s.create(model.AddressRecord(name, ip, ttl), model.UrgentCreate)
			}
		}
	}
	return changing
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
func (s *sets) examine(name string, want []string, records []*model.Record) members {
	var m members
	for _, ip := range s.addressesOf(name, want, records) {
		key := model.AddressRecord(name, ip, 0).Key()
		wanted := ordered.Contains(want, ip)
		r, sure := s.places.Sure(key)
		switch {
		case sure:
			m.standing = append(m.standing, r)
			if wanted {
				m.inWant = append(m.inWant, r)
			}
		case s.places.Doubtful(key) || s.places.Is(key, observed.InFlight):
			m.waiting = true
		case wanted:
			m.missing = append(m.missing, ip)
			if s.places.Is(key, observed.BackingOff) {
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
func (s *sets) addressesOf(name string, want []string, records []*model.Record) []string {
	var others []string
	note := func(ip string) {
		if !ordered.Contains(want, ip) {
			others = append(others, ip)
		}
	}
	for _, r := range records {
		note(r.Data)
	}
	for _, a := range s.Records.Attempts {
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
