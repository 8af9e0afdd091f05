package syncer

import (
	"fmt"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

// report tells the log and the metrics what the last plan found.
func (s *Syncer) report(now time.Time) {
	s.setState(s.awaited())
	if s.cdnsKnown() && s.dns.Known() {
		s.syncs.completed(s.want, s.step, s.published, now)
	}
	s.tell()
	s.measure(now)
}

// awaited says what has to come before the first comparison; "" if nothing.
func (s *Syncer) awaited() string {
	for _, c := range s.opts.Clusters {
		if s.want.Clusters[c.Name] == nil {
			return "cluster " + c.Name + ": no complete snapshot yet"
		}
	}
	for _, t := range s.targets() {
		if lists := t.Lists(); !lists.Known {
			reason := string(lists.Target) + ": what stands there was not read yet"
			if lists.Err != nil {
				reason += ": " + lists.Err.Error()
			}
			return reason
		}
	}
	return ""
}

// few leaves out what are more than a line of the log should hold: one Ingress
// may have thousands of paths.
func few(rules []string) []string {
	const most = 10
	if len(rules) > most {
		return append(rules[:most:most], fmt.Sprintf("and %d more", len(rules)-most))
	}
	return rules
}

// measure sets the gauges.
func (s *Syncer) measure(now time.Time) {
	m := s.opts.Metrics
	for name, c := range s.want.Clusters {
		stale, panicking := 0.0, 0.0
		if c != nil {
			n := c.Nodes
			for state, count := range map[string]int{"ready": n.Ready, "not_ready": n.NotReady, "excluded": n.Excluded, "no_address": n.NoAddress} {
				m.Nodes.WithLabelValues(name, state).Set(float64(count))
			}
			if n.Panic {
				panicking = 1
			}
		}
		if s.step.StaleIn(name) {
			stale = 1
		}
		m.NodePanic.WithLabelValues(name).Set(panicking)
		m.LastKnownAddress.WithLabelValues(name).Set(stale)
	}
	for cluster, states := range plan.States(s.want, s.step) {
		for state, n := range states {
			m.Routes.WithLabelValues(cluster, string(state)).Set(float64(n))
		}
	}
	blocked := map[model.Provider]int{s.dns.Name: 0}
	for _, t := range s.cdns {
		blocked[t.Name] = 0
	}
	for _, b := range s.step.Blocked {
		blocked[b.Provider] += b.Count
	}
	for name, n := range blocked {
		m.DeletionsBlocked.WithLabelValues(string(name)).Set(float64(n))
	}
	m.QueueDepth.Set(float64(s.queued()))
	owned := s.step.Owned
	for _, t := range s.cdns {
		m.OwnedObjects.WithLabelValues(string(t.Name), "rule").Set(float64(owned.Rules[t.Name]))
		exact(s, t, now)
	}
	m.OwnedObjects.WithLabelValues(string(s.dns.Name), "address").Set(float64(owned.Addresses))
	m.OwnedObjects.WithLabelValues(string(s.dns.Name), "claim").Set(float64(owned.Claims))
	exact(s, s.dns, now)
}

// exact notes when nothing was left to do at a target whose last reading
// succeeded, and nothing kept from doing it.
func exact[T model.Object[T]](s *Syncer, t *target.Target[T], now time.Time) {
	reachable := 0.0
	if t.Reachable() {
		reachable = 1
		queued, inFlight := t.Load()
		blocked := slices.ContainsFunc(s.step.Blocked, func(b guard.Blocked) bool { return b.Provider == t.Name })
		if s.step.Compared && queued+inFlight == 0 && !blocked && !s.fatal() {
			s.opts.Metrics.LastSuccess.WithLabelValues(string(t.Name)).Set(float64(now.Unix()))
		}
	}
	s.opts.Metrics.ProviderReachable.WithLabelValues(string(t.Name)).Set(reachable)
}
