package plan

import (
	"cmp"
	"iter"
	"slices"
)

// statuses are how far the attempts at each place are; where there are several,
// the least settled one.
type statuses[K comparable] map[K]Status

func (s statuses[K]) note(at K, status Status) {
	if known, ok := s[at]; !ok || status < known {
		s[at] = status
	}
}

func (s statuses[K]) is(at K, want Status) bool {
	if len(s) == 0 {
		return false
	}
	status, ok := s[at]
	return ok && status == want
}

func (s statuses[K]) has(at K) bool {
	if len(s) == 0 {
		return false
	}
	_, ok := s[at]
	return ok
}

// index answers questions about a View by place.
type index[T Object[T]] struct {
	statuses[string]
	at      map[string][]*T // by key, ordered by ID
	missing map[string]bool // IDs
}

// newIndex is for questions about these of the view's objects.
func newIndex[T Object[T]](v View[T], objects []*T) index[T] {
	x := index[T]{
		statuses: make(statuses[string], len(v.Attempts)),
		at:       make(map[string][]*T, len(objects)),
		missing:  v.Missing,
	}
	for i, o := range objects {
		key := (*o).Key()
		list := x.at[key]
		if list == nil {
			x.at[key] = objects[i : i+1 : i+1] // nearly always it stays alone: no copy
			continue
		}
		list = append(list, o)
		slices.SortFunc(list, func(a, b *T) int { return cmp.Compare((*a).Identity(), (*b).Identity()) })
		x.at[key] = list
	}
	for _, a := range v.Attempts {
		x.note(a.Key(), a.Status)
	}
	return x
}

// has reports whether anything stands or is under way at key.
func (x index[T]) has(key string) bool {
	_, trying := x.statuses[key]
	return trying || len(x.at[key]) > 0
}

// doubtful reports whether it is unknown what stands at key.
func (x index[T]) doubtful(key string) bool {
	return x.is(key, Unsure) || len(x.missing) > 0 && slices.ContainsFunc(x.at[key], func(o *T) bool { return x.missing[(*o).Identity()] })
}

// sure returns the object at key if one certainly stands there and nothing is
// being done to it.
func (x index[T]) sure(key string) (o *T, ok bool) {
	if x.is(key, InFlight) || x.doubtful(key) || len(x.at[key]) == 0 {
		return nil, false
	}
	return x.at[key][0], true
}

// lookUps returns one search for each scope in which something is doubtful of what
// concerns us, unless that search is under way. It takes the turn of the first that
// needs it.
func lookUps[T Object[T]](v View[T], concern iter.Seq[*T]) []Op[T] {
	searched := make(map[string]bool)
	for _, a := range v.Attempts {
		if a.Verb == LookUp && a.Status == InFlight {
			searched[a.New().Scope()] = true
		}
	}
	var ops []Op[T]
	search := func(o T, tenant Tenant) {
		if !searched[o.Scope()] {
			searched[o.Scope()] = true
			ops = append(ops, Op[T]{Verb: LookUp, To: &o, Urgency: urgentLookUp, Turn: tenant})
		}
	}
	for _, a := range v.Attempts {
		switch {
		case a.Verb.Reads() || a.Status != Unsure:
		case a.Verb == Create:
			search(a.New(), a.Tenant())
		default:
			search(a.Old(), a.Tenant())
		}
	}
	if len(v.Missing) > 0 {
		for o := range concern {
			if v.Missing[(*o).Identity()] {
				search(*o, markedFor(*o))
			}
		}
	}
	return ops
}

// markedFor is whose an object is that says so itself.
func markedFor[T Object[T]](o T) Tenant {
	if r, ok := any(o).(Rule); ok {
		if m, ok := r.Mark(); ok {
			return m.IngressID.tenant()
		}
	}
	return Tenant{}
}

// Urgencies: what answers a question and what takes away dead or deleted
// things goes before what makes new ones, changes before additions, and what
// merely lies about unused goes last.
const (
	urgentLookUp = iota
	urgentRemove
	urgentClaim
	urgentChange
	urgentCreate
	urgentTidy
)
