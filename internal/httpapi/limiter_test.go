package httpapi

import (
	"testing"
	"time"
)

// epoch is when the tests of limiter and breaker begin, which have no clock.
var epoch = time.Unix(1_700_000_000, 0)

func newLimiter(calls float64, per time.Duration) *limiter {
	l := new(limiter)
	l.setLimit(calls, per)
	return l
}

func TestLimiterSpacesCalls(t *testing.T) {
	for _, tc := range []struct {
		name  string
		calls float64
		per   time.Duration
		want  time.Duration // between two calls
	}{
		{"50 a minute", 50, time.Minute, 1212 * time.Millisecond},
		{"20 a second", 20, time.Second, 50500 * time.Microsecond},
		{"less than one a minute", 0.5, time.Minute, 121200 * time.Millisecond},
		{"no limit", 0, time.Minute, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, now := newLimiter(tc.calls, tc.per), epoch
			for i := range 5 {
				if wait := l.take(now, firstCall); wait != 0 {
					t.Fatalf("call %d has to wait %v more", i, wait)
				}
				if tc.want == 0 {
					continue
				}
				for range 100 { // asking costs nothing
					if wait := l.take(now, firstCall); wait != tc.want {
						t.Fatalf("after call %d: wait %v, want %v", i, wait, tc.want)
					}
				}
				now = now.Add(tc.want)
			}
		})
	}
}

func TestLimiterSavesNothingUp(t *testing.T) {
	l := newLimiter(50, time.Minute)
	l.take(epoch, firstCall)
	later := epoch.Add(time.Hour)
	if wait := l.take(later, firstCall); wait != 0 {
		t.Errorf("an hour later a call has to wait %v", wait)
	}
	if wait := l.take(later, firstCall); wait == 0 {
		t.Error("an idle hour was saved up for a burst")
	}
}

// Calls that go late, as those of a loop do that has other things to do as well, keep the
// pace where the limit is one of minutes, and never come so close that a window of it is
// exceeded.
func TestLimiterMakesUpForLateCalls(t *testing.T) {
	const calls = 2000
	for name, tc := range map[string]struct {
		limit float64
		per   time.Duration
		late  time.Duration // each second call
		want  time.Duration // from the first call to the last
	}{
		"on time":               {600, time.Minute, 0, calls * 101 * time.Millisecond},
		"late":                  {600, time.Minute, 40 * time.Millisecond, calls * 101 * time.Millisecond},
		"later than is made up": {600, time.Minute, 60 * time.Millisecond, (calls*101 + calls/2*60) * time.Millisecond},
		"a limit of a second":   {20, time.Second, 4 * time.Millisecond, (calls*50500 + calls/2*4000) * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			l, now, went := newLimiter(tc.limit, tc.per), epoch, []time.Time(nil)
			for i := range calls + 1 {
				if wait := l.take(now, firstCall); wait > 0 {
					now = now.Add(wait)
					if i%2 == 1 {
						now = now.Add(tc.late)
					}
					if wait = l.take(now, firstCall); wait > 0 {
						t.Fatalf("call %d may not go when it was told to", i)
					}
				}
				went = append(went, now)
			}
			if got := now.Sub(epoch); got != tc.want {
				t.Errorf("%d calls more took %v, want %v", calls, got, tc.want)
			}
			window, least := int(tc.limit), tc.per+min(jitter, tc.per/spare)
			for i := range went[window:] {
				if span := went[i+window].Sub(went[i]); span < least {
					t.Errorf("%d calls within %v, want %v at least", window+1, span, least)
				}
			}
		})
	}
}

// TestLimiterTurns has both kinds ask in vain: after a call of one kind the other is next,
// if it asks in time.
func TestLimiterTurns(t *testing.T) {
	const spacing = 1010 * time.Millisecond
	for name, tc := range map[string]struct {
		asked []kind        // in vain, after a first call
		after time.Duration // that the call was allowed to go
		kind  kind
		want  time.Duration // to wait
	}{
		"nobody else has asked":          {[]kind{firstCall}, 0, firstCall, 0},
		"the other kind has asked":       {[]kind{firstCall, followUp}, 0, firstCall, courtesy},
		"it is the other kind":           {[]kind{firstCall, followUp}, 0, followUp, 0},
		"the other kind does not come":   {[]kind{firstCall, followUp}, courtesy, firstCall, 0},
		"the other kind is not here yet": {[]kind{firstCall, followUp}, courtesy / 2, firstCall, courtesy / 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLimiter(60, time.Minute)
			l.take(epoch, firstCall)
			for _, k := range tc.asked {
				l.take(epoch, k)
			}
			if got := l.take(epoch.Add(spacing+tc.after), tc.kind); got != tc.want {
				t.Errorf("wait %v, want %v", got, tc.want)
			}
		})
	}
}

// TestSetLimit has the limit change between calls, again and again, as reloads may: the
// next call keeps to the new one.
func TestSetLimit(t *testing.T) {
	for name, tc := range map[string]struct {
		calls float64
		want  time.Duration // from the call before to the next one
	}{
		"the same": {50, 1212 * time.Millisecond},
		"lower":    {25, 2424 * time.Millisecond},
		"higher":   {100, 606 * time.Millisecond},
		"none":     {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLimiter(50, time.Minute)
			l.take(epoch, firstCall)
			for range 60 {
				l.setLimit(tc.calls, time.Minute)
			}
			if wait := l.take(epoch, firstCall); wait != tc.want {
				t.Errorf("wait %v, want %v", wait, tc.want)
			}
		})
	}
}
