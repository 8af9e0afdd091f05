package syncer

import (
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

// measure sets the gauges by what the last plan found.
func (s *Syncer) measure(now time.Time) {
	m := s.opts.Metrics
	for name, c := range s.want.Clusters {
		s.measureNodes(name, c)
	}
	for cluster, states := range plan.States(s.want, s.step) {
		for state, n := range states {
			m.Routes.WithLabelValues(cluster, string(state)).Set(float64(n))
		}
	}
	m.QueueDepth.Set(float64(s.queued()))
	owned, dns := s.step.Owned, string(s.dns.Name)
	for _, t := range s.cdns {
		m.OwnedObjects.WithLabelValues(string(t.Name), "rule").Set(float64(owned.Rules[t.Name]))
	}
	m.OwnedObjects.WithLabelValues(dns, "address").Set(float64(owned.Addresses))
	m.OwnedObjects.WithLabelValues(dns, "claim").Set(float64(owned.Claims))
	for _, t := range s.targets() {
		s.measureTarget(t.State(), now)
	}
}

// measureNodes counts the nodes of a cluster; c is nil while it is unread.
func (s *Syncer) measureNodes(name string, c *desired.ClusterWant) {
	m, panicking := s.opts.Metrics, false
	if c != nil {
		n := c.Nodes
		panicking = n.Panic
		for state, count := range map[string]int{"ready": n.Ready, "not_ready": n.NotReady, "excluded": n.Excluded, "no_address": n.NoAddress} {
			m.Nodes.WithLabelValues(name, state).Set(float64(count))
		}
	}
	m.NodePanic.WithLabelValues(name).Set(truth(panicking))
	m.LastKnownAddress.WithLabelValues(name).Set(truth(s.step.StaleIn(name)))
}

// measureTarget says of a target what is blocked there, and when it last was as it
// should: nothing was left to do there, nothing kept from doing it, and the last list
// succeeded.
func (s *Syncer) measureTarget(t outcome.Provider, now time.Time) {
	m, name, blocked := s.opts.Metrics, string(t.Name), 0
	for _, b := range s.step.Blocked {
		if b.Provider == t.Name {
			blocked += b.Count
		}
	}
	m.DeletionsBlocked.WithLabelValues(name).Set(float64(blocked))
	m.ProviderReachable.WithLabelValues(name).Set(truth(t.Reachable))
	if t.Reachable && s.step.Compared && t.Waiting == 0 && blocked == 0 && !s.fatal() {
		m.LastSuccess.WithLabelValues(name).Set(float64(now.Unix()))
	}
}

// truth is a gauge of whether something is so.
func truth(so bool) float64 {
	if so {
		return 1
	}
	return 0
}
