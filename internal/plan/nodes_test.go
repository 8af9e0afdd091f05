package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestPrivateNodes has private addresses beside public ones: with InternalIP among
// the types they are asked for.
func TestPrivateNodes(t *testing.T) {
	inside := func(name, address string) kube.Node {
		n := fixture.Node(name, address)
		n.Addresses[0].Type = "InternalIP"
		return n
	}
	internal := []string{"ExternalIP", "InternalIP"}
	one, two, three := fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "10.0.0.2"), fixture.Node("n3", "10.0.0.3")
	const out = "cluster main: node n2 has no public address but 10.0.0.2, "
	for name, test := range map[string]struct {
		types      []string
		nodes      []kube.Node
		want, keep []string
		notice     string
	}{
		"public":                             {nil, []kube.Node{one}, []string{"192.0.2.1"}, nil, ""},
		"private":                            {nil, []kube.Node{three, two}, []string{"10.0.0.2", "10.0.0.3"}, nil, out + "nor has another node: "},
		"both":                               {nil, []kube.Node{three, one, two}, []string{"192.0.2.1"}, nil, out + "and is left out, since others have public ones"},
		"private beside public IPv6":         {nil, []kube.Node{two, fixture.Node("n4", "2001:db8::4")}, []string{"2001:db8::4"}, nil, out + "and is left out"},
		"private IPv4, public IPv6 of one":   {nil, []kube.Node{fixture.DualNode("n2", "10.0.0.2", "2001:db8::2")}, []string{"2001:db8::2"}, nil, ""},
		"a private one fades":                {nil, []kube.Node{one, fixture.NotReady(two, time.Second)}, []string{"192.0.2.1"}, nil, out + "and is left out"},
		"a public one fades":                 {nil, []kube.Node{fixture.NotReady(one, time.Second), two}, []string{"10.0.0.2"}, []string{"192.0.2.1"}, out + "and is left out"},
		"asked for, private":                 {internal, []kube.Node{inside("n2", "10.0.0.2"), inside("n3", "10.0.0.3")}, []string{"10.0.0.2", "10.0.0.3"}, nil, ""},
		"asked for, both":                    {internal, []kube.Node{one, inside("n3", "10.0.0.3"), inside("n2", "10.0.0.2")}, []string{"10.0.0.2", "10.0.0.3", "192.0.2.1"}, nil, out + "which stands in DNS beside public ones"},
		"asked for, public ones inside":      {internal, []kube.Node{one, inside("n2", "192.0.2.2")}, []string{"192.0.2.1", "192.0.2.2"}, nil, ""},
		"not asked for, one without another": {nil, []kube.Node{one, inside("n2", "10.0.0.2")}, []string{"192.0.2.1"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []any{fixture.Shop(), fixture.Web()}
			for _, n := range test.nodes {
				objects = append(objects, n)
			}
			c := fixture.Cluster("main", objects...)
			if test.types != nil {
				c.AddressTypes = test.types
			}
			want := desired.Desired([]desired.Cluster{c}, fixture.Settings(), fixture.Start())
			set := want.Sets["nodes.main.acme"]
			if diff := cmp.Diff([][]string{test.want, test.keep}, [][]string{set.Addresses, set.Keep}); diff != "" {
				t.Errorf("want and keep (-want +got):\n%s", diff)
			}
			if (len(want.Notices) > 0) != (test.notice != "") || len(want.Notices) > 1 {
				t.Fatalf("notices %v, want %q", want.Notices, test.notice)
			}
			c.Ingresses = nil
			if unused := desired.Desired([]desired.Cluster{c}, fixture.Settings(), fixture.Start()).Notices; len(unused) > 0 {
				t.Errorf("nobody publishes anything, and the notices are %v", unused)
			}
			if test.notice == "" {
				return
			}
			if got := want.Notices[0]; got.Fatal || !strings.HasPrefix(got.Text, test.notice) {
				t.Errorf("notice %v, want %q", got, test.notice)
			}
			s := newStage(fixture.Settings())
			s.Want = want
			if s.ask(); !slices.Contains(s.step.Notices, want.Notices[0]) {
				t.Errorf("it is not told: %v", s.step.Notices)
			}
		})
	}
}
