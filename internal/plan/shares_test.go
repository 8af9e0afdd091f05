package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
)

// TestSharedHostStands has a second Ingress come beside one that is published:
// nothing is done, and when the first goes nothing of the second is published.
func TestSharedHostStands(t *testing.T) {
	front, api := fixture.SharedHost("front", "/=web"), fixture.SharedHost("api", "/api=api")
	services := []any{fixture.BalancedService("web", "192.0.2.9"), fixture.BalancedService("api", "192.0.2.10")}
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", append(services, front)...))
	s.change(true, fixture.Cluster("main", append(services, api, front)...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("it does %q", done)
	}
	if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", append(services, api)...))
	s.run()
	if diff := cmp.Diff([]string{"claim main"}, s.standing()); diff != "" {
		t.Errorf("without the front (-want +got):\n%s", diff)
	}
}
