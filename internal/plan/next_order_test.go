package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestOrder follows whole changes, call by call: what is done at once stands
// on one line, "time since start: operations".
func TestOrder(t *testing.T) {
	two := cluster("main", usual()...)
	with := func(objects ...any) Cluster { return cluster("main", objects...) }
	prefix := ingress("shop", "www.example.com", "Prefix", "/a")
	stripped := annotated(annotationPath, "strip")

	tests := map[string]struct {
		before, after Cluster
		want          []string
	}{
		"a first Ingress": {
			with(web(), node("n1", "192.0.2.1")), two,
			[]string{
				"0s: create claim main",
				"0s: create nodes.main 192.0.2.1, create nodes.main 192.0.2.2",
				"0s: create rule www.example.com/a for shop",
			},
		},
		"nothing to publish, nothing to claim": {with(), with(web(), node("n1", "192.0.2.1")), nil},
		"no node, nothing to claim":            {with(), with(shop(), web()), nil},
		"a second rule at a standing origin": {
			two, with(prefix, web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")),
			[]string{"0s: create rule www.example.com/a/ for shop"},
		},
		"the last Ingress goes": {
			two, with(web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")),
			[]string{
				"10s: delete rule www.example.com/a",
				"1m10s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
			},
		},
		"one of two goes": {
			with(prefix, web(), node("n1", "192.0.2.1")), with(shop(), web(), node("n1", "192.0.2.1")),
			[]string{"10s: delete rule www.example.com/a/"},
		},
		"its path is stripped": {
			two, with(stripped, web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")),
			[]string{"0s: update rule www.example.com/a for shop"},
		},
		"the node port changes": {
			two, with(shop(), service("web", 30099), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")),
			[]string{"0s: update rule www.example.com/a for shop"},
		},
		"a node joins": {
			two, with(append(usual(), node("n3", "192.0.2.3"))...),
			[]string{"0s: create nodes.main 192.0.2.3"},
		},
		"a node goes": {
			two, with(shop(), web(), node("n1", "192.0.2.1")),
			[]string{"0s: delete nodes.main 192.0.2.2"},
		},
		"a node is replaced: the new one first": {
			two, with(shop(), web(), node("n1", "192.0.2.1"), node("n3", "192.0.2.3")),
			[]string{"0s: create nodes.main 192.0.2.3", "0s: delete nodes.main 192.0.2.2"},
		},
		"all nodes are replaced": {
			two, with(shop(), web(), node("n3", "192.0.2.3"), node("n4", "192.0.2.4")),
			[]string{
				"0s: create nodes.main 192.0.2.3, create nodes.main 192.0.2.4",
				"0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
			},
		},
		"all nodes go: the last known addresses stay": {two, with(shop(), web()), nil},
		"a node not ready for a while stays":          {two, with(shop(), web(), node("n1", "192.0.2.1"), notReady(node("n2", "192.0.2.2"), time.Second)), nil},
		"a node that joins not ready does not":        {two, with(append(usual(), notReady(node("n3", "192.0.2.3"), 0))...), nil},
		"a node not ready for long goes":              {two, with(shop(), web(), node("n1", "192.0.2.1"), notReady(node("n2", "192.0.2.2"), time.Minute)), []string{"0s: delete nodes.main 192.0.2.2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), test.before)
			s.change(true, test.after)
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTakeOver has two Ingresses that claim one place: it goes to the next by
// one update, never by a deletion and a creation, and without waiting.
func TestTakeOver(t *testing.T) {
	older, younger := shop(), ingress("later", "www.example.com", "Exact", "/a")
	older.Created = older.Created.Add(-time.Hour)
	base := []any{web(), node("n1", "192.0.2.1")}
	both := cluster("main", append([]any{older, younger}, base...)...)
	alone := cluster("main", append([]any{younger}, base...)...)

	s := settled(testSettings(), both)
	if diff := cmp.Diff([]string{"claim main", "nodes.main 192.0.2.1", "rule www.example.com/a for shop"}, s.standing()); diff != "" {
		t.Fatalf("at first (-want +got):\n%s", diff)
	}
	s.change(true, alone)
	if diff := cmp.Diff([]string{"0s: update rule www.example.com/a for later"}, s.run()); diff != "" {
		t.Errorf("the winner goes (-want +got):\n%s", diff)
	}
	s.change(true, both)
	if diff := cmp.Diff([]string{"0s: update rule www.example.com/a for shop"}, s.run()); diff != "" {
		t.Errorf("the older one comes back (-want +got):\n%s", diff)
	}
}

// TestTakeOverByCluster has the next Ingress in another cluster: its addresses
// stand before the rule changes, and the old ones linger.
func TestTakeOverByCluster(t *testing.T) {
	main, west := cluster("main", usual()...), cluster("west", shop(), service("web", 30090), node("w1", "192.0.2.9"))
	s := settled(testSettings(), main, cluster("west"))
	s.change(true, cluster("main"), west)
	want := []string{
		"0s: create claim west",
		"0s: create nodes.west 192.0.2.9",
		"0s: update rule www.example.com/a for shop",
		"1m0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.rule(t, shopKey()).SourceHost; got != "nodes.west.acme.k8s.example.net" {
		t.Errorf("the origin is %s", got)
	}
}

// TestNamedAddressesStay has an origin that no rule of ours uses any more, but
// somebody's does: it goes on following its nodes, and lingers only from when
// nobody names it.
func TestNamedAddressesStay(t *testing.T) {
	for name, theirs := range map[string]Rule{
		"somebody's":              {ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: nodesHost},
		"in upper case":           {ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: "NODES.main.acme.k8s.EXAMPLE.net."},
		"another owner's":         marked(Rule{ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: nodesHost}, Mark{"other", shopID()}),
		"an unknown cluster's":    marked(Rule{ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: nodesHost}, Mark{testOwner, IngressID{"gone", "default", "blog"}}),
		"a copy of one of ours's": {ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: nodesHost, Protocols: []Protocol{{Mark: Mark{testOwner, shopID()}.String(shopKey())}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", usual()...))
			s.Rules.Objects = append(s.Rules.Objects, new(theirs))
			s.change(true, cluster("main", node("n1", "192.0.2.1"), node("n3", "192.0.2.3")))
			want := []string{
				"0s: create nodes.main 192.0.2.3",
				"0s: delete nodes.main 192.0.2.2",
				"10s: delete rule www.example.com/a",
			}
			if diff := cmp.Diff(want, s.run()); diff != "" {
				t.Errorf("while it is named (-want +got):\n%s", diff)
			}
			s.Rules.Objects = nil
			s.Now = s.Now.Add(time.Hour)
			want = []string{"1h1m10s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.3"}
			if diff := cmp.Diff(want, s.run()); diff != "" {
				t.Errorf("afterwards (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAttemptsNameTheirOrigin has a rule that is not wanted any more, and not
// seen, but may come to stand: its origin does not go before that is known.
func TestAttemptsNameTheirOrigin(t *testing.T) {
	rule := *settled(testSettings(), cluster("main", usual()...)).Rules.Objects[0]
	moved := rule
	moved.SourceHost = "elsewhere.example.org"
	for name, a := range map[string]Attempt[Rule]{
		"a creation under way":        {Op[Rule]{Verb: Create, To: &rule}, InFlight},
		"a creation lost":             {Op[Rule]{Verb: Create, To: &rule}, Unsure},
		"an update to it under way":   {Op[Rule]{Verb: Update, From: &moved, To: &rule}, InFlight},
		"an update away from it lost": {Op[Rule]{Verb: Update, From: &rule, To: &moved}, Unsure},
		"its deletion lost":           {Op[Rule]{Verb: Delete, From: &rule}, Unsure},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", usual()...))
			s.Rules.Objects, s.Rules.Attempts = nil, []Attempt[Rule]{a}
			s.change(true, cluster("main"))
			for range 3 {
				s.ask()
				s.Now = s.Now.Add(time.Hour)
				if len(s.step.Records) > 0 {
					t.Errorf("%s", line(s.step.Records[0]))
				}
			}
			s.Rules.Attempts = nil
			s.run()
			if diff := cmp.Diff([]string{"claim main"}, s.standing()); diff != "" {
				t.Errorf("once it is known (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownSet has a name below ours that some rule uses although no Service
// has such a set: whatever stands there, stays.
func TestUnknownSet(t *testing.T) {
	s := settled(testSettings(), cluster("main", usual()...))
	s.Rules.Objects = append(s.Rules.Objects, new(Rule{ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: "old.main.acme." + testDomain}))
	for _, r := range []Record{{Type: "A", Data: "192.0.2.7"}, {Type: "AAAA", Data: "2001:db8::7"}, {Type: "TXT", Data: "x"}} {
		r.ID, r.Name = r.Type, "old.main.acme"
		s.Records.Objects = append(s.Records.Objects, new(r))
	}
	s.AllowDelete = true
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// marked gives a rule a protocol set with the mark.
func marked(r Rule, m Mark) Rule {
	r.Protocols = []Protocol{{Published: "https", Source: "http", SourcePort: 30080, Mark: m.String(r.RuleKey)}}
	return r
}

// TestRulesUnknown has the records read and the rules not: sets that are wanted
// follow their nodes, and whether any other is in use is not known.
func TestRulesUnknown(t *testing.T) {
	s := settled(testSettings(), cluster("main", usual()...))
	s.Rules = View[Rule]{}
	s.Records.Objects = append(s.Records.Objects, new(Record{ID: "old", Name: "old.main.acme", Type: "A", Data: "192.0.2.7", TTL: 120}))
	s.change(true, cluster("main", shop(), web(), node("n1", "192.0.2.1"), node("n3", "192.0.2.3")))
	want := []string{"0s: create nodes.main 192.0.2.3", "0s: delete nodes.main 192.0.2.2"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("a wanted set (-want +got):\n%s", diff)
	}
	if s.step.Compared {
		t.Error("the first comparison is over although no rule was read")
	}
	s.change(true, cluster("main", node("n1", "192.0.2.1")))
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("a set that may be in use (-want +got):\n%s", diff)
	}
}

// TestRecordsUnknown has the rules read and the records not: no rule is
// touched, since whose the zone is, and what it holds, is not known.
func TestRecordsUnknown(t *testing.T) {
	s := settled(testSettings(), cluster("main", usual()...))
	s.Records = View[Record]{}
	s.change(true, cluster("main", ingress("shop", "www.example.com", "Exact", "/b"), web(), node("n1", "192.0.2.1")))
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), s.states()); diff != "" {
		t.Errorf("states, before anything is known of them (-want +got):\n%s", diff)
	}
}

// TestAddressesGoOnlyAfterANewReading has a rule of somebody else's that began
// to name our addresses while they lingered: only a reading shows it.
func TestAddressesGoOnlyAfterANewReading(t *testing.T) {
	s := newStage(testSettings(), cluster("main", usual()...))
	s.run()
	s.change(true, cluster("main", web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")))
	s.Rules.Objects = nil
	in := s.Input
	in.Rules.Read = in.Now
	step := next(in) // the linger begins
	in.Memory, in.Now = step.Memory, step.Wake

	step = next(in)
	if len(step.Records) > 0 || len(step.Reread) == 0 {
		t.Fatalf("%d operations, Reread %v; want none before the rules are read again", len(step.Records), step.Reread)
	}
	in.Rules.Read = in.Now
	if step := next(in); len(step.Records) != 2 || len(step.Reread) > 0 {
		t.Errorf("nobody names them: %d operations, Reread %v; want two deletions", len(step.Records), step.Reread)
	}
	in.Rules.Objects = []*Rule{{ID: "x", RuleKey: RuleKey{Edgio, "blog.example.com", "/"}, SourceHost: nodesHost}}
	if step := next(in); len(step.Records) > 0 {
		t.Errorf("somebody names them: %s", line(step.Records[0]))
	}
}
