package observed

import (
	"iter"

	"github.com/edgeward/edgeward/internal/model"
)

// LookUps returns one search for each scope in which something is doubtful of what
// concerns us, unless that search is under way. It takes the turn of the first that
// needs it.
func LookUps[T model.Object[T]](v View[T], concern iter.Seq[*T]) []model.Op[T] {
	searched := make(map[model.Place]bool)
	for _, a := range v.Attempts {
		if a.Verb == model.LookUp && a.Status == InFlight {
			searched[a.New().Scope()] = true
		}
	}
	var ops []model.Op[T]
	search := func(o T, tenant model.Tenant) {
		if !searched[o.Scope()] {
			searched[o.Scope()] = true
			ops = append(ops, model.Op[T]{Verb: model.LookUp, To: &o, Urgency: model.UrgentLookUp, Turn: tenant})
		}
	}
	for _, a := range v.Attempts {
		switch {
		case a.Verb.Reads() || a.Status != Unknown:
		case a.Verb == model.Create, a.Verb == model.Replace && len(a.FromSet) == 0:
			search(a.New(), a.Tenant())
		default:
			search(a.Old(), a.Tenant())
		}
	}
	if len(v.Missing) > 0 {
		for o := range concern {
			if v.Missing[(*o).Identity()] {
				search(*o, labelledFor(*o))
			}
		}
	}
	return ops
}

// labelledFor is whose an object is that says so itself.
func labelledFor[T model.Object[T]](o T) model.Tenant {
	if r, ok := any(o).(model.Rule); ok {
		if m, ok := r.OwnerLabel(); ok {
			return m.IngressID.Tenant()
		}
	}
	return model.Tenant{}
}
