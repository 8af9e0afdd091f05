package monitoring

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// load stores series in PromQL's test language; time starts at the epoch.
func load(t *testing.T, input string) *promqltest.LazyLoader {
	t.Helper()
	data, err := promqltest.NewLazyLoader(input, promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	return data
}

// loadRules loads rule files to be evaluated on data.
func loadRules(t *testing.T, data *promqltest.LazyLoader, files []string, interval time.Duration) map[string]*rules.Group {
	t.Helper()
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(data.QueryEngine(), data.Storage()),
		Appendable: data.Storage(),
		Context:    t.Context(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Logger:     promslog.NewNopLogger(),
		Parser:     parser.NewParser(parser.Options{}),
	})
	groups, errs := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, files...)
	for _, err := range errs {
		t.Error(err)
	}
	if len(groups) == 0 {
		t.Fatal("no rules")
	}
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			r.SetRestored(true) // else the series ALERTS is not written
		}
	}
	return groups
}

// evaluate evaluates the rules at a time after the epoch, which must not go
// back, and returns what fires, by the alert's name.
func evaluate(t *testing.T, data *promqltest.LazyLoader, groups map[string]*rules.Group, at time.Duration) map[string][]alert {
	t.Helper()
	now := time.Unix(0, 0).Add(at)
	data.WithSamplesTill(now, func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	firing := make(map[string][]alert)
	for _, g := range groups {
		g.Eval(t.Context(), now)
		for _, r := range g.AlertingRules() {
			if err := r.LastError(); err != nil {
				t.Fatalf("%s: %s: %v", at, r.Name(), err)
			}
			for _, a := range r.ActiveAlerts() {
				if a.State == rules.StateFiring {
					ls := a.Labels.Map()
					delete(ls, labels.AlertName)
					firing[r.Name()] = append(firing[r.Name()], alert{ls, a.Annotations.Map()})
				}
			}
		}
	}
	return firing
}

// query evaluates an expression at a time after the epoch.
func query(t *testing.T, data *promqltest.LazyLoader, expr string, at time.Duration) promql.Vector {
	t.Helper()
	now := time.Unix(0, 0).Add(at)
	q, err := data.QueryEngine().NewInstantQuery(t.Context(), data.Storage(), nil, expr, now)
	if err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(expr), err)
	}
	defer q.Close()
	result := q.Exec(t.Context())
	vector, err := result.Vector()
	if err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(expr), err)
	}
	return slices.Clone(vector)
}
