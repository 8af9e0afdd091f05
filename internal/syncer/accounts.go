package syncer

import (
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/plan"
)

// accounts counts, for each Ingress and target, the attempts to bring the
// target to what the Ingress wants: one is opened by an event and completed
// when no work is outstanding any more, or, without being closed, by a failed
// operation.
type accounts struct {
	metrics *metrics.Metrics
	open    map[plan.IngressID]*account
	synced  *syncTimes
}

// syncTimes are when the last attempt of each Ingress was completed at both
// targets, of those that are published. Others than the loop may ask for them.
type syncTimes struct {
	mu sync.RWMutex
	of map[plan.IngressID]time.Time
}

func (t *syncTimes) at(id plan.IngressID) time.Time {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.of[id]
}

type account struct {
	event      string
	since      time.Time
	rules, dns bool        // still open at the CDN, at DNS
	cdn        plan.Target // where it is published, or was when the event came; "": nowhere
}

func newAccounts(m *metrics.Metrics) *accounts {
	return &accounts{metrics: m, open: make(map[plan.IngressID]*account), synced: &syncTimes{of: make(map[plan.IngressID]time.Time)}}
}

// opened takes the latest events. Routes are those of the last plan.
func (a *accounts) opened(events map[plan.IngressID]string, routes []plan.RouteState, now time.Time) {
	if len(events) == 0 {
		return
	}
	for id, event := range events {
		a.open[id] = &account{event: event, since: now, rules: true, dns: true}
	}
	for id, cdn := range a.routed(routes) {
		if _, ok := events[id]; ok {
			a.open[id].cdn = cdn
		}
	}
}

// resynced opens an attempt for every published Ingress at a target that was
// read anew, unless one is open for the sake of an event.
func (a *accounts) resynced(target plan.Target, routes []plan.RouteState, now time.Time) {
	for _, r := range routes {
		acc, cdn := a.open[r.Ingress], r.Key.CDN
		if acc == nil {
			acc = &account{event: "resync", since: now, cdn: cdn}
			a.open[r.Ingress] = acc
		}
		if acc.event == "resync" {
			acc.rules = acc.rules || target == cdn
			acc.dns = acc.dns || target == plan.Vultr
		}
	}
}

// routed tells at which CDN Ingresses are published, of those whose attempts are
// open.
func (a *accounts) routed(routes []plan.RouteState) map[plan.IngressID]plan.Target {
	at := make(map[plan.IngressID]plan.Target)
	for _, r := range routes {
		if a.open[r.Ingress] != nil {
			at[r.Ingress] = r.Key.CDN
		}
	}
	return at
}

// completed closes what the step shows to have no work outstanding. An Ingress
// that neither is nor was published has had nothing to sync.
func (a *accounts) completed(want plan.Want, step plan.Step, now time.Time) {
	if len(a.open) == 0 {
		return
	}
	has := a.routed(step.Routes)
	var closed []plan.IngressID
	for id, acc := range a.open {
		if want.Clusters[id.Cluster] == nil {
			continue // its snapshots are not complete
		}
		outstanding := step.Open[id]
		if cdn := has[id]; cdn != "" {
			acc.cdn = cdn
		}
		if acc.rules && !outstanding.Rules {
			acc.rules = false
			a.count(id, acc.cdn, acc, now)
		}
		if acc.dns && !outstanding.Records {
			acc.dns = false
			a.count(id, plan.Vultr, acc, now)
		}
		if !acc.rules && !acc.dns {
			delete(a.open, id)
			closed = append(closed, id)
		}
	}
	if len(a.open) == 0 {
		a.open = make(map[plan.IngressID]*account) // one that had ten thousand elements stays as large
	}
	a.synced.note(closed, has, now)
}

// note takes in Ingresses whose attempts were completed, and takes out those that
// are not published any more.
func (t *syncTimes) note(closed []plan.IngressID, published map[plan.IngressID]plan.Target, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range closed {
		if published[id] != "" {
			t.of[id] = now
		} else {
			delete(t.of, id)
		}
	}
}

func (a *accounts) count(id plan.IngressID, target plan.Target, acc *account, now time.Time) {
	if acc.cdn != "" {
		a.metrics.Syncs.WithLabelValues(id.Cluster, string(target), acc.event, "success").Inc()
		a.metrics.SyncDuration.WithLabelValues(string(target), acc.event).Observe(now.Sub(acc.since).Seconds())
	}
}

// failed counts a failed operation for the Ingress that it serves, or, for an
// address that many share, for each that waits for addresses.
func (a *accounts) failed(target plan.Target, id plan.IngressID, open map[plan.IngressID]plan.Open) {
	fail := func(id plan.IngressID) {
		event := "resync"
		if acc := a.open[id]; acc != nil {
			event = acc.event
		}
		a.metrics.Syncs.WithLabelValues(id.Cluster, string(target), event, "error").Inc()
	}
	if id != (plan.IngressID{}) {
		fail(id)
		return
	}
	for id, o := range open {
		if target == plan.Vultr && o.Records {
			fail(id)
		}
	}
}
