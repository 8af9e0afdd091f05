package watcher

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Timings are the durations a Loop goes by. Tests shorten them.
type Timings struct {
	// Call limits a page of a list, and the opening of a watch.
	Call time.Duration
	// WatchMin and WatchMax bound the random time after which the server is
	// asked to end a watch (whole seconds on the wire, rounded up). Random, so
	// that the watches of many clients do not come back all at once.
	WatchMin, WatchMax time.Duration
	// WatchGrace is how much longer the client waits for that end. Nothing in
	// client-go enforces it, and a dead peer would never be noticed.
	WatchGrace time.Duration
	// RetryMin is the wait after the first failure; it doubles with each failure in a
	// row up to RetryMax.
	RetryMin, RetryMax time.Duration
	// SlowRetry takes RetryMax's place where only a person can mend it; the
	// first wait is an eighth of it.
	SlowRetry time.Duration
	// SuggestedMax caps the wait that a server asks for (Retry-After).
	SuggestedMax time.Duration
}

// DefaultTimings are for production. The watch's 5 to 10 minutes are those of
// client-go's Reflector.
func DefaultTimings() Timings {
	return Timings{
		Call:         time.Minute,
		WatchMin:     5 * time.Minute,
		WatchMax:     10 * time.Minute,
		WatchGrace:   15 * time.Second,
		RetryMin:     200 * time.Millisecond,
		RetryMax:     8 * time.Second, // with jitter some 10 s
		SlowRetry:    30 * time.Second,
		SuggestedMax: time.Minute,
	}
}

// backoff is the wait after each failure in a row, before jitter.
func (t Timings) backoff() wait.Backoff {
	return wait.Backoff{Duration: t.RetryMin, Factor: 2, Steps: math.MaxInt, Cap: t.RetryMax}
}

// slowBackoff is the same where only a person can mend it.
func (t Timings) slowBackoff() wait.Backoff {
	return wait.Backoff{Duration: t.SlowRetry / 8, Factor: 2, Steps: math.MaxInt, Cap: t.SlowRetry}
}

// longer is a pause that is no shorter than the one that the server asked for, within
// reason.
func (t Timings) longer(pause, suggested time.Duration) time.Duration {
	return max(pause, min(suggested, t.SuggestedMax))
}

// watchLimit draws how long the next watch may last.
func (t Timings) watchLimit() time.Duration {
	return t.WatchMin + rand.N(max(t.WatchMax-t.WatchMin, 0)+1)
}

// jitter lengthens d by up to a half. It never shortens, so that a wait the server asked
// for is kept.
func jitter(d time.Duration) time.Duration { return wait.Jitter(d, 0.5) }

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
