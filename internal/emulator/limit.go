package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// window is a rate limit: in any span of that length at most limit calls pass,
// for each key. A sliding window is the strictest reading of "n per second": a
// client that keeps within it keeps within any other.
type window struct {
	limit int // 0: none
	span  time.Duration
	now   func() time.Time

	mu     sync.Mutex
	passed map[string][]time.Time // of each key, oldest first
}

// admit lets a call pass and counts it, or returns how long there is to wait
// until one could. Refused calls do not count.
func (w *window) admit(key string) (wait time.Duration) {
	if w.limit <= 0 {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	recent := slices.DeleteFunc(w.passed[key], func(t time.Time) bool { return now.Sub(t) >= w.span })
	if len(recent) >= w.limit {
		wait = recent[0].Add(w.span).Sub(now)
	} else {
		recent = append(recent, now)
	}
	if w.passed == nil {
		w.passed = make(map[string][]time.Time)
	}
	w.passed[key] = recent
	return wait
}

// limit refuses the calls that w does not admit with 429 and a Retry-After in
// whole seconds, rounded up.
func limit(w *window, key func(*request) string, refuse refuse) stage {
	return func(next handler) handler {
		return func(r *request) reply {
			wait := w.admit(key(r))
			if wait <= 0 {
				return next(r)
			}
			answer := refuse(http.StatusTooManyRequests, "rate limit exceeded")
			seconds := (wait + time.Second - 1) / time.Second
			answer.header.Set("Retry-After", strconv.Itoa(int(seconds)))
			return answer
		}
	}
}
