package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// TestNoDNSThere has hosts for which no DNS can be made, though they lie in a zone of
// the list. They are published, and their Ingress is told.
func TestNoDNSThere(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = []string{"example.com", fixture.Domain}
	ns := &model.Record{ID: "ns", Zone: "example.com", Name: "sub", Type: "NS", Data: "ns.example.org", TTL: 300}
	theirs := &model.Record{ID: "theirs", Name: model.OwnershipName("main", "other"), Type: "TXT", Data: model.Ownership{Owner: "other", UID: "uid-x"}.String(), TTL: 300}
	for host, why := range map[string]string{
		"www.example.com":             "",
		"www." + fixture.Domain:       "",
		"a.sub.example.com":           "delegates sub.example.com to other name servers",
		"sub.example.com":             "delegates sub.example.com to other name servers",
		"fra.other." + fixture.Domain: "it lies below other." + fixture.Domain,
	} {
		t.Run(host, func(t *testing.T) {
			ing := fixture.WholeHost("/=web")
			ing.Rules[0].Host = host
			s := newStage(set, fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9")))
			s.Records.Objects = []*model.Record{ns, theirs}
			s.run()
			if diff := cmp.Diff([]string{"synced " + host + "/"}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			made := slices.ContainsFunc(s.Records.Objects, func(r *model.Record) bool { return r.Type == "CNAME" })
			marked := slices.ContainsFunc(s.Records.Objects, func(r *model.Record) bool { _, ok := model.ParseAliasLabel(r, fixture.Owner); return ok })
			if made != (why == "") || marked != made {
				t.Errorf("CNAME %v, mark %v: %v", made, marked, s.standing())
			}
			told := slices.ContainsFunc(s.step.Warnings, func(w desired.Warning) bool {
				return strings.Contains(w.Message, why) && strings.Contains(w.Message, host)
			})
			if told != (why != "") {
				t.Errorf("warnings %v", s.step.Warnings)
			}
		})
	}
}

// TestMarkInAClaimsPlace: an earlier version marked a host where the claim of a cluster
// belongs, which then comes: the mark goes, and the cluster is served.
func TestMarkInAClaimsPlace(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = []string{fixture.Domain}
	ing := fixture.WholeHost("/=web")
	ing.Rules[0].Host = "west.acme." + fixture.Domain
	s := newStage(set, fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9")), fixture.Cluster("west", fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
	s.Records.Objects = []*model.Record{
		{ID: "claim", Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: ownClaim("main", fixture.VultrCDN), TTL: 120},
		{ID: "mark", Name: "_edgeward.west.acme", Type: "TXT", Data: model.AliasLabel(fixture.Owner, "main"), TTL: 120},
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
			ing := fixture.WholeHost("/=web")
			ing.Rules[0].Host = "www.a.example.com"
			s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9")))
			s.Records.Objects = []*model.Record{{ID: "wild", Zone: "example.com", Name: wildcard, Type: "A", Data: "192.0.2.99", TTL: 300}}
			cname := model.Record{Zone: "example.com", Name: "www.a", Type: "CNAME"}.Key()
			marked := func() bool {
				return slices.ContainsFunc(s.Records.Objects, func(r *model.Record) bool { _, ok := model.ParseAliasLabel(r, fixture.Owner); return ok })
			}
			refused := func() bool {
				for _, op := range s.step.Records {
					if op.Key() == cname && op.Verb == model.Create {
						s.Records.Attempts = []observed.Attempt[model.Record]{{Op: op, Status: observed.BackingOff}}
						s.Records.Rejected = map[model.Place]bool{cname: true}
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
			s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
			history := s.run()
			since := gone.Sub(fixture.Start())
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

// TestOnePathOfAHostGoes has one of three paths of a host that is led to Edgio deleted: its
// rule goes, although the host goes on leading there, for the others.
func TestOnePathOfAHostGoes(t *testing.T) {
	set := fixture.TwoCDNs()
	set.CDNs[0].Host = "acme.cdn.example.net"
	s := settled(set, rulesOn("main", 3))
	s.change(true, rulesOn("main", 2))
	if diff := cmp.Diff([]string{"10s: delete rule main.example.com/3"}, s.run()); diff != "" {
		t.Errorf("one of three (-want +got):\n%s", diff)
	}
	s.change(true, rulesOn("main", 0))
	want := []string{
		"20s: delete main acme.cdn.example.net",
		"2m20s: delete rule main.example.com/1, delete rule main.example.com/2",
	}
	if diff := cmp.Diff(want, s.run()[:2]); diff != "" {
		t.Errorf("the rest (-want +got):\n%s", diff)
	}
}

// TestRuleWaitsForItsZone has a rule that nobody wants, and whose zone is not read yet,
// though that of the origins is: a CNAME there may lead to it.
func TestRuleWaitsForItsZone(t *testing.T) {
	set := fixture.TwoCDNs()
	set.DeletionGrace = 0
	s := settled(set, fixture.Cluster("main", fixture.WholeHost("/=web"), withBalancer("web", "192.0.2.7")))
	stood := s.Records.Objects
	unread := func(r *model.Record) bool { return r.Zone != "" }
	s.Records.Objects = slices.DeleteFunc(slices.Clone(stood), unread)
	s.Records.Parts = map[string]observed.Part{"": {Known: true, Read: s.Now}, "example.com": {}}
	s.change(true, fixture.Cluster("main", withBalancer("web", "192.0.2.7")))
	if got := s.ask(); len(got) > 0 {
		t.Errorf("while the zone is not read: %q", got)
	}
	s.Records.Objects, s.Records.Parts = stood, nil
	if diff := cmp.Diff([]string{"delete www cdn-id-003.vultrcdn.com"}, s.ask()); diff != "" {
		t.Errorf("once it is (-want +got):\n%s", diff)
	}
}
