// Package memo remembers what a function answered.
package memo

// Memo remembers the answers of a function that always gives the same answer to the same
// question. It is for one goroutine.
type Memo[K comparable, V any] struct {
	answer func(K) V
	known  map[K]V
}

// Of returns a memo that knows no answers yet.
func Of[K comparable, V any](answer func(K) V) Memo[K, V] {
	return Memo[K, V]{answer, make(map[K]V)}
}

// Get returns the answer for a key.
func (m Memo[K, V]) Get(key K) V {
	v, ok := m.known[key]
	if !ok {
		v = m.answer(key)
		m.known[key] = v
	}
	return v
}
