package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Limit is a rate limit: in any span of that length at most so many calls pass,
// for each key. Such a sliding window is the strictest reading of "n per
// second": a client that keeps within it keeps within any other.
type Limit struct {
	Calls int // 0: no limit
	Span  time.Duration
	// Key is what calls are counted by, such as the client's address; nil: they are
	// counted together.
	Key func(*Request) string
}

// stage refuses the calls beyond the limit with 429 and a Retry-After in whole
// seconds, rounded up.
func (l Limit) stage(now func() time.Time, refuse Refuse) Stage {
	return func(next Handler) Handler {
		if l.Calls <= 0 {
			return next
		}
		key := l.Key
		if key == nil {
			key = func(*Request) string { return "" }
		}
		w := &window{limit: l.Calls, span: l.Span, passed: make(map[string][]time.Time)}
		return func(r *Request) Reply {
			wait := w.admit(key(r), now())
			if wait <= 0 {
				return next(r)
			}
			answer := refuse(http.StatusTooManyRequests, "rate limit exceeded")
			seconds := (wait + time.Second - 1) / time.Second
			answer.Header.Set("Retry-After", strconv.Itoa(int(seconds)))
			return answer
		}
	}
}

// window counts the calls that passed within the last span.
type window struct {
	limit int
	span  time.Duration

	mu     sync.Mutex
	passed map[string][]time.Time // of each key, oldest first
}

// admit lets a call pass and counts it, or returns how long there is to wait
// until one could. Refused calls do not count.
func (w *window) admit(key string, now time.Time) (wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	recent := slices.DeleteFunc(w.passed[key], func(t time.Time) bool { return now.Sub(t) >= w.span })
	if len(recent) >= w.limit {
		wait = recent[0].Add(w.span).Sub(now)
	} else {
		recent = append(recent, now)
	}
	w.passed[key] = recent
	return wait
}
