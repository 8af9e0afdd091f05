package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// TestOrder follows whole changes, call by call: what is done at once stands
// on one line, "time since start: operations".
func TestOrder(t *testing.T) {
	two := fixture.Cluster("main", fixture.Usual()...)
	with := func(objects ...any) desired.Cluster { return fixture.Cluster("main", objects...) }
	prefix := fixture.Ingress("shop", "www.example.com", "Prefix", "/a")
	stripped := fixture.Annotated(desired.AnnotationPath, "strip")

	tests := map[string]struct {
		before, after desired.Cluster
		want          []string
	}{
		"a first Ingress": {
			with(fixture.Web(), fixture.Node("n1", "192.0.2.1")), two,
			[]string{
				"0s: create claim main",
				"0s: create nodes.main 192.0.2.1, create nodes.main 192.0.2.2",
				"0s: create rule www.example.com/a for shop",
			},
		},
		"nothing to publish, nothing to claim": {with(), with(fixture.Web(), fixture.Node("n1", "192.0.2.1")), nil},
		"no node, nothing to claim":            {with(), with(fixture.Shop(), fixture.Web()), nil},
		"a second rule at a standing origin": {
			two, with(prefix, fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")),
			[]string{"0s: create rule www.example.com/a/ for shop"},
		},
		"the last Ingress goes": {
			two, with(fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")),
			[]string{
				"10s: delete rule www.example.com/a",
				"1m10s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
			},
		},
		"one of two goes": {
			with(prefix, fixture.Web(), fixture.Node("n1", "192.0.2.1")), with(fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1")),
			[]string{"10s: delete rule www.example.com/a/"},
		},
		"its path is stripped": {
			two, with(stripped, fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")),
			[]string{"0s: update rule www.example.com/a for shop"},
		},
		"the node port changes": {
			two, with(fixture.Shop(), fixture.Service("web", 30099), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")),
			[]string{"0s: update rule www.example.com/a for shop"},
		},
		"a node joins": {
			two, with(append(fixture.Usual(), fixture.Node("n3", "192.0.2.3"))...),
			[]string{"0s: create nodes.main 192.0.2.3"},
		},
		"a node goes": {
			two, with(fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1")),
			[]string{"0s: delete nodes.main 192.0.2.2"},
		},
		"a node is replaced: the new one first": {
			two, with(fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3")),
			[]string{"0s: create nodes.main 192.0.2.3", "0s: delete nodes.main 192.0.2.2"},
		},
		"all nodes are replaced": {
			two, with(fixture.Shop(), fixture.Web(), fixture.Node("n3", "192.0.2.3"), fixture.Node("n4", "192.0.2.4")),
			[]string{
				"0s: create nodes.main 192.0.2.3, create nodes.main 192.0.2.4",
				"0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
			},
		},
		"all nodes go: the last known addresses stay": {two, with(fixture.Shop(), fixture.Web()), nil},
		"a node not ready for a while stays":          {two, with(fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.NotReady(fixture.Node("n2", "192.0.2.2"), time.Second)), nil},
		"a node that joins not ready does not":        {two, with(append(fixture.Usual(), fixture.NotReady(fixture.Node("n3", "192.0.2.3"), 0))...), nil},
		"a node not ready for long goes":              {two, with(fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.NotReady(fixture.Node("n2", "192.0.2.2"), time.Minute)), []string{"0s: delete nodes.main 192.0.2.2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), test.before)
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
	older, younger := fixture.Shop(), fixture.Ingress("later", "www.example.com", "Exact", "/a")
	older.Created = older.Created.Add(-time.Hour)
	base := []any{fixture.Web(), fixture.Node("n1", "192.0.2.1")}
	both := fixture.Cluster("main", append([]any{older, younger}, base...)...)
	alone := fixture.Cluster("main", append([]any{younger}, base...)...)

	s := settled(fixture.Settings(), both)
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
	main, west := fixture.Cluster("main", fixture.Usual()...), fixture.Cluster("west", fixture.Shop(), fixture.Service("web", 30090), fixture.Node("w1", "192.0.2.9"))
	s := settled(fixture.Settings(), main, fixture.Cluster("west"))
	s.change(true, fixture.Cluster("main"), west)
	want := []string{
		"0s: create claim west",
		"0s: create nodes.west 192.0.2.9",
		"0s: update rule www.example.com/a for shop",
		"1m0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.rule(t, fixture.ShopKey()).SourceHost; got != "nodes.west.acme.k8s.example.net" {
		t.Errorf("the origin is %s", got)
	}
}

// TestNamedAddressesStay has an origin that no rule of ours uses any more, but
// somebody's does: it goes on following its nodes, and lingers only from when
// nobody names it.
func TestNamedAddressesStay(t *testing.T) {
	for name, theirs := range map[string]model.Rule{
		"somebody's":              {ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: fixture.NodesHost},
		"in upper case":           {ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: "NODES.main.acme.k8s.EXAMPLE.net."},
		"another owner's":         fixture.Labelled(model.Rule{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: fixture.NodesHost}, model.OwnerLabel{Owner: "other", IngressID: fixture.ShopID()}),
		"an unknown cluster's":    fixture.Labelled(model.Rule{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: fixture.NodesHost}, model.OwnerLabel{Owner: fixture.Owner, IngressID: model.IngressID{Cluster: "gone", Namespace: "default", Name: "blog"}}),
		"a copy of one of ours's": {ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: fixture.NodesHost, Protocols: []model.Protocol{{Label: model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}.String(fixture.ShopKey())}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.Rules.Objects = append(s.Rules.Objects, new(theirs))
			s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3")))
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
	rule := *settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)).Rules.Objects[0]
	moved := rule
	moved.SourceHost = "elsewhere.example.org"
	for name, a := range map[string]observed.Attempt[model.Rule]{
		"a creation under way":        {Op: model.Op[model.Rule]{Verb: model.Create, To: &rule}, Status: observed.InFlight},
		"a creation lost":             {Op: model.Op[model.Rule]{Verb: model.Create, To: &rule}, Status: observed.Unknown},
		"an update to it under way":   {Op: model.Op[model.Rule]{Verb: model.Update, From: &moved, To: &rule}, Status: observed.InFlight},
		"an update away from it lost": {Op: model.Op[model.Rule]{Verb: model.Update, From: &rule, To: &moved}, Status: observed.Unknown},
		"its deletion lost":           {Op: model.Op[model.Rule]{Verb: model.Delete, From: &rule}, Status: observed.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.Rules.Objects, s.Rules.Attempts = nil, []observed.Attempt[model.Rule]{a}
			s.change(true, fixture.Cluster("main"))
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
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Rules.Objects = append(s.Rules.Objects, new(model.Rule{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: "old.main.acme." + fixture.Domain}))
	for _, r := range []model.Record{{Type: "A", Data: "192.0.2.7"}, {Type: "AAAA", Data: "2001:db8::7"}, {Type: "TXT", Data: "x"}} {
		r.ID, r.Name = r.Type, "old.main.acme"
		s.Records.Objects = append(s.Records.Objects, new(r))
	}
	s.AllowDelete = true
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRulesUnknown has the records read and the rules not: sets that are wanted
// follow their nodes, and whether any other is in use is not known.
func TestRulesUnknown(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Rules = observed.View[model.Rule]{}
	s.Records.Objects = append(s.Records.Objects, new(model.Record{ID: "old", Name: "old.main.acme", Type: "A", Data: "192.0.2.7", TTL: 120}))
	s.change(true, fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3")))
	want := []string{"0s: create nodes.main 192.0.2.3", "0s: delete nodes.main 192.0.2.2"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("a wanted set (-want +got):\n%s", diff)
	}
	if s.step.Compared {
		t.Error("the first comparison is over although no rule was read")
	}
	s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1")))
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("a set that may be in use (-want +got):\n%s", diff)
	}
}

// TestRecordsUnknown has the rules read and the records not: no rule is
// touched, since whose the zone is, and what it holds, is not known.
func TestRecordsUnknown(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Records = observed.View[model.Record]{}
	s.change(true, fixture.Cluster("main", fixture.Ingress("shop", "www.example.com", "Exact", "/b"), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
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
	s := newStage(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
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
	in.Rules.Objects = []*model.Rule{{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}, SourceHost: fixture.NodesHost}}
	if step := next(in); len(step.Records) > 0 {
		t.Errorf("somebody names them: %s", line(step.Records[0]))
	}
}
