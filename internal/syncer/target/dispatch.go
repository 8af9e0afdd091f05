package target

import (
	"context"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// MaxInFlight bounds the operations under way at one provider, so that latency does
// not keep the rate below its limit.
const MaxInFlight = 10

// BeginNext begins the operation whose turn it is, if one may begin now and the
// provider's limit lets it through. If not, retryAt says when to try again.
func (t *Target[T]) BeginNext(calls context.Context, now time.Time) (began bool) {
	t.retryAt = time.Time{}
	if t.Once && t.GaveUp(now) {
		return false // else there might always be a call under way
	}
	next, later, ok := t.queue.next(now)
	if !ok {
		t.retryAt = later
		return false
	}
	if t.attempts.inFlight >= MaxInFlight {
		return false
	}
	if !t.DryRun || t.queue.reads(next) {
		if ok, wait := t.Account.Take(now); !ok {
			t.retryAt = now.Add(wait)
			return false
		}
	}
	t.begin(calls, t.queue.take(next))
	return true
}

// begin starts one operation. Its end comes back as a result.
func (t *Target[T]) begin(calls context.Context, op model.Op[T]) {
	t.attempts.begin(op)
	c := completion[T]{target: t, op: op, began: time.Now(), serial: t.cache.serial}
	if op.Verb == model.LookUp {
		c.settled = t.cache.serialAt(c.began.Add(-t.lag()))
	}
	go func() {
		defer LogPanic(t.Log, describe(op)...)
		c.objects, c.err = t.execute(httpapi.Admitted(calls), op)
		t.Results <- c
	}()
}

// execute carries out one operation and returns the objects that it found or left
// standing. It is the only place from which a write leaves the daemon, so it is here
// that a dry run stops.
func (t *Target[T]) execute(ctx context.Context, op model.Op[T]) ([]T, error) {
	if t.DryRun && !op.Verb.Reads() {
		t.Log.Info("dry run: would "+string(op.Verb), describe(op)...)
		return nil, nil
	}
	switch op.Verb {
	case model.LookUp:
		return t.provider.Find(ctx, op.New())
	case model.Verify:
		return one(t.get(ctx, op.New()))
	case model.Create:
		return one(t.provider.Create(ctx, op.New()))
	case model.Update:
		return one(t.provider.Update(ctx, op.Old(), op.New(), op.Adopt))
	case model.Delete:
		return nil, t.provider.Delete(ctx, op.Old())
	}
	panic("target: unknown operation: " + string(op.Verb))
}

// one is the outcome of a call that is about a single object.
func one[T any](o T, err error) ([]T, error) { return []T{o}, err }
