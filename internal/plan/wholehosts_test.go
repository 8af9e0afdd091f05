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
)

// TestPublish follows a host from its publication to its end: the CNAME comes
// when the CDN serves it, and goes before anything that it leads to.
func TestPublish(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	want := []string{
		"0s: create claim main", "0s: create web.default.lb.main 192.0.2.9", "0s: create rule www.example.com/ for fast",
		"0s: create claim www", "0s: create www cdn-id-003.vultrcdn.com",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	want = []string{
		"10s: delete www cdn-id-003.vultrcdn.com", "2m10s: delete rule www.example.com/",
		"2m20s: delete claim www", "3m10s: update claim main, delete web.default.lb.main 192.0.2.9",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("unpublished (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"claim main"}, s.standing()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestAnotherOrigin: the origin of a rule cannot be changed, so another is made
// beside it, the host is led there, and the first goes when it is forgotten.
func TestAnotherOrigin(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
	want := []string{
		"0s: create web.default.lb-cname.main lb.example.org",
		"0s: create rule www.example.com/ for fast",
		"0s: update www cdn-id-007.vultrcdn.com",
		"2m0s: delete rule www.example.com/",
		"3m0s: delete web.default.lb.main 192.0.2.9",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if got := s.rule(t, model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"}); got.ID != "id-007" {
		t.Errorf("left is %+v", got)
	}
}

// TestAnotherOriginByHand: where the host's DNS is not ours, nobody can know
// when the first may go, so it stays and the operator is told.
func TestAnotherOriginByHand(t *testing.T) {
	set := fixture.TwoCDNs()
	set.PublishZones = nil
	s := newStage(set, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("lb.example.org")))
	want := []string{"0s: create web.default.lb-cname.main lb.example.org", "0s: create rule www.example.com/ for fast"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if len(s.step.Notices) != 1 || !strings.Contains(s.step.Notices[0].Text, "lead its DNS name to the new one") {
		t.Errorf("notices %v", s.step.Notices)
	}
}

// TestPending: what the CDN is still preparing has no CNAME yet, and is looked
// at again.
func TestPending(t *testing.T) {
	for name, test := range map[string]struct {
		zones []string
		then  []string
	}{
		"its DNS is ours":     {[]string{"example.com"}, []string{"5s: create claim www", "5s: create www cdn-id-003.vultrcdn.com"}},
		"its DNS is not ours": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			set := fixture.TwoCDNs()
			set.PublishZones = test.zones
			s := newStage(set, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
			for range 3 {
				s.ask()
				s.do()
			}
			rule := *s.Rules.Objects[0]
			rule.Pending = true
			s.Rules.Objects = []*model.Rule{&rule}
			if ops := s.ask(); len(ops) > 0 {
				t.Errorf("operations %q while it is prepared", ops)
			}
			if diff := cmp.Diff([]string{"pending www.example.com/: the CDN is still preparing it"}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if want := s.Now.Add(pollEvery); !s.step.Poll.Equal(want) || len(s.step.Reread) > 0 {
				t.Errorf("asked again at %s, want %s; read now: %v", s.step.Poll, want, s.step.Reread)
			}
			s.Now = s.step.Poll
			s.step = next(s.Input)
			if !s.step.Reread[fixture.VultrCDN] {
				t.Error("it is not read again")
			}
			ready := rule
			ready.Pending = false
			s.Rules.Objects = []*model.Rule{&ready}
			if diff := cmp.Diff(test.then, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForeignDNS: what somebody else made at a published host's name stays.
func TestForeignDNS(t *testing.T) {
	at := func(name, kind, data string) model.Record {
		return model.Record{ID: "f", Zone: "example.com", Name: name, Type: kind, Data: data, TTL: 300}
	}
	for name, test := range map[string]struct {
		foreign model.Record
		warning string
	}{
		"an address":               {at("www", "A", "192.0.2.200"), "www.example.com has DNS records that edgeward did not make (A)"},
		"a CNAME":                  {at("www", "CNAME", "elsewhere.example.org"), "www.example.com has DNS records that edgeward did not make (CNAME)"},
		"mail":                     {at("www", "MX", "mx.example.org"), "www.example.com has DNS records that edgeward did not make (MX)"},
		"another owner's mark":     {at("_edgeward.www", "TXT", model.AliasLabel("other", "main")), "_edgeward.www.example.com has DNS records that edgeward did not make (TXT)"},
		"an address at the mark":   {at("_edgeward.www", "A", "192.0.2.200"), "_edgeward.www.example.com has DNS records that edgeward did not make (A)"},
		"a mark of an old cluster": {at("_edgeward.www", "TXT", model.AliasLabel(fixture.Owner, "gone")), "edgeward uninstall --cluster gone"},
	} {
		t.Run(name, func(t *testing.T) {
			foreign := test.foreign
			s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
			s.Records.Objects = []*model.Record{&foreign}
			s.run()
			if !slices.Contains(s.Records.Objects, &foreign) || len(s.Records.Objects) != 3 {
				t.Errorf("records %v", s.Records.Objects)
			}
			if len(s.step.Warnings) != 1 || !strings.Contains(s.step.Warnings[0].Message, test.warning) {
				t.Errorf("warnings %v", s.step.Warnings)
			}
			s.change(true, fixture.Cluster("main"))
			s.run()
			if diff := cmp.Diff([]*model.Record{&foreign}, slices.DeleteFunc(slices.Clone(s.Records.Objects), func(r *model.Record) bool { return r.Zone == "" })); diff != "" {
				t.Errorf("afterwards (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPublishRestart: a daemon that starts between the CNAME's end and its being
// forgotten does not take the rule away too soon.
func TestPublishRestart(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	s.ask()
	s.Now = s.step.Wake
	s.ask()
	s.do() // the CNAME is gone
	s.Memory, s.AllowDelete = Memory{}, true
	s.Now = s.Now.Add(time.Second)
	want := []string{"2m11s: delete rule www.example.com/", "2m21s: delete claim www", "3m11s: update claim main, delete web.default.lb.main 192.0.2.9"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestHeldHost: a host whose Ingress cannot be understood keeps what it has, but
// not for the sake of an Ingress that never had it.
func TestHeldHost(t *testing.T) {
	broken := fixture.WholeHost("/=none") // there is no such Service
	other := broken
	other.Name = "other"
	unpublished := []string{
		"10s: delete www cdn-id-003.vultrcdn.com", "2m10s: delete rule www.example.com/",
		"2m20s: delete claim www", "3m10s: update claim main, delete web.default.lb.main 192.0.2.9",
	}
	for name, test := range map[string]struct {
		now  kube.Ingress
		want []string
	}{
		"its own Ingress": {broken, nil},
		"another Ingress": {other, unpublished},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
			s.run()
			s.change(true, fixture.Cluster("main", test.now, fixture.Balanced("192.0.2.9")))
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEdgioIsPublishedToo: where the CDN's host is configured.
func TestEdgioIsPublishedToo(t *testing.T) {
	set := fixture.TwoCDNs()
	set.CDNs[0].Host = "acme.cdn.example.net"
	s := newStage(set, fixture.Cluster("main", fixture.Usual()...))
	s.run()
	if diff := cmp.Diff("acme.cdn.example.net", s.record(t, "acme.cdn.example.net").Data); diff != "" {
		t.Error(diff)
	}
	s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
	want := []string{
		"10s: delete www acme.cdn.example.net", "2m10s: delete rule www.example.com/a",
		"2m20s: delete claim www", "3m10s: update claim main, delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestTwins: a second rule, which a lost reply left behind, goes, whatever its
// name; the one that the host leads to stays.
func TestTwins(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	twin := s.Rules.Objects[0].WithIdentity("id-000")
	twin.Published = "cdn-twin.vultrcdn.com"
	s.Rules.Objects = append([]*model.Rule{&twin}, s.Rules.Objects...)
	if diff := cmp.Diff([]string{"2m0s: delete rule www.example.com/"}, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if left := s.rule(t, model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"}); left.ID != "id-003" || s.record(t, left.Published).Name != "www" {
		t.Errorf("left is %+v", left)
	}
}

// TestOldListOfDNS: a start may rest on an old list, which shows the host to lead
// to another rule than it does. Before a rule goes DNS is read again.
func TestOldListOfDNS(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	s.Records.Objects = slices.DeleteFunc(s.Records.Objects, func(r *model.Record) bool { return r.Type == "CNAME" }) // as an old list says
	s.Rules.Read, s.Records.Read = s.Now, s.Now
	for range 5 {
		s.step = next(s.Input)
		s.Memory = s.step.Memory
		if len(s.step.Rules) > 0 {
			t.Fatalf("%s: the rule goes, and DNS was read %s before", s.Now.Sub(fixture.Start()), s.Now.Sub(s.Records.Read))
		}
		if s.step.RereadZones["example.com"] {
			return
		}
		s.Now = s.Now.Add(time.Minute)
		s.Rules.Read = s.Now
	}
	t.Error("DNS is not read again")
}

// TestDoubtfulMark: while it is not known what became of a host's mark, as after a
// lost reply, its rule does not go.
func TestDoubtfulMark(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	i := slices.IndexFunc(s.Records.Objects, func(r *model.Record) bool { return r.Zone != "" && r.Type == "TXT" })
	mark := *s.Records.Objects[i]
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	s.Records.Attempts = []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Update, From: &mark, To: &mark}, Status: observed.Unknown}}
	s.ask()
	s.Now = s.Now.Add(time.Hour)
	if ops := s.ask(); slices.Contains(ops, "delete rule www.example.com/") {
		t.Errorf("operations %q", ops)
	}
}

// TestTakenHost: others delete the rule of a host and make one of their own. The
// host must not lead on to the name of the one that is gone, which anybody may
// get. Where the CDN's name is the same for all, it is not gone.
func TestTakenHost(t *testing.T) {
	set := fixture.TwoCDNs()
	set.CDNs[0].Host, set.MaxDelete = "acme.cdn.example.net", 1
	for name, test := range map[string]struct {
		objects []any
		want    []string
	}{
		"by a pull zone":   {[]any{fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")}, []string{"10s: delete www cdn-id-003.vultrcdn.com", "20s: delete claim www"}},
		"by an Edgio rule": {[]any{fixture.Ingress("shop", "www.example.com", "Exact", "/"), fixture.Web(), fixture.Node("n1", "192.0.2.1")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(set, fixture.Cluster("main", test.objects...))
			s.run()
			s.Now = fixture.Start()
			theirs := s.Rules.Objects[0].Unlabelled().WithIdentity("theirs")
			theirs.Published = "cdn-theirs.vultrcdn.com"
			s.Rules.Objects = []*model.Rule{&theirs}
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			// They go, and the host is published again.
			s.Rules.Objects = nil
			s.run()
			if s.rule(t, theirs.RuleKey).ID == "theirs" {
				t.Error("it is not published again")
			}
		})
	}
}

// TestPublishTTL: the host's name and its mark follow the configuration.
func TestPublishTTL(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.Settings.TTL = 60
	s.run()
	for _, r := range s.Records.Objects {
		if r.TTL != 60 {
			t.Errorf("%s has a TTL of %d", r.Key(), r.TTL)
		}
	}
}

// TestApex: no CNAME can stand there, so its DNS is nobody's business but the
// user's.
func TestApex(t *testing.T) {
	ing := fixture.WholeHost("/=web")
	ing.Rules[0].Host = "example.com"
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9")))
	s.run()
	if diff := cmp.Diff([]string{"claim main", "rule example.com/ for fast", "web.default.lb.main 192.0.2.9"}, s.standing()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(s.Want.Warnings) != 1 || !strings.Contains(s.Want.Warnings[0].Message, "host example.com is the apex of its zone") {
		t.Errorf("warnings %v", s.Want.Warnings)
	}
}

// TestReleasedHost: its DNS name is let go of with its rule.
func TestReleasedHost(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.WholeHostAnnotated(desired.AnnotationRelease, "true"), fixture.Balanced("192.0.2.9")))
	s.run()
	s.change(true, fixture.Cluster("main", fixture.Balanced("192.0.2.9")))
	s.run()
	want := []string{"claim main", "rule www.example.com/ for ", "web.default.lb.main 192.0.2.9", "www cdn-id-003.vultrcdn.com"}
	if diff := cmp.Diff(want, s.standing()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
