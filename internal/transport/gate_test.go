package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitSpacesCalls(t *testing.T) {
	for _, tc := range []struct {
		name     string
		limit    float64
		interval time.Duration
		want     time.Duration // between two calls
	}{
		{"Edgio's default", 50, time.Minute, 1212 * time.Millisecond},
		{"Vultr's default", 20, time.Second, 50500 * time.Microsecond},
		{"less than one a minute", 0.5, time.Minute, 121200 * time.Millisecond},
		{"no limit", 0, time.Minute, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := NewGate(tc.limit, tc.interval)
				const calls = 5
				done := make(chan time.Time, calls)
				start := time.Now()
				for range calls {
					go func() {
						if err := gate.wait(t.Context()); err != nil {
							t.Error(err)
						}
						done <- time.Now()
					}()
				}
				for i := range calls {
					at, want := (<-done).Sub(start), time.Duration(i)*tc.want
					if off := at - want; off.Abs() > time.Microsecond {
						t.Errorf("call %d went at %v, want %v", i, at, want)
					}
				}
			})
		})
	}
}

func TestTakeSaysHowLongToWait(t *testing.T) {
	gate, now := NewGate(50, time.Minute), time.Unix(1_700_000_000, 0)
	if ok, _ := gate.Take(now); !ok {
		t.Fatal("the first call has to wait")
	}
	for range 100 { // to ask costs nothing
		if ok, wait := gate.Take(now); ok || wait != 1212*time.Millisecond {
			t.Fatalf("got %v, %v; want to wait 1.212s", ok, wait)
		}
	}
	if ok, wait := gate.Take(now.Add(1212 * time.Millisecond)); !ok {
		t.Errorf("still %v to wait when that time is over", wait)
	}
	if ok, _ := gate.Take(now.Add(time.Hour)); !ok {
		t.Error("an hour later a call has to wait")
	}
	if ok, _ := gate.Take(now.Add(time.Hour)); ok {
		t.Error("an idle hour was saved up for a burst")
	}
}

// Calls that go late, as a loop's do that has other things to do as well, keep
// the pace where the limit is one of minutes, and never come so close that a
// window of it is exceeded.
func TestLateCalls(t *testing.T) {
	const calls = 2000
	for name, tc := range map[string]struct {
		limit    float64
		interval time.Duration
		late     time.Duration // each second call
		want     time.Duration // from the first call to the last
	}{
		"on time":               {600, time.Minute, 0, calls * 101 * time.Millisecond},
		"late":                  {600, time.Minute, 40 * time.Millisecond, calls * 101 * time.Millisecond},
		"later than is made up": {600, time.Minute, 60 * time.Millisecond, (calls*101 + calls/2*60) * time.Millisecond},
		"a limit of a second":   {20, time.Second, 4 * time.Millisecond, (calls*50500 + calls/2*4000) * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			gate, start := NewGate(tc.limit, tc.interval), time.Unix(1_700_000_000, 0)
			now, went := start, []time.Time(nil)
			for i := range calls + 1 {
				ok, wait := gate.Take(now)
				if !ok {
					now = now.Add(wait)
					if i%2 == 1 {
						now = now.Add(tc.late)
					}
					if ok, _ = gate.Take(now); !ok {
						t.Fatalf("call %d may not go when it was told to", i)
					}
				}
				went = append(went, now)
			}
			if got := now.Sub(start); got != tc.want {
				t.Errorf("%d calls more took %v, want %v", calls, got, tc.want)
			}
			limit, least := int(tc.limit), tc.interval+min(jitter, tc.interval/spare)
			for i := range went[limit:] {
				if span := went[i+limit].Sub(went[i]); span < least {
					t.Errorf("%d calls within %v, want %v at least", limit+1, span, least)
				}
			}
		})
	}
}

func TestPaidPassesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate(50, time.Minute)
		if ok, _ := gate.Take(time.Now()); !ok {
			t.Fatal("the first call has to wait")
		}
		ctx, start := Paid(t.Context()), time.Now()
		for i, want := range []time.Duration{0, 1212 * time.Millisecond, 2424 * time.Millisecond} {
			if err := gate.wait(ctx); err != nil {
				t.Fatal(err)
			}
			if at := time.Since(start); (at - want).Abs() > time.Microsecond {
				t.Errorf("call %d went at %v, want %v", i, at, want)
			}
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate(50, time.Minute)
		gate.learn(429, time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := gate.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v, want 1s", took)
		}
		if err := gate.wait(Paid(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v for a paid call whose context has ended", err)
		}
	})
}

// reply is what the gate learns of one call.
type reply struct {
	status int // 0: none
	after  time.Duration
}

func repeat(n int, r reply) []reply {
	var list []reply
	for range n {
		list = append(list, r)
	}
	return list
}

