package emulator

import (
	"slices"
	"time"
)

// maxHistory bounds how many changes a list can be behind.
const maxHistory = 64

// History is what stood after each of the last changes, oldest first, for lists
// that lag.
type History[T any] []snapshot[T]

type snapshot[T any] struct {
	at  time.Time
	all []T
}

// Keep notes that all stands from now on.
func (h *History[T]) Keep(all []T, now time.Time) {
	if len(*h) == maxHistory {
		*h = slices.Delete(*h, 0, 1)
	}
	*h = append(*h, snapshot[T]{now, slices.Clone(all)})
}

// List returns what a list shows to a call that a fault has made look behind:
// all, if there is none. What is too long ago to be known is taken from the
// oldest state that is.
func (h History[T]) List(r *Request, all []T, now time.Time) []T {
	if r.behind <= 0 && r.lag <= 0 {
		return all
	}
	i := len(h) - 1 - r.behind
	for i > 0 && h[i].at.After(now.Add(-r.lag)) {
		i--
	}
	if i < 0 {
		if len(h) == maxHistory {
			return h[0].all
		}
		return nil // before the first change
	}
	return h[i].all
}
