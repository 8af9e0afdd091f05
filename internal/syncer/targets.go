package syncer

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
	"github.com/edgeward/edgeward/internal/outcome"
)

// anyTarget is a target of whatever objects.
type anyTarget interface {
	start(calls context.Context)
	readAll(context.Context, time.Time)
	nextReading() time.Time
	gaveUp() bool
	lost() bool
	dispatch(now time.Time) (began bool, again time.Time, drained bool)
	spent(now time.Time) bool
	hasNews() bool
	waiting() (queued, flying int)
	standing() standing
	failing() []outcome.Failure
	state() outcome.Provider
}

// standing is what is known of a target.
type standing struct {
	name  model.Provider
	known bool  // it was read, a part of it perhaps in vain
	err   error // of the last readings
}

// targets are the CDNs and, last, DNS.
func (s *Syncer) targets() []anyTarget {
	var all []anyTarget
	for _, t := range s.cdns {
		all = append(all, t)
	}
	return append(all, s.dns)
}

func (t *target[T]) start(calls context.Context) {
	t.calls, t.started, t.answered = calls, time.Now(), time.Now()
}

func (t *target[T]) hasNews() bool { return t.news }

func (t *target[T]) waiting() (queued, flying int) { return t.queue.size, t.flying }

func (t *target[T]) standing() standing {
	s := standing{name: t.name, known: t.picture.known, err: t.readErr()}
	for _, r := range t.readings {
		s.known = s.known && r.tried()
	}
	return s
}

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
func (s *Syncer) stands() desired.Standing {
	standing := desired.Standing{
		Rules: make(map[model.Provider][]*model.Rule, len(s.cdns)), Unread: make(map[model.Provider]bool), Records: s.dns.picture.objects.List(),
	}
	for _, t := range s.cdns {
		standing.Rules[t.name], standing.Unread[t.name] = t.picture.objects.List(), !t.picture.known
	}
	return standing
}

// rules is what the plan looks at of all CDNs.
func (s *Syncer) rules() observed.View[model.Rule] {
	if len(s.cdns) == 1 {
		return s.cdns[0].view()
	}
	var lists [][]*model.Rule
	all := observed.View[model.Rule]{Known: true, Missing: make(map[string]bool), Rejected: make(map[model.Place]bool), Taken: make(map[model.Place]bool), Written: make(map[string]observed.Written[model.Rule]), Parts: make(map[string]observed.Part)}
	for i, t := range s.cdns {
		v := t.view()
		all.Known = all.Known && v.Known
		all.Parts[string(t.name)] = observed.Part{Known: v.Known, Read: v.Read, Took: v.Took}
		all.Took = max(all.Took, v.Took)
		if i == 0 || v.Read.Before(all.Read) {
			all.Read = v.Read
		}
		lists = append(lists, v.Objects)
		all.Attempts = append(all.Attempts, v.Attempts...)
		maps.Copy(all.Missing, v.Missing)
		maps.Copy(all.Rejected, v.Rejected)
		maps.Copy(all.Taken, v.Taken)
		maps.Copy(all.Written, v.Written)
	}
	all.Objects = s.all.of(lists)
	return all
}

// together is one list of what several CDNs have, in order.
type together struct {
	lists [][]*model.Rule // of each, as they were
	all   []*model.Rule
}

// of returns what is in all of the lists, each of which is in order: the same slice as
// before if they are the same.
func (t *together) of(lists [][]*model.Rule) []*model.Rule {
	compare := func(a, b *model.Rule) int { return a.Compare(*b) }
	t.lists = append(t.lists, make([][]*model.Rule, len(lists)-len(t.lists))...)
	var gone, come []*model.Rule
	for i, list := range lists {
		less, more := ordered.Changes(t.lists[i], list, compare)
		gone, come = append(gone, less...), append(come, more...)
		t.lists[i] = list
	}
	if len(gone)+len(come) > 0 {
		t.all = ordered.Patch(t.all, gone, come, compare)
	}
	return t.all
}

// rulesAt are the planned operations at one CDN, in their order.
func (s *Syncer) rulesAt(cdn model.Provider) []model.Op[model.Rule] {
	if len(s.cdns) == 1 {
		return s.step.Rules
	}
	return slices.DeleteFunc(slices.Clone(s.step.Rules), func(op model.Op[model.Rule]) bool {
		if op.Verb == model.Delete {
			return op.Old().CDN != cdn
		}
		return op.New().CDN != cdn
	})
}
