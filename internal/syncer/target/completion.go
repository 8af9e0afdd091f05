package target

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Result is what a call that ran beside the Target has come to: a completion of an
// operation or a listResult.
type Result interface {
	// Apply takes it into what its Target knows.
	Apply()
}

// completion is an operation that has ended.
type completion[T model.Object[T]] struct {
	target  *Target[T]
	op      model.Op[T]
	began   time.Time
	serial  int // the cache's when it began
	settled int // of a search: what changed later it may not show yet
	objects []T // see execute
	err     error
}

func (c completion[T]) Apply() {
	t := c.target
	t.attempts.inFlight--
	t.news = true
	switch c.op.Verb {
	case model.LookUp:
		t.searched(c)
	case model.Verify:
		t.verified(c)
	default:
		t.noteAnswer(c.err)
		t.wrote(c)
	}
}

// noteAnswer takes note of whether the provider has done or refused a write.
func (t *Target[T]) noteAnswer(err error) {
	if err != nil && !httpapi.Permanent(err) {
		t.unanswered++
	} else {
		t.unanswered, t.answered = 0, time.Now()
	}
}

// searched takes the outcome of a search into the cache, but for what we changed
// after its list was settled.
func (t *Target[T]) searched(c completion[T]) {
	if c.err != nil {
		t.failed(c.op, c.err, observed.BackingOff)
		return
	}
	t.attempts.succeeded(c.op)
	scope := c.op.New().Scope()
	covered := func(o T) bool { return o.Scope() == scope }
	t.cache.merge(observation[T]{objects: c.objects, covers: covered, after: c.settled, conclusive: true}, t.attempts.changing)
	t.attempts.resolve(c.serial, covered)
}

// verified takes an object that was read by itself into the cache, unless it was
// written to since that began.
func (t *Target[T]) verified(c completion[T]) {
	stands := c.objects
	switch {
	case httpapi.IsNotFound(c.err):
		stands = nil
	case c.err != nil:
		t.failed(c.op, c.err, observed.BackingOff)
		return
	}
	t.attempts.succeeded(c.op)
	id := c.op.New().Identity()
	if lost, ok := t.cache.doubted[id]; ok && !lost.Before(c.began) {
		return // its deletion may have come after
	}
	covered := func(o T) bool { return o.Identity() == id }
	t.cache.merge(observation[T]{objects: stands, covers: covered, after: c.serial, conclusive: true}, t.attempts.changing)
	if c.err == nil {
		t.cache.prove(id, c.serial)
	}
}

// wrote takes the outcome of a write into the cache.
func (t *Target[T]) wrote(c completion[T]) {
	op := c.op
	if t.DryRun {
		c.objects = t.foresee(op)
	} else if op.Verb != model.Delete && (c.err == nil || errors.Is(c.err, httpapi.ErrNotKept)) {
		if id := cmp.Or(op.Old().Identity(), c.objects[0].Identity()); id != "" {
			t.cache.wrote(id, op.New(), op.Verb)
		}
	}
	switch {
	case c.err != nil:
		t.writeFailed(op, c.err)
		return
	case op.Verb == model.Delete:
		t.cache.drop(op.Old().Identity())
	default:
		stands := c.objects[0]
		kept := stands.Equal(op.New())
		if kept {
			stands = op.New().Observed(stands) // so that its texts are held once
		}
		t.cache.put(stands)
		if !kept {
			t.failed(op, fmt.Errorf("%s %s: %w", op.Verb, op.Key(), httpapi.ErrNotKept), observed.BackingOff)
			return
		}
	}
	t.attempts.succeeded(op)
	if t.DryRun {
		return
	}
	t.Log.Info(past(op.Verb), describe(op)...)
	t.noteRepair(op.Key())
}

// past says that a write was done.
func past(verb model.Verb) string {
	switch verb {
	case model.Create:
		return "created"
	case model.Update:
		return "updated"
	}
	return "deleted"
}

// foresee is what a write of a dry run would have left standing.
func (t *Target[T]) foresee(op model.Op[T]) []T {
	if op.Verb == model.Delete {
		return nil
	}
	t.foreseen++
	return []T{forecast.Foreseen(op, fmt.Sprintf("dry-run-%d", t.foreseen), t.Settings)}
}

// writeFailed decides what a failed write means for what stands.
func (t *Target[T]) writeFailed(op model.Op[T], err error) {
	switch {
	case httpapi.IsNotFound(err) && op.Verb == model.Update:
		t.cache.drop(op.Old().Identity()) // somebody removed it
		t.failed(op, err, observed.BackingOff)
	case httpapi.NotSent(err):
		t.failed(op, err, observed.BackingOff)
	case op.Verb == model.Delete:
		t.cache.lose(op.Old().Identity())
		t.failed(op, err, observed.Unknown)
	default:
		t.cache.doubt(op.Old().Identity())
		t.failed(op, err, observed.Unknown)
	}
}

// failed lets an operation wait before it is tried again.
func (t *Target[T]) failed(op model.Op[T], err error, status observed.Status) {
	t.cache.serial++ // a list that began before does not answer for it
	now := time.Now()
	attempt := t.attempts.at[op.Key()]
	wait := t.Jitter(attempt.addRefusable(err, now))
	attempt.Status, attempt.ended, attempt.retryAt = status, t.cache.serial, now.Add(wait)
	t.OnFailure(op)
	t.Log.Warn("failed: "+err.Error(), append(describe(op), "retry_in", wait.Round(time.Second))...)
}
