package feedback

import (
	"iter"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// job is one thing to write.
type job struct {
	kind    kind
	report  Report
	message Message // of an Event
	// repeated says that an earlier process may have recorded the Event, since
	// things were so already when this one looked for the first time. Where it
	// stands nothing is written.
	repeated bool
}

// haste is how soon something is written.
type haste int

const (
	inTime haste = iota // when it has been so for long enough
	atOnce
)

// queue knows what was written and what there is to write. It has an entry for each
// Ingress and no more, whatever happens, and takes time as a parameter.
type queue struct {
	entries map[model.IngressID]*entry
	open    map[model.IngressID]bool // those with something to write, now or later
	muted   muted
	updates int // how often reports have come
}

// muted are the kinds that may not be written.
type muted [kinds]bool

func newQueue() *queue {
	return &queue{entries: make(map[model.IngressID]*entry), open: make(map[model.IngressID]bool)}
}

// update takes the reports of all Ingresses. What the first ones say is mostly
// no news: it was said before a restart.
func (q *queue) update(reports iter.Seq[Report], now time.Time) {
	q.updates++
	for r := range reports {
		e := q.entries[r.Ingress]
		if e == nil || e.report.UID != r.UID && !r.Absent {
			e = newEntry(r, now)
			if q.updates == 1 {
				e.presumeSaid(r)
			}
			q.entries[r.Ingress] = e
		}
		if e.update = q.updates; !r.Undecided {
			e.take(r, now)
			q.sort(r.Ingress)
		}
	}
	for id, e := range q.entries {
		switch {
		case e.update == q.updates:
		case e.mayShow() && !q.muted[status]:
			e.take(Report{Ingress: id, Absent: true}, now)
			q.sort(id)
		default:
			delete(q.entries, id)
			delete(q.open, id)
		}
	}
}

// sort puts an entry among the open ones, or takes it out, as it has something to write.
func (q *queue) sort(id model.IngressID) {
	if _, at := q.entries[id].next(q.muted, atOnce); at.IsZero() {
		delete(q.open, id)
	} else {
		q.open[id] = true
	}
}

// allow takes note of which kinds may not be written.
func (q *queue) allow(m muted) {
	if m == q.muted {
		return
	}
	q.muted = m
	for id := range q.entries {
		q.sort(id)
	}
}

// next returns something that is due, or when the next thing will be; zero:
// nothing is left.
func (q *queue) next(now time.Time, h haste) (next job, wake time.Time, ok bool) {
	for id := range q.open {
		j, at := q.entries[id].next(q.muted, h)
		if !at.After(now) {
			return j, time.Time{}, true
		}
		if wake.IsZero() || at.Before(wake) {
			wake = at
		}
	}
	return job{}, wake, false
}

// done takes note that a job is done, or not to be tried again as things are.
func (q *queue) done(j job) {
	e := q.entry(j)
	if e == nil {
		return
	}
	if j.kind == events {
		e.saidNow(j.message, j.report.Messages)
	} else {
		e.looked = lookedAt(j.report)
	}
	q.sort(j.report.Ingress)
}

// wrote takes note that a status was written, and returns how often in a row the
// Ingress's has been.
func (q *queue) wrote(j job, now time.Time) (times int) {
	e := q.entry(j)
	if e == nil {
		return 0
	}
	e.rewrote(j.report.hostnames(), now)
	return e.rewrites
}

// later has a status tried again: somebody changed the Ingress meanwhile.
func (q *queue) later(j job, now time.Time) {
	if e := q.entry(j); e != nil {
		e.notBefore = now.Add(firstRewrite)
	}
}

// entry is what is remembered of a job's Ingress; nil if that was replaced or forgotten
// meanwhile.
func (q *queue) entry(j job) *entry {
	if e := q.entries[j.report.Ingress]; e != nil && e.report.UID == j.report.UID {
		return e
	}
	return nil
}
