package plan

import (
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

// TestForeignRules has rules at a wanted place that are not ours to touch, and
// those that may be adopted.
func TestForeignRules(t *testing.T) {
	bare := model.Rule{ID: "x", RuleKey: fixture.ShopKey(), SourceHost: "elsewhere.example.org", SourcePath: "/"}
	twin := bare
	twin.ID = "y"
	copied := bare
	copied.Protocols = []model.Protocol{{Published: "https", Label: model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}.String(model.RuleKey{CDN: fixture.Edgio, Host: "old.example.com", Path: "/a"})}}
	other := fixture.Labelled(bare, model.OwnerLabel{Owner: "other", IngressID: fixture.ShopID()})
	const (
		unknown = foreignRuleThere
		another = "conflict www.example.com/a: a rule of another edgeward, owner other, has it already"
		adopted = "0s: update rule www.example.com/a for shop by adoption"
	)
	adopt := fixture.Annotated(desired.AnnotationAdopt, "true")
	tests := map[string]struct {
		rules   []model.Rule
		ingress kube.Ingress
		adopt   string // sync.adopt
		want    []string
		state   string
	}{
		"never":                           {[]model.Rule{bare}, fixture.Shop(), "never", nil, unknown},
		"never, whatever the annotation":  {[]model.Rule{bare}, adopt, "never", nil, unknown},
		"annotated, but not":              {[]model.Rule{bare}, fixture.Shop(), "annotated", nil, unknown},
		"annotated, with false":           {[]model.Rule{bare}, fixture.Annotated(desired.AnnotationAdopt, "false"), "annotated", nil, unknown},
		"annotated":                       {[]model.Rule{bare}, adopt, "annotated", []string{adopted}, "synced www.example.com/a"},
		"always":                          {[]model.Rule{bare}, fixture.Shop(), "always", []string{adopted}, "synced www.example.com/a"},
		"always, but there are two":       {[]model.Rule{bare, twin}, fixture.Shop(), "always", nil, unknown},
		"always, but it is a copy":        {[]model.Rule{copied}, fixture.Shop(), "always", nil, unknown},
		"always, but it is another's":     {[]model.Rule{other}, fixture.Shop(), "always", nil, another},
		"always, but one is another's":    {[]model.Rule{bare, other}, fixture.Shop(), "always", nil, another},
		"always, with somebody's mark":    {[]model.Rule{{ID: "x", RuleKey: fixture.ShopKey(), Protocols: []model.Protocol{{Label: "1"}}}}, fixture.Shop(), "always", nil, unknown},
		"a place beside":                  {[]model.Rule{{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/a/"}}}, fixture.Shop(), "never", []string{"0s: create rule www.example.com/a for shop"}, "synced www.example.com/a"},
		"another owner's beside ours":     {[]model.Rule{other, fixture.Labelled(bare, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})}, fixture.Shop(), "never", []string{"0s: update rule www.example.com/a for shop"}, "synced www.example.com/a"},
		"ours of a deleted Ingress":       {[]model.Rule{fixture.Labelled(bare, model.OwnerLabel{Owner: fixture.Owner, IngressID: model.IngressID{Cluster: "main", Namespace: "default", Name: "gone"}})}, fixture.Shop(), "never", []string{"0s: update rule www.example.com/a for shop"}, "synced www.example.com/a"},
		"ours with a lost mark and drift": {[]model.Rule{lostMark(bare)}, fixture.Shop(), "never", []string{"0s: update rule www.example.com/a for shop"}, "synced www.example.com/a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := fixture.Settings()
			set.Adopt = test.adopt
			s := settled(set, fixture.Cluster("main", fixture.Ingress("blog", "blog.example.com", "Exact", "/"), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
			s.Rules.Objects = append(s.Rules.Objects[1:], observed.Refs(test.rules)...)
			s.change(true, fixture.Cluster("main", test.ingress, fixture.Web(), fixture.Node("n1", "192.0.2.1")))
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{test.state}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

// lostMark has two protocol sets, of which one has lost the mark.
func lostMark(r model.Rule) model.Rule {
	r = fixture.Labelled(r, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})
	r.Protocols = append([]model.Protocol{{Published: "http"}}, r.Protocols...)
	return r
}

// TestForeignRulesElsewhere has rules that nobody wants a place of: they are
// not touched, whatever they carry.
func TestForeignRulesElsewhere(t *testing.T) {
	at := model.RuleKey{CDN: fixture.Edgio, Host: "old.example.com", Path: "/"}
	for name, r := range map[string]model.Rule{
		"somebody's":           {ID: "x", RuleKey: at},
		"a copy of ours":       {ID: "x", RuleKey: at, Protocols: []model.Protocol{{Label: model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}.String(fixture.ShopKey())}}},
		"another owner's":      fixture.Labelled(model.Rule{ID: "x", RuleKey: at}, model.OwnerLabel{Owner: "other", IngressID: fixture.ShopID()}),
		"an unknown cluster's": fixture.Labelled(model.Rule{ID: "x", RuleKey: at}, model.OwnerLabel{Owner: fixture.Owner, IngressID: model.IngressID{Cluster: "old", Namespace: "default", Name: "shop"}}),
		"two owners' in one":   {ID: "x", RuleKey: at, Protocols: []model.Protocol{{Label: model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}.String(at)}, {Label: model.OwnerLabel{Owner: "other", IngressID: fixture.ShopID()}.String(at)}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.Rules.Objects = append(s.Rules.Objects, new(r))
			s.AllowDelete = true
			if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHolds has an Ingress that cannot be understood any more: its live rule
// stays while its node port stands, and no other Ingress gets the place.
func TestHolds(t *testing.T) {
	older := func(ing kube.Ingress) kube.Ingress {
		ing.Created = ing.Created.Add(-time.Hour)
		return ing
	}
	younger := fixture.Ingress("later", "www.example.com", "Exact", "/a")
	lettingGo := fixture.Ingress("later", "www.example.com", "Exact", "/a")
	lettingGo.Annotations = map[string]string{desired.AnnotationRelease: "true"}
	toMetrics := fixture.Ingress("later", "www.example.com", "Exact", "/a")
	toMetrics.Rules[0].Paths[0].Backend.PortName = "metrics"
	bad := older(fixture.Annotated(desired.AnnotationPath, "nonsense"))
	clusterIP := fixture.Web()
	clusterIP.Type = "ClusterIP"
	otherPort := fixture.Web()
	otherPort.Ports = []kube.ServicePort{{Name: "metrics", Protocol: "TCP", Port: 80, NodePort: 30080}, {Name: "admin", Protocol: "TCP", Port: 81, NodePort: 30081}}
	twin := fixture.Service("twin", 30080)
	elsewhere := fixture.Service("twin", 30080)
	elsewhere.Namespace = "other"
	n := fixture.Node("n1", "192.0.2.1")

	const held = "conflict www.example.com/a: it is served by Ingress main/default/shop, which goes before and cannot be understood as it is now"
	gone := []string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"}
	taken := []string{"0s: update rule www.example.com/a for later"}
	tests := map[string]struct {
		after  []any
		want   []string
		states []string
	}{
		"a bad annotation":                             {[]any{bad, fixture.Web(), n}, nil, nil},
		"a bad annotation, another waits":              {[]any{bad, younger, fixture.Web(), n}, nil, []string{held}},
		"a bad annotation, another lets go":            {[]any{bad, lettingGo, fixture.Web(), n}, nil, []string{held}},
		"the port's name is gone":                      {[]any{older(fixture.Shop()), otherPort, n}, nil, nil},
		"the port's name is gone, another waits":       {[]any{older(fixture.Shop()), toMetrics, otherPort, n}, nil, []string{held}},
		"another Service has the node port":            {[]any{older(fixture.Shop()), twin, n}, nil, nil},
		"the Service is gone":                          {[]any{older(fixture.Shop()), n}, gone, nil},
		"the Service is ClusterIP":                     {[]any{older(fixture.Shop()), clusterIP, n}, gone, nil},
		"only another namespace has the port":          {[]any{older(fixture.Shop()), elsewhere, n}, gone, nil},
		"a bad annotation and another port":            {[]any{bad, fixture.Service("web", 30099), n}, gone, nil},
		"a bad annotation and another port, one waits": {[]any{bad, younger, fixture.Service("web", 30099), n}, taken, []string{"synced www.example.com/a"}},
		"it does not claim the path any more":          {[]any{older(fixture.Ingress("shop", "www.example.com", "Exact", "/(b)")), younger, fixture.Web(), n}, taken, []string{"synced www.example.com/a"}},
		"a younger one cannot be understood":           {[]any{older(fixture.Shop()), badOf(younger), fixture.Web(), n}, nil, []string{"synced www.example.com/a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", older(fixture.Shop()), fixture.Web(), n))
			s.change(true, fixture.Cluster("main", test.after...))
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.states, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

func badOf(ing kube.Ingress) kube.Ingress {
	ing.Annotations = map[string]string{desired.AnnotationPath: "nonsense"}
	return ing
}

// TestHoldIsForALiveRule has an Ingress that cannot be understood and never
// was: the next one gets the place.
func TestHoldIsForALiveRule(t *testing.T) {
	bad := fixture.Annotated(desired.AnnotationPath, "nonsense")
	bad.Created = bad.Created.Add(-time.Hour)
	s := newStage(fixture.Settings(), fixture.Cluster("main", bad, fixture.Ingress("later", "www.example.com", "Exact", "/a"), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
	s.run()
	want := []string{"claim main", "nodes.main 192.0.2.1", "rule www.example.com/a for later"}
	if diff := cmp.Diff(want, s.standing()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDuplicates has one rule, and one address, several times: each but one
// goes, one after the other.
func TestDuplicates(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	rule, record := *s.rule(t, fixture.ShopKey()), *s.record(t, "192.0.2.1")
	stale := rule
	stale.SourcePath = "/stale"
	s.Rules.Objects = append(observed.Refs([]model.Rule{stale.WithIdentity("a"), rule.WithIdentity("c")}), s.Rules.Objects...)
	s.Records.Objects = append(s.Records.Objects, new(record.WithIdentity("c")), new(record.WithIdentity("d")))
	const one = "0s: delete rule www.example.com/a, delete nodes.main 192.0.2.1"
	if diff := cmp.Diff([]string{one, one}, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"claim main", "nodes.main 192.0.2.1", "nodes.main 192.0.2.2", "rule www.example.com/a for shop"}, s.standing()); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	if got := s.rule(t, fixture.ShopKey()); got.SourcePath != "/a" {
		t.Errorf("the stale one was left: %+v", got)
	}
}

// TestUnwantedDuplicates has rules that nobody wants, two at one place.
func TestUnwantedDuplicates(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Rules.Objects = append(s.Rules.Objects, new(s.Rules.Objects[0].WithIdentity("twin")))
	s.change(true, fixture.Cluster("main", fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
	want := []string{
		"10s: delete rule www.example.com/a", "10s: delete rule www.example.com/a",
		"1m10s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
	}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBusyPlaces has an attempt at the rule's place, or doubt about it.
func TestBusyPlaces(t *testing.T) {
	attempt := func(verb model.Verb, status observed.Status) func(*stage) {
		return func(s *stage) {
			op := model.Op[model.Rule]{Verb: verb, To: new(s.Want.Route(fixture.ShopKey()).Rule)}
			if verb != model.Create {
				op.From = s.Rules.Objects[0]
			}
			s.Rules.Attempts = []observed.Attempt[model.Rule]{{Op: op, Status: status}}
		}
	}
	const unsure = "pending www.example.com/a: it has to be looked up what became of the last attempt"
	tests := map[string]struct {
		stands bool // the rule, as it should not be
		do     func(*stage)
		want   []string
		state  string
	}{
		"a creation under way":     {false, attempt(model.Create, observed.InFlight), nil, "pending www.example.com/a: on the way"},
		"a creation lost":          {false, attempt(model.Create, observed.Unknown), []string{"look up www.example.com"}, unsure},
		"a creation refused":       {false, attempt(model.Create, observed.BackingOff), []string{"create rule www.example.com/a for shop"}, "error www.example.com/a: the provider refused or did not answer"},
		"an update under way":      {true, attempt(model.Update, observed.InFlight), nil, "pending www.example.com/a: on the way"},
		"an update lost":           {true, attempt(model.Update, observed.Unknown), []string{"look up www.example.com"}, unsure},
		"an update refused":        {true, attempt(model.Update, observed.BackingOff), []string{"update rule www.example.com/a for shop"}, "error www.example.com/a: the provider refused or did not answer"},
		"a deletion under way":     {true, attempt(model.Delete, observed.InFlight), nil, "pending www.example.com/a: on the way"},
		"a deletion lost":          {true, attempt(model.Delete, observed.Unknown), []string{"look up www.example.com"}, unsure},
		"missing in the last list": {true, func(s *stage) { s.Rules.Missing = map[string]bool{s.Rules.Objects[0].ID: true} }, []string{"look up www.example.com"}, unsure},
		"a search under way": {true, func(s *stage) {
			s.Rules.Missing = map[string]bool{s.Rules.Objects[0].ID: true}
			s.Rules.Attempts = []observed.Attempt[model.Rule]{{Op: model.Op[model.Rule]{Verb: model.LookUp, To: new(model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/other"}})}, Status: observed.InFlight}}
		}, nil, unsure},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			if test.stands {
				s.rule(t, fixture.ShopKey()).SourcePath = "/drift"
			} else {
				s.Rules.Objects = nil
			}
			test.do(s)
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{test.state}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLookUps has one search for each host with doubts, however many they are.
func TestLookUps(t *testing.T) {
	lost := func(verb model.Verb, host, path string) observed.Attempt[model.Rule] {
		r := model.Rule{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: host, Path: path}}
		if verb == model.Create {
			return observed.Attempt[model.Rule]{Op: model.Op[model.Rule]{Verb: verb, To: &r}, Status: observed.Unknown}
		}
		return observed.Attempt[model.Rule]{Op: model.Op[model.Rule]{Verb: verb, From: &r}, Status: observed.Unknown}
	}
	s := newStage(fixture.Settings(), fixture.Cluster("main"))
	s.Rules.Attempts = []observed.Attempt[model.Rule]{
		lost(model.Create, "a.example.com", "/"), lost(model.Delete, "b.example.com", "/"), lost(model.Delete, "a.example.com", "/x"), lost(model.Update, "c.example.com", "/"),
		{Op: model.Op[model.Rule]{Verb: model.LookUp, To: new(model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "c.example.com", Path: "/"}})}, Status: observed.InFlight},
		{Op: model.Op[model.Rule]{Verb: model.LookUp, To: new(model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "b.example.com", Path: "/"}})}, Status: observed.BackingOff},
	}
	if diff := cmp.Diff([]string{"look up a.example.com", "look up b.example.com"}, s.ask()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestClearGoesBeforeUnclear has an Ingress that claims a path twice, and of
// which one claim cannot be understood any more: the other is followed.
func TestClearGoesBeforeUnclear(t *testing.T) {
	ing := fixture.Shop()
	ing.Rules[0].Paths = append(ing.Rules[0].Paths, kube.IngressPath{Path: "/a", Type: "Prefix", Backend: kube.Backend{Service: "api", PortName: "http"}})
	nodes := []any{fixture.Node("n1", "192.0.2.1")}
	s := settled(fixture.Settings(), fixture.Cluster("main", append(nodes, ing, fixture.Web(), fixture.Service("api", 30081))...))
	inside := fixture.Web()
	inside.Type = "ClusterIP"
	s.change(true, fixture.Cluster("main", append(nodes, ing, inside, fixture.Service("api", 30081), fixture.Service("third", 30080))...))
	if diff := cmp.Diff([]string{"0s: update rule www.example.com/a for shop"}, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestStrangerBesideOurs has a rule that somebody made where ours stands
// already: both stay, and it is told.
func TestStrangerBesideOurs(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.Rules.Objects = append(s.Rules.Objects, new(model.Rule{ID: "x", RuleKey: fixture.ShopKey(), SourceHost: "elsewhere.example.org"}))
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if len(s.step.Notices) != 1 || s.step.Notices[0].Fatal || !strings.Contains(s.step.Notices[0].Text, fixture.ShopKey().String()) {
		t.Errorf("notices %v, want one about %s", s.step.Notices, fixture.ShopKey())
	}
}
