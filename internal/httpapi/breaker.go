package httpapi

import (
	"math"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// patience is how many failures in a row, 5xx or no reply at all, are taken for
	// the bad luck of single calls.
	patience = 3
	// probeCheck is how often to look whether the one call after a pause has ended.
	probeCheck = 100 * time.Millisecond
)

// pauses is how long calls stop after a first 429 without Retry-After, after a first
// 401, and after more failures than patience allows; then twice as long each time.
func pauses() wait.Backoff {
	return wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.25, Steps: math.MaxInt, Cap: 2 * time.Minute}
}

// A result is what became of a call, as far as it tells how further ones would fare.
type result struct {
	status     int           // of the reply; 0: there was none
	retryAfter time.Duration // that the reply asked for; 0: none
}

// failed: the provider did not do its part.
func (r result) failed() bool { return r.status == 0 || r.status >= 500 }

// refused: the provider turns away any call of ours.
func (r result) refused() bool {
	return r.status == http.StatusTooManyRequests || r.status == http.StatusUnauthorized
}

// A breaker stops all calls for a while when the provider throttles us, refuses our key
// or fails several times in a row, since then every call would fail. After such a pause
// it lets a single call through, the probe, and the others once that one has fared well.
// The zero value lets all calls through.
type breaker struct {
	until     time.Time // no call before
	failures  run
	refusals  run
	suspended bool // there was a pause, and no good result since
	probing   bool // the probe is under way
}

// A run is a number of bad results of one sort without a good one in between.
type run struct {
	length  int
	pause   time.Duration // that the latest calls for
	backoff wait.Backoff
}

// extend adds a result, the first so many of which call for no pause.
func (r *run) extend(tolerated int) {
	if r.length == 0 {
		r.backoff = pauses()
	}
	if r.length++; r.length > tolerated {
		r.pause = r.backoff.Step()
	}
}

// wait is how long no call may go; 0: one may go now.
func (b *breaker) wait(now time.Time) time.Duration {
	left := max(b.until.Sub(now), 0)
	if b.probing {
		left = min(left, probeCheck)
	}
	return left
}

// began takes note that a call goes. After a pause it is the probe, and the others wait
// for its result, but no longer than a call can take.
func (b *breaker) began(now time.Time) {
	if b.suspended {
		b.probing, b.until = true, now.Add(callTimeout)
	}
}

// ended takes the result of a call.
func (b *breaker) ended(now time.Time, r result) {
	within := !b.probing && now.Before(b.until) // a pause that began while the call was under way
	if b.probing {
		b.probing, b.until = false, now
	}
	var bad *run
	tolerated := 0
	switch {
	case r.refused():
		bad = &b.refusals
	case r.failed():
		bad, tolerated = &b.failures, patience
	default:
		*b = breaker{until: b.until}
		return
	}
	if !within || bad.length == 0 { // what fails in one burst counts once
		bad.extend(tolerated)
	}
	pause := bad.pause
	if r.retryAfter > 0 {
		pause = r.retryAfter
	}
	b.suspended = b.suspended || pause > 0
	if until := now.Add(pause); until.After(b.until) {
		b.until = until
	}
}
