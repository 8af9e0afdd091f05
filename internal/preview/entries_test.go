package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
)

// TestNotPublished has what a run would not publish, and its warnings: no more than what the
// plan says, whether or not something stands.
func TestNotPublished(t *testing.T) {
	id := func(name string) model.IngressID {
		return model.IngressID{Cluster: "main", Namespace: "shop", Name: name}
	}
	route := func(path, of string) *desired.Route {
		key := model.RuleKey{CDN: "cdn", Host: "a.example", Path: path}
		return &desired.Route{Key: key, Rule: model.Rule{RuleKey: key}, Ingress: id(of)}
	}
	published, waits, unseen := route("/a", "web"), route("/b", "web"), route("/c", "web")
	want := desired.Want{
		Routes:   []*desired.Route{published, waits, unseen},
		Problems: []desired.Problem{{Ingress: id("web"), State: desired.Invalid, Reason: "odd"}, {Ingress: id("api"), Key: waits.Key, State: desired.Conflict, Reason: "taken"}},
		Warnings: []desired.Warning{{Ingress: id("web"), Message: "beware"}},
	}
	last := plan.Step{
		Routes:   []plan.RouteState{{Route: published, State: desired.Synced}, {Route: waits, State: desired.Pending, Reason: "on the way"}},
		Warnings: []desired.Warning{{Ingress: id("web"), Message: "beware"}},
		Notices:  []model.Notice{{Text: "a notice"}},
		Kept:     map[string]string{"r1": "a rule is kept"},
		Blocked:  []guard.Blocked{{Provider: "cdn", Cluster: "main", Count: 2, Total: 3}},
	}
	got := NewReport(want, forecast.Forecast{Last: last}, model.Settings{})
	obstacles := []Obstacle{
		{Ingress: "main/shop/api", Rule: "a.example/b", State: "conflict", Reason: "taken"},
		{Ingress: "main/shop/web", State: "invalid", Reason: "odd"},
		{Ingress: "main/shop/web", Rule: "a.example/b", State: "pending", Reason: "on the way"},
	}
	if diff := cmp.Diff(obstacles, got.Obstacles); diff != "" {
		t.Errorf("not published (-want +got):\n%s", diff)
	}
	warnings := []string{"Ingress main/shop/web: beware", "a notice", "a rule is kept", last.Blocked[0].String()}
	if diff := cmp.Diff(warnings, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
