package target

import (
	"maps"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
)

// cache holds what is believed to stand at a provider: what was last listed,
// changed by each operation since. It saves listing before every event.
//
// A list takes time, and operations go on meanwhile, so what one of them changed
// after the list began is not taken from the list. Nor is what one of them changed
// shortly before: a provider's lists may lag behind its writes.
type cache[T model.Object[T]] struct {
	known   bool                           // the provider was listed
	objects *ordered.Map[string, *T]       // by ID, in their own order
	missing map[string]bool                // of objects: the last list did not show it
	serial  int                            // counts changes
	changed map[string]change              // by ID: our last change
	doubted map[string]time.Time           // by ID: when a deletion ended whose reply was lost
	written map[string]observed.Written[T] // by ID: what no list has shown yet as we wrote it
	// unproven are the IDs of what only a list has shown that may be older than the
	// process; nil: there is nothing like that any more, or nobody asks.
	unproven map[string]bool
	// concerns reports whether an object concerns us whatever is wanted. There may be
	// many more of others.
	concerns func(T) bool
}

// change is when we changed an object.
type change struct {
	serial int
	at     time.Time
}

// observation is what a call has shown of a part of a provider.
type observation[T any] struct {
	objects []T
	covers  func(T) bool // which objects it would have shown
	// after is a serial: what we changed later goes before what the call has shown.
	after int
	// Conclusive: what it does not show is gone. Otherwise that is in doubt.
	conclusive bool
}

func newCache[T model.Object[T]](concerns func(T) bool) cache[T] {
	return cache[T]{
		objects:  ordered.NewMap[string](func(a, b *T) int { return (*a).Compare(*b) }),
		missing:  make(map[string]bool),
		changed:  make(map[string]change),
		doubted:  make(map[string]time.Time),
		written:  make(map[string]observed.Written[T]),
		concerns: concerns,
	}
}

// put notes that o stands, since we made or changed it.
func (c *cache[T]) put(o T) {
	c.objects.Put(o.Identity(), &o)
	c.change(o.Identity())
	c.certain(o.Identity())
}

// drop notes that the object is gone.
func (c *cache[T]) drop(id string) {
	c.objects.Delete(id)
	delete(c.written, id)
	c.change(id)
	c.certain(id)
}

// change notes that we know of an object what calls that began before do not show.
func (c *cache[T]) change(id string) {
	c.serial++
	c.changed[id] = change{c.serial, time.Now()}
}

// certain notes that we know of an object whether it stands.
func (c *cache[T]) certain(id string) {
	delete(c.missing, id)
	delete(c.doubted, id)
	delete(c.unproven, id)
}

// wrote notes that we wrote the object of an ID, by creating or by updating it.
func (c *cache[T]) wrote(id string, as T, verb model.Verb) {
	before, again := c.written[id]
	if again {
		o, ok := c.objects.Get(id)
		again = ok && !(*o).Equal(*before.As)
	}
	c.written[id] = observed.Written[T]{
		As: &as, At: time.Now(), Made: verb == model.Create || before.Made, Again: again || before.Again,
	}
}

// doubt notes that the object may not be as we believe.
func (c *cache[T]) doubt(id string) {
	delete(c.changed, id)
	if o, ok := c.objects.Get(id); ok {
		c.missing[id] = true
		c.suspect(*o)
	}
}

// suspect notes that nothing but a list that may be too old has shown an object.
func (c *cache[T]) suspect(o T) {
	if c.unproven != nil && c.concerns(o) {
		c.unproven[o.Identity()] = true
	}
}

// lose notes that a deletion of the object may have happened: its reply was lost.
func (c *cache[T]) lose(id string) {
	c.doubt(id)
	c.doubted[id] = time.Now()
}

// merge takes over what a call has shown, but for the objects that an operation under
// way is about to change. An object that concerns nobody, so that nobody looks it up, is
// gone once two calls have not shown it. It returns the places of objects that differ
// from what was believed.
func (c *cache[T]) merge(shown observation[T], changing func(T) bool) (differ []model.Place) {
	ours := func(id string) bool { return c.changed[id].serial > shown.after }
	seen := make(map[string]bool, len(shown.objects))
	for _, o := range shown.objects {
		id := o.Identity()
		seen[id] = true
		old, had := c.objects.Get(id)
		if ours(id) || had && changing(*old) {
			delete(c.missing, id)
			if had && (*old).Equal(o) {
				c.objects.Put(id, new((*old).Observed(o)))
			}
			continue
		}
		if w, ok := c.written[id]; ok && (*w.As).Equal(o) {
			delete(c.written, id)
		}
		c.suspect(o)
		if had && (*old).Equal(o) {
			o = (*old).Observed(o) // the same texts as before, not another copy
		} else {
			differ = append(differ, o.Key())
			if had {
				differ = append(differ, (*old).Key())
			}
		}
		c.objects.Put(id, &o)
		delete(c.missing, id)
	}
	for _, o := range c.objects.List() {
		id := (*o).Identity()
		if seen[id] || ours(id) || !shown.covers(*o) || changing(*o) {
			continue
		}
		if !shown.conclusive && (!c.missing[id] || c.concerns(*o)) {
			c.missing[id] = true
			continue
		}
		differ = append(differ, (*o).Key())
		c.drop(id) // lists that lag may show it again
	}
	return differ
}

// serialAt is the serial at a time: what was changed later has a higher one.
func (c *cache[T]) serialAt(t time.Time) int {
	serial := c.serial
	for _, change := range c.changed {
		if change.at.After(t) {
			serial = min(serial, change.serial-1)
		}
	}
	return serial
}

// forget drops the changes until t. Only calls that take no account of changes since t
// may be under way.
func (c *cache[T]) forget(t time.Time) {
	maps.DeleteFunc(c.changed, func(_ string, change change) bool { return !change.at.After(t) })
}

// settle takes note that a list of what is covered began at a time: it has seen what
// lists older than lag may not show yet. Started is when the process was.
func (c *cache[T]) settle(covers func(T) bool, began, started time.Time, lag time.Duration) {
	seen := func(id string) bool {
		o, ok := c.objects.Get(id)
		return !ok || covers(*o)
	}
	maps.DeleteFunc(c.doubted, func(id string, at time.Time) bool { return !began.Before(at.Add(lag)) && seen(id) })
	if began.Before(started.Add(lag)) {
		return
	}
	maps.DeleteFunc(c.unproven, func(id string, _ bool) bool { return !c.missing[id] && seen(id) })
}

// mayBeGone returns the IDs of what may be gone; see observed.View.Unproven.
func (c *cache[T]) mayBeGone() map[string]bool {
	ids := make(map[string]bool, len(c.unproven)+len(c.doubted))
	maps.Copy(ids, c.unproven)
	for id := range c.doubted {
		ids[id] = true
	}
	return ids
}

// prove notes that an object was read by itself, by a call that began at a serial.
func (c *cache[T]) prove(id string, began int) {
	if _, ok := c.objects.Get(id); !ok || c.changed[id].serial > began {
		return
	}
	c.change(id)
	c.certain(id)
}
