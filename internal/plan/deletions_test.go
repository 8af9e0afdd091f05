package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// rulesOn is a cluster that publishes the paths /1 to /n of one host, and has
// one node.
func rulesOn(name string, n int) desired.Cluster {
	objects := []any{fixture.Web(), fixture.Node("n1", "192.0.2.1")}
	for i := range n {
		objects = append(objects, fixture.Ingress(fmt.Sprint("ing", i+1), name+".example.com", "Exact", fmt.Sprint("/", i+1)))
	}
	return fixture.Cluster(name, objects...)
}

// deletions are the paths of the rules that were deleted in a history.
func deletions(history []string) []string {
	var paths []string
	for _, l := range history {
		for _, op := range strings.Split(l, ", ") {
			if _, rule, ok := strings.Cut(op, "delete rule "); ok {
				paths = append(paths, rule)
			}
		}
	}
	return paths
}

// TestMaxDelete has rules that nobody wants after a start or a resync: more
// than the share, or all of a cluster's, stay, and it is told.
func TestMaxDelete(t *testing.T) {
	tests := map[string]struct {
		stood, wanted int // rules
		share         float64
		allow         bool // --allow-delete
		blocked       bool
	}{
		"none":                               {10, 10, 0.5, false, false},
		"fewer than the share":               {10, 6, 0.5, false, false},
		"exactly the share":                  {10, 5, 0.5, false, false},
		"more than the share":                {10, 4, 0.5, false, true},
		"all":                                {10, 0, 0.5, false, true},
		"the only one":                       {1, 0, 0.5, false, true},
		"all, with the share of 1":           {10, 0, 1, false, true},
		"all but one, with the share of 1":   {10, 1, 1, false, false},
		"one, with the share of 0":           {10, 9, 0, false, true},
		"more than the share, but allowed":   {10, 4, 0.5, true, false},
		"all, but allowed":                   {10, 0, 0.5, true, false},
		"one of two, with half of them kept": {2, 1, 0.5, false, false},
		"one of two, with a third":           {2, 1, 1.0 / 3, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := fixture.Settings()
			set.MaxDelete = test.share
			s := settled(set, rulesOn("main", test.stood))
			s.change(false, rulesOn("main", test.wanted))
			s.AllowDelete = test.allow
			s.ask()
			s.AllowDelete = false // it holds for the first comparison, and what that found
			if s.Memory = s.step.Memory; !s.step.Compared {
				t.Fatal("it was not compared")
			}
			gone := len(deletions(s.run()))
			var blocked []guard.Blocked
			if test.blocked {
				blocked = []guard.Blocked{{Provider: fixture.Edgio, Cluster: "main", Count: test.stood - test.wanted, Total: test.stood}}
			}
			if diff := cmp.Diff(blocked, s.step.Blocked); diff != "" {
				t.Errorf("blocked (-want +got):\n%s", diff)
			}
			if want := test.stood - test.wanted; !test.blocked && gone != want || test.blocked && gone != 0 {
				t.Errorf("%d rules were deleted of %d unwanted ones", gone, want)
			}
			if !s.step.Wake.IsZero() {
				t.Errorf("it would wake at %s for what is blocked", s.step.Wake)
			}
		})
	}
}

// TestMaxDeletePerCluster has one cluster whose Ingresses are suddenly gone: the
// others' rules do not dilute its share, and go on.
func TestMaxDeletePerCluster(t *testing.T) {
	s := settled(fixture.Settings(), rulesOn("main", 10), rulesOn("west", 2))
	s.change(false, rulesOn("main", 8), rulesOn("west", 0))
	if diff := cmp.Diff([]string{"main.example.com/10", "main.example.com/9"}, deletions(s.run())); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	blocked := []guard.Blocked{{Provider: fixture.Edgio, Cluster: "west", Count: 2, Total: 2}}
	if diff := cmp.Diff(blocked, s.step.Blocked); diff != "" {
		t.Errorf("blocked (-want +got):\n%s", diff)
	}
	const text = "refusing to delete 2 of 2 objects of cluster west at edgio that no Ingress wants any more (sync.max_delete); " +
		"if that is right, restart once with --allow-delete"
	if got := blocked[0].String(); got != text {
		t.Errorf("it says %q", got)
	}
}

