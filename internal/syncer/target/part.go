package target

import (
	"context"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
)

// MaxLag is how far lists are taken to lag behind writes, unless they are made so often
// that half their interval is less. What a list shows of something that we changed so
// shortly before waits for the next one.
const MaxLag = time.Minute

// part is what is listed of a provider by itself: all that stands at a CDN, or one zone
// of a DNS. So a zone that cannot be listed holds up no other.
type part[T any] struct {
	name   string // see observed.View.Parts
	list   func(context.Context) ([]T, error)
	covers func(T) bool

	listing  bool          // a list is under way
	known    bool          // it was listed since the start
	due      time.Time     // when to list it next
	began    time.Time     // when the last complete list did
	took     time.Duration // how long that took
	failures failures      // since then

	drifted  map[model.Place]bool // what the last list found changed without our doing
	recurred map[model.Place]int  // in how many lists in a row, of these places
}

func newPart[T any](name string, list func(context.Context) ([]T, error), covers func(T) bool) *part[T] {
	return &part[T]{
		name: name, list: list, covers: covers,
		drifted: make(map[model.Place]bool), recurred: make(map[model.Place]int),
	}
}

// zones are those of a DNS, each listed by itself where there are several.
func zones(dns provider.Records) []*part[model.Record] {
	names := dns.Zones()
	if len(names) == 1 {
		return []*part[model.Record]{newPart("", dns.List, func(model.Record) bool { return true })}
	}
	var parts []*part[model.Record]
	for _, name := range names {
		parts = append(parts, newPart(name,
			func(ctx context.Context) ([]model.Record, error) { return dns.Find(ctx, model.Record{Zone: name}) },
			func(r model.Record) bool { return r.Zone == name }))
	}
	return parts
}

// tried reports whether a list has ended, well or not.
func (p *part[T]) tried() bool { return p.known || p.failures.count > 0 }

// fault is why the part cannot be listed, if it never could be or does not exist any
// more. It is "" where it was listed: what is known of it holds while lists fail.
func (p *part[T]) fault() string {
	if p.failures.err == nil || p.known && !httpapi.IsNotFound(p.failures.err) {
		return ""
	}
	return p.failures.err.Error()
}

// main is the part that all else waits for: of a DNS the zone of the origins.
func (t *Target[T]) main() *part[T] { return t.parts[0] }

// anyListing reports whether any list is under way.
func (t *Target[T]) anyListing() bool {
	return slices.ContainsFunc(t.parts, func(p *part[T]) bool { return p.listing })
}

// nextList is when the next list is due; zero while all are under way.
func (t *Target[T]) nextList() (next time.Time) {
	for _, p := range t.parts {
		if !p.listing {
			next = Earliest(next, p.due)
		}
	}
	return next
}

// lag is how far lists are taken to lag behind writes.
func (t *Target[T]) lag() time.Duration { return min(MaxLag, t.Interval/2) }

// ListSoon brings forward the next lists of some parts, unless the last one failed and
// waits. Of a provider that is listed as a whole it is the one list.
func (t *Target[T]) ListSoon(now time.Time, parts map[string]bool) {
	for _, p := range t.parts {
		if p.failures.err == nil && (parts[p.name] || len(t.parts) == 1 && len(parts) > 0) {
			p.due = now
		}
	}
}

// ListDue begins the lists that are due.
func (t *Target[T]) ListDue(ctx context.Context, now time.Time) {
	for _, p := range t.parts {
		if !p.listing && !now.Before(p.due) {
			t.list(ctx, p, now)
		}
	}
}

// list begins to list a part. Its end comes back as a result.
func (t *Target[T]) list(ctx context.Context, p *part[T], now time.Time) {
	settled := now.Add(-t.lag())
	if t.attempts.inFlight == 0 && !t.anyListing() {
		t.cache.forget(settled)
	}
	p.listing = true
	l := listResult[T]{target: t, part: p, began: now, serial: t.cache.serial, settled: t.cache.serialAt(settled)}
	go func() {
		defer LogPanic(t.Log, "op", "list")
		l.objects, l.err = p.list(ctx)
		l.cancelled = ctx.Err() != nil
		t.Results <- l
	}()
}

// listResult is a list that has ended.
type listResult[T model.Object[T]] struct {
	target  *Target[T]
	part    *part[T]
	began   time.Time
	serial  int // the cache's when it began
	settled int // what changed later it may not show yet
	objects []T
	err     error
	// Cancelled: there was a stop meanwhile, so that it says nothing of the provider.
	cancelled bool
}

// Apply takes the list into the cache.
func (l listResult[T]) Apply() {
	t, p := l.target, l.part
	p.listing, t.news = false, true
	switch {
	case l.err != nil && l.cancelled:
		return
	case l.err != nil:
		now := time.Now()
		wait := t.Jitter(p.failures.add(l.err, now))
		p.due = now.Add(wait)
		t.Log.Warn("reading what stands failed: "+l.err.Error(), "retry_in", wait.Round(time.Second))
		return
	}
	first := !p.known
	differ := t.cache.merge(observation[T]{objects: l.objects, covers: p.covers, after: l.settled, conclusive: first}, t.attempts.changing)
	clear(p.drifted)
	if !first {
		t.noteDrift(p, differ)
		t.noteRecurrence(p)
	}
	p.known, p.failures = true, failures{}
	p.began, p.took, p.due = l.began, time.Since(l.began), time.Now().Add(t.Interval)
	if p == t.main() {
		if t.cache.known {
			t.OnRelist()
		}
		t.cache.known = true
	}
	t.attempts.resolve(l.serial, p.covers)
	t.cache.settle(p.covers, l.began, t.started, t.lag())
	if !slices.ContainsFunc(t.parts, func(p *part[T]) bool { return p.began.Before(t.started.Add(t.lag())) }) {
		t.cache.unproven = nil // no list that is in use is older than the process
	}
}
