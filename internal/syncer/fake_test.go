package syncer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider/conformance"
)

// fake is a provider in memory. It notes each call in a journal as it arrives;
// that is when a write takes effect and what a list shows was read. The reply
// comes after the latency, or fails as it is told.
type fake[T model.Object[T]] struct {
	name    string // in the journal
	journal *journal

	mu      *sync.Mutex // one for several fakes lets changed look at all of them
	objects map[string]T
	serial  int
	counts  map[string]int // by call

	latency time.Duration
	reply   func(call string, n int) reply // to the nth call, from 1; nil: all is well
	keep    func(T) T                      // what it keeps of what it is sent; nil: just that
	refuse  func(T) error                  // what it does not make; nil: it makes all
	// fixedTTL refuses every change of a record's TTL in place.
	fixedTTL bool
	mine     func(T) bool      // what the client may change, as it stands; nil: all
	changed  func(call string) // told of each effect, with mu held; nil: nobody

	zones []string // of DNS, beside that of the origins

	past []moment[T] // for lists that lag
	lag  time.Duration
}

// moment is what stood from a time on.
type moment[T any] struct {
	at      time.Time
	objects map[string]T
}

// reply is how a call ends. With an error and effect it happens all the same,
// and only the reply is lost.
type reply struct {
	err    error
	effect bool
	after  time.Duration // instead of the latency, if not 0
	twice  bool          // the effect happens two times
	lag    time.Duration // a list shows what stood so long ago
}

func newFake[T model.Object[T]](name string, j *journal) *fake[T] {
	return &fake[T]{name: name, journal: j, mu: new(sync.Mutex), objects: make(map[string]T), counts: make(map[string]int)}
}

// slow sets the latency from now on, and answer how calls end.
func (f *fake[T]) slow(latency time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.latency = latency
}

func (f *fake[T]) answer(reply func(call string, n int) reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reply = reply
}

// plant puts an object there, as somebody else would.
func (f *fake[T]) plant(o T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[o.Identity()] = o
}

// call notes a call, lets it take effect and waits for the reply.
func (f *fake[T]) call(ctx context.Context, call string, effect func() error) error {
	if err := ctx.Err(); err != nil {
		return errors.Join(err, refusal(http.StatusTooManyRequests)) // one of the errors of httpapi.NotSent
	}
	f.journal.note(f.name + " " + call)
	f.mu.Lock()
	f.counts[call]++
	r := reply{after: f.latency}
	if f.reply != nil {
		r = f.reply(call, f.counts[call])
		r.after = cmp.Or(r.after, f.latency)
	}
	f.lag = r.lag
	if r.err == nil || r.effect {
		r.err = cmp.Or(r.err, effect())
		if r.twice {
			r.err = cmp.Or(r.err, effect())
		}
		if f.changed != nil {
			f.changed(f.name + " " + call)
		}
	}
	f.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(r.after):
		return r.err
	}
}

func (f *fake[T]) List(ctx context.Context) ([]T, error) {
	return f.read(ctx, "list", func(T) bool { return true })
}

func (f *fake[T]) Find(ctx context.Context, o T) ([]T, error) {
	return f.read(ctx, "find "+o.Scope().Object(), func(other T) bool { return other.Scope() == o.Scope() })
}

