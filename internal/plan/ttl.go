package plan

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// refusal is when a provider refused something, and how long to wait until it is
// asked again.
type refusal struct {
	at   time.Time
	wait time.Duration
}

// holds reports whether it is not time yet to ask again.
func (r refusal) holds(now time.Time) bool { return now.Before(r.at.Add(r.wait)) }

// A set whose TTL cannot be changed comes back with the one that it had. It is tried
// again after firstRefusal, then twice as long each time, up to lastRefusal: each try
// takes all of its addresses but one away for a moment.
const (
	firstRefusal = 10 * time.Minute
	lastRefusal  = 24 * time.Hour
)

// ttlOf is the TTL that the records of a set shall have: that of the cluster, or the one
// that one of them has and that the provider refused, not long ago, to change.
func (s *sets) ttlOf(c *cluster, of members) int {
	for _, r := range of.standing {
		refused, ok := s.ttlRefusal(r)
		if !ok {
			continue
		}
		s.ttlRefused[r.ID] = refused
		if refused.holds(s.Now) {
			return r.TTL
		}
	}
	return c.ttl
}

// ttlRefusal is when the provider last refused to change the TTL of an address in place;
// it is not ok if that is not known.
func (s *sets) ttlRefusal(r *model.Record) (refused refusal, ok bool) {
	refused, ok = s.Memory.ttlRefused[r.ID]
	now := s.Records.Rejected[r.Key()] && slices.ContainsFunc(s.Records.Attempts, func(a observed.Attempt[model.Record]) bool { return a.Verb == model.Update && a.Old().ID == r.ID })
	switch {
	case now && ok:
		return refusal{s.Now, min(2*refused.wait, lastRefusal)}, true
	case now:
		return refusal{s.Now, firstRefusal}, true
	}
	return refused, ok
}

// hasOtherTTL reports whether a record of the set of that type has another TTL, or
// may soon.
func (s *sets) hasOtherTTL(name, recordType string, ttl int, records []*model.Record) bool {
	return slices.ContainsFunc(records, func(r *model.Record) bool { return r.Type == recordType && r.TTL != ttl }) ||
		slices.ContainsFunc(s.Records.Attempts, func(a observed.Attempt[model.Record]) bool {
			return writes(a) && a.New().Name == name && a.New().Type == recordType && a.New().TTL != ttl
		})
}

// writes reports whether an attempt makes or changes a record, or may have.
func writes(a observed.Attempt[model.Record]) bool {
	return a.Status != observed.BackingOff && (a.Verb == model.Create || a.Verb == model.Update)
}

// changeSetTTL carries the addresses of one type over to another TTL. It is refused to
// have two TTLs in one record set, so all records but one go, that one is changed, and
// the others come back. The one that stays is wanted; if none of those that stand is, one
// is made first, with the old TTL.
func (s *sets) changeSetTTL(ttl int, m members) {
	if len(m.inWant) == 0 {
		if len(m.standing) > 0 && len(m.missing) > 0 && !s.othersWritten(m.standing[0]) {
			s.create(model.AddressRecord(m.standing[0].Name, m.missing[0], m.standing[0].TTL), model.UrgentCreate)
		}
		return
	}
	stays, ok := s.proven(m.inWant)
	if !ok {
		s.verify(m.inWant[0])
		return
	}
	for _, r := range m.standing {
		for _, same := range s.places.At[r.Key()] {
			if same.ID != stays.ID {
				s.remove(same, model.UrgentChange)
			}
		}
	}
	if !s.othersWritten(stays) && !s.othersStand(stays) {
		s.change(stays, model.AddressRecord(stays.Name, stays.Data, ttl), model.UrgentChange)
	}
}

// othersStand reports whether there is another record of r's name and type.
func (s *sets) othersStand(r *model.Record) bool {
	return slices.ContainsFunc(s.directory.At(model.RecordName{Zone: r.Zone, Name: r.Name}), func(o *model.Record) bool { return o.Type == r.Type && o.ID != r.ID })
}

// othersWritten reports whether a record of r's name and type is being made or changed, or
// may have been.
func (s *sets) othersWritten(r *model.Record) bool {
	return slices.ContainsFunc(s.Records.Attempts, func(a observed.Attempt[model.Record]) bool {
		return writes(a) && a.New().Name == r.Name && a.New().Type == r.Type
	})
}
