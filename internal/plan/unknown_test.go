package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
)

// TestExtraWhereThereIsNoRoom: a CDN has no room for a second rule of a host. The one that is made when
// the old one has gone has what an operator set on that.
func TestExtraWhereThereIsNoRoom(t *testing.T) {
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.rule(t, model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"}).Extra = `{"gzip":true}`
	s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
	s.hasNoRoom()
	s.run()
	if r := s.rule(t, model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"}); r.Extra != `{"gzip":true}` || !strings.Contains(r.SourceHost, "lb-cname") {
		t.Errorf("%+v", r)
	}
}

// TestCDNTakenOutAndNoClaim: the claim is not there any more, or cannot be relied upon, so that it is
// not known at which CDNs the cluster has rules. No host's CNAME goes.
func TestCDNTakenOutAndNoClaim(t *testing.T) {
	for name, breaks := range map[string]func(*stage){
		"deleted": func(s *stage) {
			s.Records.Objects = slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Name == model.OwnershipName("main", fixture.Owner) })
		},
		"in doubt": func(s *stage) {
			for _, r := range s.Records.Objects {
				if r.Name == model.OwnershipName("main", fixture.Owner) {
					s.Records.Missing = map[string]bool{r.ID: true}
				}
			}
		},
		"of another cluster": func(s *stage) {
			for i, r := range s.Records.Objects {
				if r.Name == model.OwnershipName("main", fixture.Owner) {
					s.Records.Objects = slices.Clone(s.Records.Objects)
					s.Records.Objects[i] = new(r.WithData(strings.ReplaceAll(r.Data, "uid-main", "uid-x")))
					s.Records.Objects[i].ID = r.ID
				}
			}
		},
	} {
		for _, cdn := range []model.Provider{fixture.Edgio, fixture.VultrCDN} {
			t.Run(name+" "+string(cdn), func(t *testing.T) {
				set, old, fresh := twoCDNs()
				s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
				left := fresh
				if cdn == fixture.VultrCDN {
					left = old
				}
				s = s.restarted(without(set, cdn), fixture.Cluster("main", append(slices.Clone(left), old[1], fresh[1])...))
				s.AllowDelete = false // sync.max_delete does not help
				breaks(s)
				if done := s.run(); strings.Contains(strings.Join(done, " "), "delete") {
					t.Errorf("done: %q", done)
				}
			})
		}
	}
}

// TestCDNTakenOutAndAnEarlierClaim: the claim of an earlier version does not say at which CDNs there are
// rules. The version and the section are changed in one restart.
func TestCDNTakenOutAndAnEarlierClaim(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	s.record(t, claimOf(s)).Data = ownClaim("main")
	s = s.restarted(without(set, fixture.Edgio), fixture.Cluster("main", append(slices.Clone(fresh), old[1])...))
	if done := s.run(); strings.Contains(strings.Join(done, " "), "delete") {
		t.Errorf("done: %q", done)
	}
}

