package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// TestNodeFamilies has nodes come, go and change their families under Services of
// one family and of both. Rules that stand stay where they are, no Service gets an
// address of a family that it lacks, and a restart writes nothing after any step.
func TestNodeFamilies(t *testing.T) {
	only := func(name string, port int32, f kube.Families) kube.Service {
		svc := fixture.Service(name, port)
		svc.Families = f
		return svc
	}
	at := func(name string) kube.Ingress { return fixture.IngressTo(name, "www.example.com", "/"+name) }
	v4 := []any{at("a"), only("a", 30001, kube.Families{OnlyIPv4: true})}
	v6 := []any{at("c"), only("c", 30003, kube.Families{OnlyIPv6: true})}
	both := []any{at("b"), fixture.Service("b", 30002)}
	hostPort := fixture.IngressTo("h", "www.example.com", "/h")
	hostPort.Annotations = map[string]string{desired.AnnotationOrigin: "nodes", desired.AnnotationOriginPort: "8080"}
	released := at("a")
	released.Annotations = map[string]string{desired.AnnotationRelease: "true"}
	unreadable := at("a")
	unreadable.Annotations = map[string]string{desired.AnnotationPath: "nonsense"}
	n1, n2 := fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")
	dual2 := fixture.DualNode("n2", "192.0.2.2", "2001:db8::2")
	six1, six2 := fixture.Node("n1", "2001:db8::1"), fixture.Node("n2", "2001:db8::2")
	type step struct {
		objects []any
		want    []string // what is done
	}
	with := func(objects []any, more ...any) []any { return slices.Concat(objects, more) }
	a1, a2 := "create nodes.main 192.0.2.1", "create nodes.main 192.0.2.2"
	comes, goes := "0s: create nodes.main 2001:db8::2", "0s: delete nodes.main 2001:db8::2"

	tests := map[string][]step{
		"IPv4 alone: a node of both joins, leaves, and joins": {
			{with(v4, n1), []string{"0s: create claim main", "0s: " + a1, "0s: create rule www.example.com/a for a"}},
			{with(v4, n1, dual2), []string{"0s: " + a2}},
			{with(v4, n1), []string{"0s: delete nodes.main 192.0.2.2"}},
			{with(v4, n1, dual2), []string{"0s: " + a2}},
			{with(v4, n1, n2), nil},
			{with(v4, dual2), []string{"0s: delete nodes.main 192.0.2.1"}},
		},
		"IPv4 alone on nodes of both from the start, which then lose IPv6": {
			{with(v4, n1, dual2), []string{"0s: create claim main", "0s: create nodes-v4.main 192.0.2.1, create nodes-v4.main 192.0.2.2", "0s: create rule www.example.com/a for a"}},
			{with(v4, n1, n2), nil},
			{with(slices.Concat(v4, both), n1, n2), []string{"0s: " + a1 + ", " + a2, "0s: create rule www.example.com/b for b"}},
			{with(slices.Concat(v4, both), n1, dual2), []string{comes}},
			{with(slices.Concat(v4, both), n1, n2), []string{goes}},
		},
		"both: a node of both joins and leaves": {
			{with(both, n1, n2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2, "0s: create rule www.example.com/b for b"}},
			{with(both, n1, dual2), []string{comes}},
			{with(both, n1, n2), []string{goes}},
		},
		"IPv4 alone beside both": {
			{with(slices.Concat(v4, both), n1, n2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2, "0s: create rule www.example.com/a for a, create rule www.example.com/b for b"}},
			{with(slices.Concat(v4, both), n1, dual2), nil},
			{[]any{at("a"), fixture.Service("a", 30001), both[0], both[1], n1, dual2}, []string{comes}}, // the last of IPv4 alone
			{with(slices.Concat(v4, both), n1, dual2), []string{ // and back: nodes has AAAA by now
				"0s: create nodes-v4.main 192.0.2.1, create nodes-v4.main 192.0.2.2", "0s: update rule www.example.com/a for a",
			}},
		},
		"a new one of IPv4 alone beside both, on nodes of both": {
			{with(both, n1, dual2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2 + ", create nodes.main 2001:db8::2", "0s: create rule www.example.com/b for b"}},
			{with(slices.Concat(v4, both), n1, dual2), []string{"0s: create nodes-v4.main 192.0.2.1, create nodes-v4.main 192.0.2.2", "0s: create rule www.example.com/a for a"}},
			{with(slices.Concat(v4, both), n1), []string{"0s: delete nodes-v4.main 192.0.2.2, delete nodes.main 192.0.2.2, delete nodes.main 2001:db8::2"}},
		},
		"a new one of IPv4 alone goes where others are": {
			{with(v4, n1, n2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2, "0s: create rule www.example.com/a for a"}},
			{with(v4, n1, dual2, at("d"), only("d", 30004, kube.Families{OnlyIPv4: true})), []string{"0s: create rule www.example.com/d for d"}},
		},
		"host ports beside IPv4 alone": {
			{with(v4, hostPort, n1, n2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2, "0s: create rule www.example.com/a for a, create rule www.example.com/h for h"}},
			{with(v4, hostPort, n1, dual2), nil},
		},
		"IPv6 alone: a node of both joins and leaves": {
			{with(v6, six1), []string{"0s: create claim main", "0s: create nodes.main 2001:db8::1", "0s: create rule www.example.com/c for c"}},
			{with(v6, six1, dual2), []string{comes}},
			{with(v6, six1), []string{goes}},
			{with(slices.Concat(v4, v6), six1, dual2), []string{"0s: create nodes-v4.main 192.0.2.2, create nodes.main 2001:db8::2", "0s: create rule www.example.com/a for a"}},
		},
		"IPv4 alone: all nodes turn to IPv6": {
			{with(v4, n1), []string{"0s: create claim main", "0s: " + a1, "0s: create rule www.example.com/a for a"}},
			{with(v4, six1), nil}, // the last known stays
			{with(v4, six1, six2), nil},
			{with(v4, n1, n2), []string{"0s: " + a2}},
		},
		"a released rule of IPv4 alone beside both": {
			{with(slices.Concat(v4, both), n1, n2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2, "0s: create rule www.example.com/a for a, create rule www.example.com/b for b"}},
			{with(both, v4[1], released, n1, n2), []string{"0s: update rule www.example.com/a for "}},
			{with(both, v4[1], released, n1, dual2), nil},
			{with(both, v4[1], n1, dual2), nil},
			{with(both, n1, dual2), []string{comes}}, // nothing answers for it any more
		},
		"one of IPv4 alone that cannot be understood, beside both": {
			{with(slices.Concat(v4, both), n1, n2), []string{"0s: create claim main", "0s: " + a1 + ", " + a2, "0s: create rule www.example.com/a for a, create rule www.example.com/b for b"}},
			{with(both, v4[1], unreadable, n1, dual2), nil},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.Settings())
			for i, step := range steps {
				c := fixture.Cluster("main", step.objects...)
				s.Now = fixture.Start()
				s.change(true, c)
				if diff := cmp.Diff(step.want, s.run()); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i, diff)
				}
				if again := s.restart(c); len(again) > 0 {
					t.Errorf("step %d: started again it does %q", i, again)
				}
			}
		})
	}
}

