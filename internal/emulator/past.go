package emulator

import (
	"slices"
	"time"
)

// maxPast bounds how many changes a list can be behind.
const maxPast = 64

// past is what stood after each of the last changes, oldest first, for lists
// that lag.
type past[T any] []moment[T]

type moment[T any] struct {
	at  time.Time
	all []T
}

// keep notes that all stands from now on.
func (p *past[T]) keep(all []T, now time.Time) {
	if len(*p) == maxPast {
		*p = slices.Delete(*p, 0, 1)
	}
	*p = append(*p, moment[T]{now, slices.Clone(all)})
}

// show returns what a list shows to a call that a fault has made look behind:
// all, if there is none. What is too long ago to be known is taken from the
// oldest state that is.
func (p past[T]) show(r *request, all []T, now time.Time) []T {
	if r.behind <= 0 && r.lag <= 0 {
		return all
	}
	i := len(p) - 1 - r.behind
	for i > 0 && p[i].at.After(now.Add(-r.lag)) {
		i--
	}
	if i < 0 {
		if len(p) == maxPast {
			return p[0].all
		}
		return nil // before the first change
	}
	return p[i].all
}
