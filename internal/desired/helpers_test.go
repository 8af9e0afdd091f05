package desired_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
)

// published describes what a Want publishes, a line for each protocol, as
// "https://www.example.com/a from http://nodes.main:30080/a".
func published(w desired.Want) []string {
	var lines []string
	for _, r := range w.Routes {
		for _, p := range r.Rule.Protocols {
			line := fmt.Sprintf("%s://%s from %s://%s:%d%s", p.Published, r.Rule.RuleKey, p.Source,
				strings.TrimSuffix(r.Rule.SourceHost, "."+fixture.Owner+"."+fixture.Domain), p.SourcePort, r.Rule.SourcePath)
			if r.Rule.Profile != "generic" {
				line += " with " + r.Rule.Profile
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// only returns the single one of some routes.
func only(t *testing.T, routes []*desired.Route) *desired.Route {
	t.Helper()
	if len(routes) != 1 {
		t.Fatalf("%d routes, want one: %v", len(routes), routes)
	}
	return routes[0]
}

// checkProblems fails unless there is a problem of the state for each route
// that is not published, or at least one, and all name the reason; or none for
// an empty reason.
func checkProblems(t *testing.T, want desired.Want, state desired.State, reason string) {
	t.Helper()
	if (len(want.Problems) > 0) != (reason != "") {
		t.Errorf("problems %v, want one about %q", want.Problems, reason)
	}
	for _, p := range want.Problems {
		if p.State != state || !strings.Contains(p.Reason, reason) {
			t.Errorf("problem %v, want state %s and a reason with %q", p, state, reason)
		}
		if p.Ingress != fixture.ShopID() {
			t.Errorf("problem of Ingress %s, want %s", p.Ingress, fixture.ShopID())
		}
	}
}

func checkWarnings(t *testing.T, want desired.Want, about string) {
	t.Helper()
	if (len(want.Warnings) > 0) != (about != "") {
		t.Errorf("warnings %v, want one about %q", want.Warnings, about)
	}
	for _, w := range want.Warnings {
		if w.Ingress != fixture.ShopID() || !strings.Contains(w.Message, about) {
			t.Errorf("warning %v, want one of %s with %q", w, fixture.ShopID(), about)
		}
	}
}
