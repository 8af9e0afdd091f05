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
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
)

// without is a configuration that lacks a CDN.
func without(set model.Settings, cdn model.Provider) model.Settings {
	set.CDNs = slices.DeleteFunc(slices.Clone(set.CDNs), func(c model.CDN) bool { return c.Name == cdn })
	return set
}

// restarted is a start with other settings: what was remembered is gone, and what the
// configuration does not have is not read.
func (s *stage) restarted(set model.Settings, clusters ...desired.Cluster) *stage {
	next := newStage(set, clusters...)
	next.Now, next.serial, next.AllowDelete = s.Now.Add(time.Minute), s.serial, true // so that it is not sync.max_delete that keeps anything
	for _, r := range s.Rules.Objects {
		if slices.ContainsFunc(set.CDNs, func(c model.CDN) bool { return c.Name == r.CDN }) {
			next.Rules.Objects = append(next.Rules.Objects, r)
		}
	}
	for _, r := range s.Records.Objects {
		if r.Zone == "" || slices.Contains(set.PublishZones, r.Zone) {
			next.Records.Objects = append(next.Records.Objects, r)
		}
	}
	return next
}

func LoadBalanced(name, ip string) kube.Service {
	svc := fixture.Balanced(ip)
	svc.Name = name
	return svc
}

// twoCDNs has a host at each of two CDNs, both led there.
func twoCDNs() (set model.Settings, old, fresh []any) {
	set = fixture.TwoCDNs()
	set.CDNs[0].Host = "acme.cdn.example.net"
	slow := fixture.Ingress("old", "old.example.com", "Prefix", "/")
	slow.Rules[0].Paths[0].Backend = kube.Backend{Service: "old", PortNumber: 80}
	quick := fixture.WholeHost("/=new")
	return set, []any{slow, LoadBalanced("old", "192.0.2.1")}, []any{quick, LoadBalanced("new", "192.0.2.2")}
}

// TestCDNTakenOut: the section of a CDN goes from the configuration. What its rules
// may rest on stays, follows the cluster, and goes when it is said that it may.
func TestCDNTakenOut(t *testing.T) {
	for cdn, gone := range map[model.Provider][]string{
		fixture.Edgio:    {"delete old.default.lb.main 192.0.2.1", "delete old acme.cdn.example.net"},
		fixture.VultrCDN: {"delete new.default.lb.main 192.0.2.2", "delete www cdn-id-"},
	} {
		t.Run(string(cdn), func(t *testing.T) {
			set, old, fresh := twoCDNs()
			s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
			before := s.standing()
			left, services := fresh, []any{old[1], fresh[1]}
			if cdn == fixture.VultrCDN {
				left = old
			}
			objects := append([]any{left[0]}, services...)
			s = s.restarted(without(set, cdn), fixture.Cluster("main", objects...))
			if done := s.run(); len(done) > 0 {
				t.Errorf("done: %q", done)
			}
			after := slices.DeleteFunc(slices.Clone(before), func(l string) bool { return strings.HasPrefix(l, "rule ") })
			if diff := cmp.Diff(after, slices.DeleteFunc(s.standing(), func(l string) bool { return strings.HasPrefix(l, "rule ") })); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			told := slices.ContainsFunc(s.step.Notices, func(n model.Notice) bool {
				return strings.Contains(n.Text, "published at "+string(cdn)+", which is not in the configuration") && strings.Contains(n.Text, "sync.forget")
			})
			if !told {
				t.Errorf("notices %v", s.step.Notices)
			}

			// The load balancer of the host that nobody sees gets another address.
			moved := LoadBalanced("old", "192.0.2.9")
			if cdn == fixture.VultrCDN {
				moved = LoadBalanced("new", "192.0.2.9")
			}
			s.change(true, fixture.Cluster("main", left[0], left[1], moved))
			if ops := strings.Join(s.run(), ", "); strings.Count(ops, "create ") != 1 || strings.Count(ops, "delete ") != 1 || !strings.Contains(ops, "192.0.2.9") {
				t.Errorf("a kept name does not follow: %s", ops)
			}
			s.change(true, fixture.Cluster("main", append([]any{left[0]}, services...)...))
			s.run()

			forget := without(set, cdn)
			forget.Forget = []string{string(cdn)}
			s = s.restarted(forget, fixture.Cluster("main", objects...))
			ops := strings.Join(s.run(), ", ")
			for _, want := range gone {
				if !strings.Contains(ops, want) {
					t.Errorf("forgotten, and yet %q is not among %s", want, ops)
				}
			}
			if text := s.record(t, claimOf(s)).Data; strings.Contains(text, string(cdn)) {
				t.Errorf("the claim still says %s", text)
			}
		})
	}
}