func TestPauses(t *testing.T) {
	const exact, jitter = 0, 4 // a jittered pause is up to a quarter longer
	for _, tc := range []struct {
		name    string
		replies []reply // each comes when the pause after the one before is over
		want    time.Duration
		jitter  int
	}{
		{"a 429", []reply{{status: 429}}, time.Second, jitter},
		{"a second 429", repeat(2, reply{status: 429}), 2 * time.Second, jitter},
		{"a fifth 429", repeat(5, reply{status: 429}), 16 * time.Second, jitter},
		{"a hundredth 429", repeat(100, reply{status: 429}), 2 * time.Minute, jitter},
		{"a 401", []reply{{status: 401}}, time.Second, jitter},
		{"a third 401", repeat(3, reply{status: 401}), 4 * time.Second, jitter},
		{"a 429 with Retry-After", []reply{{429, 17 * time.Second}}, 17 * time.Second, exact},
		{"Retry-After goes before growth", repeat(5, reply{429, 3 * time.Second}), 3 * time.Second, exact},
		{"a 503 with Retry-After", []reply{{503, 7 * time.Second}}, 7 * time.Second, exact},
		{"a 200 with Retry-After", []reply{{200, 7 * time.Second}}, 0, exact},

		{"three 500s", repeat(3, reply{status: 500}), 0, exact},
		{"a fourth 500", repeat(4, reply{status: 500}), time.Second, jitter},
		{"a sixth 500", repeat(6, reply{status: 500}), 4 * time.Second, jitter},
		{"three calls without reply", repeat(3, reply{}), 0, exact},
		{"a fourth call without reply", repeat(4, reply{}), time.Second, jitter},
		{"a hundredth call without reply", repeat(100, reply{}), 2 * time.Minute, jitter},
		{"500s and lost replies together", append(repeat(2, reply{status: 502}), repeat(2, reply{})...), time.Second, jitter},

		{"a first 429 after bad luck", append(repeat(6, reply{status: 500}), reply{status: 429}), time.Second, jitter},
		{"a 500 after many 429s", append(repeat(6, reply{status: 429}), reply{status: 500}), 0, exact},

		{"a 403 is about one call", repeat(9, reply{status: 403}), 0, exact},
		{"a 404 is about one call", repeat(9, reply{status: 404}), 0, exact},
		{"success resets the growth", append(repeat(5, reply{status: 429}), reply{status: 200}, reply{status: 429}), time.Second, jitter},
		{"success resets the patience", append(repeat(3, reply{status: 500}), reply{status: 204}, reply{status: 500}), 0, exact},
		{"a 400 shows that the provider works", append(repeat(3, reply{status: 500}), reply{status: 400}, reply{status: 500}), 0, exact},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := NewGate(0, time.Second)
				for i, r := range tc.replies {
					if i > 0 {
						if err := gate.wait(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					gate.learn(r.status, r.after)
				}
				wantPause(t, gate, tc.want, tc.jitter)
			})
		})
	}
}

// wantPause checks that calls stop for want, or up to the fraction 1/jitter longer.
func wantPause(t *testing.T, gate *Gate, want time.Duration, jitter int) {
	t.Helper()
	most := want
	if jitter > 0 {
		most += want / time.Duration(jitter)
	}
	ok, got := gate.Take(time.Now())
	if ok != (want == 0) || got < want || got > most {
		t.Errorf("calls stop for %v (let through: %v), want %v to %v", got, ok, want, most)
	}
}

func TestBurstPausesOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		burst []reply // all at once
		want  time.Duration
	}{
		{"of 429s", repeat(10, reply{status: 429}), time.Second},
		{"of 401s", repeat(10, reply{status: 401}), time.Second},
		{"of lost replies", repeat(10, reply{}), time.Second},
		{"a 500 does not shorten a Retry-After", []reply{{429, time.Minute}, {status: 500}}, time.Minute},
		{"nor does a shorter one", []reply{{429, time.Minute}, {429, time.Second}}, time.Minute},
		{"nor does a success", []reply{{429, time.Minute}, {status: 200}}, time.Minute},
		{"a success between", []reply{{status: 429}, {status: 200}, {status: 429}}, time.Second},
		{"a success between lost replies", append(repeat(4, reply{}), reply{status: 200}, reply{}), time.Second},
		{"a longer one counts", []reply{{429, time.Second}, {429, time.Minute}}, time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := NewGate(0, time.Second)
				for _, r := range tc.burst {
					gate.learn(r.status, r.after)
				}
				wantPause(t, gate, tc.want, 4)
			})
		})
	}
}

