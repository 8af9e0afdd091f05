package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestStates has, for each state of a route that the providers decide, how it
// comes about; next_rules_test.go and next_sets_test.go have the others.
func TestStates(t *testing.T) {
	refused := func(s *stage) {
		s.Rules.Attempts = []Attempt[Rule]{{Op[Rule]{Verb: Create, To: new(s.Want.Route(shopKey()).Rule)}, Parked}}
	}
	tests := map[string]struct {
		after []any
		do    func(*stage)
		want  []string
		open  map[IngressID]Open
	}{
		"all stands": {usual(), func(*stage) {}, []string{"synced www.example.com/a"}, map[IngressID]Open{}},
		"its rule is gone": {
			usual(), func(s *stage) { s.Rules.Objects = nil },
			[]string{"pending www.example.com/a: on the way"}, map[IngressID]Open{shopID(): {Rules: true}},
		},
		"its rule was refused": {
			usual(), func(s *stage) { s.Rules.Objects = nil; refused(s) },
			[]string{"error www.example.com/a: the provider refused or did not answer"}, map[IngressID]Open{shopID(): {Rules: true}},
		},
		"an address is to be made": {
			append(usual(), node("n3", "192.0.2.3")), func(*stage) {},
			[]string{"pending www.example.com/a: the addresses of " + nodesHost + " are on the way"}, map[IngressID]Open{shopID(): {Records: true}},
		},
		"an address was refused": {
			append(usual(), node("n3", "192.0.2.3")), func(s *stage) { s.Records.Attempts = []Attempt[Record]{recordAttempt(Create, "192.0.2.3", Parked)} },
			[]string{"error www.example.com/a: an address of " + nodesHost + " could not be made"}, map[IngressID]Open{shopID(): {Records: true}},
		},
		"neither rule nor address": {
			usual(), func(s *stage) { s.Rules.Objects, s.Records.Objects = nil, s.Records.Objects[:1] },
			[]string{"pending www.example.com/a: the addresses of " + nodesHost + " are on the way"}, map[IngressID]Open{shopID(): {Rules: true, Records: true}},
		},
		"no node, and nothing stands": {
			[]any{shop(), web()}, func(s *stage) { s.Rules.Objects, s.Records.Objects = nil, nil },
			[]string{"pending www.example.com/a: no node is left that can take traffic"}, map[IngressID]Open{shopID(): {Rules: true, Records: true}},
		},
		"no node, but last known addresses": {
			[]any{shop(), web()}, func(s *stage) { s.Rules.Objects = nil },
			[]string{"pending www.example.com/a: on the way"}, map[IngressID]Open{shopID(): {Rules: true}},
		},
		"nobody wants it": {
			[]any{web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")}, func(*stage) {},
			nil, map[IngressID]Open{shopID(): {Rules: true}},
		},
		"nobody wants it, and it is being deleted": {
			[]any{web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")}, func(s *stage) {
				s.ask()
				s.Rules.Attempts = []Attempt[Rule]{{Op[Rule]{Verb: Delete, From: s.Rules.Objects[0]}, InFlight}}
			},
			nil, map[IngressID]Open{shopID(): {Rules: true}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", usual()...))
			s.change(true, cluster("main", test.after...))
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
	notReady := cluster("west")
	notReady.Ready = false
	tests := map[string]struct {
		clusters       []Cluster
		rules, records bool // were read
		want           bool
	}{
		"everything":          {[]Cluster{cluster("main", usual()...)}, true, true, true},
		"no rules yet":        {[]Cluster{cluster("main", usual()...)}, false, true, false},
		"no records yet":      {[]Cluster{cluster("main", usual()...)}, true, false, false},
		"a cluster not ready": {[]Cluster{cluster("main", usual()...), notReady}, true, true, false},
		"nothing wanted":      {[]Cluster{cluster("main")}, true, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", usual()...))
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
	s := settled(testSettings(), cluster("main", usual()...), cluster("west", ingress("blog", "blog.example.com", "Prefix", "/a"), web(), node("w1", "192.0.2.9")))
	s.Rules.Objects = append(s.Rules.Objects, new(Rule{ID: "x", RuleKey: RuleKey{Edgio, "x.example.com", "/"}}))
	s.Records.Objects = append(s.Records.Objects, new(Record{ID: "y", Name: "www", Type: "A", Data: "192.0.2.1"}))
	s.ask()
	if diff := cmp.Diff(Owned{Rules: map[Target]int{Edgio: 3}, Addresses: 3, Claims: 2}, s.step.Owned); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUrgency has everything at once: what is dead goes first, what is new
// comes later, and what merely lies about goes last.
func TestUrgency(t *testing.T) {
	moved := func() Cluster {
		return cluster("main", ingress("new", "new.example.com", "Exact", "/"), ingress("shop", "www.example.com", "Exact", "/a"), service("web", 30099), node("n1", "192.0.2.1"))
	}
	s := settled(testSettings(), cluster("main", append(usual(), ingress("blog", "blog.example.com", "Exact", "/"))...))
	s.Rules.Objects = append(s.Rules.Objects,
		new(s.Want.Route(RuleKey{Edgio, "blog.example.com", "/"}).Rule.WithIdentity("twin")), &Rule{ID: "q", RuleKey: RuleKey{Edgio, "q.example.com", "/"}, SourceHost: nodesHost}, &Rule{ID: "p", RuleKey: RuleKey{Edgio, "p.example.com", "/"}})
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
		s := settled(testSettings(), cluster("main", usual()...))
		s.change(true, cluster("main", ingress("new", "new.example.com", "Prefix", "/"), web(), node("n1", "192.0.2.1"), node("n3", "192.0.2.3")))
		s.ask()
		s.Now = s.Now.Add(time.Minute)
		return s.Input
	}
	in := build()
	first := next(in)
	private := cmp.Options{cmp.AllowUnexported(Memory{}, absence{}, Route{}, Op[Rule]{}, Op[Record]{}), cmpopts.IgnoreUnexported(Want{}, sites{}, directory{})}
	if diff := cmp.Diff(first, next(in), private); diff != "" {
		t.Errorf("the second answer is another one (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(build(), in, private); diff != "" {
		t.Errorf("the input was changed (-before +after):\n%s", diff)
	}
}
