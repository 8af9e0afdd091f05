package syncer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// reading is the periodic reading of one part of a provider: of all that stands at a
// CDN, or of one zone of DNS. Its parts are read on their own, so that one that
// cannot be read holds up no other.
type reading[T any] struct {
	part   string // see plan.View.Parts
	list   func(context.Context) ([]T, error)
	within func(T) bool

	running  bool
	known    bool // it succeeded since the start
	due      time.Time
	begun    time.Time     // of the last one that was complete
	took     time.Duration // likewise
	failures int
	hopeless bool
	err      error

	drifted  map[model.Place]bool // keys that the last one found changed
	recurred map[model.Place]int  // of these: how many in a row did
}

func newReading[T any](part string, list func(context.Context) ([]T, error), within func(T) bool) *reading[T] {
	return &reading[T]{part: part, list: list, within: within, drifted: make(map[model.Place]bool), recurred: make(map[model.Place]int)}
}

// tried reports whether it has ended at least once, well or not.
func (r *reading[T]) tried() bool { return r.known || r.err != nil }

// gaveUp reports whether it is no use to wait for it to succeed.
func (r *reading[T]) gaveUp() bool { return r.hopeless || r.failures >= maxTries }

// fault is why the part cannot be read, if it never could or is not there any more;
// "": it was read, and what is known of it holds while that fails for a moment.
func (r *reading[T]) fault() string {
	if r.err == nil || r.known && !httpapi.IsNotFound(r.err) {
		return ""
	}
	return r.err.Error()
}

// main is the reading that all else waits for: of DNS that of the origins' zone.
func (t *target[T]) main() *reading[T] { return t.readings[0] }

// nextReading is when the next reading is due; zero while all are running.
func (t *target[T]) nextReading() (next time.Time) {
	for _, r := range t.readings {
		if !r.running {
			next = earliest(next, r.due)
		}
	}
	return next
}

// gaveUp reports whether it is no use to wait for every reading to succeed.
func (t *target[T]) gaveUp() bool { return slices.ContainsFunc(t.readings, (*reading[T]).gaveUp) }

// lost reports whether it is no use to wait for the reading that all else waits for.
func (t *target[T]) lost() bool { return t.main().gaveUp() }

// readErr is the error of the last readings; nil if all succeeded.
func (t *target[T]) readErr() error {
	var errs []error
	for _, r := range t.readings {
		errs = append(errs, r.err)
	}
	return errors.Join(errs...)
}

// readAll begins the readings that are due.
func (t *target[T]) readAll(ctx context.Context, now time.Time) {
	for _, r := range t.readings {
		if !r.running && !now.Before(r.due) {
			t.beginReading(ctx, r, now)
		}
	}
}

func (t *target[T]) beginReading(ctx context.Context, r *reading[T], now time.Time) {
	settled := now.Add(-t.lag())
	if t.flying == 0 && !slices.ContainsFunc(t.readings, func(r *reading[T]) bool { return r.running }) {
		t.picture.forget(settled)
	}
	r.running = true
	serial, since := t.picture.serial, t.picture.since(settled)
	go func() {
		defer logPanic(t.log, "op", "list")
		list, err := r.list(ctx)
		t.results <- func() { t.readEnded(ctx, r, list, since, serial, now, err) }
	}()
}

// lag is how far lists are taken to lag behind writes.
func (t *target[T]) lag() time.Duration { return min(maxLag, t.interval/2) }

// soon brings the next reading forward, unless the last one failed and waits.
func (r *reading[T]) soon(now time.Time) {
	if r.err == nil {
		r.due = now
	}
}

// readEnded takes a reading into the picture, but for what we changed after the
// serial since. It began at the given serial, at the time begun.
func (t *target[T]) readEnded(ctx context.Context, r *reading[T], list []T, since, serial int, begun time.Time, err error) {
	r.running, t.news = false, true
	if err != nil && ctx.Err() != nil {
		return
	}
	if r.err = err; err != nil {
		r.failures++
		r.hopeless = httpapi.Permanent(err)
		wait := t.backoff(r.failures, false)
		r.due = time.Now().Add(wait)
		t.log.Warn("reading what stands failed: "+err.Error(), "retry_in", wait.Round(time.Second))
		return
	}
	first := !r.known
	differ := t.picture.merge(list, since, r.within, t.busy, first)
	clear(r.drifted)
	if !first {
		t.noteDrift(r, differ)
		t.noteRecurrence(r)
	}
	r.known, r.failures, r.hopeless, r.begun, r.took, r.due = true, 0, false, begun, time.Since(begun), time.Now().Add(t.interval)
	if r == t.main() {
		if t.picture.known {
			t.reread()
		}
		t.picture.known = true
	}
	t.resolve(serial, r.within)
	t.picture.settle(r.within, begun, t.started, t.lag())
	if !slices.ContainsFunc(t.readings, func(r *reading[T]) bool { return r.begun.Before(t.started.Add(t.lag())) }) {
		t.picture.unproven = nil // no list that is in use is older than the process
	}
}

// noteDrift remembers which keys a reading found changed, or missing, without
// our doing.
func (t *target[T]) noteDrift(r *reading[T], differ []model.Place) {
	for id := range t.picture.missing {
		if o, _ := t.picture.objects.Get(id); r.within(*o) {
			differ = append(differ, (*o).Key())
		}
	}
	for _, key := range differ {
		if a, ok := t.attempts[key]; !ok || a.Status == observed.BackingOff {
			r.drifted[key] = true
		}
	}
}

// reachable reports whether the last readings succeeded.
func (t *target[T]) reachable() bool { return t.picture.known && t.readErr() == nil }

// repair takes note that what a reading found changed was brought back.
func (t *target[T]) repair(key model.Place) {
	for _, r := range t.readings {
		if r.drifted[key] {
			delete(r.drifted, key)
			t.repaired()
		}
	}
}

// recurrence is how many readings in a row have to find a place changed before
// somebody is taken to work against us.
const recurrence = 3

// noteRecurrence tells, once, of places that are changed back again and again.
func (t *target[T]) noteRecurrence(r *reading[T]) {
	maps.DeleteFunc(r.recurred, func(key model.Place, _ int) bool { return !r.drifted[key] })
	var fought []model.Place
	for key := range r.drifted {
		if r.recurred[key]++; r.recurred[key] == recurrence {
			fought = append(fought, key)
		}
	}
	if len(fought) > 0 {
		slices.SortFunc(fought, model.Place.Compare)
		t.log.Error("what is repaired here is changed back each time: does another edgeward run with this owner and cluster name, or a script?",
			"places", len(fought), "first", fought[0].String())
	}
}