// claimOf is the text of the claim of cluster main.
func claimOf(s *stage) string {
	for _, r := range s.Records.Objects {
		if r.Name == model.OwnershipName("main", fixture.Owner) {
			return r.Data
		}
	}
	return ""
}

// TestClaimSays follows what a claim says: a CDN before its first rule, and not any
// more a while after the last.
func TestClaimSays(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := newStage(set, fixture.Cluster("main", old...))
	cdns := func() []model.Provider { o, _ := model.ParseOwnership(claimOf(s)); return o.CDNs }
	s.run()
	if diff := cmp.Diff([]model.Provider{fixture.Edgio}, cdns()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", slices.Concat(old, fresh)...))
	for range 3 {
		if ops := s.ask(); slices.ContainsFunc(ops, func(l string) bool { return strings.HasPrefix(l, "create rule") }) && !slices.Contains(cdns(), fixture.VultrCDN) {
			t.Errorf("%q before the claim says so", ops)
		}
		s.do()
	}
	s.run()
	if diff := cmp.Diff([]model.Provider{fixture.Edgio, fixture.VultrCDN}, cdns()); diff != "" {
		t.Errorf("both (-want +got):\n%s", diff)
	}
	s = s.restarted(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("a restart did %q", done)
	}
	s.change(true, fixture.Cluster("main", append(fresh, old[1])...))
	s.run()
	if diff := cmp.Diff([]model.Provider{fixture.VultrCDN}, cdns()); diff != "" {
		t.Errorf("after the last rule (-want +got):\n%s", diff)
	}
	// With no rule there any more, the section may go without a word.
	s = s.restarted(without(set, fixture.Edgio), fixture.Cluster("main", append(fresh, old[1])...))
	if done := s.run(); len(done) > 0 || len(s.step.Notices) > 0 {
		t.Errorf("done %q, notices %v", done, s.step.Notices)
	}
	// The claim of an earlier version says nothing of CDNs.
	s.record(t, claimOf(s)).Data = ownClaim("main")
	if diff := cmp.Diff([]string{"update claim main"}, s.ask()); diff != "" {
		t.Errorf("an earlier claim (-want +got):\n%s", diff)
	}
}

// TestClaimComesBeforeWhatItSays: a rule at another CDN, and the mark of a host in
// another zone, wait until the claim says so, though all else stands.
func TestClaimComesBeforeWhatItSays(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = nil
	slow := fixture.Ingress("old", "www.example.com", "Prefix", "/")
	slow.Rules[0].Paths[0].Backend = kube.Backend{Service: "web", PortNumber: 80}
	s := settled(set, fixture.Cluster("main", slow, fixture.Balanced("192.0.2.9")))
	s.change(true, fixture.Cluster("main", slow, fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	if diff := cmp.Diff([]string{"update claim main"}, s.ask()); diff != "" {
		t.Errorf("another CDN (-want +got):\n%s", diff)
	}
	s.run()
	set = fixture.TwoCDNs()
	s = s.restarted(set, fixture.Cluster("main", slow, fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	if diff := cmp.Diff([]string{"update claim main"}, s.ask()); diff != "" {
		t.Errorf("another zone (-want +got):\n%s", diff)
	}
	s.do()
	if diff := cmp.Diff([]string{"create claim www"}, s.ask()); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
}

// TestZoneTakenOut: a zone goes from publish_zones. The records there are left alone,
// and what a CNAME in it may lead to stays after its Ingress.
func TestZoneTakenOut(t *testing.T) {
	objects := []any{fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")}
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", objects...))
	set := fixture.TwoCDNs()
	set.PublishZones = nil
	s = s.restarted(set, fixture.Cluster("main", objects...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("done: %q", done)
	}
	told := func() bool {
		return slices.ContainsFunc(s.step.Notices, func(n model.Notice) bool {
			return strings.Contains(n.Text, "www.example.com") && strings.Contains(n.Text, "not in vultr.publish_zones any more") && strings.Contains(n.Text, "sync.forget")
		})
	}
	if !told() {
		t.Errorf("notices %v", s.step.Notices)
	}
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	if done := s.run(); len(done) > 0 {
		t.Errorf("its Ingress gone: %q", done)
	}
	rule := s.Rules.Objects[0]
	if why := s.step.Kept[rule.ID]; !told() || !strings.Contains(why, "www.example.com may still lead to it") {
		t.Errorf("notices %v, kept %q", s.step.Notices, why)
	}
	h := owned.All(s.Rules.Objects, s.Records, set)["main"]
	if len(h.Kept) != 3 { // the rule, its address, the claim
		t.Errorf("uninstall would keep %v", h.Kept)
	}

	set.Forget = []string{"example.com"}
	s = s.restarted(set, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	if diff := cmp.Diff([]string{"rule"}, deletedKinds(s.run())); diff != "" && !strings.Contains(strings.Join(s.standing(), " "), "claim main") {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(s.Rules.Objects) > 0 {
		t.Errorf("forgotten, and yet it stands: %v", s.standing())
	}
}

func deletedKinds(history []string) (kinds []string) {
	for _, line := range history {
		if _, what, ok := strings.Cut(line, "delete "); ok {
			kind, _, _ := strings.Cut(what, " ")
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// TestZoneUnread: one of the zones cannot be read. Its hosts are in error, nothing
// that they may lead to goes, and all else goes on.
func TestZoneUnread(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = []string{"example.com", "nothere.example"}
	here, there := fixture.WholeHost("/=web"), fixture.WholeHost("/=web")
	there.Name, there.Rules = "there", []kube.IngressRule{{Host: "www.nothere.example", Paths: here.Rules[0].Paths}}
	s := newStage(set, fixture.Cluster("main", here, there, fixture.Balanced("192.0.2.9")))
	s.Records.Parts = map[string]observed.Part{"": {Known: true}, "example.com": {Known: true}, "nothere.example": {Fault: "404 Not Found"}}
	s.run()
	want := []string{
		"error www.nothere.example/: the zone nothere.example of its DNS name www.nothere.example cannot be read: 404 Not Found",
		"synced www.example.com/",
	}
	if diff := cmp.Diff(want, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", here, fixture.Balanced("192.0.2.9")))
	if done := s.run(); len(done) > 0 {
		t.Errorf("its Ingress gone: %q", done)
	}
	if len(s.Rules.Objects) != 2 || len(s.step.Kept) != 1 {
		t.Errorf("rules %v, kept %v", s.standing(), s.step.Kept)
	}
	// It was only away, and has no record of the host.
	s.Records.Parts = nil
	if done := strings.Join(s.run(), ", "); !strings.Contains(done, "delete rule www.nothere.example/") {
		t.Errorf("read again: %s", done)
	}
}

// TestForeignRuleOfACDNTakenOut: somebody's own rule, or one that was released, rests on
// our addresses, and then its CDN goes from the configuration.
func TestForeignRuleOfACDNTakenOut(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	released := s.rule(t, model.RuleKey{CDN: fixture.Edgio, Host: "old.example.com", Path: "/"})
	*released = released.Unlabelled()
	rest := append(fresh, old[1])
	s = s.restarted(set, fixture.Cluster("main", rest...))
	s.run()
	if o, _ := model.ParseOwnership(claimOf(s)); !o.ListsCDN(fixture.Edgio) {
		t.Errorf("the claim says %s", claimOf(s))
	}
	s = s.restarted(without(set, fixture.Edgio), fixture.Cluster("main", rest...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("done: %q", done)
	}
	s.record(t, "192.0.2.1")
}

// TestAllowDeleteWaitsForEveryZone: the first comparison, which may delete all, is not
// over before each zone was read.
func TestAllowDeleteWaitsForEveryZone(t *testing.T) {
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	all := s.Records.Objects
	s = s.restarted(fixture.TwoCDNs(), fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	s.Records.Objects = slices.DeleteFunc(slices.Clone(all), func(r *model.Record) bool { return r.Zone != "" })
	s.Records.Parts = map[string]observed.Part{"": {Known: true, Read: s.Now}, "example.com": {}}
	if s.ask(); s.step.Compared {
		t.Error("compared before a zone was read")
	}
	s.Records.Objects, s.Records.Parts = all, nil
	s.run()
	if diff := cmp.Diff([]string{"claim main"}, s.standing()); diff != "" || len(s.step.Blocked) > 0 {
		t.Errorf("blocked %v (-want +got):\n%s", s.step.Blocked, diff)
	}
}
