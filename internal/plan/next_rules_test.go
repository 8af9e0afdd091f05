package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// TestForeignRules has rules at a wanted place that are not ours to touch, and
// those that may be adopted.
func TestForeignRules(t *testing.T) {
	bare := Rule{ID: "x", RuleKey: shopKey(), SourceHost: "elsewhere.example.org", SourcePath: "/"}
	twin := bare
	twin.ID = "y"
	copied := bare
	copied.Protocols = []Protocol{{Published: "https", Mark: Mark{testOwner, shopID()}.String(RuleKey{Edgio, "old.example.com", "/a"})}}
	other := marked(bare, Mark{"other", shopID()})
	const (
		unknown = foreignRuleThere
		another = "conflict www.example.com/a: a rule of another edgeward, owner other, has it already"
		adopted = "0s: update rule www.example.com/a for shop by adoption"
	)
	adopt := annotated(annotationAdopt, "true")
	tests := map[string]struct {
		rules   []Rule
		ingress kube.Ingress
		adopt   string // sync.adopt
		want    []string
		state   string
	}{
		"never":                           {[]Rule{bare}, shop(), "never", nil, unknown},
		"never, whatever the annotation":  {[]Rule{bare}, adopt, "never", nil, unknown},
		"annotated, but not":              {[]Rule{bare}, shop(), "annotated", nil, unknown},
		"annotated, with false":           {[]Rule{bare}, annotated(annotationAdopt, "false"), "annotated", nil, unknown},
		"annotated":                       {[]Rule{bare}, adopt, "annotated", []string{adopted}, "synced www.example.com/a"},
		"always":                          {[]Rule{bare}, shop(), "always", []string{adopted}, "synced www.example.com/a"},
		"always, but there are two":       {[]Rule{bare, twin}, shop(), "always", nil, unknown},
		"always, but it is a copy":        {[]Rule{copied}, shop(), "always", nil, unknown},
		"always, but it is another's":     {[]Rule{other}, shop(), "always", nil, another},
		"always, but one is another's":    {[]Rule{bare, other}, shop(), "always", nil, another},
		"always, with somebody's mark":    {[]Rule{{ID: "x", RuleKey: shopKey(), Protocols: []Protocol{{Mark: "1"}}}}, shop(), "always", nil, unknown},
		"a place beside":                  {[]Rule{{ID: "x", RuleKey: RuleKey{Edgio, "www.example.com", "/a/"}}}, shop(), "never", []string{"0s: create rule www.example.com/a for shop"}, "synced www.example.com/a"},
		"another owner's beside ours":     {[]Rule{other, marked(bare, Mark{testOwner, shopID()})}, shop(), "never", []string{"0s: update rule www.example.com/a for shop"}, "synced www.example.com/a"},
		"ours of a deleted Ingress":       {[]Rule{marked(bare, Mark{testOwner, IngressID{"main", "default", "gone"}})}, shop(), "never", []string{"0s: update rule www.example.com/a for shop"}, "synced www.example.com/a"},
		"ours with a lost mark and drift": {[]Rule{lostMark(bare)}, shop(), "never", []string{"0s: update rule www.example.com/a for shop"}, "synced www.example.com/a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := testSettings()
			set.Adopt = test.adopt
			s := settled(set, cluster("main", ingress("blog", "blog.example.com", "Exact", "/"), web(), node("n1", "192.0.2.1")))
			s.Rules.Objects = append(s.Rules.Objects[1:], Refs(test.rules)...)
			s.change(true, cluster("main", test.ingress, web(), node("n1", "192.0.2.1")))
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
func lostMark(r Rule) Rule {
	r = marked(r, Mark{testOwner, shopID()})
	r.Protocols = append([]Protocol{{Published: "http"}}, r.Protocols...)
	return r
}

// TestForeignRulesElsewhere has rules that nobody wants a place of: they are
// not touched, whatever they carry.
func TestForeignRulesElsewhere(t *testing.T) {
	at := RuleKey{Edgio, "old.example.com", "/"}
	for name, r := range map[string]Rule{
		"somebody's":           {ID: "x", RuleKey: at},
		"a copy of ours":       {ID: "x", RuleKey: at, Protocols: []Protocol{{Mark: Mark{testOwner, shopID()}.String(shopKey())}}},
		"another owner's":      marked(Rule{ID: "x", RuleKey: at}, Mark{"other", shopID()}),
		"an unknown cluster's": marked(Rule{ID: "x", RuleKey: at}, Mark{testOwner, IngressID{"old", "default", "shop"}}),
		"two owners' in one":   {ID: "x", RuleKey: at, Protocols: []Protocol{{Mark: Mark{testOwner, shopID()}.String(at)}, {Mark: Mark{"other", shopID()}.String(at)}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", usual()...))
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
	younger := ingress("later", "www.example.com", "Exact", "/a")
	lettingGo := ingress("later", "www.example.com", "Exact", "/a")
	lettingGo.Annotations = map[string]string{annotationRelease: "true"}
	toMetrics := ingress("later", "www.example.com", "Exact", "/a")
	toMetrics.Rules[0].Paths[0].Backend.PortName = "metrics"
	bad := older(annotated(annotationPath, "nonsense"))
	clusterIP := web()
	clusterIP.Type = "ClusterIP"
	otherPort := web()
	otherPort.Ports = []kube.ServicePort{{Name: "metrics", Protocol: "TCP", Port: 80, NodePort: 30080}, {Name: "admin", Protocol: "TCP", Port: 81, NodePort: 30081}}
	twin := service("twin", 30080)
	elsewhere := service("twin", 30080)
	elsewhere.Namespace = "other"
	n := node("n1", "192.0.2.1")

	const held = "conflict www.example.com/a: it is served by Ingress main/default/shop, which goes before and cannot be understood as it is now"
	gone := []string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"}
	taken := []string{"0s: update rule www.example.com/a for later"}
	tests := map[string]struct {
		after  []any
		want   []string
		states []string
	}{
		"a bad annotation":                             {[]any{bad, web(), n}, nil, nil},
		"a bad annotation, another waits":              {[]any{bad, younger, web(), n}, nil, []string{held}},
		"a bad annotation, another lets go":            {[]any{bad, lettingGo, web(), n}, nil, []string{held}},
		"the port's name is gone":                      {[]any{older(shop()), otherPort, n}, nil, nil},
		"the port's name is gone, another waits":       {[]any{older(shop()), toMetrics, otherPort, n}, nil, []string{held}},
		"another Service has the node port":            {[]any{older(shop()), twin, n}, nil, nil},
		"the Service is gone":                          {[]any{older(shop()), n}, gone, nil},
		"the Service is ClusterIP":                     {[]any{older(shop()), clusterIP, n}, gone, nil},
		"only another namespace has the port":          {[]any{older(shop()), elsewhere, n}, gone, nil},
		"a bad annotation and another port":            {[]any{bad, service("web", 30099), n}, gone, nil},
		"a bad annotation and another port, one waits": {[]any{bad, younger, service("web", 30099), n}, taken, []string{"synced www.example.com/a"}},
		"it does not claim the path any more":          {[]any{older(ingress("shop", "www.example.com", "Exact", "/(b)")), younger, web(), n}, taken, []string{"synced www.example.com/a"}},
		"a younger one cannot be understood":           {[]any{older(shop()), badOf(younger), web(), n}, nil, []string{"synced www.example.com/a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", older(shop()), web(), n))
			s.change(true, cluster("main", test.after...))
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
	ing.Annotations = map[string]string{annotationPath: "nonsense"}
	return ing
}

// TestHoldIsForALiveRule has an Ingress that cannot be understood and never
// was: the next one gets the place.
func TestHoldIsForALiveRule(t *testing.T) {
	bad := annotated(annotationPath, "nonsense")
	bad.Created = bad.Created.Add(-time.Hour)
	s := newStage(testSettings(), cluster("main", bad, ingress("later", "www.example.com", "Exact", "/a"), web(), node("n1", "192.0.2.1")))
	s.run()
	want := []string{"claim main", "nodes.main 192.0.2.1", "rule www.example.com/a for later"}
	if diff := cmp.Diff(want, s.standing()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDuplicates has one rule, and one address, several times: each but one
// goes, one after the other.
func TestDuplicates(t *testing.T) {
	s := settled(testSettings(), cluster("main", usual()...))
	rule, record := *s.rule(t, shopKey()), *s.record(t, "192.0.2.1")
	stale := rule
	stale.SourcePath = "/stale"
	s.Rules.Objects = append(Refs([]Rule{stale.WithIdentity("a"), rule.WithIdentity("c")}), s.Rules.Objects...)
	s.Records.Objects = append(s.Records.Objects, new(record.WithIdentity("c")), new(record.WithIdentity("d")))
	const one = "0s: delete rule www.example.com/a, delete nodes.main 192.0.2.1"
	if diff := cmp.Diff([]string{one, one}, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"claim main", "nodes.main 192.0.2.1", "nodes.main 192.0.2.2", "rule www.example.com/a for shop"}, s.standing()); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	if got := s.rule(t, shopKey()); got.SourcePath != "/a" {
		t.Errorf("the stale one was left: %+v", got)
	}
}

// TestUnwantedDuplicates has rules that nobody wants, two at one place.
func TestUnwantedDuplicates(t *testing.T) {
	s := settled(testSettings(), cluster("main", usual()...))
	s.Rules.Objects = append(s.Rules.Objects, new(s.Rules.Objects[0].WithIdentity("twin")))
	s.change(true, cluster("main", web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")))
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
	attempt := func(verb Verb, status Status) func(*stage) {
		return func(s *stage) {
			op := Op[Rule]{Verb: verb, To: new(s.Want.Route(shopKey()).Rule)}
			if verb != Create {
				op.From = s.Rules.Objects[0]
			}
			s.Rules.Attempts = []Attempt[Rule]{{op, status}}
		}
	}
	const unsure = "pending www.example.com/a: it has to be looked up what became of the last attempt"
	tests := map[string]struct {
		stands bool // the rule, as it should not be
		do     func(*stage)
		want   []string
		state  string
	}{
		"a creation under way":     {false, attempt(Create, InFlight), nil, "pending www.example.com/a: on the way"},
		"a creation lost":          {false, attempt(Create, Unsure), []string{"look up www.example.com"}, unsure},
		"a creation refused":       {false, attempt(Create, Parked), []string{"create rule www.example.com/a for shop"}, "error www.example.com/a: the provider refused or did not answer"},
		"an update under way":      {true, attempt(Update, InFlight), nil, "pending www.example.com/a: on the way"},
		"an update lost":           {true, attempt(Update, Unsure), []string{"look up www.example.com"}, unsure},
		"an update refused":        {true, attempt(Update, Parked), []string{"update rule www.example.com/a for shop"}, "error www.example.com/a: the provider refused or did not answer"},
		"a deletion under way":     {true, attempt(Delete, InFlight), nil, "pending www.example.com/a: on the way"},
		"a deletion lost":          {true, attempt(Delete, Unsure), []string{"look up www.example.com"}, unsure},
		"missing in the last list": {true, func(s *stage) { s.Rules.Missing = map[string]bool{s.Rules.Objects[0].ID: true} }, []string{"look up www.example.com"}, unsure},
		"a search under way": {true, func(s *stage) {
			s.Rules.Missing = map[string]bool{s.Rules.Objects[0].ID: true}
			s.Rules.Attempts = []Attempt[Rule]{{Op[Rule]{Verb: LookUp, To: new(Rule{RuleKey: RuleKey{Edgio, "www.example.com", "/other"}})}, InFlight}}
		}, nil, unsure},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", usual()...))
			if test.stands {
				s.rule(t, shopKey()).SourcePath = "/drift"
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
	lost := func(verb Verb, host, path string) Attempt[Rule] {
		r := Rule{ID: "x", RuleKey: RuleKey{Edgio, host, path}}
		if verb == Create {
			return Attempt[Rule]{Op[Rule]{Verb: verb, To: &r}, Unsure}
		}
		return Attempt[Rule]{Op[Rule]{Verb: verb, From: &r}, Unsure}
	}
	s := newStage(testSettings(), cluster("main"))
	s.Rules.Attempts = []Attempt[Rule]{
		lost(Create, "a.example.com", "/"), lost(Delete, "b.example.com", "/"), lost(Delete, "a.example.com", "/x"), lost(Update, "c.example.com", "/"),
		{Op[Rule]{Verb: LookUp, To: new(Rule{RuleKey: RuleKey{Edgio, "c.example.com", "/"}})}, InFlight},
		{Op[Rule]{Verb: LookUp, To: new(Rule{RuleKey: RuleKey{Edgio, "b.example.com", "/"}})}, Parked},
	}
	if diff := cmp.Diff([]string{"look up a.example.com", "look up b.example.com"}, s.ask()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSame(t *testing.T) {
	at := func(path string) Rule { return Rule{RuleKey: RuleKey{Edgio, "www.example.com", path}} }
	for name, test := range map[string]struct {
		a, b Op[Rule]
		want bool
	}{
		"the same":                      {Op[Rule]{Verb: Create, To: new(at("/a"))}, Op[Rule]{Verb: Create, To: new(at("/a")), Urgency: 3}, true},
		"another verb":                  {Op[Rule]{Verb: Create, To: new(at("/a"))}, Op[Rule]{Verb: Update, To: new(at("/a"))}, false},
		"another content":               {Op[Rule]{Verb: Create, To: new(at("/a"))}, Op[Rule]{Verb: Create, To: new(at("/b"))}, false},
		"another object":                {Op[Rule]{Verb: Delete, From: new(at("/a").WithIdentity("1"))}, Op[Rule]{Verb: Delete, From: new(at("/a").WithIdentity("2"))}, false},
		"searches for two of one scope": {Op[Rule]{Verb: LookUp, To: new(at("/a"))}, Op[Rule]{Verb: LookUp, To: new(at("/b"))}, true},
		"searches of two scopes":        {Op[Rule]{Verb: LookUp, To: new(at("/a"))}, Op[Rule]{Verb: LookUp, To: new(Rule{RuleKey: RuleKey{Edgio, "b.example.com", "/a"}})}, false},
		"a search and a creation":       {Op[Rule]{Verb: LookUp, To: new(at("/a"))}, Op[Rule]{Verb: Create, To: new(at("/a"))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if test.a.Same(test.b) != test.want || test.b.Same(test.a) != test.want {
				t.Errorf("same %v and %v, want %v", test.a.Same(test.b), test.b.Same(test.a), test.want)
			}
		})
	}
}

// TestClearGoesBeforeUnclear has an Ingress that claims a path twice, and of
// which one claim cannot be understood any more: the other is followed.
func TestClearGoesBeforeUnclear(t *testing.T) {
	ing := shop()
	ing.Rules[0].Paths = append(ing.Rules[0].Paths, kube.IngressPath{Path: "/a", Type: "Prefix", Backend: kube.Backend{Service: "api", PortName: "http"}})
	nodes := []any{node("n1", "192.0.2.1")}
	s := settled(testSettings(), cluster("main", append(nodes, ing, web(), service("api", 30081))...))
	inside := web()
	inside.Type = "ClusterIP"
	s.change(true, cluster("main", append(nodes, ing, inside, service("api", 30081), service("third", 30080))...))
	if diff := cmp.Diff([]string{"0s: update rule www.example.com/a for shop"}, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestStrangerBesideOurs has a rule that somebody made where ours stands
// already: both stay, and it is told.
func TestStrangerBesideOurs(t *testing.T) {
	s := settled(testSettings(), cluster("main", usual()...))
	s.Rules.Objects = append(s.Rules.Objects, new(Rule{ID: "x", RuleKey: shopKey(), SourceHost: "elsewhere.example.org"}))
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if len(s.step.Notices) != 1 || s.step.Notices[0].Fatal || !strings.Contains(s.step.Notices[0].Text, shopKey().String()) {
		t.Errorf("notices %v, want one about %s", s.step.Notices, shopKey())
	}
}
