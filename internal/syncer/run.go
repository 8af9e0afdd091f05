package syncer

import (
	"context"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/syncer/target"
)

const (
	// heartbeat is how often the loop shows that it is alive when nothing happens.
	heartbeat = 5 * time.Second
	// drainTime is how long the calls under way may take to end at a stop.
	drainTime = 10 * time.Second
)

// Run works until ctx is done or, with Options.Once, until nothing is left to
// do. At the end it lets the calls under way finish, for ten seconds at most.
//
// Each turn of the loop does what is due: lists the providers, maps the clusters to what
// is wanted, plans, and begins the operations that are safe. One function for each says
// when it is due, and nextWake is the first of these times.
func (s *Syncer) Run(ctx context.Context) error {
	defer target.LogPanic(s.log)
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.start(time.Now())
	for {
		now := time.Now()
		s.alive.Store(&now)
		for _, t := range s.targets() {
			t.ListDue(ctx, now)
		}
		if due(s.mapAt(now), now) {
			s.mapClusters(now)
		}
		s.beginOperations(calls)
		if due(s.planAt(now), now) {
			s.plan(now)
			s.beginOperations(calls)
			s.report(now)
			s.publish(s.allRules(), s.dns.Objects(), now)
		}
		if s.opts.Once && s.upToDate() {
			s.notePreparations(now)
			if !s.worthWaiting(now) {
				return s.conclude(now)
			}
			s.tellProgress(now)
		}
		s.relistClusters(now)
		select {
		case <-ctx.Done():
			s.drain(cancel)
			return nil
		case <-s.store.Changed():
			s.noteChange()
		case r := <-s.results:
			s.takeResults(r)
		case <-time.After(time.Until(s.nextWake(now))):
		}
	}
}

func (s *Syncer) start(now time.Time) {
	for _, t := range s.targets() {
		t.Start(now)
	}
	s.started, s.remapAt = now, now
	s.progress = progress{told: now, topics: make(map[topic]bool)}
	s.preparations = preparations{firstSeen: make(map[ruleID]time.Time)}
}

// mapAt is when to map the clusters: soon after a change in them, at once when another
// target has become known, or when what is wanted changes by itself. The zero time means
// not before something happens.
func (s *Syncer) mapAt(now time.Time) time.Time {
	switch {
	case !s.remapAt.IsZero():
		return s.remapAt
	case s.mappedOn != s.knownTargets():
		return now
	}
	return s.want.Until
}

// planAt is when to plan: at once after the clusters were mapped, soon after calls have
// ended, or when the last plan asked for it. The zero time means not before something
// happens.
func (s *Syncer) planAt(now time.Time) time.Time {
	asked := target.Earliest(s.step.Wake, s.step.Poll)
	switch {
	case s.remapped:
		return now
	case s.callsEnded && s.starved(now):
		return target.Earliest(asked, s.debounce.whenStarved())
	case s.callsEnded:
		return target.Earliest(asked, s.debounce.afterCalls())
	}
	return asked
}

// upToDate reports whether nothing has happened since the last plan.
func (s *Syncer) upToDate() bool { return s.remapAt.IsZero() && !s.remapped && !s.callsEnded }

// nextWake is when there is something to do although nothing happens.
func (s *Syncer) nextWake(now time.Time) time.Time {
	wake := target.Earliest(now.Add(s.heartbeat), s.mapAt(now), s.planAt(now), s.nextRelist(now), s.nextTold(now))
	for _, t := range s.targets() {
		wake = target.Earliest(wake, t.NextWake())
	}
	return wake
}

// noteChange takes note that something has changed in the clusters.
func (s *Syncer) noteChange() {
	if s.remapAt.IsZero() && s.store.Waiting() {
		s.remapAt = s.debounce.afterEvent()
	}
}

// takeResults takes a result, and all that have come in meanwhile, so that one plan is
// for all of them.
func (s *Syncer) takeResults(r target.Result) {
	s.callsEnded = true
	for {
		r.Apply()
		select {
		case r = <-s.results:
		default:
			return
		}
	}
}

// beginOperations begins what may begin now. Targets that share an account take turns.
func (s *Syncer) beginOperations(calls context.Context) {
	for i := 0; i < len(s.turns); {
		t := s.turns[i]
		if !t.BeginNext(calls, time.Now()) { // a plan may have taken a while
			i++
			continue
		}
		s.turns = append(slices.Delete(s.turns, i, i+1), t)
		i = 0
	}
}

// drain waits for the writes under way, so that none is left whose outcome is
// unknown. Lists just end.
func (s *Syncer) drain(cancel context.CancelFunc) {
	limit := time.AfterFunc(drainTime, cancel)
	defer limit.Stop()
	if n := s.inFlight(); n > 0 {
		s.log.Info("stopping; calls under way may finish", "calls", n)
	}
	for s.inFlight() > 0 {
		(<-s.results).Apply()
	}
}