// TestRefusedStaysRefused has rules that were too many to delete: that others
// come, or that the watch reports more deletions, does not make them fewer.
func TestRefusedStaysRefused(t *testing.T) {
	s := settled(fixture.Settings(), rulesOn("main", 6))
	s.change(false, rulesOn("main", 2))
	s.run()
	first := []guard.Blocked{{Provider: fixture.Edgio, Cluster: "main", Count: 4, Total: 6}}
	if diff := cmp.Diff(first, s.step.Blocked); diff != "" {
		t.Fatalf("blocked at first (-want +got):\n%s", diff)
	}
	more := rulesOn("main", 2)
	for i := range 10 {
		ing := fixture.Ingress(fmt.Sprint("new", i), "new.example.com", "Exact", fmt.Sprint("/", i))
		more.Ingresses = append(more.Ingresses, &ing)
	}
	s.change(true, more)
	if got := deletions(s.run()); len(got) > 0 {
		t.Errorf("deleted %q after all", got)
	}
	if diff := cmp.Diff([]guard.Blocked{{Provider: fixture.Edgio, Cluster: "main", Count: 4, Total: 16}}, s.step.Blocked); diff != "" {
		t.Errorf("blocked later (-want +got):\n%s", diff)
	}
}

// TestReportedDeletions has what the watch reported as deleted: it does not
// count, neither alone nor beside what a snapshot showed.
func TestReportedDeletions(t *testing.T) {
	t.Run("all", func(t *testing.T) {
		s := settled(fixture.Settings(), rulesOn("main", 3))
		s.change(true, rulesOn("main", 0))
		if got := deletions(s.run()); len(got) != 3 || s.step.Blocked != nil {
			t.Errorf("deleted %q, blocked %v; want all", got, s.step.Blocked)
		}
	})
	t.Run("beside few that were not", func(t *testing.T) {
		s := settled(fixture.Settings(), rulesOn("main", 10))
		s.change(true, rulesOn("main", 6))
		s.change(false, rulesOn("main", 4))
		if got := deletions(s.run()); len(got) != 6 || s.step.Blocked != nil {
			t.Errorf("deleted %q, blocked %v; want all 6", got, s.step.Blocked)
		}
	})
	t.Run("of addresses, and wanted again in between", func(t *testing.T) {
		three := append(fixture.Usual(), fixture.Node("n3", "192.0.2.3"))
		s := settled(fixture.Settings(), fixture.Cluster("main", three...))
		for _, reported := range []bool{true, false} {
			s.change(true, fixture.Cluster("main", three...))
			s.change(reported, fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
		}
		if got := s.run(); len(got) != 0 || len(s.step.Blocked) != 1 {
			t.Errorf("done %q, blocked %v; want all blocked", got, s.step.Blocked)
		}
	})
	t.Run("beside too many that were not", func(t *testing.T) {
		s := settled(fixture.Settings(), rulesOn("main", 10))
		s.change(true, rulesOn("main", 8))
		s.change(false, rulesOn("main", 2))
		if diff := cmp.Diff([]string{"main.example.com/10", "main.example.com/9"}, deletions(s.run())); diff != "" {
			t.Errorf("deleted (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]guard.Blocked{{Provider: fixture.Edgio, Cluster: "main", Count: 6, Total: 8}}, s.step.Blocked); diff != "" {
			t.Errorf("blocked (-want +got):\n%s", diff)
		}
	})
	t.Run("and wanted again in between", func(t *testing.T) {
		s := settled(fixture.Settings(), rulesOn("main", 3))
		s.change(true, rulesOn("main", 0))
		s.ask()
		s.change(true, rulesOn("main", 3))
		s.ask()
		s.change(false, rulesOn("main", 0))
		if got := deletions(s.run()); len(got) != 0 || len(s.step.Blocked) != 1 {
			t.Errorf("deleted %q, blocked %v; want all blocked", got, s.step.Blocked)
		}
	})
	t.Run("before the provider was read", func(t *testing.T) {
		s := settled(fixture.Settings(), rulesOn("main", 3))
		stood := s.Rules
		s.Rules = observed.View[model.Rule]{}
		s.change(true, rulesOn("main", 0))
		s.ask()
		s.Rules = stood
		if got := deletions(s.run()); len(got) != 3 || s.step.Blocked != nil {
			t.Errorf("deleted %q, blocked %v; want all", got, s.step.Blocked)
		}
	})
}

// TestMaxDeleteRecords is the same for addresses.
func TestMaxDeleteRecords(t *testing.T) {
	nodes := func(ips ...string) desired.Cluster {
		objects := []any{fixture.Shop(), fixture.Web()}
		for _, ip := range ips {
			objects = append(objects, fixture.Node("n"+ip, ip))
		}
		return fixture.Cluster("main", objects...)
	}
	old := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}
	tests := map[string]struct {
		reported bool
		after    []string
		want     []string
		blocked  []guard.Blocked
	}{
		"one of three":           {false, old[:2], []string{"0s: delete nodes.main 192.0.2.3"}, nil},
		"two of three":           {false, old[:1], nil, []guard.Blocked{{Provider: fixture.Vultr, Cluster: "main", Set: fixture.NodesHost, Count: 2, Total: 3}}},
		"two of three, reported": {true, old[:1], []string{"0s: delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3"}, nil},
		"all replaced": {false, []string{"192.0.2.4", "192.0.2.5", "192.0.2.6"}, []string{
			"0s: create nodes.main 192.0.2.4, create nodes.main 192.0.2.5, create nodes.main 192.0.2.6",
			"0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3",
		}, nil},
		"all gone: nothing is to be deleted": {false, nil, nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), nodes(old...))
			s.change(test.reported, nodes(test.after...))
			s.ask()
			if len(test.want) > 1 && s.step.Blocked != nil {
				t.Errorf("blocked %v while the new addresses are made", s.step.Blocked)
			}
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.blocked, s.step.Blocked); diff != "" {
				t.Errorf("blocked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRefusedAddressesInALargerSet has addresses that were too many to delete:
// when others join they are fewer, since the set stays well filled without them.
func TestRefusedAddressesInALargerSet(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", append(fixture.Usual(), fixture.Node("n3", "192.0.2.3"))...))
	s.change(false, fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Fatalf("at first (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n4", "192.0.2.4"), fixture.Node("n5", "192.0.2.5")))
	want := []string{
		"0s: create nodes.main 192.0.2.4, create nodes.main 192.0.2.5",
		"0s: delete nodes.main 192.0.2.2, delete nodes.main 192.0.2.3",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
}

// TestUnusedSetAtStart has addresses that no rule names: whether this process
// took the rule away, and so knows that nobody wants them, makes the difference.
func TestUnusedSetAtStart(t *testing.T) {
	empty := fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"))
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.change(true, empty)
	s.ask()
	s.Now = s.Now.Add(10 * time.Second)
	s.ask()
	s.do() // the rule
	again := *s
	want := []string{"1m10s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("in one process (-want +got):\n%s", diff)
	}
	again.Memory = Memory{}
	if diff := cmp.Diff([]string(nil), again.run()); diff != "" {
		t.Errorf("after a start (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]guard.Blocked{{Provider: fixture.Vultr, Cluster: "main", Set: fixture.NodesHost, Count: 2, Total: 2}}, again.step.Blocked); diff != "" {
		t.Errorf("blocked (-want +got):\n%s", diff)
	}
}

// TestLastRuleGoesWhileAnAddressIsMade has the last rule of a set deleted while
// an address of it is on its way, or its reply was lost: that address goes with
// the others, since it was this process that took the rule away.
func TestLastRuleGoesWhileAnAddressIsMade(t *testing.T) {
	for name, status := range map[string]observed.Status{"on its way": observed.InFlight, "its reply lost": observed.Unknown} {
		t.Run(name, func(t *testing.T) {
			set := fixture.Settings()
			set.DeletionGrace, set.Linger, set.MaxDelete = 0, 0, 0
			s := settled(set, fixture.Cluster("main", fixture.Usual()...))
			s.change(true, fixture.Cluster("main", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"), fixture.Node("n3", "192.0.2.3")))
			s.ask()
			late := s.step.Records[0]
			s.Records.Attempts = []observed.Attempt[model.Record]{{Op: late, Status: status}}
			s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"), fixture.Node("n3", "192.0.2.3")))
			for len(s.ask()) > 0 && len(s.Rules.Objects) > 0 {
				s.do()
			}
			s.ask() // no rule is left, and the address not there yet
			s.Records.Attempts = nil
			carryOut(&s.Records, late, "late")
			s.run()
			if len(s.step.Blocked) > 0 || len(s.Records.Objects) != 1 {
				t.Errorf("blocked %v; standing %q, want the claim alone", s.step.Blocked, s.standing())
			}
		})
	}
}

// TestUnusedSetIsSeenAgain has addresses that nobody uses, and that
// sync.max_delete has held back for long: before they go it is looked again
// whether nobody names them.
func TestUnusedSetIsSeenAgain(t *testing.T) {
	for name, test := range map[string]struct {
		age  time.Duration // of the last reading
		want bool          // another one
	}{
		"a fresh reading": {15 * time.Minute, false},
		"an old one":      {16 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.ask()
			s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
			s.Rules.Objects = nil // somebody took the rule away
			s.ask()
			s.Now = s.Now.Add(time.Hour)
			s.Rules.Read, s.Records.Read = s.Now.Add(-test.age), s.Now
			step := next(s.Input)
			if (len(step.Reread) > 0) != test.want || (len(step.Records) > 0) == test.want {
				t.Errorf("another reading: %v, %d deletions", step.Reread, len(step.Records))
			}
		})
	}
}

// TestGrace has an Ingress that is gone for a while, and what Next says of when
// to ask again.
func TestGrace(t *testing.T) {
	with, without := fixture.Cluster("main", fixture.Usual()...), fixture.Cluster("main", fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"))
	type call struct {
		at      time.Duration
		cluster desired.Cluster // reported before the call
		want    []string
		wake    time.Duration // 0: none
	}
	tests := map[string][]call{
		"gone for good": {
			{0, without, nil, 10 * time.Second},
			{9999 * time.Millisecond, without, nil, 10 * time.Second},
			{10 * time.Second, without, []string{"delete rule www.example.com/a"}, 0},
			{11 * time.Second, without, nil, 71 * time.Second}, // its addresses linger
			{71 * time.Second, without, []string{"delete nodes.main 192.0.2.1", "delete nodes.main 192.0.2.2"}, 0},
		},
		"back within the grace": {
			{0, without, nil, 10 * time.Second},
			{9 * time.Second, with, nil, 0},
			{20 * time.Second, without, nil, 30 * time.Second}, // from the beginning
			{29 * time.Second, with, nil, 0},
		},
		"back while its addresses linger": {
			{0, without, nil, 10 * time.Second},
			{10 * time.Second, without, []string{"delete rule www.example.com/a"}, 0},
			{20 * time.Second, without, nil, 80 * time.Second},
			{70 * time.Second, with, []string{"create rule www.example.com/a for shop"}, 0},
			{90 * time.Second, without, nil, 100 * time.Second},
			{100 * time.Second, without, []string{"delete rule www.example.com/a"}, 0},
			{101 * time.Second, without, nil, 161 * time.Second},
		},
	}
	for name, calls := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), with)
			for _, c := range calls {
				s.Now = fixture.Start().Add(c.at)
				s.change(true, c.cluster)
				if diff := cmp.Diff(c.want, s.ask()); diff != "" {
					t.Errorf("after %s (-want +got):\n%s", c.at, diff)
				}
				wake := time.Duration(0)
				if !s.step.Wake.IsZero() {
					wake = s.step.Wake.Sub(fixture.Start())
				}
				if wake != c.wake {
					t.Errorf("after %s: wake after %s, want %s", c.at, wake, c.wake)
				}
				s.do()
			}
		})
	}
}

// TestNoGrace has neither grace nor linger.
func TestNoGrace(t *testing.T) {
	set := fixture.Settings()
	set.DeletionGrace, set.Linger = 0, 0
	s := settled(set, fixture.Cluster("main", fixture.Usual()...))
	s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
	want := []string{"0s: delete rule www.example.com/a", "0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGraceOutlastsDoubt has a lagging list in the middle of the grace, which
// does not begin anew for that.
func TestGraceOutlastsDoubt(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.change(true, fixture.Cluster("main", fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
	s.ask()
	s.Now = s.Now.Add(8 * time.Second)
	s.Rules.Missing = map[string]bool{s.Rules.Objects[0].ID: true}
	if diff := cmp.Diff([]string{"look up www.example.com"}, s.ask()); diff != "" {
		t.Fatalf("in doubt (-want +got):\n%s", diff)
	}
	if !s.step.Open[fixture.ShopID()].Rules {
		t.Error("the Ingress has nothing outstanding while its rule is looked up")
	}
	s.Now, s.Rules.Missing = s.Now.Add(2*time.Second), nil
	if got := s.ask(); !slices.Equal(got, []string{"delete rule www.example.com/a"}) {
		t.Errorf("after 10s: %q, want the deletion", got)
	}
}

// TestAllowDeleteIsPerCluster has one cluster that never gets ready: that does
// not keep the door open for the other one.
func TestAllowDeleteIsPerCluster(t *testing.T) {
	down := desired.Cluster{Name: "down"}
	s := settled(fixture.Settings(), rulesOn("main", 4), down)
	s.AllowDelete = true
	s.ask()
	s.change(false, rulesOn("main", 0), down)
	if got := deletions(s.run()); len(got) > 0 || len(s.step.Blocked) != 1 {
		t.Errorf("deleted %q, blocked %v; want all blocked, since the first comparison of main was over", got, s.step.Blocked)
	}
}
