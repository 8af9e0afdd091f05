package watcher

import (
	"cmp"
	"slices"

	"github.com/edgeward/edgeward/internal/kube"
)

// seen says how a change became known, as Handler is told.
type seen bool

const (
	byWatch    seen = true
	bySnapshot seen = false
)

// A change is one call of a Handler: without old an addition, without obj a deletion, with
// both a modification.
type change[T any] struct {
	old, obj *T
	seen     seen // a Handler is not told how it was added
}

// changes leads from the object kept under a name to the fresh one; nil means that there
// is none. An object of another UID is another object.
func changes[T Object[T]](old, fresh *T, how seen) []change[T] {
	switch {
	case old == nil && fresh == nil:
		return nil
	case old == nil || fresh == nil:
		return []change[T]{{old: old, obj: fresh, seen: how}}
	case (*old).Identity().UID != (*fresh).Identity().UID:
		return []change[T]{{old: old, seen: how}, {obj: fresh}}
	case (*old).Equal(*fresh):
		return nil
	}
	return []change[T]{{old: old, obj: fresh, seen: how}}
}

// A difference is what a snapshot changed under one name.
type difference[T any] struct {
	key     kube.Key
	changes []change[T]
}

// differences leads from the objects kept before a snapshot to those in it, in the order
// of their names.
func differences[T Object[T]](kept, fresh map[kube.Key]T) []difference[T] {
	var diffs []difference[T]
	add := func(key kube.Key, old, obj *T) {
		if c := changes(old, obj, bySnapshot); c != nil {
			diffs = append(diffs, difference[T]{key, c})
		}
	}
	for key, obj := range fresh {
		if old, ok := kept[key]; ok {
			add(key, &old, &obj)
		} else {
			add(key, nil, &obj)
		}
	}
	for key, old := range kept {
		if _, ok := fresh[key]; !ok {
			add(key, &old, nil)
		}
	}
	slices.SortFunc(diffs, func(a, b difference[T]) int {
		return cmp.Or(cmp.Compare(a.key.Namespace, b.key.Namespace), cmp.Compare(a.key.Name, b.key.Name))
	})
	return diffs
}

// dispatch calls the handler.
func (c change[T]) dispatch(h Handler[T]) {
	switch {
	case c.old == nil:
		h.Added(*c.obj)
	case c.obj == nil:
		h.Deleted(*c.old, bool(c.seen))
	default:
		h.Modified(*c.old, *c.obj, bool(c.seen))
	}
}

// eventType is the change's name in the metrics.
func (c change[T]) eventType() string {
	switch {
	case c.old == nil:
		return "added"
	case c.obj == nil:
		return "deleted"
	}
	return "modified"
}

// discard is a Handler that ignores everything.
type discard[T any] struct{}

func (discard[T]) Added(T)                 {}
func (discard[T]) Modified(_, _ T, _ bool) {}
func (discard[T]) Deleted(T, bool)         {}
