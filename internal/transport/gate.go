package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	// maxRetryAfter caps what a provider may ask for.
	maxRetryAfter = 5 * time.Minute
	// firstPause is how long calls stop after a first 429 without Retry-After,
	// or a first 401; it doubles each time, up to maxPause.
	firstPause = time.Second
	maxPause   = 2 * time.Minute
	// patience is how many failures in a row, 5xx or no reply at all, are
	// taken for bad luck of single calls.
	patience = 3
	// probeCheck is how often it is looked whether the one call after a pause
	// has ended.
	probeCheck = 100 * time.Millisecond
	// spare is by which part, one in so many, calls go slower than the limit.
	spare = 100
	// jitter is by how much the spacing of calls may be another where they arrive.
	// What is to spare beyond that, in an interval of the limit, makes up for calls
	// that went late.
	jitter = 50 * time.Millisecond
	// courtesy is how long, at most, a call waits for one of the other kind that asked
	// before, whose turn it is.
	courtesy = 50 * time.Millisecond
)

// kind tells new calls, of operations that are chosen when one may go, from further
// ones, which follow from what is begun already: as the pages of a list do.
type kind int

const (
	newCall kind = iota
	furtherCall
)

// Gate lets calls to one provider through at the configured rate, and none
// while the provider asked for a pause, refuses our credentials or fails all
// the time. After such a pause one call goes first. One gate serves all clients
// that share a limit.
type Gate struct {
	spacing  time.Duration // between two calls; 0: none
	lateness time.Duration // by which a call may be late without those after it being so

	mu   sync.Mutex
	next time.Time // when the next call may go, for the limit's sake
	// New and further calls take turns where both wait: a long list holds up no
	// operation, nor do endless new ones hold up what is begun.
	latest kind         // of the last call
	asked  [2]time.Time // until when a call is kept for each kind, since it has asked in vain
	closed time.Time    // no call before, whatever the limit
	// In a row: calls that failed, and calls that were refused.
	failures, refusals int
	// doubtful: the last pause was for a failure. One call is let through after
	// it, and the others wait for what becomes of that one.
	doubtful, probing bool
	unauthorized      bool // see Refused
}

// NewGate returns a gate that lets limit calls through per interval; see SetLimit.
func NewGate(limit float64, interval time.Duration) *Gate {
	g := new(Gate)
	g.SetLimit(limit, interval)
	return g
}

// SetLimit has the gate let limit calls through per interval, less a hundredth, evenly
// spaced; 0 means without limit. What is closed stays closed, and the next call comes
// no sooner after the last one than the new limit allows.
func (g *Gate) SetLimit(limit float64, interval time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.spacing
	g.spacing, g.lateness = 0, 0
	if limit > 0 {
		spacing := time.Duration(float64(interval) / limit)
		g.spacing, g.lateness = spacing+spacing/spare, min(max(interval/spare-jitter, 0), spacing/2)
	}
	g.next = g.next.Add(g.spacing - before)
}

// Take lets one call through if one may go now; otherwise it says how long to
// wait before asking again. The call is then made under a context from Paid.
func (g *Gate) Take(now time.Time) (ok bool, wait time.Duration) { return g.take(now, newCall) }

func (g *Gate) take(now time.Time, k kind) (ok bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.closed) {
		wait := g.closed.Sub(now)
		if g.probing {
			wait = min(wait, probeCheck)
		}
		return false, wait
	}
	if g.spacing > 0 {
		late := now.Sub(g.next)
		if late < 0 {
			g.asked[k] = g.next.Add(min(courtesy, g.spacing/2))
			return false, -late
		}
		if kept := g.asked[1-k]; g.latest == k && now.Before(kept) {
			return false, kept.Sub(now)
		}
		g.latest, g.asked = k, [2]time.Time{}
		if late > g.lateness {
			g.next = now
		}
		g.next = g.next.Add(g.spacing)
	}
	if g.doubtful {
		g.probing, g.closed = true, now.Add(callTimeout)
	}
	return true, 0
}

// Refused reports whether the provider refuses our credentials, as far as known
// from the last call that tells: one that was not made yet would fare no better.
func (g *Gate) Refused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unauthorized
}

type paidKey struct{}

// Paid returns a context whose first call passes the gate at once, because
// Take let it through. Any further call waits as usual.
func Paid(ctx context.Context) context.Context {
	paid := make(chan struct{}, 1)
	paid <- struct{}{}
	return context.WithValue(ctx, paidKey{}, paid)
}

// wait blocks until a call may go.
func (g *Gate) wait(ctx context.Context) error {
	if paid, ok := ctx.Value(paidKey{}).(chan struct{}); ok {
		select {
		case <-paid:
			return ctx.Err()
		default:
		}
	}
	for {
		ok, wait := g.take(time.Now(), furtherCall)
		if ok {
			return ctx.Err()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// learn closes the gate for a while when the provider throttles us, no longer
// knows our key, or fails several times in a row: then every call would fail.
// Status 0 stands for no reply.
func (g *Gate) learn(status int, after time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	failed := status == 0 || status >= 500
	refused := status == http.StatusTooManyRequests || status == http.StatusUnauthorized
	now := time.Now()
	burst := !g.probing && now.Before(g.closed) // which counts once
	if g.probing {
		g.probing, g.closed = false, now
	}
	if !failed && !refused {
		g.failures, g.refusals, g.doubtful, g.unauthorized = 0, 0, false, false
		return
	}
	g.unauthorized = g.unauthorized || status == http.StatusUnauthorized
	// A refusal after bad luck of other kinds is a first one.
	count, spared := &g.failures, patience
	if refused {
		count, spared = &g.refusals, 0
	}
	if *count == 0 || !burst {
		*count++
	}
	pause := after
	if n := *count - 1 - spared; pause == 0 && n >= 0 {
		pause = backoff(n)
	}
	g.doubtful = g.doubtful || pause > 0
	if until := now.Add(pause); until.After(g.closed) {
		g.closed = until
	}
}

// backoff is how long to wait after n earlier failures.
func backoff(n int) time.Duration {
	pause := min(firstPause<<min(n, 10), maxPause)
	return pause + rand.N(pause/4)
}
