package syncer

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/plan"
)

// landed takes note of the end of an operation.
func (t *target[T]) landed(op model.Op[T], err error) {
	t.flying, t.news = t.flying-1, true
	switch {
	case op.Verb.Reads():
	case err != nil && !httpapi.Permanent(err):
		t.vain++
	default:
		t.vain, t.answered = 0, time.Now()
	}
}

// ended takes the outcome of a write into the picture.
func (t *target[T]) ended(op model.Op[T], result T, err error) {
	if id := cmp.Or(op.Old().Identity(), result.Identity()); id != "" && op.Verb != model.Delete && !t.dryRun && (err == nil || errors.Is(err, httpapi.ErrNotKept)) {
		t.picture.wrote(id, op.New(), op.Verb == model.Create)
	}
	switch {
	case err != nil:
		t.ill(op, err)
		return
	case op.Verb == model.Delete:
		t.picture.drop(op.Old().Identity())
	default:
		if t.dryRun {
			result = t.simulated(op)
		}
		exact := result.Equal(op.New())
		if exact {
			result = op.New().Observed(result) // so that its texts are kept once
		}
		t.picture.put(result)
		if !exact {
			t.park(op, fmt.Errorf("%s %s: %w", op.Verb, op.Key(), httpapi.ErrNotKept), observed.BackingOff)
			return
		}
	}
	delete(t.attempts, op.Key())
	if t.dryRun {
		return
	}
	t.log.Info(past[op.Verb], describe(op)...)
	t.repair(op.Key())
}

// simulated is what a write of a dry run would have led to.
func (t *target[T]) simulated(op model.Op[T]) T {
	t.dryRuns++
	return plan.Foreseen(op, fmt.Sprintf("dry-run-%d", t.dryRuns), t.settings)
}

var past = map[model.Verb]string{model.Create: "created", model.Update: "updated", model.Delete: "deleted"}

// ill decides what a failed write means for what stands.
func (t *target[T]) ill(op model.Op[T], err error) {
	switch {
	case httpapi.IsNotFound(err) && op.Verb == model.Update:
		t.picture.drop(op.Old().Identity()) // somebody removed it
		t.park(op, err, observed.BackingOff)
	case httpapi.NotSent(err):
		t.park(op, err, observed.BackingOff)
	case op.Verb == model.Delete:
		t.picture.lose(op.Old().Identity())
		t.park(op, err, observed.Unknown)
	default:
		t.picture.doubt(op.Old().Identity())
		t.park(op, err, observed.Unknown)
	}
}

// park lets a failed operation wait before it is tried again.
func (t *target[T]) park(op model.Op[T], err error, status observed.Status) {
	a := t.attempts[op.Key()]
	t.picture.serial++ // a reading that began before does not answer for it
	a.Status, a.hopeless, a.ended = status, httpapi.Permanent(err), t.picture.serial
	now := time.Now()
	if a.failures++; a.failures == 1 {
		a.since = now
	}
	a.err = err
	wait := t.backoff(a.failures, a.hopeless)
	a.notBefore = now.Add(wait)
	t.failed(op)
	t.log.Warn("failed: "+err.Error(), append(describe(op), "retry_in", wait.Round(time.Second))...)
}

// backoff is how long to wait after so many failures.
func (t *target[T]) backoff(failures int, refused bool) time.Duration {
	wait := firstBackoff << min(failures-1, 10)
	if refused {
		wait *= refusedTimes
	}
	wait = min(wait, maxBackoff)
	return wait + t.jitter(wait/5)
}

// foundAll takes the outcome of a search into the picture, but for what we changed
// after the serial since. The search began at the given serial.
func (t *target[T]) foundAll(op model.Op[T], found []T, since, serial int, err error) {
	if err != nil {
		t.park(op, err, observed.BackingOff)
		return
	}
	delete(t.attempts, op.Key())
	scope := op.New().Scope()
	t.picture.merge(found, since, func(o T) bool { return o.Scope() == scope }, t.busy, true)
	t.resolve(serial, func(o T) bool { return o.Scope() == scope })
}

// verified takes an object that was read by itself into the picture, unless it was
// written to since the reading began: at the given serial, at the time begun.
func (t *target[T]) verified(op model.Op[T], stands T, serial int, begun time.Time, err error) {
	var found []T
	switch {
	case err == nil:
		found = []T{stands}
	case !httpapi.IsNotFound(err):
		t.park(op, err, observed.BackingOff)
		return
	}
	delete(t.attempts, op.Key())
	id := op.New().Identity()
	if lost, ok := t.picture.doubted[id]; ok && !lost.Before(begun) {
		return // its deletion may have come after
	}
	t.picture.merge(found, serial, func(o T) bool { return o.Identity() == id }, t.busy, true)
	if err == nil {
		t.picture.prove(id, serial)
	}
}

// resolve settles operations whose replies were lost before the serial since:
// what became of them is in the picture now.
func (t *target[T]) resolve(since int, within func(T) bool) {
	for _, a := range t.attempts {
		if a.Status == observed.Unknown && a.ended <= since && (within(a.New()) || within(a.Old())) {
			a.Status = observed.BackingOff
		}
	}
}
