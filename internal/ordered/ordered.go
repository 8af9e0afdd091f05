// Package ordered keeps long lists in order, of which little changes at a time. A list
// that was handed out is never changed, so that others may go on reading it.
package ordered

import (
	"cmp"
	"slices"
)

// Distinct sorts a list, in place, and returns it with one of each element.
func Distinct[T cmp.Ordered](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// Contains reports whether a list in order holds v.
func Contains[T cmp.Ordered](list []T, v T) bool {
	_, ok := slices.BinarySearch(list, v)
	return ok
}

// Patch returns a list in order without the elements that are gone, which it has, and with
// those that have come. Compare tells any two elements apart. Gone and come may be in any
// order; Patch sorts them, in place.
func Patch[T any](list, gone, come []T, compare func(a, b T) int) []T {
	slices.SortFunc(gone, compare)
	slices.SortFunc(come, compare)
	if len(gone) == len(list) {
		return come
	}
	patched := make([]T, 0, len(list)-len(gone)+len(come))
	for len(gone)+len(come) > 0 {
		if len(come) == 0 || len(gone) > 0 && compare(gone[0], come[0]) <= 0 {
			i, _ := slices.BinarySearchFunc(list, gone[0], compare)
			patched, list, gone = append(patched, list[:i]...), list[i+1:], gone[1:]
			continue
		}
		i, _ := slices.BinarySearchFunc(list, come[0], compare)
		patched, list, come = append(append(patched, list[:i]...), come[0]), list[i:], come[1:]
	}
	return append(patched, list...)
}

// Changes returns the elements that only the list before has, and those that only the list
// after has. Both lists are in the order of compare, which need not tell all elements
// apart. It costs nothing where both are the very same list.
func Changes[T comparable](before, after []T, compare func(a, b T) int) (gone, come []T) {
	if len(before) == len(after) && (len(after) == 0 || &before[0] == &after[0]) {
		return nil, nil
	}
	for len(before) > 0 && len(after) > 0 {
		switch {
		case before[0] == after[0]:
			before, after = before[1:], after[1:]
		case compare(before[0], after[0]) < 0:
			gone, before = append(gone, before[0]), before[1:]
		default:
			come, after = append(come, after[0]), after[1:]
		}
	}
	return append(gone, before...), append(come, after...)
}

// Map holds values by their keys and lists them in order.
type Map[K comparable, V any] struct {
	compare func(a, b V) int
	held    map[K]V
	list    []V       // as List last returned it
	before  map[K][]V // of each key that was written to since, the value in the list, if there is one
}

// NewMap returns an empty map. Compare tells any two values of different keys apart.
func NewMap[K comparable, V any](compare func(a, b V) int) *Map[K, V] {
	return &Map[K, V]{compare: compare, held: make(map[K]V), before: make(map[K][]V)}
}

// Get returns the value of a key.
func (m *Map[K, V]) Get(key K) (V, bool) {
	v, ok := m.held[key]
	return v, ok
}

// Put sets the value of a key.
func (m *Map[K, V]) Put(key K, v V) {
	m.touch(key)
	m.held[key] = v
}

// Delete takes a key away, if it is there.
func (m *Map[K, V]) Delete(key K) {
	m.touch(key)
	delete(m.held, key)
}

// touch notes what the list has of a key before it is written to.
func (m *Map[K, V]) touch(key K) {
	if _, touched := m.before[key]; touched {
		return
	}
	var before []V
	if v, ok := m.held[key]; ok {
		before = []V{v}
	}
	m.before[key] = before
}

// List returns all values in order. It is the same slice for as long as nothing changes,
// and must not be written to.
func (m *Map[K, V]) List() []V {
	if len(m.before) == 0 {
		return m.list
	}
	var gone, come []V
	for key, before := range m.before {
		gone = append(gone, before...)
		if v, ok := m.held[key]; ok {
			come = append(come, v)
		}
	}
	m.list = Patch(m.list, gone, come, m.compare)
	m.before = make(map[K][]V)
	return m.list
}
