package syncer

import (
	"context"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/transport"
)

// maxInFlight bounds the operations under way at one provider, so that latency does
// not keep the rate below its limit.
const maxInFlight = 10

// beginNext begins the operation whose turn it is, if one may begin now and the
// provider's limit lets it through. If not, retryAt says when to try again.
func (t *target[T]) beginNext(calls context.Context, now time.Time) (began bool) {
	t.retryAt = time.Time{}
	if t.once && t.gaveUp(now) {
		return false // else there might always be a call under way
	}
	next, later, ok := t.queue.next(now)
	if !ok {
		t.retryAt = later
		return false
	}
	if t.attempts.inFlight >= maxInFlight {
		return false
	}
	if !t.dryRun || t.queue.reads(next) {
		if ok, wait := t.gate.Take(now); !ok {
			t.retryAt = now.Add(wait)
			return false
		}
	}
	t.begin(calls, t.queue.take(next))
	return true
}

// starved reports whether only a plan can tell how to go on: a call has ended since
// the last one, and nothing that is left may begin.
func (t *target[T]) starved(now time.Time) bool {
	if !t.news {
		return false
	}
	if t.once && t.gaveUp(now) {
		return true
	}
	_, _, ok := t.queue.next(now)
	return !ok
}

// begin starts one operation. Its end comes back as a result.
func (t *target[T]) begin(calls context.Context, op model.Op[T]) {
	t.attempts.begin(op)
	c := completion[T]{target: t, op: op, began: time.Now(), serial: t.cache.serial}
	if op.Verb == model.LookUp {
		c.settled = t.cache.serialAt(c.began.Add(-t.lag()))
	}
	go func() {
		defer logPanic(t.log, describe(op)...)
		c.objects, c.err = t.execute(transport.Paid(calls), op)
		t.results <- c
	}()
}

// execute carries out one operation and returns the objects that it found or left
// standing. It is the only place from which a write leaves the daemon, so it is here
// that a dry run stops.
func (t *target[T]) execute(ctx context.Context, op model.Op[T]) ([]T, error) {
	if t.dryRun && !op.Verb.Reads() {
		t.log.Info("dry run: would "+string(op.Verb), describe(op)...)
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
	panic("syncer: unknown operation: " + string(op.Verb))
}

// one is the outcome of a call that is about a single object.
func one[T any](o T, err error) ([]T, error) { return []T{o}, err }
