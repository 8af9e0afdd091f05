package syncer

import (
	"context"
	"time"

	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

// anyTarget is a target.Target, whatever stands there.
type anyTarget interface {
	Start(now time.Time)
	ListDue(ctx context.Context, now time.Time)
	BeginNext(calls context.Context, now time.Time) (began bool)
	NextWake() time.Time

	Load() (queued, inFlight int)
	Starved(now time.Time) bool
	GaveUp(now time.Time) bool
	Unlistable() bool
	Lost() bool
	Lists() target.Lists
	Failing() []outcome.Failure
	State() outcome.Provider
}

// targets are the CDNs and, last, the DNS.
func (s *Syncer) targets() []anyTarget {
	var all []anyTarget
	for _, t := range s.cdns {
		all = append(all, t)
	}
	return append(all, s.dns)
}

// queued is how many operations wait.
func (s *Syncer) queued() (n int) {
	for _, t := range s.targets() {
		queued, _ := t.Load()
		n += queued
	}
	return n
}

// inFlight is how many operations are under way.
func (s *Syncer) inFlight() (n int) {
	for _, t := range s.targets() {
		_, inFlight := t.Load()
		n += inFlight
	}
	return n
}

// starved reports whether only a plan can tell how to go on at some target.
func (s *Syncer) starved(now time.Time) bool {
	for _, t := range s.targets() {
		if t.Starved(now) {
			return true
		}
	}
	return false
}

// knownTargets is how many targets were listed.
func (s *Syncer) knownTargets() (n int) {
	for _, t := range s.targets() {
		if t.Lists().Known {
			n++
		}
	}
	return n
}

// due reports whether a time has come. The zero time never comes.
func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
