package desired_test

import (
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// TestNodeFamiliesLookAgain: an Ingress stays with nodes for the sake of a rule that
// stands, and so keeps IPv6 from it. The rule goes, and no object of the cluster changes.
func TestNodeFamiliesLookAgain(t *testing.T) {
	v4 := fixture.Service("a", 30001)
	v4.Families.OnlyIPv4 = true
	c := fixture.Cluster("main", fixture.IngressTo("a", "www.example.com", "/a"), v4, fixture.IngressTo("b", "www.example.com", "/b"), fixture.Service("b", 30002), fixture.DualNode("n2", "192.0.2.2", "2001:db8::2"))
	records := []*model.Record{new(model.AddressRecord("nodes.main.acme", "192.0.2.2", 120)), new(model.AddressRecord("nodes-v4.main.acme", "192.0.2.2", 120))}
	c.Standing = desired.NewStanding([]*model.Rule{{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/a"}, SourceHost: "nodes.main.acme." + fixture.Domain}}, records)
	before := desired.Desired([]desired.Cluster{c}, fixture.Settings(), fixture.Start())
	c.Standing = desired.NewStanding(nil, records)
	after := desired.DesiredAfter(before, []desired.Cluster{c}, fixture.Settings(), before.Until)
	for at, test := range map[string]struct {
		want desired.Want
		has  []string
	}{
		"with the rule": {before, []string{"192.0.2.2"}},
		"without it":    {after, []string{"192.0.2.2", "2001:db8::2"}},
	} {
		if got := test.want.Sets["nodes.main.acme"].Addresses; !slices.Equal(got, test.has) {
			t.Errorf("%s: nodes has %q, want %q", at, got, test.has)
		}
	}
}
