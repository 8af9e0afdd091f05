package syncer

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

// Overview is what the last plan saw and found, for those who show it. Nothing
// in it ever changes but what LastSync answers, so it may be read at any time and
// kept; it must not be written to either, since the loop goes on using most of it.
type Overview struct {
	At       time.Time // of the plan
	Settings model.Settings
	DryRun   bool
	Awaited  string // what the first comparison waits for; "": it was made

	Want desired.Want
	// Step lacks the operations, which the loop takes away as it begins them,
	// and the memory.
	Step    plan.Step
	Rules   []*model.Rule   // all at the CDN, ours or not, as far as known
	Records []*model.Record // all in the zone, likewise
	// Found are the Ingresses that had rules when the CDNs were first read.
	Found map[model.IngressID]bool

	Nodes    map[string][]kube.Node // by cluster; of ready clusters
	Targets  []target.State
	Failures []target.Failure // ordered by target and place
	// LastSync is when both targets last became exact for an Ingress that is
	// published; zero: it is not, or they have not since the start.
	LastSync func(model.IngressID) time.Time
}

// Overview returns what the last plan saw and found; nil before the first one.
func (s *Syncer) Overview() *Overview { return s.overview.Load() }

// Planned holds one element once there is a new Overview. It is for a single
// listener.
func (s *Syncer) Planned() <-chan struct{} { return s.planned }

// publish makes the overview of the plan that was just made from the views.
func (s *Syncer) publish(rules []*model.Rule, records []*model.Record, now time.Time) {
	if !s.begun && s.cdnsKnown() {
		s.begun, s.found = true, served(rules, s.opts.Settings.Owner)
	}
	step := s.step
	step.Rules, step.Records, step.Memory = nil, nil, plan.Memory{}
	var failures []target.Failure
	var states []target.State
	for _, t := range s.targets() {
		failures, states = append(failures, t.Failing()...), append(states, t.State())
	}
	slices.SortFunc(failures, func(a, b target.Failure) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), a.Place.Compare(b.Place))
	})
	s.overview.Store(&Overview{
		At: now, Settings: s.opts.Settings, DryRun: s.opts.DryRun, Awaited: *s.state.Load(),
		Want: s.want, Step: step, Rules: rules, Records: records, Found: s.found, Nodes: s.nodes,
		Targets:  states,
		Failures: failures, LastSync: s.syncs.times.at,
	})
	select {
	case s.planned <- struct{}{}:
	default:
	}
}

// served are the Ingresses that rules of an owner are for.
func served(rules []*model.Rule, owner string) map[model.IngressID]bool {
	ids := make(map[model.IngressID]bool)
	for _, r := range rules {
		if m, ok := r.OwnerLabel(); ok && m.Owner == owner {
			ids[m.IngressID] = true
		}
	}
	return ids
}