// TestAnotherOwnerComes: a host is live below a label that another owner then takes for its name.
// The live host stays.
func TestAnotherOwnerComes(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = []string{fixture.Domain}
	ing := fixture.WholeHost("/=web")
	ing.Rules[0].Host = "shop.eu." + fixture.Domain
	s := settled(set, fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9")))
	s.Records.Objects = append(slices.Clone(s.Records.Objects),
		&model.Record{ID: "theirs", Name: model.OwnershipName("prod", "eu"), Type: "TXT", Data: model.Ownership{Owner: "eu", UID: "uid-x"}.String(), TTL: 300})
	if done := s.run(); strings.Contains(strings.Join(done, " "), "delete") {
		t.Errorf("done: %q", done)
	}
}

// TestZoneGoneWhileRunning: a zone is gone while the daemon runs. Its hosts are in error, as after a
// start.
func TestZoneGoneWhileRunning(t *testing.T) {
	set := fixture.TwoCDNs()
	s := settled(set, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.Records.Parts = map[string]observed.Part{"": {Known: true, Read: s.Now}, "example.com": {Known: true, Read: s.Now, Fault: "404 Not Found"}}
	s.run()
	if got := s.states(); len(got) != 1 || !strings.HasPrefix(got[0], "error www.example.com/: the zone example.com") {
		t.Errorf("states %q", got)
	}
}

// TestCNAMETargetTakenOut: edgio.cname_target is taken out. A rule still goes only when no cache leads
// to it any more.
func TestCNAMETargetTakenOut(t *testing.T) {
	set, old, _ := twoCDNs()
	s := settled(set, fixture.Cluster("main", old...))
	set.CDNs[0].Host = ""
	s = s.restarted(set, fixture.Cluster("main", old...))
	s.ask()
	s.change(true, fixture.Cluster("main", old[1]))
	var led, gone time.Duration
	for range 50 {
		ops := s.ask()
		for _, l := range ops {
			switch {
			case strings.HasPrefix(l, "delete old acme.cdn"):
				led = s.Now.Sub(fixture.Start())
			case strings.HasPrefix(l, "delete rule"):
				gone = s.Now.Sub(fixture.Start())
			}
		}
		s.do()
		if len(ops) == 0 {
			s.Now = s.step.Wake
		}
		if gone > 0 && led > 0 {
			break
		}
	}
	if gone-led < 120*time.Second {
		t.Errorf("CNAME gone at %s, rule at %s", led, gone)
	}
}

// TestZoneReplacedByOneBelow: a zone is replaced by one below it. The CNAMEs in the one before may still
// be followed.
func TestZoneReplacedByOneBelow(t *testing.T) {
	ing := fixture.WholeHost("/=web")
	ing.Rules[0].Host = "www.eu.example.com"
	objects := []any{ing, fixture.Balanced("192.0.2.9")}
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", objects...))
	set := fixture.TwoCDNs()
	set.PublishZones = []string{"eu.example.com"}
	s = s.restarted(set, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	if done := s.run(); strings.Contains(strings.Join(done, " "), "delete rule") {
		t.Errorf("done: %q", done)
	}
}

// TestZoneBelowIsAdded: a zone below one of the list is added. The DNS of its hosts moves there, and
// nothing is left behind.
func TestZoneBelowIsAdded(t *testing.T) {
	ing := fixture.WholeHost("/=web")
	ing.Rules[0].Host = "www.eu.example.com"
	objects := []any{ing, fixture.Balanced("192.0.2.9")}
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", objects...))
	set := fixture.TwoCDNs()
	set.PublishZones = []string{"example.com", "eu.example.com"}
	s = s.restarted(set, fixture.Cluster("main", objects...))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	s.run()
	for _, r := range s.Records.Objects {
		if r.Type == "CNAME" {
			t.Errorf("left behind: %+v", r)
		}
	}
}

// TestNothingKeptButTheClaim: nothing of the cluster stands but its claim, which names a CDN that is
// not read. There is nothing to be told.
func TestNothingKeptButTheClaim(t *testing.T) {
	set, old, _ := twoCDNs()
	s := newStage(without(set, fixture.Edgio), fixture.Cluster("main", old[1]))
	s.Records.Objects = []*model.Record{{ID: "c", Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: ownClaim("main", fixture.Edgio), TTL: 120}}
	s.run()
	for _, n := range s.step.Notices {
		t.Errorf("%s", n.Text)
	}
}

// TestHostInTheOriginsZoneBelowAListedOne: the origins' zone lies in a zone of the list without being in
// the list. Nobody asks the upper one for names of the lower, so no DNS is made there.
func TestHostInTheOriginsZoneBelowAListedOne(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = []string{"example.net"} // the origins' is k8s.example.net
	for _, host := range []string{"www." + fixture.Domain, "nodes.main.acme." + fixture.Domain} {
		ing := fixture.WholeHost("/=web")
		ing.Rules[0].Host = host
		s := newStage(set, fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9")))
		s.run()
		for _, r := range s.Records.Objects {
			if r.Type == "CNAME" {
				t.Errorf("%+v; states %q, warnings %v", r, s.states(), s.step.Warnings)
			}
		}
	}
}

// TestUninstallKeepsWhatAKeptCNAMELeadsTo: where a CNAME is kept, so is the rule to which it leads.
func TestUninstallKeepsWhatAKeptCNAMELeadsTo(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	set = without(set, fixture.VultrCDN)
	set.CDNs[0].Host = ""
	s = s.restarted(set, fixture.Cluster("main", old...))
	h := owned.All(s.Rules.Objects, s.Records, set)["main"]
	for _, r := range h.CNAMEs {
		if r.Data == "acme.cdn.example.net" && h.Kept[r.ID] != "" && h.Kept[h.Rules[0].ID] == "" {
			t.Errorf("%s is kept, and the rule %s is not", r.Key(), h.Rules[0].Key())
		}
	}
}

// TestClaimMadeAnewAsTheHelpSays: the claim was deleted by hand and is made anew as the message says.
// Nothing goes on which a CDN may rest that is not read.
func TestClaimMadeAnewAsTheHelpSays(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	objects := append(slices.Clone(fresh), old[1])
	s = s.restarted(without(set, fixture.Edgio), fixture.Cluster("main", objects...))
	s.Records.Objects = slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Name == model.OwnershipName("main", fixture.Owner) })
	s.ask()
	var text string
	for _, n := range s.step.Notices {
		if _, rest, ok := strings.Cut(n.Text, "with the text "); ok {
			fmt.Sscanf(rest, "%q", &text)
		}
	}
	s.Records.Objects = append(s.Records.Objects, &model.Record{ID: "anew", Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: text, TTL: 120})
	if done := s.run(); strings.Contains(strings.Join(done, " "), "delete") {
		t.Errorf("done: %q", done)
	}
}

// TestOneCDNUnreadStopsNotTheOther: Edgio cannot be read, since its account has ended. Vultr CDN goes on.
func TestOneCDNUnreadStopsNotTheOther(t *testing.T) {
	set, old, fresh := twoCDNs()
	s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	s = s.restarted(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
	s.Rules.Objects = slices.DeleteFunc(slices.Clone(s.Rules.Objects), func(r *model.Rule) bool { return r.CDN == fixture.Edgio })
	s.Rules.Known = false
	s.Rules.Parts = map[string]observed.Part{string(fixture.Edgio): {}, string(fixture.VultrCDN): {Known: true, Read: s.Now}}
	if done := s.run(); len(done) > 0 {
		t.Errorf("done %q", done)
	}
	s.change(true, fixture.Cluster("main", slices.Concat(old, []any{fresh[1]})...))
	for range 20 {
		s.Rules.Parts[string(fixture.VultrCDN)] = observed.Part{Known: true, Read: s.Now}
		ops := s.ask()
		s.do()
		if len(ops) == 0 {
			if s.step.Wake.IsZero() {
				break
			}
			s.Now = s.step.Wake
		}
	}
	for _, r := range s.Rules.Objects {
		if r.CDN == fixture.VultrCDN {
			t.Errorf("%s still stands", r.Key())
		}
	}
}

// atBoth has one host at both CDNs, led to Edgio.
func atBoth(t *testing.T) (*stage, model.Settings, kube.Ingress, kube.Ingress) {
	set, _, _ := twoCDNs()
	slow := fixture.Ingress("slow", "www.example.com", "Prefix", "/")
	slow.Rules[0].Paths[0].Backend = kube.Backend{Service: "old", PortNumber: 80}
	quick := fixture.WholeHost("/=web")
	s := settled(set, fixture.Cluster("main", slow, quick, LoadBalanced("old", "192.0.2.1"), fixture.Balanced("192.0.2.9")))
	s.record(t, "acme.cdn.example.net")
	return s, set, slow, quick
}

// TestNoRoomAndLedElsewhere: a host is at both CDNs and led to the other one. Its CNAME does
// not go to make room.
func TestNoRoomAndLedElsewhere(t *testing.T) {
	s, _, slow, quick := atBoth(t)
	s.change(true, fixture.Cluster("main", slow, quick, LoadBalanced("old", "192.0.2.1"), fixture.Balanced("lb.example.org")))
	s.hasNoRoom()
	done := s.run()
	for _, l := range done {
		if strings.Contains(l, "delete www acme.cdn") {
			t.Errorf("done %q", done)
		}
	}
}

// TestRebuiltAndLedElsewhere: the same where there is room. The old pull zone goes.
func TestRebuiltAndLedElsewhere(t *testing.T) {
	s, _, slow, quick := atBoth(t)
	s.change(true, fixture.Cluster("main", slow, quick, LoadBalanced("old", "192.0.2.1"), fixture.Balanced("lb.example.org")))
	done := s.run()
	n := 0
	for _, r := range s.Rules.Objects {
		if r.CDN == fixture.VultrCDN {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d pull zones; done %q; wake %s, notices %v, kept %v, states %q", n, done, s.step.Wake, s.step.Notices, s.step.Kept, s.states())
	}
}

// TestUninstallWithoutClaim: uninstall without a claim, or with one of an earlier version, while a section
// is not there.
func TestUninstallWithoutClaim(t *testing.T) {
	for name, data := range map[string]string{"none": "", "earlier": ownClaim("main")} {
		t.Run(name, func(t *testing.T) {
			set, old, fresh := twoCDNs()
			s := settled(set, fixture.Cluster("main", slices.Concat(old, fresh)...))
			next := without(set, fixture.VultrCDN)
			s = s.restarted(next, fixture.Cluster("main", old...))
			if data == "" {
				s.Records.Objects = slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Name == model.OwnershipName("main", fixture.Owner) })
			} else {
				s.record(t, claimOf(s)).Data = data
			}
			h := owned.All(s.Rules.Objects, s.Records, next)["main"]
			for _, r := range slices.Concat(h.CNAMEs, h.Addresses) {
				if (strings.HasPrefix(r.Data, "cdn-") || r.Data == "192.0.2.2") && h.Kept[r.ID] == "" {
					t.Errorf("goes: %s %s", r.Key(), r.Data)
				}
			}
		})
	}
}

// TestCDNTakenOutAndADualStackNodeComes: a rule of a CDN that is not read any more may lead to a Service of
// one family. The name of the nodes gets no addresses of the other for as long.
func TestCDNTakenOutAndADualStackNodeComes(t *testing.T) {
	set := fixture.Settings()
	set.CDNs = fixture.TwoCDNs().CDNs
	svc := fixture.Web()
	svc.Families = kube.Families{OnlyIPv4: true}
	quick := fixture.WholeHost("/=new")
	s := settled(set, fixture.Cluster("main", fixture.Shop(), svc, fixture.Node("n1", "192.0.2.1"), quick, LoadBalanced("new", "192.0.2.9")))
	dual := fixture.Node("n2", "192.0.2.2")
	dual.Addresses = append(dual.Addresses, kube.NodeAddress{Type: "ExternalIP", Address: "2001:db8::2"})
	s = s.restarted(without(set, fixture.Edgio), fixture.Cluster("main", svc, fixture.Node("n1", "192.0.2.1"), quick, LoadBalanced("new", "192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", svc, fixture.Node("n1", "192.0.2.1"), dual, quick, LoadBalanced("new", "192.0.2.9")))
	if done := strings.Join(s.run(), " "); strings.Contains(done, "2001:db8::2") {
		t.Errorf("done %s", done)
	}
}

// TestNothingIsWrittenWhereTheClaimIsRefused: a kubeconfig leads to another cluster, which lacks one of three
// Ingresses. CNAMEs and marks stay, too.
func TestNothingIsWrittenWhereTheClaimIsRefused(t *testing.T) {
	at := func(name, host string) kube.Ingress {
		ing := fixture.WholeHost("/=web")
		ing.Name, ing.Rules = name, []kube.IngressRule{{Host: host, Paths: ing.Rules[0].Paths}}
		return ing
	}
	a, b, c := at("a", "a.example.com"), at("b", "b.example.com"), at("c", "c.example.com")
	s := settled(fixture.TwoCDNs(), fixture.Cluster("main", a, b, c, fixture.Balanced("192.0.2.9")))
	other := fixture.Cluster("main", a, b, fixture.Balanced("192.0.2.9"))
	other.UID = "uid-staging"
	if done := s.restart(other); len(done) > 0 {
		t.Errorf("done %q", strings.Join(done, " "))
	}
}