func (f *fake[T]) read(ctx context.Context, call string, within func(T) bool) (list []T, err error) {
	err = f.call(ctx, call, func() error {
		list = nil
		for _, o := range f.shown() {
			if within(o) {
				list = append(list, o)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (f *fake[T]) Zones() []string { return append([]string{""}, f.zones...) }

// Get never lags.
func (f *fake[T]) Get(ctx context.Context, o T) (stands T, err error) {
	err = f.call(ctx, "get "+short(o), func() (err error) {
		var ok bool
		if stands, ok = f.objects[o.Identity()]; !ok {
			err = refusal(http.StatusNotFound)
		}
		return err
	})
	return stands, err
}

func (f *fake[T]) Create(ctx context.Context, o T) (made T, err error) {
	err = f.call(ctx, "create "+short(o), func() error {
		if f.refuse != nil {
			if err := f.refuse(o); err != nil {
				return err
			}
		}
		f.serial++
		made = f.put(o.WithIdentity(fmt.Sprint(f.name, "-", f.serial)))
		return nil
	})
	return made, err
}

func (f *fake[T]) Update(ctx context.Context, old, o T, _ bool) (made T, err error) {
	err = f.call(ctx, "update "+short(o), func() error {
		stands, ok := f.objects[old.Identity()]
		switch {
		case !ok:
			return refusal(http.StatusNotFound)
		case f.mine != nil && !f.mine(stands):
			return httpapi.ErrForeign
		case f.fixedTTL && ttlOf(stands) != ttlOf(o):
			return refusal(http.StatusBadRequest)
		}
		made = f.put(o.WithIdentity(old.Identity()))
		return nil
	})
	return made, err
}

func (f *fake[T]) Delete(ctx context.Context, o T) error {
	return f.call(ctx, "delete "+short(o), func() error {
		if stands, ok := f.objects[o.Identity()]; ok && f.mine != nil && !f.mine(stands) {
			return httpapi.ErrForeign
		}
		delete(f.objects, o.Identity())
		return nil
	})
}

// ttlOf is the TTL of a record.
func ttlOf[T model.Object[T]](o T) int {
	r, _ := any(o).(model.Record)
	return r.TTL
}

// put keeps an object. The mutex is held.
func (f *fake[T]) put(o T) T {
	if f.keep != nil {
		o = f.keep(o)
	}
	f.objects[o.Identity()] = o
	return o
}

// standing returns what stands, in the order of IDs.
func (f *fake[T]) standing() []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sorted()
}

func (f *fake[T]) sorted() []T { return inOrder(f.objects) }

func inOrder[T any](objects map[string]T) []T {
	var list []T
	for _, id := range slices.Sorted(maps.Keys(objects)) {
		list = append(list, objects[id])
	}
	return list
}

// shown is what a list shows: what stands, or stood a while ago.
func (f *fake[T]) shown() []T {
	at := time.Now().Add(-f.lag)
	for i, m := range f.past {
		if m.at.After(at) {
			return inOrder(f.past[max(i-1, 0)].objects)
		}
	}
	return f.sorted()
}

// remember keeps what stands now for lists that lag, and forgets what stood more
// than a minute ago. The mutex is held.
func (f *fake[T]) remember() {
	for len(f.past) > 1 && time.Since(f.past[1].at) > time.Minute {
		f.past = f.past[1:]
	}
	f.past = append(f.past, moment[T]{time.Now(), maps.Clone(f.objects)})
}

// meddle changes or, with nil, removes what stands at a key, as somebody else
// would.
func (f *fake[T]) meddle(t *testing.T, key string, change func(T) T) {
	t.Helper()
	for _, o := range f.standing() {
		if short(o) != key {
			continue
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if delete(f.objects, o.Identity()); change != nil {
			f.objects[o.Identity()] = change(o)
		}
		return
	}
	t.Fatalf("nothing stands at %s", key)
}

// short names an object in the journal.
func short[T model.Object[T]](o T) string {
	if r, ok := any(o).(model.Record); ok && r.Type == "TXT" {
		return "claim " + r.Name
	}
	return o.Key().String()
}

// TestFake holds the fakes to what the clients of the real APIs do.
func TestFake(t *testing.T) {
	t.Run("rules", func(t *testing.T) {
		first := model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/a"}}
		second, changed := first, first
		second.Path, changed.SourcePath = "/b", "/c"
		conformance.Run(t, func(*testing.T) conformance.Subject[model.Rule] { return subject(first, second, changed) })
	})
	t.Run("records", func(t *testing.T) {
		first := model.Record{Name: "a", Type: "A", Data: "192.0.2.1", TTL: 120}
		second, changed := first, first
		second.Data, changed.TTL = "192.0.2.2", 60
		conformance.Run(t, func(*testing.T) conformance.Subject[model.Record] { return subject(first, second, changed) })
	})
}

func subject[T model.Object[T]](first, second, changed T) conformance.Subject[T] {
	f := newFake[T]("fake", new(journal))
	return conformance.Subject[T]{
		Provider: f, First: first, Second: second, Changed: changed,
		Remove: func(id string) { delete(f.objects, id) },
		Revoke: func() { f.answer(func(string, int) reply { return reply{err: refusal(http.StatusUnauthorized)} }) },
	}
}

// journal holds all calls to all providers, in the order of their arrival.
type journal struct {
	mu    sync.Mutex
	calls []call
}

type call struct {
	at   time.Time
	text string
}

func (j *journal) note(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, call{time.Now(), text})
}

// take returns all calls since it was last called.
func (j *journal) take() []call {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := j.calls
	j.calls = nil
	return calls
}

// refusal is a reply of the given status.
func refusal(status int) error { return &httpapi.Error{Method: "POST", Path: "/x", Status: status} }
