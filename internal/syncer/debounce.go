package syncer

import "time"

const (
	// eventPause is the least time between two plans for the sake of events, since
	// one kubectl apply is many. The first event after a longer time is planned for
	// at once, and so is one after events that led to nothing. After any plan it is
	// at least eventShare times as long as that took: operations begin and end then.
	eventPause = 20 * time.Millisecond
	eventShare = 2
	// callsPause is the least time between two plans for the sake of calls that
	// have ended, while others can still begin at the same provider. It is at least
	// callsShare times as long as a plan: while ten thousand rules are made one by
	// one, planning takes a twentieth of the time.
	callsPause = 100 * time.Millisecond
	callsShare = 20
	// starvedShare is likewise for a plan for the sake of a provider at which nothing
	// else can begin: an event shall seldom find the loop planning.
	starvedShare = 4
)

// debounce says when to plan next. The zero value is that before the first plan.
type debounce struct {
	last  time.Time // when the last plan was made
	acted time.Time // when the last plan was made that events led to and that found work
	// How long the last plan took, and the shorter of the last two: one that was held
	// up, by the API server on the same machine, say, tells little of the next.
	latest, took time.Duration
}

// planned takes note of a plan.
func (d *debounce) planned(at time.Time, took time.Duration) {
	d.last, d.took, d.latest = at, min(d.latest, took), took
}

// afterEvent is when to plan for an event that comes now.
func (d debounce) afterEvent() time.Time {
	paused, rested := d.acted.Add(eventPause), d.last.Add(eventShare*d.took)
	if rested.After(paused) {
		return rested
	}
	return paused
}

// afterCalls is when to plan because calls have ended.
func (d debounce) afterCalls() time.Time {
	return d.last.Add(max(callsPause, callsShare*d.took))
}

// whenStarved is when to plan because calls have ended at a provider at which
// nothing else can begin.
func (d debounce) whenStarved() time.Time { return d.last.Add(starvedShare * d.took) }
