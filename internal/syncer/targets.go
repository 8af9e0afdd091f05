package syncer

import (
	"context"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// anyTarget is a target, whatever stands there. See target for what its methods do.
type anyTarget interface {
	start(now time.Time)
	listDue(ctx context.Context, now time.Time)
	beginNext(calls context.Context, now time.Time) (began bool)
	nextWake() time.Time

	load() (queued, inFlight int)
	starved(now time.Time) bool
	gaveUp(now time.Time) bool
	unlistable() bool
	lost() bool
	lists() lists
	failing() []Failure
	state() TargetState
}

// lists is how far the lists of a target are.
type lists struct {
	target model.Provider
	known  bool  // the target was listed, though some of its parts may have failed
	err    error // of the last lists
}

func (t *target[T]) lists() lists {
	l := lists{target: t.name, known: t.cache.known, err: t.listErr()}
	for _, p := range t.parts {
		l.known = l.known && p.tried()
	}
	return l
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
		queued, _ := t.load()
		n += queued
	}
	return n
}

// inFlight is how many operations are under way.
func (s *Syncer) inFlight() (n int) {
	for _, t := range s.targets() {
		_, inFlight := t.load()
		n += inFlight
	}
	return n
}

// starved reports whether only a plan can tell how to go on at some target.
func (s *Syncer) starved(now time.Time) bool {
	for _, t := range s.targets() {
		if t.starved(now) {
			return true
		}
	}
	return false
}

// knownTargets is how many targets were listed.
func (s *Syncer) knownTargets() (n int) {
	for _, t := range s.targets() {
		if t.lists().known {
			n++
		}
	}
	return n
}

// earliest is the first of some times that are not zero; zero if all are.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// due reports whether a time has come. The zero time never comes.
func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
