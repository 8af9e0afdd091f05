// Package recordset brings the records behind one name towards what is wanted of it, in
// steps of which each leaves something to resolve. It follows what the DNS can do
// (model.DNS): whether it changes records one by one or whole sets in one call, and how it
// takes another TTL.
package recordset

import (
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Changes are operations on records in the making, with what is known of the records.
type Changes struct {
	View   observed.View[model.Record]
	Places observed.Index[model.Record]
	Ops    []model.Op[model.Record]
}

// Create makes a record.
func (c *Changes) Create(r model.Record, urgency int) {
	c.add(model.Op[model.Record]{Verb: model.Create, To: &r, Urgency: urgency})
}

// Change changes a record that stands.
func (c *Changes) Change(from *model.Record, to model.Record, urgency int) {
	c.add(model.Op[model.Record]{Verb: model.Update, From: from, To: &to, Urgency: urgency})
}

// Remove takes a record away.
func (c *Changes) Remove(r *model.Record, urgency int) {
	c.add(model.Op[model.Record]{Verb: model.Delete, From: r, Urgency: urgency})
}

// Verify has a record be read by itself: that reply is never out of date.
func (c *Changes) Verify(r *model.Record) {
	if op := model.Verification(*r); !c.Places.Is(op.Key(), observed.InFlight) {
		c.add(op)
	}
}

// ChangeTTL brings a record to another TTL. Nothing waits for that: it may be refused.
func (c *Changes) ChangeTTL(r *model.Record, ttl int) {
	if r.TTL != ttl {
		changed := r.WithData(r.Data)
		changed.TTL = ttl
		c.Change(r, changed, model.UrgentTidy)
	}
}

// RemoveOthers takes away all of some records of ours but the one that stays, which has
// to be certain to stand.
func (c *Changes) RemoveOthers(all []*model.Record, stays *model.Record) {
	if len(all) < 2 {
		return
	}
	if c.View.Unproven[stays.ID] {
		c.Verify(stays)
		return
	}
	for _, r := range all {
		if r.ID != stays.ID {
			c.Remove(r, model.UrgentTidy)
		}
	}
}

// removeDuplicates takes away all records that say the same as the one that
// stands: a create whose reply was lost may have happened twice.
func (c *Changes) removeDuplicates(stands *model.Record) {
	c.RemoveOthers(c.Places.At[stands.Key()], stands)
}

// Unproven returns the first of some records if none of them is certain to stand, as only
// lists that are too old have shown them: it has to be read by itself.
func (c *Changes) Unproven(records []*model.Record) *model.Record {
	if _, ok := c.proven(records); ok || len(records) == 0 {
		return nil
	}
	return records[0]
}

// proven returns the first of some records that certainly stands.
func (c *Changes) proven(records []*model.Record) (r *model.Record, ok bool) {
	i := slices.IndexFunc(records, func(r *model.Record) bool { return !c.View.Unproven[r.ID] })
	if i < 0 {
		return nil, false
	}
	return records[i], true
}

func (c *Changes) add(op model.Op[model.Record]) { c.Ops = append(c.Ops, op) }
