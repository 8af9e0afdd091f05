package status

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

// TestOrigins has one name's addresses and the nodes that have them, and the
// nodes that are left out.
func TestOrigins(t *testing.T) {
	shop := ingress("shop", "www.example.com", "/a")
	with := func(nodes ...kube.Node) desired.Cluster {
		c := cluster("main", shop)
		c.Nodes = nodes
		return c
	}
	// became is what is seen when the nodes of an installation in sync are others.
	became := func(nodes ...kube.Node) *outcome.Overview {
		o := settled(cluster("main", shop))
		o.Want = desired.Desired([]desired.Cluster{with(nodes...)}, o.Settings, o.At)
		o.Nodes["main"] = nodes
		return replanned(o)
	}
	n1, n2 := node("n1", "192.0.2.1"), node("n2", "192.0.2.2")
	down, fading, excluded, inside := n2, n2, n2, n2
	down.Ready, down.Changed = false, now().Add(-time.Hour)
	fading.Ready, fading.Changed = false, now().Add(-time.Second)
	excluded.Excluded = "it is being deleted"
	inside.Addresses = []kube.NodeAddress{{Type: "InternalIP", Address: "10.0.0.2"}}
	both := node("twin", "192.0.2.1")
	tests := map[string]struct {
		o             *outcome.Overview
		want, leftOut []string
	}{
		"in sync":              {settled(cluster("main", shop)), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 standing n2"}, nil},
		"two nodes share one":  {settled(with(n1, both)), []string{"A 192.0.2.1 standing n1 twin"}, nil},
		"by number, not text":  {settled(with(node("n10", "192.0.2.10"), n2)), []string{"A 192.0.2.2 standing n2", "A 192.0.2.10 standing n10"}, nil},
		"a node joins":         {became(n1, n2, node("n3", "192.0.2.3")), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 standing n2", "A 192.0.2.3 adding n3"}, nil},
		"a node goes":          {became(n1), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 removing"}, nil},
		"a node is not ready":  {became(n1, down), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 removing n2 (not ready)"}, []string{"n2: not ready"}},
		"one is not for long":  {became(n1, fading), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 standing n2 (not ready)"}, nil},
		"a node is excluded":   {became(n1, excluded), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 removing n2 (it is being deleted)"}, []string{"n2: it is being deleted"}},
		"a node is inside":     {became(n1, inside), []string{"A 192.0.2.1 standing n1", "A 192.0.2.2 removing"}, []string{"n2: no address of the configured types"}},
		"no node is left":      {became(), []string{"A 192.0.2.1 standing", "A 192.0.2.2 standing"}, nil},
		"none is ready: panic": {became(down), []string{"A 192.0.2.1 removing", "A 192.0.2.2 standing n2 (not ready)"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newReport(test.o, "")
			if len(c.Origins) != 1 || c.Origins[0].Name != "nodes.main.acme.k8s.example.net" || !c.Origins[0].Used {
				t.Fatalf("origins %+v", c.Origins)
			}
			var got, leftOut []string
			for _, a := range c.Origins[0].Addresses {
				line := fmt.Sprint(a.Type, " ", a.Address, " ", a.State)
				for _, n := range a.Nodes {
					line += " " + n.Name
					if n.Trouble != "" {
						line += " (" + n.Trouble + ")"
					}
				}
				got = append(got, line)
			}
			for _, n := range c.Clusters[0].LeftOut {
				leftOut = append(leftOut, n.Name+": "+n.Trouble)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.leftOut, leftOut); diff != "" {
				t.Errorf("left out (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNotices has what concerns a cluster or provider as a whole, the grave
// first.
func TestNotices(t *testing.T) {
	o := settled(cluster("main", ingress("shop", "www.example.com", "/a")))
	o.Want.Clusters["main"].Nodes.Panic = true
	o.Step.Stale = map[string]plan.Stale{"nodes.main.acme": {Cluster: "main", Lacks: "no node is left that can take traffic"}}
	o.Step.Blocked = []guard.Blocked{{Provider: fixture.Vultr, Cluster: "main", Count: 2, Total: 2}}
	o.Step.Notices = []model.Notice{{Text: "a trifle"}, {Fatal: true, Text: "a grave thing"}}
	want := []Notice{
		{true, o.Step.Blocked[0].String()},
		{true, "cluster main: no node is left that can take traffic; its last known addresses stay in DNS"},
		{true, "a grave thing"},
		{false, "cluster main: fewer than half of its nodes are ready; all of them stand in DNS"},
		{false, "a trifle"},
	}
	c := newReport(o, "")
	if diff := cmp.Diff(want, c.Notices); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := c.Clusters[0].Nodes; !n.Panic || !n.LastKnown || n.Ready != 2 {
		t.Errorf("nodes %+v", n)
	}
}
