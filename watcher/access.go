package watcher

import (
	"context"
	"log/slog"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Access is what the API server lets a Loop read of its resource.
type Access int

const (
	// Readable: nothing is known to the contrary.
	Readable Access = iota
	// Forbidden: the latest answer was 403. An API server that starts gives it for a
	// moment.
	Forbidden
	// GivenUp: an Optional resource was forbidden so often that the Loop does without.
	GivenUp
)

// Optional is for a resource that one can do without: when the API server has forbidden
// the first snapshot a few times, the Loop says so once and is synced, with nothing in
// it. It goes on trying, without a word.
type Optional struct {
	// Consequence says what it means to do without the resource, and what would allow
	// it to be read.
	Consequence string
	// Level is that of the log entry.
	Level slog.Level
}

// forbiddenForGood is how many times in a row an optional resource is forbidden until
// that is believed.
const forbiddenForGood = 3

// refusals counts how often in a row an optional resource was forbidden.
type refusals struct {
	n     int
	retry wait.Backoff
}

// add counts one more and returns how long to wait before the next try. What is awaited
// is asked for again soon, since everything else waits for it; so is, for the better part
// of a minute, what may only be forbidden for a moment.
func (r *refusals) add(t Timings) (pause time.Duration) {
	if r.n == 0 {
		r.retry = t.backoff()
	}
	if r.n++; r.n > 3*forbiddenForGood {
		return t.SlowRetry
	}
	return r.retry.Step()
}

// doWithout handles that an optional resource may not be read, and returns how long to
// wait before the next try. That is no failure: whoever leaves a right out means to.
func (l *Loop[T]) doWithout(ctx context.Context, f failure, err error) (pause time.Duration) {
	l.setErr(err)
	pause = l.refusals.add(l.opts.Timings)
	if l.access != GivenUp && l.refusals.n >= forbiddenForGood {
		l.log.Log(ctx, l.opts.Optional.Level, "this may not be read, and is done without: "+l.opts.Optional.Consequence, "err", err)
		l.setAccess(GivenUp)
		l.finishSnapshot()
	}
	if l.access == GivenUp {
		l.opts.Listed(time.Now())
	}
	return l.opts.Timings.longer(pause, f.suggested)
}

// mayDoWithout reports whether the Loop can go on without a resource that is forbidden.
// It cannot once there was a snapshot: what it had is not gone.
func (l *Loop[T]) mayDoWithout() bool {
	return l.opts.Optional != nil && (l.access == GivenUp || !l.Synced())
}

// setAccess notes what the API server lets us read, and passes it on if it has changed.
func (l *Loop[T]) setAccess(to Access) {
	if from := l.access; from != to {
		l.access = to
		l.opts.AccessChanged(from, to)
	}
}
