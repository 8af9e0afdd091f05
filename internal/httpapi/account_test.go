package httpapi

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCallsWaitForTheirTurn has several calls ask at once.
func TestCallsWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account, start := NewAccount(50, time.Minute), time.Now()
		const calls = 5
		done := make(chan time.Time, calls)
		for range calls {
			go func() {
				if err := account.wait(t.Context()); err != nil {
					t.Error(err)
				}
				done <- time.Now()
			}()
		}
		for i := range calls {
			at, want := (<-done).Sub(start), time.Duration(i)*1212*time.Millisecond
			if (at - want).Abs() > time.Microsecond {
				t.Errorf("call %d went at %v, want %v", i, at, want)
			}
		}
	})
}

func TestAdmittedGoesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := NewAccount(50, time.Minute)
		if ok, _ := account.Take(time.Now()); !ok {
			t.Fatal("the first call has to wait")
		}
		ctx, start := Admitted(t.Context()), time.Now()
		for i, want := range []time.Duration{0, 1212 * time.Millisecond, 2424 * time.Millisecond} {
			if err := account.wait(ctx); err != nil {
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
		account := NewAccount(50, time.Minute)
		account.ended(time.Now(), result{429, time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := account.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v, want 1s", took)
		}
		if err := account.wait(Admitted(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v for an admitted call whose context has ended", err)
		}
	})
}

// TestOneCallGoesFirst has a call wait while the first one after a pause is under way.
func TestOneCallGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := new(Account)
		for range 4 {
			account.ended(time.Now(), result{status: 500})
		}
		if err := account.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		start, went := time.Now(), make(chan time.Duration, 1)
		go func() {
			if err := account.wait(t.Context()); err == nil {
				went <- time.Since(start)
			}
		}()
		time.Sleep(5 * time.Second) // the probe is under way
		account.ended(time.Now(), result{status: 200})
		if after := <-went; after < 5*time.Second || after > 5*time.Second+probeCheck {
			t.Errorf("another went after %v, want 5s", after)
		}
	})
}

// TestPauseOutlivesALimit: what the provider asked for is not forgotten with a new limit.
func TestPauseOutlivesALimit(t *testing.T) {
	account := NewAccount(50, time.Minute)
	account.ended(time.Now(), result{429, time.Hour})
	account.SetLimit(0, time.Minute)
	if ok, wait := account.Take(time.Now()); ok || wait < 59*time.Minute {
		t.Errorf("after a reply that asks for a pause of an hour: got %v, %v", ok, wait)
	}
}

// TestKeyRefused: a refusal is remembered until the key is taken again.
func TestKeyRefused(t *testing.T) {
	account := new(Account)
	for _, step := range []struct {
		status int
		want   bool
	}{{200, false}, {401, true}, {500, true}, {200, false}} {
		account.ended(time.Now(), result{status: step.status})
		if got := account.KeyRefused(); got != step.want {
			t.Errorf("after %d: %t", step.status, got)
		}
	}
}

// TestFirstCallsAndFollowUpsTakeTurns has a list be read page by page, or updates that all
// take a second call, for as long as there is something to begin: each kind gets half of
// the calls. Where only one kind has something to do, it gets all.
func TestFirstCallsAndFollowUpsTakeTurns(t *testing.T) {
	const spacing = 505 * time.Millisecond
	always := func(time.Duration) bool { return true }
	for name, tc := range map[string]struct {
		readers          int
		begins           func(since time.Duration) bool // whether there is something to begin
		first, followUps int                            // at least, in 100 slots
	}{
		"a list and first calls":         {1, always, 49, 49},
		"ten waiting and first calls":    {10, always, 49, 49},
		"first calls only":               {0, always, 99, 0},
		"a list only":                    {1, func(time.Duration) bool { return false }, 0, 99},
		"first calls that are withdrawn": {1, func(since time.Duration) bool { return since%(10*spacing) < spacing/2 }, 0, 98},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account, start := NewAccount(120, time.Minute), time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 100*spacing)
				defer cancel()
				var followUps atomic.Int64
				var reading sync.WaitGroup
				for range tc.readers {
					reading.Go(func() {
						for account.wait(ctx) == nil {
							followUps.Add(1)
							time.Sleep(80 * time.Millisecond)
						}
					})
				}
				first := 0
				for ctx.Err() == nil {
					wait := 10 * time.Millisecond
					if tc.begins(time.Since(start)) {
						var ok bool
						if ok, wait = account.Take(time.Now()); ok {
							first++
							continue
						}
						wait += time.Microsecond // the loop has more to do
					}
					time.Sleep(wait)
				}
				reading.Wait()
				if first < tc.first || int(followUps.Load()) < tc.followUps {
					t.Errorf("%d first calls and %d follow-ups went, want %d and %d at least", first, followUps.Load(), tc.first, tc.followUps)
				}
			})
		})
	}
}
