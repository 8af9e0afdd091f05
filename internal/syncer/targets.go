package syncer

import (
	"context"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/ordered"
	"github.com/edgeward/edgeward/internal/plan"
)

// anyTarget is a target of whatever objects.
type anyTarget interface {
	start(calls context.Context)
	readAll(context.Context, time.Time)
	reading() reading
	dispatch(now time.Time) (again time.Time, drained bool)
	hopeless() bool
	hasNews() bool
	waiting() (queued, flying int)
	standing() standing
	failing() []Failure
	state() TargetState
}

// standing is what is known of a target.
type standing struct {
	name  plan.Target
	known bool  // it was read
	err   error // of the last reading
}

// targets are the CDNs and, last, DNS.
func (s *Syncer) targets() []anyTarget {
	var all []anyTarget
	for _, t := range s.cdns {
		all = append(all, t)
	}
	return append(all, s.dns)
}

func (t *target[T]) start(calls context.Context) { t.calls, t.started = calls, time.Now() }

func (t *target[T]) reading() reading { return t.read }

func (t *target[T]) hasNews() bool { return t.news }

func (t *target[T]) waiting() (queued, flying int) { return len(t.queue), t.flying }

func (t *target[T]) standing() standing { return standing{t.name, t.picture.known, t.read.err} }

// queued is how many operations wait, flying how many calls are under way.
func (s *Syncer) queued() (n int) {
	for _, t := range s.targets() {
		queued, _ := t.waiting()
		n += queued
	}
	return n
}

func (s *Syncer) flying() (n int) {
	for _, t := range s.targets() {
		_, flying := t.waiting()
		n += flying
	}
	return n
}

// ownedRules is how many rules are ours, at all CDNs.
func (s *Syncer) ownedRules() (n int) {
	for _, rules := range s.step.Owned.Rules {
		n += rules
	}
	return n
}

// readTargets is how many targets were read.
func (s *Syncer) readTargets() (n int) {
	for _, t := range s.targets() {
		if t.standing().known {
			n++
		}
	}
	return n
}

// stands is what stands at the targets that were read.
func (s *Syncer) stands() plan.Standing {
	standing := plan.Standing{
		Rules: make(map[plan.Target][]*plan.Rule, len(s.cdns)), Unread: make(map[plan.Target]bool), Records: s.dns.picture.objects.List(),
	}
	for _, t := range s.cdns {
		standing.Rules[t.name], standing.Unread[t.name] = t.picture.objects.List(), !t.picture.known
	}
	return standing
}

// rules is what the plan looks at of all CDNs.
func (s *Syncer) rules() plan.View[plan.Rule] {
	if len(s.cdns) == 1 {
		return s.cdns[0].view()
	}
	all := plan.View[plan.Rule]{Known: true, Unread: make(map[plan.Target]bool), Missing: make(map[string]bool), ReadOf: make(map[plan.Target]time.Time)}
	for i, t := range s.cdns {
		v := t.view()
		if !v.Known {
			all.Known, all.Unread[t.name] = false, true
		}
		all.ReadOf[t.name] = v.Read
		if i == 0 || v.Read.Before(all.Read) {
			all.Read = v.Read
		}
		all.Objects = ordered.Patch(all.Objects, nil, slices.Clone(v.Objects), func(a, b *plan.Rule) int { return a.Compare(*b) })
		all.Attempts = append(all.Attempts, v.Attempts...)
		for id := range v.Missing {
			all.Missing[id] = true
		}
	}
	return all
}

// rulesAt are the planned operations at one CDN, in their order.
func (s *Syncer) rulesAt(cdn plan.Target) []plan.Op[plan.Rule] {
	if len(s.cdns) == 1 {
		return s.step.Rules
	}
	return slices.DeleteFunc(slices.Clone(s.step.Rules), func(op plan.Op[plan.Rule]) bool {
		if op.Verb == plan.Delete {
			return op.Old().CDN != cdn
		}
		return op.New().CDN != cdn
	})
}
