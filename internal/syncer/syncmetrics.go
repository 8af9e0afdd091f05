package syncer

import (
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
)

// syncMetrics counts how often each target was brought to what an Ingress wants.
// Such a sync is opened by an event and completed when no work is left for it. A
// failed operation is counted, too, and leaves it open.
type syncMetrics struct {
	metrics *metrics.Metrics
	dns     model.Provider // where the records are
	open    map[model.IngressID]*openSync
	times   *syncTimes
}

// openSync is a sync of one Ingress that is not completed at every target.
type openSync struct {
	event      string
	since      time.Time
	rules, dns bool           // still open at the CDN, at the DNS
	cdn        model.Provider // where the Ingress is published, or was when the event came; "": nowhere
}

// syncTimes are when the last sync of each published Ingress was completed at both
// targets. Others than the loop may ask for them.
type syncTimes struct {
	mu sync.RWMutex
	of map[model.IngressID]time.Time
}

// publishedAt says at which CDN an Ingress is published; "": at none.
type publishedAt func(model.IngressID) model.Provider

const resync = "resync" // the event that opens a sync without a change in a cluster

func newSyncMetrics(m *metrics.Metrics, dns model.Provider) *syncMetrics {
	return &syncMetrics{
		metrics: m, dns: dns,
		open:  make(map[model.IngressID]*openSync),
		times: &syncTimes{of: make(map[model.IngressID]time.Time)},
	}
}

// opened takes the latest events.
func (m *syncMetrics) opened(events map[model.IngressID]string, before publishedAt, now time.Time) {
	for id, event := range events {
		m.open[id] = &openSync{event: event, since: now, rules: true, dns: true, cdn: before(id)}
	}
}

// resynced opens a sync of every published Ingress at a target that was listed
// anew, unless an event has opened one.
func (m *syncMetrics) resynced(target model.Provider, routes []plan.RouteState, now time.Time) {
	for _, r := range routes {
		sync, cdn := m.open[r.Ingress], r.Key.CDN
		if sync == nil {
			sync = &openSync{event: resync, since: now, cdn: cdn}
			m.open[r.Ingress] = sync
		}
		if sync.event == resync {
			sync.rules = sync.rules || target == cdn
			sync.dns = sync.dns || target == m.dns
		}
	}
}

// completed closes each sync for which the step has no work left. An Ingress that
// neither is nor was published had nothing to sync.
func (m *syncMetrics) completed(want desired.Want, step plan.Step, is publishedAt, now time.Time) {
	if len(m.open) == 0 {
		return
	}
	for id, sync := range m.open {
		if want.Clusters[id.Cluster] == nil {
			continue // its snapshots are not complete
		}
		left := step.Open[id]
		rules, dns := sync.rules && !left.Rules, sync.dns && !left.Records
		if !rules && !dns {
			continue
		}
		published := is(id)
		if published != "" {
			sync.cdn = published
		}
		if rules {
			sync.rules = false
			m.succeeded(id, sync.cdn, sync, now)
		}
		if dns {
			sync.dns = false
			m.succeeded(id, m.dns, sync, now)
		}
		if sync.rules || sync.dns {
			continue
		}
		delete(m.open, id)
		if published != "" {
			m.times.set(id, now)
		} else {
			m.times.remove(id)
		}
	}
	if len(m.open) == 0 {
		m.open = make(map[model.IngressID]*openSync) // one that had ten thousand elements stays as large
	}
}

func (m *syncMetrics) succeeded(id model.IngressID, target model.Provider, sync *openSync, now time.Time) {
	if sync.cdn != "" {
		m.metrics.Syncs.WithLabelValues(id.Cluster, string(target), sync.event, "success").Inc()
		m.metrics.SyncDuration.WithLabelValues(string(target), sync.event).Observe(now.Sub(sync.since).Seconds())
	}
}

// failed counts a failed operation for the Ingress that it serves, or, for an
// address that many share, for each Ingress that waits for addresses.
func (m *syncMetrics) failed(target model.Provider, id model.IngressID, open map[model.IngressID]plan.Open) {
	if id != (model.IngressID{}) {
		m.failedFor(id, target)
		return
	}
	for id, o := range open {
		if target == m.dns && o.Records {
			m.failedFor(id, target)
		}
	}
}

func (m *syncMetrics) failedFor(id model.IngressID, target model.Provider) {
	event := resync
	if sync := m.open[id]; sync != nil {
		event = sync.event
	}
	m.metrics.Syncs.WithLabelValues(id.Cluster, string(target), event, "error").Inc()
}

func (t *syncTimes) at(id model.IngressID) time.Time {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.of[id]
}

func (t *syncTimes) set(id model.IngressID, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of[id] = now
}

func (t *syncTimes) remove(id model.IngressID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, id)
}
