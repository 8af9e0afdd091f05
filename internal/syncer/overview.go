package syncer

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
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
		LastSync: s.accounts.synced.at,
	}
	o.Step.Rules, o.Step.Records, o.Step.Memory = nil, nil, plan.Memory{}
	for _, t := range s.targets() {
		o.Failures, o.Providers = append(o.Failures, t.failing()...), append(o.Providers, t.state())
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

// nodesOf are the nodes of the clusters that are ready.
func nodesOf(clusters []desired.Cluster) map[string][]kube.Node {
	nodes := make(map[string][]kube.Node, len(clusters))
	for _, c := range clusters {
		if c.Ready {
			nodes[c.Name] = c.Nodes
		}
	}
	return nodes
}

// failing are the operations whose last try failed.
func (t *target[T]) failing() []outcome.Failure {
	var list []outcome.Failure
	for place, a := range t.attempts {
		if a.failures > 0 {
			list = append(list, outcome.Failure{
				Provider: t.name, Verb: a.Verb, Place: place, Ingress: a.Ingress,
				Error: a.err.Error(), Times: a.failures, Since: a.since, Next: a.notBefore,
			})
		}
	}
	return list
}

// state is how things are with the provider.
func (t *target[T]) state() outcome.Provider {
	s := outcome.Provider{
		Name: t.name, Reachable: t.reachable(), Read: t.main().begun, NextRead: t.main().due,
		Waiting: t.queue.size + t.flying,
	}
	if err := t.readErr(); err != nil {
		s.ReadError = err.Error()
	}
	return s
}
