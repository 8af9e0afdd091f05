package syncer

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/transport"
)

// reading is the periodic reading of all that stands.
type reading struct {
	running  bool
	due      time.Time
	begun    time.Time // of the last one that was complete
	failures int
	hopeless bool
	err      error
}

// next is when the next reading is due; zero while one is running.
func (r reading) next() time.Time {
	if r.running {
		return time.Time{}
	}
	return r.due
}

// gaveUp reports whether it is no use to wait for a reading to succeed.
func (r reading) gaveUp() bool { return r.hopeless || r.failures >= maxTries }

// readAll begins a reading of all that stands, if one is due.
func (t *target[T]) readAll(ctx context.Context, now time.Time) {
	if t.read.running || now.Before(t.read.due) {
		return
	}
	t.read.running = true
	settled := now.Add(-t.lag())
	if t.flying == 0 {
		t.picture.forget(settled)
	}
	began, since := t.picture.serial, t.picture.since(settled)
	go func() {
		defer logPanic(t.log, "op", "list")
		list, err := t.provider.List(ctx)
		t.results <- func() { t.readEnded(ctx, list, since, began, now, err) }
	}()
}

// lag is how far lists are taken to lag behind writes.
func (t *target[T]) lag() time.Duration { return min(maxLag, t.interval/2) }

// readSoon brings the next reading forward, unless one failed and waits.
func (t *target[T]) readSoon(now time.Time) {
	if t.read.err == nil {
		t.read.due = now
	}
}

// readEnded takes a reading into the picture, but for what we changed after the
// serial since. It began at the serial began.
func (t *target[T]) readEnded(ctx context.Context, list []T, since, began int, begun time.Time, err error) {
	t.read.running, t.news = false, true
	t.read.err = err
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		t.read.failures++
		t.read.hopeless = transport.Permanent(err)
		wait := t.backoff(t.read.failures, false)
		t.read.due = time.Now().Add(wait)
		t.log.Warn("reading what stands failed: "+err.Error(), "retry_in", wait.Round(time.Second))
		return
	}
	first := !t.picture.known
	all := func(T) bool { return true }
	differ := t.picture.merge(list, since, all, t.busy, first)
	clear(t.drifted)
	if !first {
		t.noteDrift(differ)
		t.noteRecurrence()
		t.reread()
	}
	t.resolve(began, all)
	t.picture.settle(begun, t.started, t.lag())
	t.picture.known = true
	t.read.failures, t.read.hopeless = 0, false
	t.read.begun = begun
	t.read.due = time.Now().Add(t.interval)
}

// noteDrift remembers which keys a reading found changed, or missing, without
// our doing.
func (t *target[T]) noteDrift(differ []string) {
	for id := range t.picture.missing {
		o, _ := t.picture.objects.Get(id)
		differ = append(differ, (*o).Key())
	}
	for _, key := range differ {
		if a, ok := t.attempts[key]; !ok || a.Status == plan.Parked {
			t.drifted[key] = true
		}
	}
}

// reachable reports whether the last reading succeeded.
func (t *target[T]) reachable() bool { return t.picture.known && t.read.err == nil }

// recurrence is how many readings in a row have to find a place changed before
// somebody is taken to work against us.
const recurrence = 3

// noteRecurrence tells, once, of places that are changed back again and again.
func (t *target[T]) noteRecurrence() {
	maps.DeleteFunc(t.recurred, func(key string, _ int) bool { return !t.drifted[key] })
	var fought []string
	for key := range t.drifted {
		if t.recurred[key]++; t.recurred[key] == recurrence {
			fought = append(fought, key)
		}
	}
	if len(fought) > 0 {
		slices.Sort(fought)
		t.log.Error("what is repaired here is changed back each time: does another edgeward run with this owner and cluster name, or a script?",
			"places", len(fought), "first", fought[0])
	}
}
