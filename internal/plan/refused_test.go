package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/recordset"
)

// TestTTLIsBestEffort: a provider that changes no TTL, or none together with data,
// holds nothing up.
func TestTTLIsBestEffort(t *testing.T) {
	t.Run("a CNAME is led elsewhere by its data alone", func(t *testing.T) {
		s := settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
		s.Settings.TTL = 60
		s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb2.example.org")))
		for range 20 {
			s.ask()
			for _, op := range s.step.Records {
				if op.Verb == model.Update && op.Old().Data != op.New().Data && op.Old().TTL != op.New().TTL {
					t.Fatalf("%s changes data and TTL", line(op))
				}
			}
			s.do()
		}
		for _, r := range s.Records.Objects {
			if r.TTL != 60 {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("every change of a TTL is refused", func(t *testing.T) {
		s := settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
		s.Settings.TTL = 60
		s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb2.example.org")))
		s.Records.Rejected = make(map[model.Place]bool)
		for range 20 {
			s.ask()
			s.Records.Attempts = nil
			clear(s.Records.Rejected)
			for _, op := range s.step.Records {
				if op.Verb == model.Update && op.Old().TTL != op.New().TTL {
					s.Records.Attempts, s.Records.Rejected[op.Key()] = append(s.Records.Attempts, observed.Attempt[model.Record]{Op: op, Status: observed.BackingOff}), true
				} else {
					carryOut(&s.Records, op, s.id())
				}
			}
		}
		if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		s.record(t, "lb2.example.org") // it was led there
	})
	t.Run("that of addresses alone is refused", func(t *testing.T) {
		s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
		s.Settings.TTL = 60
		s.Records.Rejected = make(map[model.Place]bool)
		for range 20 {
			s.ask()
			s.Records.Attempts = nil
			clear(s.Records.Rejected)
			for _, op := range s.step.Records {
				if op.Verb == model.Update && op.Old().Type == "A" {
					s.Records.Attempts, s.Records.Rejected[op.Key()] = append(s.Records.Attempts, observed.Attempt[model.Record]{Op: op, Status: observed.BackingOff}), true
				} else {
					carryOut(&s.Records, op, s.id())
				}
			}
		}
		want := []string{"claim main at 60", "nodes.main 192.0.2.1", "nodes.main 192.0.2.2", "rule www.example.com/a for shop"}
		if diff := cmp.Diff(want, s.standing()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.Now = s.Now.Add(recordset.FirstRefusal)
		if ops := s.ask(); len(ops) != 1 || !strings.HasPrefix(ops[0], "delete nodes.main") {
			t.Errorf("tried again: %q", ops)
		}
	})
}

// hasNoRoom makes the addresses, and has the CDN refuse the rule that comes then, for
// want of room.
func (s *stage) hasNoRoom() {
	for range 3 {
		s.ask()
		for _, op := range s.step.Records {
			carryOut(&s.Records, op, s.id())
		}
	}
	s.Rules.Attempts = []observed.Attempt[model.Rule]{{Op: s.step.Rules[0], Status: observed.BackingOff}}
	s.Rules.Taken = map[model.Place]bool{s.step.Rules[0].Key(): true}
	s.ask()
	s.Rules.Attempts, s.Rules.Taken = nil, nil // it is not wanted for now
}

// TestNoRoom: a CDN refuses a second rule of a host. The old one goes first, once
// nobody is led to it, and not before the new origin stands.
func TestNoRoom(t *testing.T) {
	t.Run("its DNS is ours", func(t *testing.T) {
		s := settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
		s.Rules.Objects[0] = new(*s.Rules.Objects[0])
		s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
		s.hasNoRoom()
		history := strings.Join(s.run(), ", ")
		order := []string{"delete www cdn-id-", "delete rule www.example.com/", "create rule www.example.com/", "create www cdn-id-", "delete web.default.lb.main 192.0.2.9"}
		for at := 0; len(order) > 0; order = order[1:] {
			i := strings.Index(history[at:], order[0])
			if i < 0 {
				t.Fatalf("no %q after that in %s", order[0], history)
			}
			at += i
		}
		if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
	t.Run("its DNS is somebody else's", func(t *testing.T) {
		set := fixture.TwoCDNs()
		set.PublishZones = nil
		s := settled(set, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
		s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
		s.hasNoRoom()
		if len(s.Rules.Objects) != 1 || !slices.ContainsFunc(s.step.Notices, func(n model.Notice) bool {
			return strings.Contains(n.Text, "Delete the old one ("+s.Rules.Objects[0].ID+")")
		}) {
			t.Errorf("rules %v, notices %v", s.Rules.Objects, s.step.Notices)
		}
	})
}

// TestExtra: what somebody set on a rule beside our fields is on the one that is made
// for another origin.
func TestExtra(t *testing.T) {
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.rule(t, model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"}).Extra = `{"gzip":true}`
	s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
	s.run()
	if r := s.rule(t, model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"}); r.Extra != `{"gzip":true}` || !strings.Contains(r.SourceHost, "lb-cname") {
		t.Errorf("%+v", r)
	}
}
