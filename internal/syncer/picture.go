package syncer

import (
	"maps"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
)

// picture is what is believed to stand at a provider: what was last read,
// changed by each operation since. It saves reading before every event.
//
// A reading takes time, and operations go on meanwhile, so what one of them
// changed after the reading began is not taken from the reading. Nor is what
// one changed shortly before: a provider's lists may lag behind its writes.
type picture[T model.Object[T]] struct {
	known   bool                           // a reading has succeeded
	objects *ordered.Map[string, *T]       // by ID, in their own order
	missing map[string]bool                // of objects: the last reading did not show it
	serial  int                            // counts changes
	changed map[string]change              // by ID: our last change
	doubted map[string]time.Time           // by ID: when a deletion ended whose reply was lost
	written map[string]observed.Written[T] // by ID: what no reading has shown yet as we wrote it
	// unproven are the IDs of what only a list has shown that may be older than the
	// process; nil: there is none such any more, or nobody asks.
	unproven map[string]bool
	// concerns reports whether an object concerns us whatever is wanted. Of others there
	// may be many more.
	concerns func(T) bool
}

// change is when we changed an object.
type change struct {
	serial int
	at     time.Time
}

func newPicture[T model.Object[T]]() picture[T] {
	return picture[T]{objects: ordered.NewMap[string](func(a, b *T) int { return (*a).Compare(*b) }), missing: make(map[string]bool), changed: make(map[string]change), doubted: make(map[string]time.Time), written: make(map[string]observed.Written[T]), concerns: func(T) bool { return true }}
}

// put notes that o stands, since we made or changed it.
func (p *picture[T]) put(o T) {
	p.serial++
	p.objects.Put(o.Identity(), &o)
	p.changed[o.Identity()] = change{p.serial, time.Now()}
	p.certain(o.Identity())
}

// drop notes that the object is gone.
func (p *picture[T]) drop(id string) {
	p.serial++
	p.objects.Delete(id)
	delete(p.missing, id)
	delete(p.doubted, id)
	delete(p.written, id)
	delete(p.unproven, id)
	p.changed[id] = change{p.serial, time.Now()}
}

// wrote notes that we wrote the object of an ID, by making or by changing it.
func (p *picture[T]) wrote(id string, as T, made bool) {
	before, again := p.written[id]
	if again {
		o, ok := p.objects.Get(id)
		again = ok && !(*o).Equal(*before.As)
	}
	p.written[id] = observed.Written[T]{As: &as, At: time.Now(), Made: made || before.Made, Again: again || before.Again}
}

// doubt notes that the object may not be as we believe.
func (p *picture[T]) doubt(id string) {
	delete(p.changed, id)
	if o, ok := p.objects.Get(id); ok {
		p.missing[id] = true
		p.suspect(*o)
	}
}

// suspect notes that nothing but a list that may be too old has shown an object.
func (p *picture[T]) suspect(o T) {
	if p.unproven != nil && p.concerns(o) {
		p.unproven[o.Identity()] = true
	}
}

// lose notes that a deletion of the object may have happened: its reply was lost.
func (p *picture[T]) lose(id string) {
	p.doubt(id)
	p.doubted[id] = time.Now()
}

// merge takes over a reading that began at the serial since. It covers the
// objects for which within is true; keep is true for those that an operation
// under way is about to change. An object that is absent is doubted, and gone
// only if sure; or if it was absent before and does not concern us, so that nobody
// looks it up. The keys of objects that differ from what was believed are returned.
func (p *picture[T]) merge(read []T, since int, within func(T) bool, keep func(T) bool, sure bool) (differ []model.Place) {
	ours := func(id string) bool { return p.changed[id].serial > since }
	seen := make(map[string]bool, len(read))
	for _, o := range read {
		id := o.Identity()
		seen[id] = true
		old, had := p.objects.Get(id)
		if ours(id) || had && keep(*old) {
			delete(p.missing, id) // it was seen
			if had && (*old).Equal(o) {
				p.objects.Put(id, new((*old).Observed(o)))
			}
			continue
		}
		if w, ok := p.written[id]; ok && (*w.As).Equal(o) {
			delete(p.written, id)
		}
		p.suspect(o)
		if had && (*old).Equal(o) {
			o = (*old).Observed(o) // the same texts as before, not another copy
		} else {
			differ = append(differ, o.Key())
			if had {
				differ = append(differ, (*old).Key())
			}
		}
		p.objects.Put(id, &o)
		delete(p.missing, id)
	}
	for _, o := range p.objects.List() {
		id := (*o).Identity()
		if seen[id] || ours(id) || !within(*o) || keep(*o) {
			continue
		}
		if !sure && (!p.missing[id] || p.concerns(*o)) {
			p.missing[id] = true
			continue
		}
		differ = append(differ, (*o).Key())
		p.drop(id) // lists that lag may show it again
	}
	return differ
}

// since returns the serial that t had: what was changed later has a higher one.
func (p *picture[T]) since(t time.Time) int {
	serial := p.serial
	for _, c := range p.changed {
		if c.at.After(t) {
			serial = min(serial, c.serial-1)
		}
	}
	return serial
}

// forget drops what is of no use to readings that take no account of changes
// since t, and only to those.
func (p *picture[T]) forget(t time.Time) {
	maps.DeleteFunc(p.changed, func(_ string, c change) bool { return !c.at.After(t) })
}

// settle takes note that a reading of some objects has begun at a time: it has seen
// what lists older than lag may not show yet. Started is when the process was.
func (p *picture[T]) settle(within func(T) bool, begun, started time.Time, lag time.Duration) {
	seen := func(id string) bool {
		o, ok := p.objects.Get(id)
		return !ok || within(*o)
	}
	maps.DeleteFunc(p.doubted, func(id string, at time.Time) bool { return !begun.Before(at.Add(lag)) && seen(id) })
	if begun.Before(started.Add(lag)) {
		return
	}
	maps.DeleteFunc(p.unproven, func(id string, _ bool) bool { return !p.missing[id] && seen(id) })
}

// mayBeGone returns the IDs of what may be gone; see plan.View.Unproven.
func (p *picture[T]) mayBeGone() map[string]bool {
	ids := make(map[string]bool, len(p.unproven)+len(p.doubted))
	maps.Copy(ids, p.unproven)
	for id := range p.doubted {
		ids[id] = true
	}
	return ids
}

// prove notes that an object was read by itself, which began at the serial since.
func (p *picture[T]) prove(id string, since int) {
	if _, ok := p.objects.Get(id); !ok || p.changed[id].serial > since {
		return
	}
	p.serial++
	p.changed[id] = change{p.serial, time.Now()}
	p.certain(id)
}

// certain notes that an object stands, whatever a list says that is too old.
func (p *picture[T]) certain(id string) {
	delete(p.missing, id)
	delete(p.doubted, id)
	delete(p.unproven, id)
}
