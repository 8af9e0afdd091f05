package httpapi

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// An Account is what a provider counts calls for. All clients with the same credentials
// share one, and with it the rate limit, the pauses that the provider asks for, and the
// knowledge that it refuses the key. The zero value has no limit.
type Account struct {
	mu      sync.Mutex
	limiter limiter
	breaker breaker
	key     key
}

// NewAccount returns an account with a limit; see SetLimit.
func NewAccount(calls float64, per time.Duration) *Account {
	a := new(Account)
	a.SetLimit(calls, per)
	return a
}

// SetLimit allows so many calls per interval, less a hundredth, evenly spaced; 0 means
// without limit. A pause that is under way stays, and the next call comes no sooner
// after the last one than the new limit allows.
func (a *Account) SetLimit(calls float64, per time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limiter.setLimit(calls, per)
}

// Take lets one call go if one may go now; otherwise it returns how long to wait before
// asking again. The call is then made under a context from Admitted.
//
// So whoever has several operations to choose from chooses when a call may go, and not
// before.
func (a *Account) Take(now time.Time) (ok bool, wait time.Duration) {
	wait = a.take(now, firstCall)
	return wait == 0, wait
}

func (a *Account) take(now time.Time, k kind) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wait := a.breaker.wait(now); wait > 0 {
		return wait
	}
	if wait := a.limiter.take(now, k); wait > 0 {
		return wait
	}
	a.breaker.began(now)
	return 0
}

// KeyRefused reports whether the provider refuses our credentials, as far as known from
// the last call that tells: one that was not made yet would fare no better.
func (a *Account) KeyRefused() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.key.refused
}

// ended takes the result of a call.
func (a *Account) ended(now time.Time, r result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.breaker.ended(now, r)
	a.key.ended(r)
}

type admissionKey struct{}

// Admitted returns a context whose first call goes at once, since Take has let it go.
// Any further call waits as usual.
//
// Apart from its end this is all that a context carries here. It has to pass through a
// provider's methods, which know nothing of limits and make as many calls as they need.
func Admitted(ctx context.Context) context.Context {
	return context.WithValue(ctx, admissionKey{}, new(atomic.Bool))
}

// useAdmission reports whether a call is the first under a context from Admitted, and uses
// that up.
func useAdmission(ctx context.Context) bool {
	used, ok := ctx.Value(admissionKey{}).(*atomic.Bool)
	return ok && used.CompareAndSwap(false, true)
}

// wait blocks until a call may go.
func (a *Account) wait(ctx context.Context) error {
	if useAdmission(ctx) {
		return ctx.Err()
	}
	for {
		wait := a.take(time.Now(), followUp)
		if wait == 0 {
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
