package syncer

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Provider is what the syncer asks of a CDN (plan.Rule) or of DNS
// (plan.Record). Its errors wrap httpapi.Error, ErrNotKept, ErrForeign, ErrTaken
// and ErrUnsupported where they apply; after any other error it is unknown whether
// the call had an effect. All methods are safe for concurrent use.
//
// A new CDN is one package: a Provider whose rules carry our mark (plan.Mark),
// and a plan.CDN that says what it cannot express. Package providertest says
// what it must promise and tries it, over an emulator of its API.
type Provider[T any] interface {
	// List returns all objects, ours or not. It fails rather than return a part.
	List(context.Context) ([]T, error)
	// Find returns all objects in the scope of the given one.
	Find(context.Context, T) ([]T, error)
	// Create makes an object and returns it as the provider keeps it. One on which it
	// does not keep our mark is taken away again; with the error ErrNotKept and an
	// object, that failed.
	Create(context.Context, T) (T, error)
	// Update changes old into the given object and returns it as the provider
	// keeps it. It never changes what is not ours, but for an unmarked object
	// with adopt, or one that is ours although it does not say so (plan.Rule.Unkept).
	Update(ctx context.Context, old, new T, adopt bool) (T, error)
	// Delete removes an object of ours. One that is gone already is no error.
	Delete(context.Context, T) error
}

// DNS is a Provider of records that also reads a single one.
type DNS interface {
	Provider[model.Record]
	// Zones are the zones that it reads and writes, each as plan.Record.Zone has it,
	// that of the origins first. A scope is a zone.
	Zones() []string
	// Get returns a record of that ID as it stands now: lists may lag behind. Its
	// error wraps a httpapi.Error of status 404 if there is none.
	Get(context.Context, model.Record) (model.Record, error)
}

const (
	// maxInFlight bounds the operations under way at one provider, so that
	// latency does not keep the rate below its limit.
	maxInFlight = 10
	// A failed operation waits firstBackoff, then twice as long each time, up
	// to maxBackoff; one that the provider understood and refused waits longer.
	firstBackoff = time.Second
	maxBackoff   = 5 * time.Minute
	refusedTimes = 10
	// maxLag is how far lists are taken to lag behind writes, unless readings
	// come so often that half their interval is less. What a list shows of
	// something that we changed so shortly before waits for the next one.
	maxLag = time.Minute
	// maxTries is how often a run with Options.Once tries an operation.
	maxTries = 3
)

// target is one provider with everything that is known and under way there. It
// belongs to the syncer's loop; only the calls themselves run beside it.
type target[T model.Object[T]] struct {
	name     model.Provider
	provider Provider[T]
	get      func(context.Context, T) (T, error) // see DNS
	account  *httpapi.Account
	log      *slog.Logger
	dryRun   bool
	settings model.Settings  // of the plan
	once     bool            // what is spent is not tried again
	calls    context.Context // of operations
	started  time.Time
	results  chan<- func()

	picture  picture[T]
	queue    queue[T] // safe to begin
	attempts map[model.Place]*attempt[T]
	// resting are failed attempts that the last plan did not want, while others were under
	// way or in doubt: when these have ended it may want them again, and they go on waiting.
	resting map[model.Place]*attempt[T]
	flying  int  // operations under way, those that only read among them
	news    bool // something has ended since the last plan
	// vain are the writes in a row that the provider neither did nor refused, and
	// answered is when it last did one or the other.
	vain     int
	answered time.Time
	readings []*reading[T]
	interval time.Duration // between readings
	dryRuns  int           // simulated writes, for their IDs

	jitter func(most time.Duration) time.Duration // what a back-off adds by chance

	repaired func()            // told of each repaired drift
	reread   func()            // of each reading but the first
	failed   func(model.Op[T]) // of each failed operation
}

// attempt is an operation that is under way or did not end well.
type attempt[T model.Object[T]] struct {
	observed.Attempt[T]
	failures  int
	hopeless  bool      // the last failure was a refusal
	err       error     // of the last failure
	since     time.Time // when the first failed
	notBefore time.Time // when it may be tried again
	ended     int       // the picture's serial when it did
}

func newTarget[T model.Object[T]](name model.Provider, p Provider[T], account *httpapi.Account) *target[T] {
	all := newReading("", func(ctx context.Context) ([]T, error) { return p.List(ctx) }, func(T) bool { return true })
	return &target[T]{
		name: name, provider: p, account: account, picture: newPicture[T](),
		attempts: make(map[model.Place]*attempt[T]), resting: make(map[model.Place]*attempt[T]), jitter: rand.N[time.Duration],
		readings: []*reading[T]{all},
	}
}

// newDNS is a target whose zones are read one by one.
func newDNS(name model.Provider, dns DNS, account *httpapi.Account) *target[model.Record] {
	t := newTarget[model.Record](name, dns, account)
	t.get, t.picture.unproven = dns.Get, make(map[string]bool)
	if zones := dns.Zones(); len(zones) > 1 {
		t.readings = nil
		for _, zone := range zones {
			in := model.Record{Zone: zone}
			t.readings = append(t.readings, newReading(zone,
				func(ctx context.Context) ([]model.Record, error) { return dns.Find(ctx, in) },
				func(r model.Record) bool { return r.Zone == zone }))
		}
	}
	return t
}

