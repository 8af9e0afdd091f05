package desired

// memo remembers the answers of a function that always gives the same answer to the
// same question.
type memo[K comparable, V any] struct {
	answer func(K) V
	known  map[K]V
}

func remember[K comparable, V any](answer func(K) V) memo[K, V] {
	return memo[K, V]{answer, make(map[K]V)}
}

// of returns the answer for a key.
func (m memo[K, V]) of(key K) V {
	v, ok := m.known[key]
	if !ok {
		v = m.answer(key)
		m.known[key] = v
	}
	return v
}
