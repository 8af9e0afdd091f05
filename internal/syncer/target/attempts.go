package target

import (
	"errors"
	"maps"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// attempts are the operations of a target that are under way or did not end well.
type attempts[T model.Object[T]] struct {
	at       map[model.Place]*attempt[T]
	inFlight int // operations under way, those that only read among them
	// setAside are failed attempts that the last plan did not want while others were
	// under way or in doubt. When these have ended a plan may want them again, and then
	// they go on waiting.
	setAside map[model.Place]*attempt[T]
}

// attempt is an operation that is under way or did not end well.
type attempt[T model.Object[T]] struct {
	observed.Attempt[T]
	failures
	retryAt time.Time // when it may be tried again; zero while it is under way
	ended   int       // the cache's serial when it last failed
}

func newAttempts[T model.Object[T]]() attempts[T] {
	return attempts[T]{at: make(map[model.Place]*attempt[T]), setAside: make(map[model.Place]*attempt[T])}
}

// begin takes note of an operation that begins.
func (a *attempts[T]) begin(op model.Op[T]) {
	next := &attempt[T]{Attempt: observed.Attempt[T]{Op: op, Status: observed.InFlight}}
	if before, ok := a.at[op.Key()]; ok && before.Same(op) {
		next.failures = before.failures
	}
	a.at[op.Key()] = next
	a.inFlight++
}

// succeeded takes note of an operation that has done what it should.
func (a *attempts[T]) succeeded(op model.Op[T]) { delete(a.at, op.Key()) }

// noneFailed reports whether every attempt is under way.
func (a *attempts[T]) noneFailed() bool { return len(a.at) == a.inFlight && len(a.setAside) == 0 }

// follow takes over what a new plan wants. A failed attempt that it does not want is
// forgotten: at once if nothing is under way or in doubt, otherwise later.
func (a *attempts[T]) follow(ops []model.Op[T], now time.Time) {
	if a.noneFailed() {
		return
	}
	wanted := make(map[model.Place]bool, len(ops))
	for i := range ops {
		key := ops[i].Key()
		wanted[key] = true
		if aside, ok := a.setAside[key]; ok && a.at[key] == nil && aside.Same(ops[i]) {
			a.at[key] = aside
		}
		delete(a.setAside, key)
	}
	allBackOff := true
	for key, attempt := range a.at {
		switch {
		case attempt.Status != observed.BackingOff:
			allBackOff = false
		case !wanted[key]:
			a.setAside[key] = attempt
			delete(a.at, key)
		}
	}
	if allBackOff {
		clear(a.setAside)
	}
	maps.DeleteFunc(a.setAside, func(_ model.Place, attempt *attempt[T]) bool {
		return attempt.retryAt.Before(now.Add(-maxBackoff))
	})
}

// notBefore is when an operation may begin; zero: at once.
func (a *attempts[T]) notBefore(op *model.Op[T]) time.Time {
	if a.noneFailed() {
		return time.Time{}
	}
	if failed, ok := a.at[op.Key()]; ok && failed.Same(*op) {
		return failed.retryAt
	}
	return time.Time{}
}

// changing reports whether an operation under way is about to change o.
func (a *attempts[T]) changing(o T) bool {
	attempt, ok := a.at[o.Key()]
	return ok && attempt.Status == observed.InFlight
}

// hopeless reports whether there is no point in waiting for an operation to succeed.
func (a *attempts[T]) hopeless(op *model.Op[T]) bool {
	attempt, ok := a.at[op.Key()]
	return ok && attempt.hopeless()
}

// resolve settles the operations whose replies were lost before the given serial:
// what became of them is in the cache now.
func (a *attempts[T]) resolve(serial int, covered func(T) bool) {
	for _, attempt := range a.at {
		if attempt.Status == observed.Unknown && attempt.ended <= serial && (covered(attempt.New()) || covered(attempt.Old())) {
			attempt.Status = observed.BackingOff
		}
	}
}

// addTo adds the attempts to what the plan looks at.
func (a *attempts[T]) addTo(v *observed.View[T]) {
	if len(a.at) > a.inFlight {
		v.Rejected, v.Taken = make(map[model.Place]bool), make(map[model.Place]bool)
	}
	for key, attempt := range a.at {
		v.Attempts = append(v.Attempts, attempt.Attempt)
		if attempt.Status != observed.BackingOff {
			continue
		}
		if attempt.refused {
			v.Rejected[key] = true
		}
		if errors.Is(attempt.err, httpapi.ErrTaken) {
			v.Taken[key] = true
		}
	}
}
