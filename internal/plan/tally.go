package plan

// lookup is a map whose last answer is at hand: neighbours mostly ask for the same.
// What was asked for is not written to any more; there is nothing under "".
type lookup[V any] struct {
	of     map[string]V
	latest string
	answer V
}

func (l *lookup[V]) get(key string) V {
	if key != l.latest {
		l.latest, l.answer = key, l.of[key]
	}
	return l.answer
}

// tally counts what mostly comes in runs of the same.
type tally[K comparable] struct {
	of     map[K]int
	latest K
	run    int // how often the latest came, as far as it is not in of yet
}

func (t *tally[K]) add(k K) {
	if k != t.latest {
		t.counts()
		t.latest = k
	}
	t.run++
}

func (t *tally[K]) counts() map[K]int {
	if t.of == nil {
		t.of = make(map[K]int)
	}
	if t.run > 0 {
		t.of[t.latest] += t.run
	}
	t.run = 0
	return t.of
}
