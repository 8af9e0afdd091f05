package target

import (
	"math"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/edgeward/edgeward/internal/httpapi"
)

const (
	// What failed waits firstBackoff, then twice as long each time, up to maxBackoff.
	// An operation that the provider understood and refused waits refusedTimes as long.
	firstBackoff = time.Second
	maxBackoff   = 5 * time.Minute
	refusedTimes = 10
	// jitterShare is the part of a back-off that chance may add to it.
	jitterShare = 0.2
	// maxTries is after how many failures a run with Config.Once waits no longer.
	maxTries = 3
)

// failures are those of one operation, or of the lists of one part, since it last
// succeeded.
type failures struct {
	count   int
	err     error     // of the last one
	refused bool      // the last one: the provider understood and refused it
	since   time.Time // when the first one was
	backoff wait.Backoff
}

// add takes note of a failure and returns how long to wait, before jitter.
func (f *failures) add(err error, now time.Time) time.Duration {
	if f.count == 0 {
		f.since = now
		f.backoff = wait.Backoff{Duration: firstBackoff, Factor: 2, Cap: maxBackoff, Steps: math.MaxInt}
	}
	f.count++
	f.err, f.refused = err, httpapi.Permanent(err)
	return f.backoff.Step()
}

// addRefusable is add for an operation. One that was refused waits longer: the same
// request will hardly ever succeed.
func (f *failures) addRefusable(err error, now time.Time) time.Duration {
	delay := f.add(err, now)
	if f.refused {
		delay = min(refusedTimes*delay, maxBackoff)
	}
	return delay
}

// hopeless reports whether there is no point in waiting for a success.
func (f *failures) hopeless() bool { return f.refused || f.count >= maxTries }

// withJitter lengthens a delay by chance, so that what failed together is not tried
// again together.
func withJitter(delay time.Duration) time.Duration { return wait.Jitter(delay, jitterShare) }
