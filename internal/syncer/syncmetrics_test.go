package syncer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
)

// TestSyncMetrics opens and completes syncs of one Ingress, step by step.
func TestSyncMetrics(t *testing.T) {
	id := model.IngressID{Cluster: "main", Namespace: "default", Name: "shop"}
	want := desired.Want{Clusters: map[string]*desired.ClusterWant{"main": {}}}
	routes := []plan.RouteState{{Route: &desired.Route{Ingress: id, Key: model.RuleKey{CDN: fixture.Edgio}}}}
	in := func(routes []plan.RouteState) publishedAt {
		return func(model.IngressID) model.Provider {
			if len(routes) == 0 {
				return ""
			}
			return fixture.Edgio
		}
	}
	open := func(o plan.Open) map[model.IngressID]plan.Open { return map[model.IngressID]plan.Open{id: o} }
	now := time.Unix(1e9, 0)

	event := func(name string, had []plan.RouteState) func(*syncMetrics) {
		return func(m *syncMetrics) { m.opened(map[model.IngressID]string{id: name}, in(had), now) }
	}
	resync := func(target model.Provider) func(*syncMetrics) {
		return func(m *syncMetrics) { m.resynced(target, routes, now) }
	}
	planned := func(routes []plan.RouteState, o plan.Open) func(*syncMetrics) {
		return func(m *syncMetrics) { m.completed(want, plan.Step{Routes: routes, Open: open(o)}, in(routes), now) }
	}
	failed := func(target model.Provider, of model.IngressID, o plan.Open) func(*syncMetrics) {
		return func(m *syncMetrics) { m.failed(target, of, open(o)) }
	}
	both := plan.Open{Rules: true, Records: true}
	shared := model.IngressID{} // as of an address
	tests := map[string]struct {
		steps []func(*syncMetrics)
		want  []string
	}{
		"no event":                   {[]func(*syncMetrics){planned(routes, plan.Open{})}, nil},
		"one after the other":        {[]func(*syncMetrics){event("added", nil), planned(routes, plan.Open{Rules: true}), planned(routes, plan.Open{})}, []string{"edgio added success 1", "vultr added success 1"}},
		"one is left":                {[]func(*syncMetrics){event("added", nil), planned(routes, plan.Open{Rules: true})}, []string{"vultr added success 1"}},
		"counted once":               {[]func(*syncMetrics){event("added", nil), planned(routes, plan.Open{}), planned(routes, plan.Open{})}, []string{"edgio added success 1", "vultr added success 1"}},
		"the latest event counts":    {[]func(*syncMetrics){event("added", nil), planned(routes, both), event("modified", routes), planned(routes, plan.Open{})}, []string{"edgio modified success 1", "vultr modified success 1"}},
		"never published":            {[]func(*syncMetrics){event("added", nil), planned(nil, plan.Open{})}, nil},
		"deleted, and was published": {[]func(*syncMetrics){event("deleted", routes), planned(nil, plan.Open{Rules: true}), planned(nil, plan.Open{})}, []string{"edgio deleted success 1", "vultr deleted success 1"}},
		"its cluster is not ready": {[]func(*syncMetrics){event("added", nil), func(m *syncMetrics) {
			m.completed(desired.Want{Clusters: map[string]*desired.ClusterWant{"main": nil}}, plan.Step{Routes: routes}, in(routes), now)
		}}, nil},
		"a resync of one target":                 {[]func(*syncMetrics){resync(fixture.Edgio), planned(routes, plan.Open{})}, []string{"edgio resync success 1"}},
		"a resync of both at once":               {[]func(*syncMetrics){resync(fixture.Edgio), resync(fixture.Vultr), planned(routes, plan.Open{})}, []string{"edgio resync success 1", "vultr resync success 1"}},
		"a resync while an event is open":        {[]func(*syncMetrics){event("added", nil), resync(fixture.Edgio), planned(routes, plan.Open{})}, []string{"edgio added success 1", "vultr added success 1"}},
		"a resync while an event is half done":   {[]func(*syncMetrics){event("added", nil), planned(routes, plan.Open{Records: true}), resync(fixture.Edgio), planned(routes, plan.Open{})}, []string{"edgio added success 1", "vultr added success 1"}},
		"a resync while another is open":         {[]func(*syncMetrics){resync(fixture.Edgio), planned(routes, both), resync(fixture.Edgio), planned(routes, plan.Open{})}, []string{"edgio resync success 1"}},
		"a failure":                              {[]func(*syncMetrics){event("added", nil), failed(fixture.Edgio, id, both), planned(routes, plan.Open{})}, []string{"edgio added error 1", "edgio added success 1", "vultr added success 1"}},
		"a failure without an event":             {[]func(*syncMetrics){failed(fixture.Edgio, id, both)}, []string{"edgio resync error 1"}},
		"a failure for all that wait":            {[]func(*syncMetrics){event("added", nil), failed(fixture.Vultr, shared, both)}, []string{"vultr added error 1"}},
		"a failure that nobody waits for":        {[]func(*syncMetrics){event("added", nil), failed(fixture.Vultr, shared, plan.Open{Rules: true})}, nil},
		"a failed search at the CDN is nobody's": {[]func(*syncMetrics){event("added", nil), failed(fixture.Edgio, shared, both)}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := &rig{t: t, registry: prometheus.NewRegistry()}
			m := newSyncMetrics(metrics.New(r.registry, metrics.Build{}), fixture.Vultr)
			for _, step := range test.steps {
				step(m)
			}
			if diff := cmp.Diff(test.want, r.syncs()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