// TestNodeFamiliesOnUpgrade has what versions before have left, and what others do
// to it: no rule moves.
func TestNodeFamiliesOnUpgrade(t *testing.T) {
	onlyV4 := fixture.WebWith(func(s *kube.Service) { s.Families.OnlyIPv4 = true })
	n1, dual2 := fixture.Node("n1", "192.0.2.1"), fixture.DualNode("n2", "192.0.2.2", "2001:db8::2")
	tests := map[string]struct {
		fresh  []any // what the installation began with
		tamper func(*stage)
		now    []any
		want   []string
	}{
		"nodes-v4, and no node has IPv6 any more": {
			fresh: []any{fixture.Shop(), onlyV4, n1, dual2}, tamper: func(*stage) {}, now: []any{fixture.Shop(), onlyV4, n1},
			want: []string{"0s: delete nodes-v4.main 192.0.2.2"},
		},
		"nodes, and now a node has IPv6": {
			fresh: []any{fixture.Shop(), onlyV4, n1}, tamper: func(*stage) {}, now: []any{fixture.Shop(), onlyV4, n1, dual2},
			want: []string{"0s: create nodes.main 192.0.2.2"},
		},
		"the addresses were deleted": {
			fresh: []any{fixture.Shop(), onlyV4, n1}, now: []any{fixture.Shop(), onlyV4, n1, dual2},
			tamper: func(s *stage) {
				s.Records.Objects = slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Type == "A" })
			},
			want: []string{"0s: create nodes.main 192.0.2.1, create nodes.main 192.0.2.2"},
		},
		"those of nodes-v4 were deleted": {
			fresh: []any{fixture.Shop(), onlyV4, n1, dual2}, now: []any{fixture.Shop(), onlyV4, n1},
			tamper: func(s *stage) {
				s.Records.Objects = slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Type == "A" })
			},
			want: []string{"0s: create nodes-v4.main 192.0.2.1"},
		},
		"somebody put an AAAA beside them": {
			fresh: []any{fixture.Shop(), onlyV4, n1}, now: []any{fixture.Shop(), onlyV4, n1},
			tamper: func(s *stage) {
				s.Records.Objects = append(slices.Clone(s.Records.Objects), new(model.AddressRecord("nodes.main.acme", "2001:db8::bad", 120).WithIdentity("x")))
				s.AllowDelete = true
			},
			want: []string{"0s: delete nodes.main 2001:db8::bad"},
		},
		"somebody else's rule names the other set": {
			fresh: []any{fixture.Shop(), onlyV4, n1}, now: []any{fixture.Shop(), onlyV4, n1, dual2},
			tamper: func(s *stage) {
				s.Rules.Objects = append(slices.Clone(s.Rules.Objects), &model.Rule{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "x.example.org", Path: "/"}, SourceHost: "nodes-v4.main." + fixture.Owner + "." + fixture.Domain})
			},
			want: []string{"0s: create nodes-v4.main 192.0.2.1, create nodes-v4.main 192.0.2.2, create nodes.main 192.0.2.2"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", test.fresh...))
			test.tamper(s)
			if diff := cmp.Diff(test.want, s.restart(fixture.Cluster("main", test.now...))); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			if again := s.restart(fixture.Cluster("main", test.now...)); len(again) > 0 {
				t.Errorf("started once more it does %q", again)
			}
		})
	}
}

