package httpapi

import (
	"testing"
	"time"
)

func repeat(n int, r result) []result {
	var list []result
	for range n {
		list = append(list, r)
	}
	return list
}

// wantPause checks that calls stop for want, or up to the fraction 1/jitter longer.
func wantPause(t *testing.T, got, want time.Duration, jitter int) {
	t.Helper()
	most := want
	if jitter > 0 {
		most += want / time.Duration(jitter)
	}
	if got < want || got > most {
		t.Errorf("calls stop for %v, want %v to %v", got, want, most)
	}
}

func TestBreakerPauses(t *testing.T) {
	const exact, jitter = 0, 4 // a jittered pause is up to a quarter longer
	for _, tc := range []struct {
		name    string
		results []result // each comes when the pause after the one before is over
		want    time.Duration
		jitter  int
	}{
		{"a 429", []result{{status: 429}}, time.Second, jitter},
		{"a second 429", repeat(2, result{status: 429}), 2 * time.Second, jitter},
		{"a fifth 429", repeat(5, result{status: 429}), 16 * time.Second, jitter},
		{"a hundredth 429", repeat(100, result{status: 429}), 2 * time.Minute, jitter},
		{"a 401", []result{{status: 401}}, time.Second, jitter},
		{"a third 401", repeat(3, result{status: 401}), 4 * time.Second, jitter},
		{"a 429 with Retry-After", []result{{429, 17 * time.Second}}, 17 * time.Second, exact},
		{"Retry-After goes before growth", repeat(5, result{429, 3 * time.Second}), 3 * time.Second, exact},
		{"growth goes on below Retry-After", append(repeat(2, result{429, 3 * time.Second}), result{status: 429}), 4 * time.Second, jitter},
		{"a 503 with Retry-After", []result{{503, 7 * time.Second}}, 7 * time.Second, exact},
		{"a 200 with Retry-After", []result{{200, 7 * time.Second}}, 0, exact},

		{"three 500s", repeat(3, result{status: 500}), 0, exact},
		{"a fourth 500", repeat(4, result{status: 500}), time.Second, jitter},
		{"a sixth 500", repeat(6, result{status: 500}), 4 * time.Second, jitter},
		{"three calls without reply", repeat(3, result{}), 0, exact},
		{"a fourth call without reply", repeat(4, result{}), time.Second, jitter},
		{"a hundredth call without reply", repeat(100, result{}), 2 * time.Minute, jitter},
		{"500s and lost replies together", append(repeat(2, result{status: 502}), repeat(2, result{})...), time.Second, jitter},

		{"a first 429 after bad luck", append(repeat(6, result{status: 500}), result{status: 429}), time.Second, jitter},
		{"a 500 after many 429s", append(repeat(6, result{status: 429}), result{status: 500}), 0, exact},

		{"a 403 is about one call", repeat(9, result{status: 403}), 0, exact},
		{"a 404 is about one call", repeat(9, result{status: 404}), 0, exact},
		{"success resets the growth", append(repeat(5, result{status: 429}), result{status: 200}, result{status: 429}), time.Second, jitter},
		{"success resets the patience", append(repeat(3, result{status: 500}), result{status: 204}, result{status: 500}), 0, exact},
		{"a 400 shows that the provider works", append(repeat(3, result{status: 500}), result{status: 400}, result{status: 500}), 0, exact},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, now := new(breaker), epoch
			for _, r := range tc.results {
				now = now.Add(b.wait(now))
				b.began(now)
				b.ended(now, r)
			}
			wantPause(t, b.wait(now), tc.want, tc.jitter)
		})
	}
}

func TestBreakerCountsABurstOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		burst []result // all at once
		want  time.Duration
	}{
		{"of 429s", repeat(10, result{status: 429}), time.Second},
		{"of 401s", repeat(10, result{status: 401}), time.Second},
		{"of lost replies", repeat(10, result{}), time.Second},
		{"a 500 does not shorten a Retry-After", []result{{429, time.Minute}, {status: 500}}, time.Minute},
		{"nor does a shorter one", []result{{429, time.Minute}, {429, time.Second}}, time.Minute},
		{"nor does a success", []result{{429, time.Minute}, {status: 200}}, time.Minute},
		{"a success between", []result{{status: 429}, {status: 200}, {status: 429}}, time.Second},
		{"a success between lost replies", append(repeat(4, result{}), result{status: 200}, result{}), time.Second},
		{"a longer one counts", []result{{429, time.Second}, {429, time.Minute}}, time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := new(breaker)
			for _, r := range tc.burst {
				b.ended(epoch, r)
			}
			wantPause(t, b.wait(epoch), tc.want, 4)
		})
	}
}

// TestBreakerProbe has a pause be over: one call goes, and the others follow once that one
// has fared well, or took longer than a call may.
func TestBreakerProbe(t *testing.T) {
	for name, tc := range map[string]struct {
		result *result       // of the probe; nil: it was not made after all
		want   time.Duration // until the next call, or up to a quarter longer
	}{
		"it succeeds":          {&result{status: 200}, 0},
		"it is refused itself": {&result{status: 400}, 0},
		"it fails":             {&result{status: 500}, 2 * time.Second},
		"it gets no reply":     {&result{}, 2 * time.Second},
		"it is turned away":    {&result{429, time.Minute}, time.Minute},
		"it does not come":     {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, now := new(breaker), epoch
			for range 4 {
				b.ended(now, result{status: 500})
			}
			now = now.Add(b.wait(now))
			b.began(now)
			if wait := b.wait(now); wait != probeCheck {
				t.Errorf("beside the probe: wait %v, want %v", wait, probeCheck)
			}
			if tc.result == nil {
				now = now.Add(callTimeout)
			} else {
				now = now.Add(5 * time.Second)
				b.ended(now, *tc.result)
			}
			wantPause(t, b.wait(now), tc.want, 4)
		})
	}
}
