package httpapi

import "time"

const (
	// spare is by which part, one in so many, calls go slower than the limit.
	spare = 100
	// jitter is by how much the spacing of calls may differ where they arrive. What
	// the spare leaves beyond that, in an interval of the limit, makes up for calls
	// that went late.
	jitter = 50 * time.Millisecond
	// courtesy is how long, at most, a call waits for one of the other kind that
	// asked before it and whose turn it is.
	courtesy = 50 * time.Millisecond
)

// kind tells the first call of an operation, which is chosen when a call may go, from
// the calls that follow from it, such as the further pages of a list.
type kind int

const (
	firstCall kind = iota
	followUp
)

// other is the kind that takes turns with k.
func (k kind) other() kind { return followUp - k }

// A limiter spaces calls evenly. The zero value lets every call go at once.
//
// A token bucket, such as golang.org/x/time/rate, cannot do this: with a bucket of one
// token a call that goes late is lost for the rate, with a larger one calls come in
// bursts, which a provider that counts them in a window refuses.
type limiter struct {
	spacing  time.Duration // between two calls; 0: none
	lateness time.Duration // by which a call may be late without delaying those after it
	next     time.Time     // when the next call may go
	// First calls and follow-ups take turns where both wait: a long list holds up no
	// operation, and a stream of operations holds up no list.
	latest kind
	kept   [2]time.Time // until when a call is kept for each kind, which has asked in vain
}

// setLimit allows so many calls per interval, less a hundredth; 0 means without limit.
// The next call comes no sooner after the last one than the new limit allows.
func (l *limiter) setLimit(calls float64, per time.Duration) {
	before := l.spacing
	l.spacing, l.lateness = 0, 0
	if calls > 0 {
		spacing := time.Duration(float64(per) / calls)
		l.spacing, l.lateness = spacing+spacing/spare, min(max(per/spare-jitter, 0), spacing/2)
	}
	l.next = l.next.Add(l.spacing - before)
}

// take lets a call go and returns 0, or returns how long to wait before asking again.
func (l *limiter) take(now time.Time, k kind) (wait time.Duration) {
	if l.spacing == 0 {
		return 0
	}
	late := now.Sub(l.next)
	if late < 0 {
		l.kept[k] = l.next.Add(min(courtesy, l.spacing/2))
		return -late
	}
	if kept := l.kept[k.other()]; l.latest == k && now.Before(kept) {
		return kept.Sub(now)
	}
	l.latest, l.kept = k, [2]time.Time{}
	if late > l.lateness {
		l.next = now
	}
	l.next = l.next.Add(l.spacing)
	return 0
}
