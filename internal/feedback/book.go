package feedback

import (
	"github.com/edgeward/edgeward/internal/model"
	"iter"
	"time"
)

// job is one thing to write.
type job struct {
	kind    kind
	outcome Outcome
	message Message // of an Event
	// repeated says that an earlier process may have recorded the Event, since
	// things were so already when this one looked for the first time. Where it
	// stands nothing is written.
	repeated bool
}

// book knows what was said and what there is to do. It has an entry for each
// Ingress and no more, whatever happens, and takes time as a parameter.
type book struct {
	entries map[model.IngressID]*entry
	open    map[model.IngressID]bool // those that may have something to do
	muted   [kinds]bool              // what may not be written
	updates int                      // how often outcomes have come
}

func newBook() *book {
	return &book{entries: make(map[model.IngressID]*entry), open: make(map[model.IngressID]bool)}
}

// update takes the outcomes of all Ingresses. What the first ones say is mostly
// no news: it was said before a restart.
func (b *book) update(outcomes iter.Seq[Outcome], now time.Time) {
	b.updates++
	for o := range outcomes {
		e := b.entries[o.Ingress]
		if e == nil || e.outcome.UID != o.UID && !o.Absent {
			e = newEntry(o, b.updates == 1, now)
			b.entries[o.Ingress] = e
		}
		if e.update = b.updates; o.Undecided {
			continue
		}
		e.take(o, now)
		b.open[o.Ingress] = true
	}
	for id, e := range b.entries {
		switch {
		case e.update == b.updates:
		case e.mayShow() && !b.muted[status]:
			e.take(Outcome{Ingress: id, Absent: true}, now)
			b.open[id] = true
		default:
			delete(b.entries, id)
			delete(b.open, id)
		}
	}
}

// next returns something that is due, or when the next thing will be; zero:
// nothing is left. In haste, what is so is said at once.
func (b *book) next(now time.Time, haste bool) (next job, wake time.Time, ok bool) {
	for id := range b.open {
		j, at := b.entries[id].next(b.muted, haste)
		switch {
		case at.IsZero():
			delete(b.open, id)
		case !at.After(now):
			return j, time.Time{}, true
		case wake.IsZero() || at.Before(wake):
			wake = at
		}
	}
	return job{}, wake, false
}

// done takes note that a job is done, or not to be tried again as things are.
// It returns how often in a row the Ingress's status has been written.
func (b *book) done(j job, wrote bool, now time.Time) (rewrites int) {
	e := b.entries[j.outcome.Ingress]
	switch {
	case e == nil || e.outcome.UID != j.outcome.UID:
		return 0
	case j.kind == events:
		e.saidNow(j.message, j.outcome.Messages)
		return 0
	}
	e.looked = lookedAt(j.outcome)
	if wrote {
		e.rewrote(j.outcome.hostnames(), now)
	}
	return e.rewrites
}

// later has a status tried again: somebody changed the Ingress meanwhile.
func (b *book) later(j job, now time.Time) {
	if e := b.entries[j.outcome.Ingress]; e != nil {
		e.notBefore = now.Add(firstRewrite)
	}
}