// TestOneCallGoesFirst has calls wait when a pause for a failure is over: one
// goes, and the others follow once it has fared well.
func TestOneCallGoesFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		reply reply         // to the first call after the pause
		want  time.Duration // until the next one may go, or up to a quarter longer
	}{
		"it succeeds":          {reply{status: 200}, 0},
		"it is refused itself": {reply{status: 400}, 0},
		"it fails":             {reply{status: 500}, 2 * time.Second},
		"it gets no reply":     {reply{}, 2 * time.Second},
		"it is turned away":    {reply{429, time.Minute}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := NewGate(0, time.Second)
				for range 4 {
					gate.learn(500, 0)
				}
				if err := gate.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				var waited time.Duration // of the next one
				go func() {
					start := time.Now()
					if err := gate.wait(t.Context()); err == nil {
						waited = time.Since(start)
					}
				}()
				time.Sleep(5 * time.Second) // it is under way
				synctest.Wait()
				if waited != 0 {
					t.Errorf("another went beside the first after %v", waited)
				}
				gate.learn(tc.reply.status, tc.reply.after)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if least := 5*time.Second + tc.want; waited < least || waited > least+tc.want/4+probeCheck {
					t.Errorf("another went after %v, want some %v", waited, least)
				}
			})
		})
	}
}

// TestRefused tells a key that is refused from what passes by itself.
func TestRefused(t *testing.T) {
	gate := NewGate(0, time.Second)
	for _, step := range []struct {
		status int // 0: no reply
		want   bool
	}{
		{http.StatusTooManyRequests, false}, {http.StatusBadGateway, false}, {0, false}, {0, false}, {0, false},
		{http.StatusUnauthorized, true}, {http.StatusServiceUnavailable, true}, {http.StatusTooManyRequests, true},
		{http.StatusOK, false}, {http.StatusNotFound, false},
	} {
		if gate.learn(step.status, 0); gate.Refused() != step.want {
			t.Errorf("after %d: %t", step.status, !step.want)
		}
	}
}

// TestNewAndFurtherCallsTakeTurns has a list be read page by page, or updates that all
// take a second call, for as long as there is something to begin: each kind gets half
// of the calls. Where only one kind has something to do, it gets all.
func TestNewAndFurtherCallsTakeTurns(t *testing.T) {
	const spacing = 505 * time.Millisecond
	for name, tc := range map[string]struct {
		readers int
		begins  func(since time.Duration) bool // whether there is something to begin
		least   [2]int                         // new calls, further ones, in 100 slots
	}{
		"a list and new calls":         {1, func(time.Duration) bool { return true }, [2]int{49, 49}},
		"ten waiting and new calls":    {10, func(time.Duration) bool { return true }, [2]int{49, 49}},
		"new calls only":               {0, func(time.Duration) bool { return true }, [2]int{99, 0}},
		"a list only":                  {1, func(time.Duration) bool { return false }, [2]int{0, 99}},
		"new calls that are withdrawn": {1, func(since time.Duration) bool { return since%(10*spacing) < spacing/2 }, [2]int{0, 98}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, start := NewGate(120, time.Minute), time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 100*spacing)
				defer cancel()
				var further atomic.Int64
				var reading sync.WaitGroup
				for range tc.readers {
					reading.Go(func() {
						for gate.wait(ctx) == nil {
							further.Add(1)
							time.Sleep(80 * time.Millisecond)
						}
					})
				}
				fresh := 0
				for ctx.Err() == nil {
					wait := 10 * time.Millisecond
					if tc.begins(time.Since(start)) {
						var ok bool
						if ok, wait = gate.Take(time.Now()); ok {
							fresh++
							continue
						}
						wait += time.Microsecond // the loop has more to do
					}
					time.Sleep(wait)
				}
				reading.Wait()
				if fresh < tc.least[0] || int(further.Load()) < tc.least[1] {
					t.Errorf("%d new calls and %d further ones went, want %v at least", fresh, further.Load(), tc.least)
				}
			})
		})
	}
}

// TestSetLimit has the limit change between calls, as a reload may: the next call
// keeps to the new one, and what is closed stays closed.
func TestSetLimit(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for name, tc := range map[string]struct {
		limit float64
		want  time.Duration // from the call before to the next one
	}{
		"the same": {50, 1212 * time.Millisecond},
		"lower":    {25, 2424 * time.Millisecond},
		"higher":   {100, 606 * time.Millisecond},
		"none":     {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			gate := NewGate(50, time.Minute)
			gate.Take(now)
			for range 60 {
				gate.SetLimit(tc.limit, time.Minute)
			}
			if ok, wait := gate.Take(now); ok != (tc.want == 0) || wait != tc.want {
				t.Errorf("got %v, %v; want to wait %v", ok, wait, tc.want)
			}
			gate.learn(http.StatusTooManyRequests, time.Hour)
			gate.SetLimit(tc.limit, time.Minute)
			if ok, wait := gate.Take(time.Now()); ok || wait < 59*time.Minute {
				t.Errorf("after a reply that asks for a pause of an hour: got %v, %v", ok, wait)
			}
		})
	}
}
