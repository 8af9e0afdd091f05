package observed

import (
	"cmp"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
)

// Statuses are how far the attempts at each place are; where there are several,
// the least settled one.
type Statuses[K comparable] map[K]Status

func (s Statuses[K]) Note(at K, status Status) {
	if known, ok := s[at]; !ok || status < known {
		s[at] = status
	}
}

func (s Statuses[K]) Is(at K, want Status) bool {
	if len(s) == 0 {
		return false
	}
	status, ok := s[at]
	return ok && status == want
}

func (s Statuses[K]) Has(at K) bool {
	if len(s) == 0 {
		return false
	}
	_, ok := s[at]
	return ok
}

// Index answers questions about a View by place.
type Index[T model.Object[T]] struct {
	Statuses[model.Place]
	At      map[model.Place][]*T // by key, ordered by ID
	missing map[string]bool      // IDs
}

// NewIndex is for questions about these of the view's objects.
func NewIndex[T model.Object[T]](v View[T], objects []*T) Index[T] {
	x := Index[T]{
		Statuses: make(Statuses[model.Place], len(v.Attempts)),
		At:       make(map[model.Place][]*T, len(objects)),
		missing:  v.Missing,
	}
	for i, o := range objects {
		key := (*o).Key()
		list := x.At[key]
		if list == nil {
			x.At[key] = objects[i : i+1 : i+1] // nearly always it stays alone: no copy
			continue
		}
		list = append(list, o)
		slices.SortFunc(list, func(a, b *T) int { return cmp.Compare((*a).Identity(), (*b).Identity()) })
		x.At[key] = list
	}
	for _, a := range v.Attempts {
		x.Note(a.Key(), a.Status)
		if a.Verb == model.Replace {
			for _, o := range a.Touched() {
				x.Note((*o).Key(), a.Status)
			}
		}
	}
	return x
}

// Has reports whether anything stands or is under way at key.
func (x Index[T]) Has(key model.Place) bool {
	_, trying := x.Statuses[key]
	return trying || len(x.At[key]) > 0
}

// Doubtful reports whether it is unknown what stands at key.
func (x Index[T]) Doubtful(key model.Place) bool {
	return x.Is(key, Unknown) || len(x.missing) > 0 && slices.ContainsFunc(x.At[key], func(o *T) bool { return x.missing[(*o).Identity()] })
}

// Sure returns the object at key if one certainly stands there and nothing is
// being done to it.
func (x Index[T]) Sure(key model.Place) (o *T, ok bool) {
	if x.Is(key, InFlight) || x.Doubtful(key) || len(x.At[key]) == 0 {
		return nil, false
	}
	return x.At[key][0], true
}
