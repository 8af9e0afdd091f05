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

// TestStates has, for each state of a route that the providers decide, how it
// comes about; next_rules_test.go and next_sets_test.go have the others.
func TestStates(t *testing.T) {
	refused := func(s *stage) {
		s.Rules.Attempts = []observed.Attempt[model.Rule]{{Op: model.Op[model.Rule]{Verb: model.Create, To: new(s.Want.Route(fixture.ShopKey()).Rule)}, Status: observed.BackingOff}}
	}
	tests := map[string]struct {
		after []any
		do    func(*stage)
		want  []string
		open  map[model.IngressID]Open
	}{
		"all stands": {fixture.Usual(), func(*stage) {}, []string{"synced www.example.com/a"}, map[model.IngressID]Open{}},
		"its rule is gone": {
			fixture.Usual(), func(s *stage) { s.Rules.Objects = nil },
			[]string{"pending www.example.com/a: on the way"}, map[model.IngressID]Open{fixture.ShopID(): {Rules: true}},
		},
		"its rule was refused": {
			fixture.Usual(), func(s *stage) { s.Rules.Objects = nil; refused(s) },
			[]string{"error www.example.com/a: the provider refused or did not answer"}, map[model.IngressID]Open{fixture.ShopID(): {Rules: true}},
		},
		"an address is to be made": {
			append(fixture.Usual(), fixture.Node("n3", "192.0.2.3")), func(*stage) {},
			[]string{"pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"}, map[model.IngressID]Open{fixture.ShopID(): {Records: true}},
		},
		"an address was refused": {
			append(fixture.Usual(), fixture.Node("n3", "192.0.2.3")), func(s *stage) {
				s.Records.Attempts = []observed.Attempt[model.Record]{recordAttempt(model.Create, "192.0.2.3", observed.BackingOff)}
			},
			[]string{"error www.example.com/a: an address of " + fixture.NodesHost + " could not be made"}, map[model.IngressID]Open{fixture.ShopID(): {Records: true}},
		},
		"neither rule nor address": {
			fixture.Usual(), func(s *stage) { s.Rules.Objects, s.Records.Objects = nil, s.Records.Objects[:1] },
			[]string{"pending www.example.com/a: the addresses of " + fixture.NodesHost + " are on the way"}, map[model.IngressID]Open{fixture.ShopID(): {Rules: true, Records: true}},
		},
		"no node, and nothing stands": {
			[]any{fixture.Shop(), fixture.Web()}, func(s *stage) { s.Rules.Objects, s.Records.Objects = nil, nil },
			[]string{"pending www.example.com/a: no node is left that can take traffic"}, map[model.IngressID]Open{fixture.ShopID(): {Rules: true, Records: true}},
		},
		"no node, but last known addresses": {
			[]any{fixture.Shop(), fixture.Web()}, func(s *stage) { s.Rules.Objects = nil },
			[]string{"pending www.example.com/a: on the way"}, map[model.IngressID]Open{fixture.ShopID(): {Rules: true}},
		},
		"nobody wants it": {
			[]any{fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")}, func(*stage) {},
			nil, map[model.IngressID]Open{fixture.ShopID(): {Rules: true}},
		},
		"nobody wants it, and it is being deleted": {
			[]any{fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")}, func(s *stage) {
				s.ask()
				s.Rules.Attempts = []observed.Attempt[model.Rule]{{Op: model.Op[model.Rule]{Verb: model.Delete, From: s.Rules.Objects[0]}, Status: observed.InFlight}}
			},
			nil, map[model.IngressID]Open{fixture.ShopID(): {Rules: true}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.change(true, fixture.Cluster("main", test.after...))
			test.do(s)
			s.ask()
			if diff := cmp.Diff(test.want, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.open, s.step.Open); diff != "" {
				t.Errorf("open (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCompared has what a start's first comparison needs.
func TestCompared(t *testing.T) {
	notReady := fixture.Cluster("west")
	notReady.Ready = false
	tests := map[string]struct {
		clusters       []desired.Cluster
		rules, records bool // were read
		want           bool
	}{
		"everything":          {[]desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, true, true, true},
		"no rules yet":        {[]desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, false, true, false},
		"no records yet":      {[]desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, true, false, false},
		"a cluster not ready": {[]desired.Cluster{fixture.Cluster("main", fixture.Usual()...), notReady}, true, true, false},
		"nothing wanted":      {[]desired.Cluster{fixture.Cluster("main")}, true, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.change(true, test.clusters...)
			s.Rules.Known, s.Records.Known = test.rules, test.records
			s.ask()
			if s.step.Compared != test.want {
				t.Errorf("compared %v, want %v", s.step.Compared, test.want)
			}
		})
	}
}

func TestOwned(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...), fixture.Cluster("west", fixture.Ingress("blog", "blog.example.com", "Prefix", "/a"), fixture.Web(), fixture.Node("w1", "192.0.2.9")))
	s.Rules.Objects = append(s.Rules.Objects, new(model.Rule{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "x.example.com", Path: "/"}}))
	s.Records.Objects = append(s.Records.Objects, new(model.Record{ID: "y", Name: "www", Type: "A", Data: "192.0.2.1"}))
	s.ask()
	if diff := cmp.Diff(Owned{Rules: map[model.Provider]int{fixture.Edgio: 3}, Addresses: 3, Claims: 2}, s.step.Owned); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUrgency has everything at once: what is dead goes first, what is new
// comes later, and what merely lies about goes last.
func TestUrgency(t *testing.T) {
	moved := func() desired.Cluster {
		return fixture.Cluster("main", fixture.Ingress("new", "new.example.com", "Exact", "/"), fixture.Ingress("shop", "www.example.com", "Exact", "/a"), fixture.Service("web", 30099), fixture.Node("n1", "192.0.2.1"))
	}
	s := settled(fixture.Settings(), fixture.Cluster("main", append(fixture.Usual(), fixture.Ingress("blog", "blog.example.com", "Exact", "/"))...))
	s.Rules.Objects = append(s.Rules.Objects,
		new(s.Want.Route(model.RuleKey{CDN: fixture.Edgio, Host: "blog.example.com", Path: "/"}).Rule.WithIdentity("twin")), &model.Rule{ID: "q", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "q.example.com", Path: "/"}, SourceHost: fixture.NodesHost}, &model.Rule{ID: "p", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "p.example.com", Path: "/"}})
	s.Rules.Missing = map[string]bool{"q": true, "p": true} // p does not concern us
	s.change(true, moved())
	s.Settings.DeletionGrace = 0
	want := []string{
		"look up q.example.com",
		"delete rule blog.example.com/",
		"update rule www.example.com/a for shop",
		"create rule new.example.com/ for new",
		"delete nodes.main 192.0.2.2",
	}
	if diff := cmp.Diff(want, s.ask()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestInputIsNotChanged asks twice: the answer is the same, and what was asked
// about is not changed. The brute force relies on it.
func TestInputIsNotChanged(t *testing.T) {
	build := func() Input {
		s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
		s.change(true, fixture.Cluster("main", fixture.Ingress("new", "new.example.com", "Prefix", "/"), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3")))
		s.ask()
		s.Now = s.Now.Add(time.Minute)
		return s.Input
	}
	in := build()
	first := next(in)
	private := privateFields()
	if diff := cmp.Diff(first, next(in), private); diff != "" {
		t.Errorf("the second answer is another one (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(build(), in, private); diff != "" {
		t.Errorf("the input was changed (-before +after):\n%s", diff)
	}
}
