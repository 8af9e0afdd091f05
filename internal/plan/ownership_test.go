package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// TestClaims has parts of the zone that are not, or not surely, a cluster's
// own: nothing at all is written for it, while the other cluster goes on, and
// the notice says what to do.
func TestClaims(t *testing.T) {
	claim := func(data string) model.Record {
		return model.Record{ID: "c", Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: data, TTL: 120}
	}
	address := model.Record{ID: "a", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.1", TTL: 120}
	const theirs = "heritage=edgeward,edgeward/owner=acme,edgeward/cluster=uid-other"
	tests := map[string]struct {
		records []model.Record
		notice  []string // parts of it
	}{
		"another cluster's": {[]model.Record{claim(theirs)}, []string{
			"_edgeward.main.acme.k8s.example.net is claimed by another cluster", `"uid-other"`, "that of cluster main is uid-main",
			"Correct its kubeconfig", "another clusters[].name or another owner", "delete that TXT record",
		}},
		"another cluster's beside its own": {[]model.Record{claim(ownClaim("main", fixture.Edgio)), claim(theirs)}, []string{"is claimed by another cluster"}},
		"unreadable": {[]model.Record{claim("v=spf1 -all")}, []string{
			"the TXT record _edgeward.main.acme.k8s.example.net is not a claim of edgeward", "Delete it, or give the cluster another",
		}},
		"unreadable beside its own": {[]model.Record{claim(ownClaim("main", fixture.Edgio)), claim("x")}, []string{"is not a claim of edgeward"}},
		"of a later form":           {[]model.Record{claim("heritage=edgeward,v=2")}, []string{"is not a claim of edgeward"}},
		"records without a claim": {[]model.Record{address}, []string{
			"there are 1 records below main.acme.k8s.example.net, but no claim",
			`create the TXT record _edgeward.main.acme.k8s.example.net with the text "heritage=edgeward,edgeward/owner=acme,edgeward/cluster=uid-main,edgeward/cdns=edgio"`,
			"otherwise give the cluster another",
		}},
		"a record deep below":   {[]model.Record{{ID: "d", Name: "a.b.main.acme", Type: "CNAME", Data: "x.example.org", TTL: 60}}, []string{"but no claim"}},
		"not TXT at that name":  {[]model.Record{{ID: "d", Name: model.OwnershipName("main", fixture.Owner), Type: "CNAME", Data: "x.example.org", TTL: 60}}, []string{"but no claim"}},
		"the claim of its twin": {[]model.Record{claim("heritage=edgeward,edgeward/owner=twin,edgeward/cluster=uid-main")}, []string{"is not a claim of edgeward"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// A rule of the cluster is wanted, one is to be changed, one to be
			// deleted, and one of two is a duplicate.
			west := fixture.Cluster("west", fixture.Ingress("blog", "blog.example.com", "Exact", "/"), fixture.Web(), fixture.Node("w1", "192.0.2.9"))
			before := fixture.Cluster("main", fixture.Ingress("gone", "gone.example.com", "Exact", "/"), fixture.Ingress("shop", "www.example.com", "Prefix", "/a"), fixture.Web(), fixture.Node("n1", "192.0.2.1"))
			s := settled(fixture.Settings(), before)
			double := *s.rule(t, model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/a/"})
			double.ID = "double"
			s.Rules.Objects = append(s.Rules.Objects, new(double))
			s.Records.Objects = observed.Refs(test.records)
			rules := s.standing()
			s.change(true, fixture.Cluster("main", fixture.Ingress("shop", "www.example.com", "Prefix", "/a"), fixture.Ingress("new", "new.example.com", "Exact", "/"), fixture.Service("web", 30081), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")), west)

			want := []string{"0s: create claim west", "0s: create nodes.west 192.0.2.9", "0s: create rule blog.example.com/ for blog"}
			if diff := cmp.Diff(want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			for _, l := range rules {
				if !slices.Contains(s.standing(), l) {
					t.Errorf("%s does not stand any more", l)
				}
			}
			if len(s.step.Notices) != 1 || !s.step.Notices[0].Fatal {
				t.Fatalf("notices %v, want one that is fatal", s.step.Notices)
			}
			for _, part := range append(test.notice, "Nothing is written for") {
				if !strings.Contains(s.step.Notices[0].Text, part) {
					t.Errorf("the notice %q does not say %q", s.step.Notices[0].Text, part)
				}
			}
			states := []string{
				"conflict www.example.com/a/: its rule belongs to cluster main, which is not in the configuration or cannot be served now",
				"conflict www.example.com/a: its rule belongs to cluster main, which is not in the configuration or cannot be served now",
				"error new.example.com/: the cluster's names in the zone are not its own",
				"synced blog.example.com/",
			}
			if diff := cmp.Diff(states, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if !s.step.Compared {
				t.Error("the first comparison is not over: --allow-delete would hold for ever")
			}
		})
	}
}

// TestClaimStands has what a claimed part of the zone may hold.
func TestClaimStands(t *testing.T) {
	own := model.Record{ID: "c", Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: ownClaim("main", fixture.Edgio), TTL: 120}
	with := func(records ...model.Record) []model.Record { return append([]model.Record{own}, records...) }
	double, lame := own, own
	double.ID, lame.ID, lame.TTL = "d", "d", 60
	const addresses = "create nodes.main 192.0.2.1, create nodes.main 192.0.2.2"
	tests := map[string]struct {
		records []model.Record
		want    string // the first operations
	}{
		"nothing":                        {nil, "create claim main"},
		"the claim":                      {with(), addresses},
		"somebody else's records beside": {[]model.Record{{ID: "1", Name: "", Type: "A", Data: "192.0.2.1"}, {ID: "2", Name: "acme", Type: "TXT", Data: "x"}, {ID: "3", Name: "main", Type: "A", Data: "192.0.2.1"}, {ID: "5", Name: "main.acme", Type: "A", Data: "192.0.2.1"}, {ID: "4", Name: "xmain.acme2", Type: "A", Data: "192.0.2.1"}}, "create claim main"},
		"the claim twice":                {with(double), addresses + ", delete claim main"},
		// Vultr would refuse two TTLs in one record set, but what stands, stands.
		"the claim twice, once at another TTL": {with(lame), addresses + ", delete claim main"},
		"an AAAA in its set":                   {with(model.Record{ID: "6", Name: "nodes.main.acme", Type: "AAAA", Data: "2001:db8::1", TTL: 120}), addresses},
		"a TXT in its set":                     {with(model.Record{ID: "6", Name: "nodes.main.acme", Type: "TXT", Data: "x", TTL: 120}), "delete claim nodes.main, " + addresses},
		"a CNAME in the way":                   {with(model.Record{ID: "n", Name: "nodes.main.acme", Type: "CNAME", Data: "x.example.org", TTL: 120}), "delete nodes.main x.example.org"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.Records.Objects, s.AllowDelete = observed.Refs(test.records), true
			if diff := cmp.Diff(test.want, strings.Join(s.ask(), ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s.run()
			want := []string{"claim main", "nodes.main 192.0.2.1", "nodes.main 192.0.2.2", "rule www.example.com/a for shop"}
			got := slices.DeleteFunc(s.standing(), func(l string) bool { return !slices.Contains(want, l) && !strings.HasPrefix(l, "nodes.") })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("at the end (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClaimComesFirst has a claim under way, refused, or in doubt: no address
// is made before it surely stands.
func TestClaimComesFirst(t *testing.T) {
	claim := model.Record{Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: ownClaim("main", fixture.Edgio), TTL: 120}
	attempt := func(status observed.Status) observed.View[model.Record] {
		return observed.View[model.Record]{Known: true, Attempts: []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Create, To: &claim}, Status: status}}}
	}
	tests := map[string]struct {
		records observed.View[model.Record]
		want    []string
		state   string
	}{
		"under way": {attempt(observed.InFlight), nil, "pending www.example.com/a: its cluster's claim in the zone is on the way"},
		"lost":      {attempt(observed.Unknown), []string{"look up"}, "pending www.example.com/a: its cluster's claim in the zone is on the way"},
		"refused":   {attempt(observed.BackingOff), []string{"create claim main"}, "error www.example.com/a: its cluster's claim in the zone could not be made"},
		"missing from the last list": {
			observed.View[model.Record]{Known: true, Objects: []*model.Record{new(claim.WithIdentity("c"))}, Missing: map[string]bool{"c": true}},
			[]string{"look up"}, "pending www.example.com/a: its cluster's claim in the zone is on the way",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.Records = test.records
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{test.state}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if s.step.Compared {
				t.Error("the first comparison is over")
			}
		})
	}
}

// TestClusterNotReady has a cluster without complete snapshots: what stands for
// it stays, and no other cluster takes it over.
func TestClusterNotReady(t *testing.T) {
	main, west := fixture.Cluster("main", fixture.Usual()...), fixture.Cluster("west", fixture.Shop(), fixture.Web(), fixture.Node("w1", "192.0.2.9"))
	s := settled(fixture.Settings(), main, fixture.Cluster("west"))
	main.Ready = false
	s.change(false, main, west)
	s.AllowDelete = true
	want := []string{"0s: create claim west", "0s: create nodes.west 192.0.2.9"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	states := []string{"conflict www.example.com/a: its rule belongs to cluster main, which is not in the configuration or cannot be served now"}
	if diff := cmp.Diff(states, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if s.step.Compared {
		t.Error("the first comparison is over without the cluster")
	}
}

// TestUnknownCluster has one that is not in the configuration any more: what
// stands for it is reported, once for each kind, and left alone.
func TestUnknownCluster(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...), fixture.Cluster("old", fixture.Ingress("blog", "blog.example.com", "Prefix", "/a"), fixture.Web(), fixture.Node("o1", "192.0.2.9")))
	stood := s.standing()
	s.change(false, fixture.Cluster("main", append(fixture.Usual(), fixture.Ingress("blog", "blog.example.com", "Exact", "/a"))...))
	s.AllowDelete = true
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(stood, s.standing()); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	notices := []model.Notice{
		{Text: `2 rules belong to a cluster "old" that is not in the configuration; they are left alone`},
		{Text: `the names below old.acme.k8s.example.net belong to a cluster "old" that is not in the configuration; they are left alone`},
	}
	if diff := cmp.Diff(notices, s.step.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	states := []string{
		"conflict blog.example.com/a: its rule belongs to cluster old, which is not in the configuration or cannot be served now",
		"synced www.example.com/a",
	}
	if diff := cmp.Diff(states, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Owned{Rules: map[model.Provider]int{fixture.Edgio: 1}, Addresses: 2, Claims: 1}, s.step.Owned); diff != "" {
		t.Errorf("owned (-want +got):\n%s", diff)
	}
}
