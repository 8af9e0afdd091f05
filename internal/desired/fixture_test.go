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
				strings.TrimSuffix(r.Rule.SourceHost, "."+fixture.Owner+"."+fixture.TestDomain), p.SourcePort, r.Rule.SourcePath)
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
