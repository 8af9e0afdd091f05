package syncer

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

// Overview returns what the last plan saw and found; nil before the first one.
func (s *Syncer) Overview() *outcome.Overview { return s.overview.Load() }

// Planned holds one element once there is a new Overview. It is for a single
// listener.
func (s *Syncer) Planned() <-chan struct{} { return s.planned }

// publish makes the overview of the plan that was just made from the views.
func (s *Syncer) publish(rules []*model.Rule, records []*model.Record, now time.Time) {
	if !s.begun && s.cdnsKnown() {
		s.begun, s.found = true, served(rules, s.opts.Settings.Owner)
	}
	o := &outcome.Overview{
		At: now, Settings: s.opts.Settings, DryRun: s.opts.DryRun, Awaited: *s.state.Load(),
		Want: s.want, Step: s.step, Rules: rules, Records: records, Found: s.found, Nodes: s.nodes,
		LastSync: s.syncs.times.at,
	}
	o.Step.Rules, o.Step.Records, o.Step.Memory = nil, nil, plan.Memory{}
	for _, t := range s.targets() {
		o.Failures, o.Providers = append(o.Failures, t.Failing()...), append(o.Providers, t.State())
	}
	slices.SortFunc(o.Failures, func(a, b outcome.Failure) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), a.Place.Compare(b.Place))
	})
	s.overview.Store(o)
	select {
	case s.planned <- struct{}{}:
	default:
	}
}

// served are the Ingresses that rules of an owner are for.
func served(rules []*model.Rule, owner string) map[model.IngressID]bool {
	ids := make(map[model.IngressID]bool)
	for _, r := range rules {
		if label, ok := r.OwnerLabel(); ok && label.Owner == owner {
			ids[label.IngressID] = true
		}
	}
	return ids
}