// TestNodeFamiliesOfTwoClusters: what one cluster has decides nothing for another.
func TestNodeFamiliesOfTwoClusters(t *testing.T) {
	onlyV4 := fixture.WebWith(func(s *kube.Service) { s.Families.OnlyIPv4 = true })
	n1, dual2 := fixture.Node("n1", "192.0.2.1"), fixture.DualNode("n2", "192.0.2.2", "2001:db8::2")
	there := fixture.Shop()
	there.Rules = []kube.IngressRule{{Host: "west.example.com", Paths: fixture.Shop().Rules[0].Paths}}
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Shop(), onlyV4, n1), fixture.Cluster("west", there, onlyV4, dual2))
	s.change(true, fixture.Cluster("main", fixture.Shop(), onlyV4, n1, dual2), fixture.Cluster("west", there, onlyV4, n1, fixture.Node("n2", "192.0.2.2")))
	want := []string{"0s: create nodes-v4.west 192.0.2.1, create nodes.main 192.0.2.2"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestNodeFamiliesWithheld: who could use a family and does not get it is told why.
func TestNodeFamiliesWithheld(t *testing.T) {
	v4 := fixture.Service("a", 30001)
	v4.Families.OnlyIPv4 = true
	n1, dual2 := fixture.Node("n1", "192.0.2.1"), fixture.DualNode("n2", "192.0.2.2", "2001:db8::2")
	objects := []any{fixture.IngressTo("a", "www.example.com", "/a"), v4, fixture.IngressTo("b", "www.example.com", "/b"), fixture.Service("b", 30002)}
	s := settled(fixture.Settings(), fixture.Cluster("main", append(objects, n1)...))
	told := func(of []any, want string) {
		t.Helper()
		s.change(true, fixture.Cluster("main", of...))
		var got []string
		for _, w := range s.Want.Warnings {
			got = append(got, fmt.Sprint(w.Ingress, ": ", w.Message))
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("told %q, want %q", text, want)
		}
	}
	withheld := func(because string) string {
		return "main/default/b: its origin nodes.main.acme.k8s.example.net gets no AAAA records although nodes have IPv6 addresses, since a Service that answers on IPv4 alone shares the name (" +
			because + "); give the Services behind it both families (spec.ipFamilyPolicy: PreferDualStack)"
	}
	told(append(objects, n1), "")
	told(append(objects, n1, dual2), withheld("Ingress main/default/a"))
	told(append(objects[1:], n1, dual2), withheld("rule www.example.com/a")) // its Ingress is gone, its rule is not yet
	if s.Want.Until.IsZero() {
		t.Error("nobody looks again when the rule is gone")
	}
	s.run()
	told(append(objects[1:], n1, dual2), "")
	s.run()
	if got := s.record(t, "2001:db8::2").Name; got != "nodes.main.acme" {
		t.Errorf("it is at %s", got)
	}
}

// TestNodeFamiliesUnread: where a rule of a Service of IPv4 alone belongs is not known
// before its CDN was read. Until then nothing is made for it, and nothing that it may
// not have.
func TestNodeFamiliesUnread(t *testing.T) {
	v4 := fixture.Service("a", 30001)
	v4.Families.OnlyIPv4 = true
	n1, dual2 := fixture.Node("n1", "192.0.2.1"), fixture.DualNode("n2", "192.0.2.2", "2001:db8::2")
	objects := []any{fixture.IngressTo("a", "www.example.com", "/a"), v4, fixture.IngressTo("b", "www.example.com", "/b"), fixture.Service("b", 30002)}
	s := settled(fixture.Settings(), fixture.Cluster("main", append(objects, n1)...))
	rules := s.Rules
	s.Rules = observed.View[model.Rule]{}
	c := fixture.Cluster("main", append(objects, n1, dual2)...)
	c.Standing = desired.NewStanding(nil, append(slices.Clone(s.Records.Objects), new(model.AddressRecord("nodes-v4.main.acme", "192.0.2.1", 120)))) // of a move that was cut off
	c.Standing.Unread = map[model.Provider]bool{fixture.Edgio: true}
	s.Want = desired.Desired([]desired.Cluster{c}, s.Settings, s.Now)
	if diff := cmp.Diff([]string{"0s: create nodes.main 192.0.2.2"}, s.run()); diff != "" {
		t.Errorf("before the CDN was read (-want +got):\n%s", diff)
	}
	s.Rules = rules
	if diff := cmp.Diff([]string(nil), s.restart(c)); diff != "" {
		t.Errorf("after it was read (-want +got):\n%s", diff)
	}
}
