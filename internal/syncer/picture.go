package syncer

import (
	"maps"

	"github.com/edgeward/edgeward/internal/plan"
)

// picture is what is believed to stand at a provider: what was last read,
// changed by each operation since. It saves reading before every event.
//
// A reading takes time, and operations go on meanwhile, so what one of them
// changed after the reading began is not taken from the reading.
type picture[T plan.Object[T]] struct {
	known   bool // a reading has succeeded
	objects map[string]T
	missing map[string]bool // of objects: the last reading did not show it
	serial  int             // counts changes
	changed map[string]int  // by ID: the serial of our last change
}

func newPicture[T plan.Object[T]]() picture[T] {
	return picture[T]{objects: make(map[string]T), missing: make(map[string]bool), changed: make(map[string]int)}
}

// put notes that o stands, since we made or changed it.
func (p *picture[T]) put(o T) {
	p.serial++
	p.objects[o.Identity()] = o
	p.changed[o.Identity()] = p.serial
	delete(p.missing, o.Identity())
}

// drop notes that the object is gone, since we removed it.
func (p *picture[T]) drop(id string) {
	p.serial++
	delete(p.objects, id)
	delete(p.missing, id)
	p.changed[id] = p.serial
}

// doubt notes that the object may not be as we believe.
func (p *picture[T]) doubt(id string) {
	if _, ok := p.objects[id]; ok {
		p.missing[id] = true
	}
}

// merge takes over a reading that began at the serial since. It covers the
// objects for which within is true; keep is true for those that an operation
// under way is about to change. An object that is absent is doubted, and gone
// only if sure. The keys of objects that differ from what was believed are
// returned.
func (p *picture[T]) merge(read []T, since int, within func(T) bool, keep func(T) bool, sure bool) (differ []string) {
	ours := func(id string) bool { return p.changed[id] > since }
	seen := make(map[string]bool, len(read))
	for _, o := range read {
		id := o.Identity()
		seen[id] = true
		old, had := p.objects[id]
		if ours(id) || had && keep(old) {
			continue
		}
		if !had || !old.Equal(o) {
			differ = append(differ, o.Key())
			if had {
				differ = append(differ, old.Key())
			}
		}
		p.objects[id] = o
		delete(p.missing, id)
	}
	for id, o := range maps.Clone(p.objects) {
		if seen[id] || ours(id) || !within(o) || keep(o) {
			continue
		}
		if !sure {
			p.missing[id] = true
			continue
		}
		differ = append(differ, o.Key())
		delete(p.objects, id)
		delete(p.missing, id)
	}
	return differ
}

// forget drops what is only needed while a reading is under way.
func (p *picture[T]) forget() { clear(p.changed) }
