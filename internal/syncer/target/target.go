// Package target brings one provider to what a plan wants. A Target caches what stands
// there, lists it now and then, and runs the operations of the plan within the
// provider's rate limit, each with its own back-off where it fails.
//
// A Target belongs to the goroutine that calls it. Only the calls to the provider run
// beside that, and each comes back as a Result.
package target

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/table"
)

// Config is what a Target is made of, beside its provider.
type Config[T model.Object[T]] struct {
	Name     model.Provider
	Account  *httpapi.Account
	Settings model.Settings
	Interval time.Duration                     // between lists
	Once     bool                              // what is hopeless is not tried again
	DryRun   bool                              // nothing is written
	Jitter   func(time.Duration) time.Duration // lengthens a back-off by chance; nil: by a fifth at most
	Results  chan<- Result
	Log      *slog.Logger

	OnRepair  func()            // is told of each drift that was repaired
	OnRelist  func()            // of each list but the first: of a DNS, of the zone of the origins
	OnFailure func(model.Op[T]) // of each operation that failed
}

// Target is one provider with everything that is known and under way there.
type Target[T model.Object[T]] struct {
	Config[T]
	provider provider.Objects[T]
	get      func(context.Context, T) (T, error) // see DNS; nil: no object can be read by itself

	started  time.Time
	parts    []*part[T]
	cache    cache[T]
	queue    queue[T] // operations that are safe to begin
	attempts attempts[T]
	news     bool      // a call has ended since the last plan
	retryAt  time.Time // when to try again to begin an operation; zero: not before something happens

	// unanswered are the writes in a row that the provider neither did nor refused, and
	// answered is when it last did one or the other.
	unanswered int
	answered   time.Time
	foreseen   int // writes of a dry run, for their IDs
}

// New returns a Target that does nothing before Start. It lists the provider as a whole.
func New[T model.Object[T]](p provider.Objects[T], c Config[T]) *Target[T] {
	whole := newPart("", p.List, func(T) bool { return true })
	return newTarget(p, c, []*part[T]{whole}, nil)
}

// NewDNS is New for a DNS. It lists each zone by itself, where there are several.
func NewDNS(dns provider.Records, c Config[model.Record]) *Target[model.Record] {
	return newTarget(dns, c, zones(dns), dns.Get)
}

func newTarget[T model.Object[T]](p provider.Objects[T], c Config[T], parts []*part[T], get func(context.Context, T) (T, error)) *Target[T] {
	if c.Jitter == nil {
		c.Jitter = withJitter
	}
	t := &Target[T]{
		Config: c, provider: p, get: get, parts: parts, attempts: newAttempts[T](),
		cache: newCache(func(o T) bool { return table.Concerns(c.Settings, o) }),
	}
	if get != nil {
		t.cache.unproven = make(map[string]bool)
	}
	return t
}

// Start tells when the work begins.
func (t *Target[T]) Start(now time.Time) { t.started, t.answered = now, now }

// Follow takes over the operations of a new plan.
func (t *Target[T]) Follow(ops []model.Op[T]) {
	t.news = false
	t.attempts.follow(ops, time.Now())
	t.queue.refill(ops, t.attempts.notBefore)
}

// View is what the plan looks at.
func (t *Target[T]) View() observed.View[T] {
	v := observed.View[T]{
		Known:   t.cache.known,
		Read:    t.main().began,
		Took:    t.main().took,
		Objects: t.cache.objects.List(),
		Missing: t.cache.missing,
		Written: t.cache.written,
		Refused: t.Account.KeyRefused(),
	}
	if t.get != nil {
		v.Unproven = t.cache.mayBeGone()
	}
	t.attempts.addTo(&v)
	if len(t.parts) > 1 {
		v.Parts = make(map[string]observed.Part, len(t.parts))
		for _, p := range t.parts {
			v.Parts[p.name] = observed.Part{Known: p.known, Read: p.began, Took: p.took, Fault: p.fault()}
			v.Took = max(v.Took, p.took)
			if p.known && p.began.Before(v.Read) {
				v.Read = p.began
			}
		}
	}
	return v
}

// Objects are those that are believed to stand, in order: the same slice, not to be
// written to, as long as nothing has changed.
func (t *Target[T]) Objects() []*T { return t.cache.objects.List() }

// ShareTexts has each object that stands as it is wanted hold the texts of what is
// wanted: those of a first list take as much memory again. Later lists keep the texts.
// Wanted is nil for what nobody wants.
func (t *Target[T]) ShareTexts(wanted func(*T) *T) {
	for _, o := range t.cache.objects.List() {
		if want := wanted(o); want != nil && (*want).Equal(*o) {
			t.cache.objects.Put((*o).Identity(), new((*want).Observed(*o)))
		}
	}
}

// NextWake is when there is something to do although nothing happens.
func (t *Target[T]) NextWake() time.Time { return Earliest(t.retryAt, t.nextList()) }

// Earliest is the first of some times that are not zero; zero if all are.
func Earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// LogPanic logs a panic with its stack and what it was about, and lets it go
// on: main has it end the process by SIGABRT, so that systemd starts it again.
func LogPanic(log *slog.Logger, about ...any) {
	if v := recover(); v != nil {
		log.Error("panic", append(about, "panic", v, "stack", string(debug.Stack()))...)
		panic(v)
	}
}
