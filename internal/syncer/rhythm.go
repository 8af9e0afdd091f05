package syncer

import "time"

const (
	// rest is the least time between two plans for the sake of events, since one
	// kubectl apply is many. The first event after a longer time is planned for at
	// once, and so is one after events that have led to nothing. After any plan it is
	// at least restShare times as long as that took: operations begin and end then.
	rest      = 20 * time.Millisecond
	restShare = 2
	// replan is the least time between two plans for the sake of finished
	// operations, while others can still begin at the same provider, and
	// replanShare how many times as long as a plan it is at least: while ten
	// thousand rules are made one by one, planning takes a twentieth of the time.
	replan      = 100 * time.Millisecond
	replanShare = 20
	// wantingShare is likewise for plans for the sake of a provider at which
	// nothing else can begin: an event shall seldom find the loop planning.
	wantingShare = 4
)

// rhythm says when to plan next. The zero value is that before the first plan.
type rhythm struct {
	last  time.Time // when the last plan was made
	acted time.Time // when the last one was that events have led to and that found something to do
	// How long the last one took, and the shorter of the last two: one that was held
	// up, by the API server on the same machine, say, tells little of the next.
	latest, took time.Duration
}

// planned takes note of a plan, and whether events have led to it and it has found
// something to do.
func (r *rhythm) planned(at time.Time, took time.Duration, acted bool) {
	r.last, r.took, r.latest = at, min(r.latest, took), took
	if acted {
		r.acted = at
	}
}

// forEvents is when to plan for events that come now.
func (r rhythm) forEvents() time.Time {
	first, rested := r.acted.Add(rest), r.last.Add(restShare*r.took)
	if rested.After(first) {
		return rested
	}
	return first
}

// forOutcomes is when to plan since operations have ended; wanting says that
// nothing else can begin at one of their providers.
func (r rhythm) forOutcomes(wanting bool) time.Time {
	if wanting {
		return r.last.Add(wantingShare * r.took)
	}
	return r.last.Add(max(replan, replanShare*r.took))
}
