package recordset

import (
	"cmp"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Whole returns operations on single records as a DNS takes them that changes whole sets:
// all that are of one set are one Replace, which has their TTL. Each of them was safe by
// itself, so all of them are together. At finds the records of a name that stand. A set of
// which something is under way or unknown waits.
func Whole(ops []model.Op[model.Record], at func(model.RecordName) []*model.Record, places observed.Index[model.Record]) (whole []model.Op[model.Record]) {
	bySet := make(map[model.Place][]model.Op[model.Record])
	for _, op := range ops {
		if op.Verb.Reads() {
			whole = append(whole, op)
			continue
		}
		set := cmp.Or(op.From, op.To).SetPlace()
		bySet[set] = append(bySet[set], op)
	}
	for set, ops := range bySet {
		first := cmp.Or(ops[0].From, ops[0].To)
		standing := slices.DeleteFunc(slices.Clone(at(model.RecordName{Zone: first.Zone, Name: first.Name})),
			func(r *model.Record) bool { return r.Type != first.Type })
		busy := places.Is(set, observed.InFlight) || places.Is(set, observed.Unknown) ||
			slices.ContainsFunc(standing, func(r *model.Record) bool { return places.Doubtful(r.Key()) })
		if !busy {
			whole = append(whole, replace(standing, ops))
		}
	}
	return whole
}

// replace is one operation that does to a set what several do to its records. It is as
// urgent, and for the same, as the most urgent of them.
func replace(standing []*model.Record, ops []model.Op[model.Record]) model.Op[model.Record] {
	most := slices.MinFunc(ops, func(a, b model.Op[model.Record]) int { return cmp.Compare(a.Urgency, b.Urgency) })
	set := make(map[string]*model.Record) // by its data: a set has each but once
	for _, r := range standing {
		set[r.Data] = r
	}
	ttl := 0
	for _, op := range ops {
		if op.From != nil {
			delete(set, op.From.Data)
		}
	}
	for _, op := range ops {
		if op.To != nil {
			set[op.To.Data], ttl = op.To, op.To.TTL
		}
	}
	whole := model.Op[model.Record]{Verb: model.Replace, FromSet: standing, Ingress: most.Ingress, Urgency: most.Urgency, Turn: most.Turn}
	for _, r := range set {
		if ttl != 0 && r.TTL != ttl {
			changed := *r
			changed.TTL = ttl
			r = &changed
		}
		whole.ToSet = append(whole.ToSet, r)
	}
	slices.SortFunc(whole.ToSet, func(a, b *model.Record) int { return cmp.Compare(a.Data, b.Data) })
	return whole
}
