package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// without is a configuration that lacks a CDN.
func without(set Settings, cdn Target) Settings {
	set.CDNs = slices.DeleteFunc(slices.Clone(set.CDNs), func(c CDN) bool { return c.Target == cdn })
	return set
}

// restarted is a start with other settings: what was remembered is gone, and what the
// configuration does not have is not read.
func (s *stage) restarted(set Settings, clusters ...Cluster) *stage {
	next := newStage(set, clusters...)
	next.Now, next.serial, next.AllowDelete = s.Now.Add(time.Minute), s.serial, true // so that it is not sync.max_delete that keeps anything
	for _, r := range s.Rules.Objects {
		if slices.ContainsFunc(set.CDNs, func(c CDN) bool { return c.Target == r.CDN }) {
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

func lb(name, ip string) kube.Service {
	svc := balanced(ip)
	svc.Name = name
	return svc
}

// twoCDNs has a host at each of two CDNs, both led there.
func twoCDNs() (set Settings, old, fresh []any) {
	set = vultrSettings()
	set.CNAMETarget = "acme.cdn.example.net"
	slow := ingress("old", "old.example.com", "Prefix", "/")
	slow.Rules[0].Paths[0].Backend = kube.Backend{Service: "old", PortNumber: 80}
	quick := fast("/=new")
	return set, []any{slow, lb("old", "192.0.2.1")}, []any{quick, lb("new", "192.0.2.2")}
}

// TestCDNTakenOut: the section of a CDN goes from the configuration. What its rules
// may rest on stays, follows the cluster, and goes when it is said that it may.
func TestCDNTakenOut(t *testing.T) {
	for cdn, gone := range map[Target][]string{
		Edgio:    {"delete old.default.lb.main 192.0.2.1", "delete old acme.cdn.example.net"},
		VultrCDN: {"delete new.default.lb.main 192.0.2.2", "delete www cdn-id-"},
	} {
		t.Run(string(cdn), func(t *testing.T) {
			set, old, fresh := twoCDNs()
			s := settled(set, cluster("main", slices.Concat(old, fresh)...))
			before := s.standing()
			left, services := fresh, []any{old[1], fresh[1]}
			if cdn == VultrCDN {
				left = old
			}
			objects := append([]any{left[0]}, services...)
			s = s.restarted(without(set, cdn), cluster("main", objects...))
			if done := s.run(); len(done) > 0 {
				t.Errorf("done: %q", done)
			}
			after := slices.DeleteFunc(slices.Clone(before), func(l string) bool { return strings.HasPrefix(l, "rule ") })
			if diff := cmp.Diff(after, slices.DeleteFunc(s.standing(), func(l string) bool { return strings.HasPrefix(l, "rule ") })); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			told := slices.ContainsFunc(s.step.Notices, func(n Notice) bool {
				return strings.Contains(n.Text, "published at "+string(cdn)+", which is not in the configuration") && strings.Contains(n.Text, "sync.forget")
			})
			if !told {
				t.Errorf("notices %v", s.step.Notices)
			}

			// The load balancer of the host that nobody sees gets another address.
			moved := lb("old", "192.0.2.9")
			if cdn == VultrCDN {
				moved = lb("new", "192.0.2.9")
			}
			s.change(true, cluster("main", left[0], left[1], moved))
			if ops := strings.Join(s.run(), ", "); strings.Count(ops, "create ") != 1 || strings.Count(ops, "delete ") != 1 || !strings.Contains(ops, "192.0.2.9") {
				t.Errorf("a kept name does not follow: %s", ops)
			}
			s.change(true, cluster("main", append([]any{left[0]}, services...)...))
			s.run()

			forget := without(set, cdn)
			forget.Forget = []string{string(cdn)}
			s = s.restarted(forget, cluster("main", objects...))
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
		if r.Name == ClaimName("main", testOwner) {
			return r.Data
		}
	}
	return ""
}

// TestClaimSays follows what a claim says: a CDN before its first rule, and not any
// more a while after the last.
func TestClaimSays(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := newStage(set, cluster("main", old...))
	cdns := func() []Target { o, _ := ParseOwnership(claimOf(s)); return o.CDNs }
	s.run()
	if diff := cmp.Diff([]Target{Edgio}, cdns()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	s.change(true, cluster("main", slices.Concat(old, fresh)...))
	for range 3 {
		if ops := s.ask(); slices.ContainsFunc(ops, func(l string) bool { return strings.HasPrefix(l, "create rule") }) && !slices.Contains(cdns(), VultrCDN) {
			t.Errorf("%q before the claim says so", ops)
		}
		s.do()
	}
	s.run()
	if diff := cmp.Diff([]Target{Edgio, VultrCDN}, cdns()); diff != "" {
		t.Errorf("both (-want +got):\n%s", diff)
	}
	s = s.restarted(set, cluster("main", slices.Concat(old, fresh)...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("a restart did %q", done)
	}
	s.change(true, cluster("main", append(fresh, old[1])...))
	s.run()
	if diff := cmp.Diff([]Target{VultrCDN}, cdns()); diff != "" {
		t.Errorf("after the last rule (-want +got):\n%s", diff)
	}
	// With no rule there any more, the section may go without a word.
	s = s.restarted(without(set, Edgio), cluster("main", append(fresh, old[1])...))
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
	set := vultrSettings()
	set.PublishZones = nil
	slow := ingress("old", "www.example.com", "Prefix", "/")
	slow.Rules[0].Paths[0].Backend = kube.Backend{Service: "web", PortNumber: 80}
	s := settled(set, cluster("main", slow, balanced("192.0.2.9")))
	s.change(true, cluster("main", slow, fast("/=web"), balanced("192.0.2.9")))
	if diff := cmp.Diff([]string{"update claim main"}, s.ask()); diff != "" {
		t.Errorf("another CDN (-want +got):\n%s", diff)
	}
	s.run()
	set = vultrSettings()
	s = s.restarted(set, cluster("main", slow, fast("/=web"), balanced("192.0.2.9")))
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
	objects := []any{fast("/=web"), balanced("192.0.2.9")}
	s := settled(vultrSettings(), cluster("main", objects...))
	set := vultrSettings()
	set.PublishZones = nil
	s = s.restarted(set, cluster("main", objects...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("done: %q", done)
	}
	told := func() bool {
		return slices.ContainsFunc(s.step.Notices, func(n Notice) bool {
			return strings.Contains(n.Text, "www.example.com") && strings.Contains(n.Text, "not in vultr.publish_zones any more") && strings.Contains(n.Text, "sync.forget")
		})
	}
	if !told() {
		t.Errorf("notices %v", s.step.Notices)
	}
	s.change(true, cluster("main", balanced("192.0.2.9")))
	if done := s.run(); len(done) > 0 {
		t.Errorf("its Ingress gone: %q", done)
	}
	rule := s.Rules.Objects[0]
	if why := s.step.Kept[rule.ID]; !told() || !strings.Contains(why, "www.example.com may still lead to it") {
		t.Errorf("notices %v, kept %q", s.step.Notices, why)
	}
	h := AllHoldings(s.Rules.Objects, s.Records, set)["main"]
	if len(h.Kept) != 3 { // the rule, its address, the claim
		t.Errorf("uninstall would keep %v", h.Kept)
	}

	set.Forget = []string{"example.com"}
	s = s.restarted(set, cluster("main", balanced("192.0.2.9")))
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
	set := vultrSettings()
	set.PublishZones = []string{"example.com", "nothere.example"}
	here, there := fast("/=web"), fast("/=web")
	there.Name, there.Rules = "there", []kube.IngressRule{{Host: "www.nothere.example", Paths: here.Rules[0].Paths}}
	s := newStage(set, cluster("main", here, there, balanced("192.0.2.9")))
	s.Records.Parts = map[string]Part{"": {Known: true}, "example.com": {Known: true}, "nothere.example": {Fault: "404 Not Found"}}
	s.run()
	want := []string{
		"error www.nothere.example/: the zone nothere.example of its DNS name www.nothere.example cannot be read: 404 Not Found",
		"synced www.example.com/",
	}
	if diff := cmp.Diff(want, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	s.change(true, cluster("main", here, balanced("192.0.2.9")))
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

// TestNoDNSThere has hosts for which no DNS can be made, though they lie in a zone of
// the list. They are published, and their Ingress is told.
func TestNoDNSThere(t *testing.T) {
	set := vultrSettings()
	set.PublishZones = []string{"example.com", testDomain}
	ns := &Record{ID: "ns", Zone: "example.com", Name: "sub", Type: "NS", Data: "ns.example.org", TTL: 300}
	theirs := &Record{ID: "theirs", Name: ClaimName("main", "other"), Type: "TXT", Data: Ownership{Owner: "other", UID: "uid-x"}.String(), TTL: 300}
	for host, why := range map[string]string{
		"www.example.com":                        "",
		"www." + testDomain:                      "",
		"a.sub.example.com":                      "delegates sub.example.com to other name servers",
		"sub.example.com":                        "delegates sub.example.com to other name servers",
		"eu.api.acme." + testDomain:              "it lies below acme." + testDomain,
		"fra.acme." + testDomain:                 "it lies below acme." + testDomain,
		"fra.other." + testDomain:                "it lies below other." + testDomain,
		"web.default.lb.west.acme." + testDomain: "it lies below acme." + testDomain,
	} {
		t.Run(host, func(t *testing.T) {
			ing := fast("/=web")
			ing.Rules[0].Host = host
			s := newStage(set, cluster("main", ing, balanced("192.0.2.9")))
			s.Records.Objects = []*Record{ns, theirs}
			s.run()
			if diff := cmp.Diff([]string{"synced " + host + "/"}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			made := slices.ContainsFunc(s.Records.Objects, func(r *Record) bool { return r.Type == "CNAME" })
			marked := slices.ContainsFunc(s.Records.Objects, func(r *Record) bool { _, ok := publisher(r, testOwner); return ok })
			if made != (why == "") || marked != made {
				t.Errorf("CNAME %v, mark %v: %v", made, marked, s.standing())
			}
			told := slices.ContainsFunc(s.step.Warnings, func(w Warning) bool { return strings.Contains(w.Message, why) && strings.Contains(w.Message, host) })
			if told != (why != "") {
				t.Errorf("warnings %v", s.step.Warnings)
			}
		})
	}
}

// TestMarkInAClaimsPlace: an earlier version marked a host where the claim of a cluster
// belongs, which then comes: the mark goes, and the cluster is served.
func TestMarkInAClaimsPlace(t *testing.T) {
	set := vultrSettings()
	set.PublishZones = []string{testDomain}
	ing := fast("/=web")
	ing.Rules[0].Host = "west.acme." + testDomain
	s := newStage(set, cluster("main", ing, balanced("192.0.2.9")), cluster("west", shop(), web(), node("n1", "192.0.2.1")))
	s.Records.Objects = []*Record{
		{ID: "mark", Name: "_edgeward.west.acme", Type: "TXT", Data: publishMark(testOwner, "main"), TTL: 120},
		{ID: "lead", Name: "west.acme", Type: "CNAME", Data: "cdn-x.vultrcdn.com", TTL: 120},
	}
	s.run()
	if len(s.step.Notices) > 0 || !slices.Contains(s.standing(), "nodes.west 192.0.2.1") {
		t.Errorf("notices %v, standing %v", s.step.Notices, s.standing())
	}
	for _, r := range s.Records.Objects {
		if r.ID == "mark" || r.ID == "lead" {
			t.Errorf("%s still stands", r.Key())
		}
	}
}

// TestWildcard: a wildcard answers for a host until its CNAME stands. The mark does not
// stand without that.
func TestWildcard(t *testing.T) {
	for _, wildcard := range []string{"*", "*.a"} {
		t.Run(wildcard, func(t *testing.T) {
			ing := fast("/=web")
			ing.Rules[0].Host = "www.a.example.com"
			s := newStage(vultrSettings(), cluster("main", ing, balanced("192.0.2.9")))
			s.Records.Objects = []*Record{{ID: "wild", Zone: "example.com", Name: wildcard, Type: "A", Data: "192.0.2.99", TTL: 300}}
			const cname = "www.a.example.com CNAME"
			marked := func() bool {
				return slices.ContainsFunc(s.Records.Objects, func(r *Record) bool { _, ok := publisher(r, testOwner); return ok })
			}
			refused := func() bool {
				for _, op := range s.step.Records {
					if op.Key() == cname && op.Verb == Create {
						s.Records.Attempts = []Attempt[Record]{{op, Parked}}
						s.Records.Rejected = map[string]bool{cname: true}
						return true
					}
				}
				return false
			}
			for !refused() {
				s.ask()
				if !refused() {
					s.do()
				}
			}
			if !marked() {
				t.Fatal("the CNAME came before its mark")
			}
			s.ask()
			s.do()
			if marked() {
				t.Errorf("refused, and the mark still stands: %v", s.standing())
			}
			s.Records.Attempts, s.Records.Rejected = nil, nil // forgotten, as it is not wanted
			if ops := s.ask(); len(ops) > 0 || s.step.Poll.IsZero() {
				t.Errorf("at once again: %q, asked again at %s", ops, s.step.Poll)
			}
			if diff := cmp.Diff([]string{"error www.a.example.com/: its DNS name www.a.example.com could not be made"}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			s.Now = s.step.Poll
			s.run()
			if diff := cmp.Diff([]string{"synced www.a.example.com/"}, s.states()); diff != "" {
				t.Errorf("tried again (-want +got):\n%s", diff)
			}
			// Unpublished, the mark goes right after the CNAME, and the rule still waits for caches.
			gone := s.Now
			s.change(true, cluster("main", balanced("192.0.2.9")))
			history := s.run()
			since := gone.Sub(start())
			want := []string{
				(since + 10*time.Second).String() + ": delete www.a cdn-id-003.vultrcdn.com",
				(since + 10*time.Second).String() + ": delete claim www.a",
				(since + 130*time.Second).String() + ": delete rule www.a.example.com/",
			}
			if diff := cmp.Diff(want, history[:3]); diff != "" {
				t.Errorf("unpublished (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTTLIsBestEffort: a provider that changes no TTL, or none together with data,
// holds nothing up.
func TestTTLIsBestEffort(t *testing.T) {
	t.Run("a CNAME is led elsewhere by its data alone", func(t *testing.T) {
		s := settled(vultrSettings(), cluster("main", fast("/=web"), balanced("lb.example.org")))
		s.Settings.TTL = 60
		s.change(true, cluster("main", fast("/=web"), balanced("lb2.example.org")))
		for range 20 {
			s.ask()
			for _, op := range s.step.Records {
				if op.Verb == Update && op.Old().Data != op.New().Data && op.Old().TTL != op.New().TTL {
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
		s := settled(vultrSettings(), cluster("main", fast("/=web"), balanced("lb.example.org")))
		s.Settings.TTL = 60
		s.change(true, cluster("main", fast("/=web"), balanced("lb2.example.org")))
		s.Records.Rejected = make(map[string]bool)
		for range 20 {
			s.ask()
			s.Records.Attempts = nil
			clear(s.Records.Rejected)
			for _, op := range s.step.Records {
				if op.Verb == Update && op.Old().TTL != op.New().TTL {
					s.Records.Attempts, s.Records.Rejected[op.Key()] = append(s.Records.Attempts, Attempt[Record]{op, Parked}), true
				} else {
					s.Records.carryOut(op, s.id())
				}
			}
		}
		if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		s.record(t, "lb2.example.org") // it was led there
	})
	t.Run("that of addresses alone is refused", func(t *testing.T) {
		s := settled(testSettings(), cluster("main", usual()...))
		s.Settings.TTL = 60
		s.Records.Rejected = make(map[string]bool)
		for range 20 {
			s.ask()
			s.Records.Attempts = nil
			clear(s.Records.Rejected)
			for _, op := range s.step.Records {
				if op.Verb == Update && op.Old().Type == "A" {
					s.Records.Attempts, s.Records.Rejected[op.Key()] = append(s.Records.Attempts, Attempt[Record]{op, Parked}), true
				} else {
					s.Records.carryOut(op, s.id())
				}
			}
		}
		want := []string{"claim main at 60", "nodes.main 192.0.2.1", "nodes.main 192.0.2.2", "rule www.example.com/a for shop"}
		if diff := cmp.Diff(want, s.standing()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.Now = s.Now.Add(firstRefusal)
		if ops := s.ask(); len(ops) != 1 || !strings.HasPrefix(ops[0], "delete nodes.main") {
			t.Errorf("tried again: %q", ops)
		}
	})
}

// TestNoRoom: a CDN refuses a second rule of a host. The old one goes first, once
// nobody is led to it, and not before the new origin stands.
func TestNoRoom(t *testing.T) {
	taken := func(s *stage) {
		for range 3 {
			s.ask()
			for _, op := range s.step.Records {
				s.Records.carryOut(op, s.id())
			}
		}
		s.Rules.Attempts = []Attempt[Rule]{{s.step.Rules[0], Parked}}
		s.Rules.Taken = map[string]bool{s.step.Rules[0].Key(): true}
		s.ask()
		s.Rules.Attempts, s.Rules.Taken = nil, nil // it is not wanted for now
	}
	t.Run("its DNS is ours", func(t *testing.T) {
		s := settled(vultrSettings(), cluster("main", fast("/=web"), balanced("192.0.2.9")))
		s.Rules.Objects[0] = new(*s.Rules.Objects[0])
		s.change(true, cluster("main", fast("/=web"), balanced("lb.example.org")))
		taken(s)
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
		set := vultrSettings()
		set.PublishZones = nil
		s := settled(set, cluster("main", fast("/=web"), balanced("192.0.2.9")))
		s.change(true, cluster("main", fast("/=web"), balanced("lb.example.org")))
		taken(s)
		if len(s.Rules.Objects) != 1 || !slices.ContainsFunc(s.step.Notices, func(n Notice) bool { return strings.Contains(n.Text, "Delete the old one ("+s.Rules.Objects[0].ID+")") }) {
			t.Errorf("rules %v, notices %v", s.Rules.Objects, s.step.Notices)
		}
	})
}

// TestExtra: what somebody set on a rule beside our fields is on the one that is made
// for another origin.
func TestExtra(t *testing.T) {
	s := settled(vultrSettings(), cluster("main", fast("/=web"), balanced("192.0.2.9")))
	s.rule(t, RuleKey{VultrCDN, "www.example.com", "/"}).Extra = `{"gzip":true}`
	s.change(true, cluster("main", fast("/=web"), balanced("lb.example.org")))
	s.run()
	if r := s.rule(t, RuleKey{VultrCDN, "www.example.com", "/"}); r.Extra != `{"gzip":true}` || !strings.Contains(r.SourceHost, "lb-cname") {
		t.Errorf("%+v", r)
	}
}

// TestForeignRuleOfACDNTakenOut: somebody's own rule, or one that was released, rests on
// our addresses, and then its CDN goes from the configuration.
func TestForeignRuleOfACDNTakenOut(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := settled(set, cluster("main", slices.Concat(old, fresh)...))
	released := s.rule(t, RuleKey{Edgio, "old.example.com", "/"})
	*released = released.Unmarked()
	rest := append(fresh, old[1])
	s = s.restarted(set, cluster("main", rest...))
	s.run()
	if o, _ := ParseOwnership(claimOf(s)); !o.listsCDN(Edgio) {
		t.Errorf("the claim says %s", claimOf(s))
	}
	s = s.restarted(without(set, Edgio), cluster("main", rest...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("done: %q", done)
	}
	s.record(t, "192.0.2.1")
}

// TestAllowDeleteWaitsForEveryZone: the first comparison, which may delete all, is not
// over before each zone was read.
func TestAllowDeleteWaitsForEveryZone(t *testing.T) {
	s := settled(vultrSettings(), cluster("main", fast("/=web"), balanced("192.0.2.9")))
	all := s.Records.Objects
	s = s.restarted(vultrSettings(), cluster("main", balanced("192.0.2.9")))
	s.Records.Objects = slices.DeleteFunc(slices.Clone(all), func(r *Record) bool { return r.Zone != "" })
	s.Records.Parts = map[string]Part{"": {Known: true, Read: s.Now}, "example.com": {}}
	if s.ask(); s.step.Compared {
		t.Error("compared before a zone was read")
	}
	s.Records.Objects, s.Records.Parts = all, nil
	s.run()
	if diff := cmp.Diff([]string{"claim main"}, s.standing()); diff != "" || len(s.step.Blocked) > 0 {
		t.Errorf("blocked %v (-want +got):\n%s", s.step.Blocked, diff)
	}
}
