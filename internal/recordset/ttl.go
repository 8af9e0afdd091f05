package recordset

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Refusal is when a provider refused something, and how long to wait until it is asked
// again.
type Refusal struct {
	at   time.Time
	wait time.Duration
}

// holds reports whether it is not time yet to ask again.
func (r Refusal) holds(now time.Time) bool { return now.Before(r.at.Add(r.wait)) }

// What was refused is tried again after FirstRefusal, then twice as long each time, up to
// LastRefusal. A set whose TTL cannot be changed comes back with the one that it had: each
// try takes all of its addresses but one away for a moment.
const (
	FirstRefusal = 10 * time.Minute
	LastRefusal  = 24 * time.Hour
)

// ttlOf is the TTL that the records of a set shall have: that of the name, or the one that
// one of them has and that the provider refused, not long ago, to change.
func (c *Changes) ttlOf(n Name, of members, refusals map[string]Refusal) int {
	for _, r := range of.standing {
		refused, ok := c.refusal(n, r)
		if !ok {
			continue
		}
		refusals[r.ID] = refused
		if refused.holds(n.Now) {
			return r.TTL
		}
	}
	return n.TTL
}

// refusal is when the provider last refused to change the TTL of an address in place; it
// is not ok if it never did.
func (c *Changes) refusal(n Name, r *model.Record) (refused Refusal, ok bool) {
	refused, ok = n.Refusals[r.ID]
	now := c.View.Rejected[r.Key()] && slices.ContainsFunc(c.View.Attempts, func(a observed.Attempt[model.Record]) bool { return a.Verb == model.Update && a.Old().ID == r.ID })
	switch {
	case now && ok:
		return Refusal{n.Now, min(2*refused.wait, LastRefusal)}, true
	case now:
		return Refusal{n.Now, FirstRefusal}, true
	}
	return refused, ok
}

// hasOtherTTL reports whether a record of the name and type has another TTL, or may soon.
func (c *Changes) hasOtherTTL(n Name, recordType string, ttl int) bool {
	return slices.ContainsFunc(n.Records, func(r *model.Record) bool { return r.Type == recordType && r.TTL != ttl }) ||
		slices.ContainsFunc(c.View.Attempts, func(a observed.Attempt[model.Record]) bool {
			return writes(a) && a.New().Name == n.Name && a.New().Type == recordType && a.New().TTL != ttl
		})
}

// writes reports whether an attempt makes or changes a record, or may have.
func writes(a observed.Attempt[model.Record]) bool {
	return a.Status != observed.BackingOff && (a.Verb == model.Create || a.Verb == model.Update)
}

// changeSetTTL carries the addresses of one type over to another TTL, where the DNS
// refuses two TTLs in one set: all records but one go, that one is changed, and the others
// come back. The one that stays is wanted; if none of those that stand is, one is made
// first, with the old TTL.
func (c *Changes) changeSetTTL(n Name, ttl int, m members) {
	if len(m.inWant) == 0 {
		if len(m.standing) > 0 && len(m.missing) > 0 && !c.othersWritten(m.standing[0]) {
			c.Create(model.AddressRecord(n.Name, m.missing[0], m.standing[0].TTL), model.UrgentCreate)
		}
		return
	}
	stays, ok := c.proven(m.inWant)
	if !ok {
		c.Verify(m.inWant[0])
		return
	}
	for _, r := range m.standing {
		for _, same := range c.Places.At[r.Key()] {
			if same.ID != stays.ID {
				c.Remove(same, model.UrgentChange)
			}
		}
	}
	othersStand := slices.ContainsFunc(n.Records, func(r *model.Record) bool { return r.Type == stays.Type && r.ID != stays.ID })
	if !othersStand && !c.othersWritten(stays) {
		c.Change(stays, model.AddressRecord(n.Name, stays.Data, ttl), model.UrgentChange)
	}
}

// othersWritten reports whether a record of r's name and type is being made or changed, or
// may have been.
func (c *Changes) othersWritten(r *model.Record) bool {
	return slices.ContainsFunc(c.View.Attempts, func(a observed.Attempt[model.Record]) bool {
		return writes(a) && a.New().Name == r.Name && a.New().Type == r.Type
	})
}