// view is what the plan looks at.
func (t *target[T]) view() observed.View[T] {
	v := observed.View[T]{
		Known:   t.picture.known,
		Read:    t.main().begun,
		Took:    t.main().took,
		Objects: t.picture.objects.List(),
		Missing: t.picture.missing,
		Written: t.picture.written,
		Refused: t.account.KeyRefused(),
	}
	if len(t.attempts) > t.flying {
		v.Rejected, v.Taken = make(map[model.Place]bool), make(map[model.Place]bool)
	}
	for key, a := range t.attempts {
		v.Attempts = append(v.Attempts, a.Attempt)
		if a.Status == observed.BackingOff && a.hopeless {
			v.Rejected[key] = true
		}
		if a.Status == observed.BackingOff && errors.Is(a.err, httpapi.ErrTaken) {
			v.Taken[key] = true
		}
	}
	if len(t.readings) > 1 {
		v.Parts = make(map[string]observed.Part, len(t.readings))
		for _, r := range t.readings {
			v.Parts[r.part] = observed.Part{Known: r.known, Read: r.begun, Took: r.took, Fault: r.fault()}
			v.Took = max(v.Took, r.took)
			if r.known && r.begun.Before(v.Read) {
				v.Read = r.begun
			}
		}
	}
	return v
}

// enqueue takes over the operations of a new plan. What failed and is not
// wanted any more is forgotten.
func (t *target[T]) enqueue(ops []model.Op[T]) {
	t.news = false
	if len(t.attempts) == t.flying && len(t.resting) == 0 { // nothing has failed
		t.queue.refill(ops, func(*model.Op[T]) time.Time { return time.Time{} })
		return
	}
	wanted := make(map[model.Place]bool, len(ops))
	t.queue.refill(ops, func(op *model.Op[T]) time.Time {
		key := op.Key()
		wanted[key] = true
		if a, ok := t.resting[key]; ok && t.attempts[key] == nil && a.Same(*op) {
			t.attempts[key] = a
		}
		delete(t.resting, key)
		if a, ok := t.attempts[key]; ok && a.Same(*op) {
			return a.notBefore
		}
		return time.Time{}
	})
	idle := true
	for key, a := range t.attempts {
		switch {
		case a.Status != observed.BackingOff:
			idle = false
		case !wanted[key]:
			t.resting[key] = a
			delete(t.attempts, key)
		}
	}
	forgotten := time.Now().Add(-maxBackoff)
	maps.DeleteFunc(t.resting, func(_ model.Place, a *attempt[T]) bool { return idle || a.notBefore.Before(forgotten) })
}

// dispatch begins an operation, if there is one that may begin now and the account lets
// it through. If not it returns when to try again (zero: not before something
// happens) and whether all that is left waits for a back-off.
func (t *target[T]) dispatch(now time.Time) (began bool, again time.Time, drained bool) {
	if t.once && t.spent(now) {
		return false, time.Time{}, true // else there might always be a call under way
	}
	next, again, ok := t.queue.next(now)
	if !ok {
		return false, again, true
	}
	if t.flying >= maxInFlight {
		return false, time.Time{}, false
	}
	if !t.dryRun || t.queue.reads(next) {
		if ok, wait := t.account.Take(now); !ok {
			return false, now.Add(wait), false
		}
	}
	t.begin(t.queue.take(next))
	return true, time.Time{}, false
}

// begin starts one operation; its end comes back through results.
func (t *target[T]) begin(op model.Op[T]) {
	next := &attempt[T]{Attempt: observed.Attempt[T]{Op: op, Status: observed.InFlight}}
	if a, ok := t.attempts[op.Key()]; ok && a.Same(op) {
		next.failures, next.err, next.since = a.failures, a.err, a.since
	}
	t.attempts[op.Key()] = next
	t.flying++
	serial, since := t.picture.serial, 0
	if op.Verb == model.LookUp {
		since = t.picture.since(time.Now().Add(-t.lag()))
	}
	ctx := httpapi.Admitted(t.calls)
	go func() {
		defer logPanic(t.log, describe(op)...)
		switch op.Verb {
		case model.LookUp:
			found, err := t.provider.Find(ctx, op.New())
			t.results <- func() { t.landed(op, err); t.foundAll(op, found, since, serial, err) }
		case model.Verify:
			begun := time.Now()
			stands, err := t.get(ctx, op.New())
			t.results <- func() { t.landed(op, err); t.verified(op, stands, serial, begun, err) }
		default:
			result, err := t.execute(ctx, op)
			t.results <- func() { t.landed(op, err); t.ended(op, result, err) }
		}
	}()
}

// execute carries out one write. It is the only place from which a write
// leaves the daemon, so it is here that a dry run stops.
func (t *target[T]) execute(ctx context.Context, op model.Op[T]) (T, error) {
	if t.dryRun {
		t.log.Info("dry run: would "+string(op.Verb), describe(op)...)
		return op.New(), nil
	}
	switch op.Verb {
	case model.Create:
		return t.provider.Create(ctx, op.New())
	case model.Update:
		return t.provider.Update(ctx, op.Old(), op.New(), op.Adopt)
	case model.Delete:
		return op.Old(), t.provider.Delete(ctx, op.Old())
	}
	panic("syncer: no write: " + string(op.Verb))
}

// busy reports whether an operation under way is about to change o.
func (t *target[T]) busy(o T) bool {
	a, ok := t.attempts[o.Key()]
	return ok && a.Status == observed.InFlight
}

// hopeless reports whether every operation that is left has failed so often,
// or so clearly, that waiting for it is no use.
func (t *target[T]) hopeless() bool {
	return t.queue.all(func(op *model.Op[T]) bool {
		a, ok := t.attempts[op.Key()]
		return ok && (a.hopeless || a.failures >= maxTries)
	})
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
