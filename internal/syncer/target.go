package syncer

import (
	"context"
	"log/slog"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/transport"
)

// target is one provider with everything that is known and under way there. It
// belongs to the syncer's loop; only the calls themselves run beside it.
type target[T model.Object[T]] struct {
	targetConfig[T]

	started  time.Time
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

// targetConfig is what a target is made of.
type targetConfig[T model.Object[T]] struct {
	name     model.Provider
	provider Provider[T]
	get      func(context.Context, T) (T, error) // see DNS; nil: no object can be read by itself
	gate     *transport.Gate
	parts    []*part[T]
	concerns func(T) bool // see cache

	settings model.Settings
	interval time.Duration // between lists
	once     bool          // see Options
	dryRun   bool
	jitter   func(time.Duration) time.Duration // adds to a back-off
	log      *slog.Logger
	results  chan<- result

	onRepair  func()            // is told of each drift that was repaired
	onRelist  func()            // of each list of the main part but the first
	onFailure func(model.Op[T]) // of each operation that failed
}

// newTarget returns a target that does nothing before it is started.
func newTarget[T model.Object[T]](c targetConfig[T]) *target[T] {
	t := &target[T]{targetConfig: c, cache: newCache(c.concerns), attempts: newAttempts[T]()}
	if c.get != nil {
		t.cache.unproven = make(map[string]bool)
	}
	return t
}

func (t *target[T]) start(now time.Time) { t.started, t.answered = now, now }

// follow takes over the operations of a new plan.
func (t *target[T]) follow(ops []model.Op[T]) {
	t.news = false
	t.attempts.follow(ops, time.Now())
	t.queue.refill(ops, t.attempts.notBefore)
}

// view is what the plan looks at.
func (t *target[T]) view() observed.View[T] {
	v := observed.View[T]{
		Known:   t.cache.known,
		Read:    t.main().began,
		Took:    t.main().took,
		Objects: t.cache.objects.List(),
		Missing: t.cache.missing,
		Written: t.cache.written,
		Refused: t.gate.Refused(),
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

// load is how many operations wait, and how many are under way.
func (t *target[T]) load() (queued, inFlight int) { return t.queue.size, t.attempts.inFlight }

// nextWake is when there is something to do although nothing happens.
func (t *target[T]) nextWake() time.Time { return earliest(t.retryAt, t.nextList()) }

// gaveUp reports whether it is no use to wait for what is left: every operation has
// failed often or clearly enough, or the provider has answered no write for so long
// that this holds for those, too, that were not tried yet.
func (t *target[T]) gaveUp(now time.Time) bool {
	return t.queue.all(t.attempts.hopeless) || t.unanswered >= maxTries && now.Sub(t.answered) >= preparation
}
