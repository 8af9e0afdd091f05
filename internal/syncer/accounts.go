package syncer

import (
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
)

// accounts counts, for each Ingress and target, the attempts to bring the
// target to what the Ingress wants: one is opened by an event and completed
// when no work is outstanding any more, or, without being closed, by a failed
// operation.
type accounts struct {
	metrics *metrics.Metrics
	open    map[model.IngressID]*account
	synced  *syncTimes
	dns     model.Provider // where the records are
}

// syncTimes are when the last attempt of each Ingress was completed at both
// targets, of those that are published. Others than the loop may ask for them.
type syncTimes struct {
	mu sync.RWMutex
	of map[model.IngressID]time.Time
}

func (t *syncTimes) at(id model.IngressID) time.Time {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.of[id]
}

type account struct {
	event      string
	since      time.Time
	rules, dns bool           // still open at the CDN, at DNS
	cdn        model.Provider // where it is published, or was when the event came; "": nowhere
}

func newAccounts(m *metrics.Metrics, dns model.Provider) *accounts {
	return &accounts{metrics: m, dns: dns, open: make(map[model.IngressID]*account), synced: &syncTimes{of: make(map[model.IngressID]time.Time)}}
}

// where says where an Ingress is published; "": nowhere.
type where func(model.IngressID) model.Provider

// opened takes the latest events.
func (a *accounts) opened(events map[model.IngressID]string, before where, now time.Time) {
	for id, event := range events {
		a.open[id] = &account{event: event, since: now, rules: true, dns: true, cdn: before(id)}
	}
}

// resynced opens an attempt for every published Ingress at a target that was
// read anew, unless one is open for the sake of an event.
func (a *accounts) resynced(target model.Provider, routes []plan.RouteState, now time.Time) {
	for _, r := range routes {
		acc, cdn := a.open[r.Ingress], r.Key.CDN
		if acc == nil {
			acc = &account{event: "resync", since: now, cdn: cdn}
			a.open[r.Ingress] = acc
		}
		if acc.event == "resync" {
			acc.rules = acc.rules || target == cdn
			acc.dns = acc.dns || target == a.dns
		}
	}
}

// completed closes what the step shows to have no work outstanding. An Ingress
// that neither is nor was published has had nothing to sync.
func (a *accounts) completed(want desired.Want, step plan.Step, is where, now time.Time) {
	if len(a.open) == 0 {
		return
	}
	for id, acc := range a.open {
		if want.Clusters[id.Cluster] == nil {
			continue // its snapshots are not complete
		}
		outstanding := step.Open[id]
		rules, dns := acc.rules && !outstanding.Rules, acc.dns && !outstanding.Records
		if !rules && !dns {
			continue
		}
		published := is(id)
		if published != "" {
			acc.cdn = published
		}
		if rules {
			acc.rules = false
			a.count(id, acc.cdn, acc, now)
		}
		if dns {
			acc.dns = false
			a.count(id, a.dns, acc, now)
		}
		if !acc.rules && !acc.dns {
			delete(a.open, id)
			a.synced.note(id, published != "", now)
		}
	}
	if len(a.open) == 0 {
		a.open = make(map[model.IngressID]*account) // one that had ten thousand elements stays as large
	}
}

// note takes in an Ingress whose attempts were completed, or takes it out, if it
// is not published any more.
func (t *syncTimes) note(id model.IngressID, published bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if published {
		t.of[id] = now
	} else {
		delete(t.of, id)
	}
}

func (a *accounts) count(id model.IngressID, target model.Provider, acc *account, now time.Time) {
	if acc.cdn != "" {
		a.metrics.Syncs.WithLabelValues(id.Cluster, string(target), acc.event, "success").Inc()
		a.metrics.SyncDuration.WithLabelValues(string(target), acc.event).Observe(now.Sub(acc.since).Seconds())
	}
}

// failed counts a failed operation for the Ingress that it serves, or, for an
// address that many share, for each that waits for addresses.
func (a *accounts) failed(target model.Provider, id model.IngressID, open map[model.IngressID]plan.Open) {
	fail := func(id model.IngressID) {
		event := "resync"
		if acc := a.open[id]; acc != nil {
			event = acc.event
		}
		a.metrics.Syncs.WithLabelValues(id.Cluster, string(target), event, "error").Inc()
	}
	if id != (model.IngressID{}) {
		fail(id)
		return
	}
	for id, o := range open {
		if target == a.dns && o.Records {
			fail(id)
		}
	}
}
