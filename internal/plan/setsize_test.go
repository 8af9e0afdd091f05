package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

func ip6(n int) string { return fmt.Sprintf("2a01:4f8::%x", n+1) }

// manyNodes are nodes of one address each.
func manyNodes(n int, address func(int) string) (nodes []any) {
	for i := range n {
		nodes = append(nodes, fixture.Node(fmt.Sprint("n", i), address(i)))
	}
	return nodes
}

// TestSetsAreBounded has more addresses than one answer of DNS carries, for each kind
// of set: so many of them stand, and the operator is told.
func TestSetsAreBounded(t *testing.T) {
	list := func(n int, address func(int) string) (list []kube.Address) {
		for i := range n {
			list = append(list, kube.Address{IP: address(i)})
		}
		return list
	}
	both := slices.Concat(list(300, fixture.PublicIPv4), list(200, ip6))
	local := fixture.WebWith(func(s *kube.Service) { s.Local = true })
	everywhere := kube.EndpointSlice{Meta: kube.Meta{Namespace: "default", Name: "web-1"}, Service: "web"}
	for i := range 300 {
		everywhere.Nodes = append(everywhere.Nodes, fmt.Sprint("n", i))
	}
	status := fixture.Shop()
	status.Annotations, status.Status = map[string]string{desired.AnnotationOrigin: desired.OriginStatus}, list(300, fixture.PublicIPv4)
	var external []string
	for _, a := range list(300, fixture.PublicIPv4) {
		external = append(external, a.IP)
	}
	duals := []any{fixture.Shop(), fixture.Web()}
	for i := range 300 {
		duals = append(duals, fixture.DualNode(fmt.Sprint("n", i), fixture.PublicIPv4(i), ip6(i)))
	}
	for name, test := range map[string]struct {
		objects []any
		set     string
		v4, v6  int
		says    string // "": nothing
	}{
		"nodes, just as many":      {append(manyNodes(256, fixture.PublicIPv4), fixture.Shop(), fixture.Web()), "nodes.main.acme", 256, 0, ""},
		"nodes":                    {append(manyNodes(257, fixture.PublicIPv4), fixture.Shop(), fixture.Web()), "nodes.main.acme", 256, 0, "257 addresses"},
		"nodes, IPv6, just enough": {append(manyNodes(146, ip6), fixture.Shop(), fixture.Web()), "nodes.main.acme", 0, 146, ""},
		"nodes, IPv6":              {append(manyNodes(147, ip6), fixture.Shop(), fixture.Web()), "nodes.main.acme", 0, 146, "147 addresses"},
		"nodes of both families":   {duals, "nodes.main.acme", 256, 146, "600 addresses"},
		"policy Local":             {append(manyNodes(400, fixture.PublicIPv4), fixture.Shop(), local, everywhere), "web.default.local.main.acme", 256, 0, "300 addresses"},
		"a load balancer": {[]any{fixture.Shop(), fixture.WebWith(func(s *kube.Service) { s.Type, s.Balancers = "LoadBalancer", both })},
			"web.default.lb.main.acme", 256, 146, "500 addresses"},
		"externalIPs": {[]any{fixture.Shop(), fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", external }),
			desired.Allow{Origins: []string{desired.OriginExternalIPs}}}, "web.default.ext.main.acme", 256, 0, "300 addresses"},
		"a status": {[]any{status, fixture.Web()}, "shop.default.status.main.acme", 256, 0, "300 addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.Settings(), fixture.Cluster("main", test.objects...))
			s.run()
			v4, v6 := 0, 0
			for _, r := range s.Records.Objects {
				switch {
				case r.Name != test.set:
				case r.Type == "A":
					v4++
				case r.Type == "AAAA":
					v6++
				}
			}
			if v4 != test.v4 || v6 != test.v6 {
				t.Errorf("%d IPv4 and %d IPv6 stand at %s, want %d and %d", v4, v6, test.set, test.v4, test.v6)
			}
			var said []string
			for _, n := range s.step.Notices {
				if strings.HasPrefix(n.Text, test.set+".k8s.example.net has ") && strings.Contains(n.Text, "clusters[].node_selector") {
					said = append(said, n.Text)
				}
			}
			if len(said) != 1 || test.says != "" && !strings.Contains(said[0], test.says) {
				t.Errorf("notices %q, want one with %q", said, test.says)
			}
		})
	}
}

// members4 are the addresses that stand at the nodes' name.
func (s *stage) members4() []string {
	var list []string
	for _, r := range s.Records.Objects {
		if r.Name == "nodes.main.acme" {
			list = append(list, r.Data)
		}
	}
	return ordered.Distinct(list)
}

// TestChoiceIsStable has nodes come, go and flap where there are too many: each event
// costs one address added and one taken away at most, and a short fall none.
func TestChoiceIsStable(t *testing.T) {
	nodes := manyNodes(1000, fixture.PublicIPv4)
	s := newStage(fixture.Settings(), fixture.Cluster("main", append(slices.Clone(nodes), fixture.Shop(), fixture.Web())...))
	s.run()
	before, moved := s.members4(), 0
	event := func(what string, nodes []any, want int) {
		t.Helper()
		s.change(true, fixture.Cluster("main", append(slices.Clone(nodes), fixture.Shop(), fixture.Web())...))
		s.run()
		now := s.members4()
		gone := slices.DeleteFunc(slices.Clone(before), func(ip string) bool { return ordered.Contains(now, ip) })
		if len(now) != 256 || len(gone) > want {
			t.Errorf("%s: %d stand, and %q have left", what, len(now), gone)
		}
		before, moved = now, moved+len(gone)
	}
	for i := range 40 {
		event("one goes", nodes[i+1:], 1)
	}
	for i := range 40 {
		event("one comes", nodes[39-i:], 1)
	}
	if moved < 5 || moved > 40 {
		t.Errorf("%d of 80 events have changed the members, want about 20", moved)
	}
	first := before[0]
	i := slices.IndexFunc(nodes, func(n any) bool { return n.(kube.Node).Addresses[0].Address == first })
	fading := slices.Clone(nodes)
	down := nodes[i].(kube.Node)
	down.Ready, down.Changed = false, s.Now
	fading[i] = down
	event("a member is not ready for a short while", fading, 0)
	event("and is again", nodes, 0)
	down.Changed = s.Now.Add(-time.Hour)
	fading[i] = down
	event("a member is not ready for long", fading, 1)
	if slices.Contains(before, first) {
		t.Errorf("%s still stands", first)
	}
}

// TestShrinkingToTheBound is an upgrade to this bound: what is beyond it goes, and is
// no loss that anybody has to allow.
func TestShrinkingToTheBound(t *testing.T) {
	objects := append(manyNodes(600, fixture.PublicIPv4), fixture.Shop(), fixture.Web())
	s := settled(fixture.Settings(), fixture.Cluster("main", append(manyNodes(2, fixture.PublicIPv4), fixture.Shop(), fixture.Web())...))
	s.Records.Objects = slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Type == "A" })
	for i := range 600 {
		s.Records.Objects = append(s.Records.Objects, new(model.AddressRecord("nodes.main.acme", fixture.PublicIPv4(i), 120).WithIdentity(fmt.Sprint("r", i))))
	}
	slices.SortFunc(s.Records.Objects, func(a, b *model.Record) int { return a.Compare(*b) })
	s.restart(fixture.Cluster("main", objects...))
	if n := len(s.members4()); n != 256 || len(s.step.Blocked) > 0 {
		t.Errorf("%d stand; blocked: %v", n, s.step.Blocked)
	}
}
