package syncer

import (
	"errors"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/plan"
)

// patience is how long a run with Options.Once waits for the clusters' snapshots and
// the first lists before it goes on without.
const patience = 30 * time.Second

// ErrIncomplete is returned by a run with Options.Once that could not bring
// everything to what is wanted.
var ErrIncomplete = errors.New("not everything could be synced; the log says what")

// worthWaiting reports whether a run with Options.Once goes on after a plan: whether
// anything is left that time may still bring about.
func (s *Syncer) worthWaiting(now time.Time) bool {
	ready, _ := s.Ready()
	lost, unlistable, gaveUp := false, false, true
	for _, t := range s.targets() {
		lost = lost || t.Lost()
		unlistable = unlistable || t.Unlistable()
		gaveUp = gaveUp && t.GaveUp(now)
	}
	firstLists := !ready && !lost && now.Sub(s.started) < patience
	operations := s.inFlight() > 0 || !gaveUp
	deletions := !s.step.Wake.IsZero()
	preparing := !s.step.Poll.IsZero() && now.Before(s.preparations.until)
	lists := len(s.step.Reread)+len(s.step.RereadZones) > 0 && !unlistable
	return firstLists || operations || deletions || preparing || lists
}

// conclude says how a run with Options.Once ends and what it leaves. It returns
// ErrIncomplete if that is more than it should.
func (s *Syncer) conclude(now time.Time) (err error) {
	left := s.outstanding(now, atTheEnd)
	ready, awaited := s.Ready()
	switch {
	case !ready:
		s.log.Error("giving up on it: " + awaited)
		err = ErrIncomplete
	case s.incomplete():
		err = ErrIncomplete
	case len(left) == 0:
		s.log.Info("in sync, nothing is left to do", "rules", s.ownedRules(), "addresses", s.step.Owned.Addresses)
	}
	if len(left) > 0 {
		s.log.Warn("ending though something is left, which the next run or the daemon goes on with: " + texts(left))
	}
	return err
}

// incomplete reports whether the last plan left something undone that should be done.
func (s *Syncer) incomplete() bool {
	return s.queued()+len(s.step.Blocked) > 0 || s.fatal() ||
		slices.ContainsFunc(s.targets(), anyTarget.Unlistable) ||
		slices.ContainsFunc(s.step.Routes, func(r plan.RouteState) bool { return r.State == desired.Failed })
}

// fatal reports whether a cluster cannot be served.
func (s *Syncer) fatal() bool {
	for _, n := range s.step.Notices {
		if n.Fatal {
			return true
		}
	}
	return false
}
