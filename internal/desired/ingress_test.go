package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// TestRule has a rule to the letter: its published ports, its labels, its set.
func TestRule(t *testing.T) {
	settings := fixture.Settings()
	settings.CDNs[0].PublishedProtocols = []string{"http", "https"}
	ing := fixture.Shop()
	ing.Class = "nginx" // the label selected it: its class is another controller's
	want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web(), fixture.Node("n1", "192.0.2.1"))}, settings, fixture.Start())
	label := "acme/main/default/shop/2680d284a82a0108"
	expect := &desired.Route{
		Key: fixture.ShopKey(), Ingress: fixture.ShopID(), Set: "nodes.main.acme",
		Rule: model.Rule{
			RuleKey: fixture.ShopKey(), SourceHost: fixture.NodesHost, SourcePath: "/a", Profile: "generic",
			Protocols: []model.Protocol{
				{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 30080, Label: label},
				{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 30080, Label: label},
			},
		},
	}
	if diff := cmp.Diff(expect, only(t, want.Routes), cmpopts.IgnoreUnexported(desired.Route{})); diff != "" {
		t.Errorf("route (-want +got):\n%s", diff)
	}
	ready := addresses.Set{Cluster: "main", Addresses: []string{"192.0.2.1"}}
	sets := map[string]addresses.Set{"nodes.main.acme": ready, "nodes-v4.main.acme": ready, "nodes-v6.main.acme": {Cluster: "main", Lacks: "no node is left that can take traffic"}}
	if diff := cmp.Diff(sets, want.Sets); diff != "" {
		t.Errorf("sets (-want +got):\n%s", diff)
	}
}

// TestRules has Ingresses whose rules are not the usual single one: a bad one
// never takes the others with it.
func TestRules(t *testing.T) {
	path := func(path string) kube.IngressPath {
		return kube.IngressPath{Path: path, Type: "Exact", Backend: kube.Backend{Service: "web", PortName: "http"}}
	}
	web := &kube.Backend{Service: "web", PortName: "http"}
	tests := map[string]struct {
		rules          []kube.IngressRule
		defaultBackend *kube.Backend
		want           []string
		problem        string
		warning        string
	}{
		"several rules and paths": {
			rules: []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{path("/x"), path("/y")}}, {Host: "b.example.com", Paths: []kube.IngressPath{path("/x")}}},
			want: []string{
				"https://a.example.com/x from http://nodes.main:30080/x",
				"https://a.example.com/y from http://nodes.main:30080/y",
				"https://b.example.com/x from http://nodes.main:30080/x",
			},
		},
		"one without host": {
			rules:   []kube.IngressRule{{Paths: []kube.IngressPath{path("/x")}}, {Host: "b.example.com", Paths: []kube.IngressPath{path("/x")}}},
			want:    []string{"https://b.example.com/x from http://nodes.main:30080/x"},
			problem: "has no host",
		},
		"one bad path": {
			rules:   []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{path("/x"), path("/(y)")}}},
			want:    []string{"https://a.example.com/x from http://nodes.main:30080/x"},
			problem: "host a.example.com: path",
		},
		"one host twice": {
			rules: []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{path("/x")}}, {Host: "a.example.com", Paths: []kube.IngressPath{path("/x"), path("/y")}}},
			want: []string{
				"https://a.example.com/x from http://nodes.main:30080/x",
				"https://a.example.com/y from http://nodes.main:30080/y",
			},
		},
		"none":              {problem: "has no rules"},
		"without paths":     {rules: []kube.IngressRule{{Host: "a.example.com"}}, problem: "host a.example.com has no paths"},
		"a default backend": {defaultBackend: web, problem: "has no rules"},
		"a default backend beside": {
			rules: []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{path("/x")}}}, defaultBackend: web,
			want: []string{
				"https://a.example.com/ from http://nodes.main:30080/",
				"https://a.example.com/x from http://nodes.main:30080/x",
			},
		},
		"a default backend and a path for all": {
			rules: []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{
				path("/x"), {Path: "/", Type: "Prefix", Backend: kube.Backend{Service: "web", PortName: "http"}}}}}, defaultBackend: &kube.Backend{Resource: "Bucket/b"},
			want: []string{
				"https://a.example.com/ from http://nodes.main:30080/",
				"https://a.example.com/x from http://nodes.main:30080/x",
			},
		},
		"a default backend and no paths": {
			rules: []kube.IngressRule{{Host: "a.example.com"}}, defaultBackend: web,
			want: []string{"https://a.example.com/ from http://nodes.main:30080/"},
		},
		"a default backend that is no Service": {
			rules: []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{path("/x")}}}, defaultBackend: &kube.Backend{Resource: "Bucket/b"},
			want:    []string{"https://a.example.com/x from http://nodes.main:30080/x"},
			problem: "the backend is the resource Bucket/b",
		},
		"a default backend and no host": {
			rules: []kube.IngressRule{{Paths: []kube.IngressPath{path("/x")}}}, defaultBackend: web,
			problem: "has no host", warning: "spec.defaultBackend has no host",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			ing.Rules, ing.DefaultBackend = test.rules, test.defaultBackend
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Service("web", 30080))}, fixture.Settings(), fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, test.problem)
			checkWarnings(t, want, test.warning)
		})
	}
}

// TestEnormousNames has names that a label cannot hold.
func TestEnormousNames(t *testing.T) {
	fixed := len(model.OwnerLabel{Owner: fixture.Owner, IngressID: model.IngressID{Cluster: "main", Namespace: "default", Name: ""}}.String(fixture.ShopKey()))
	for name, test := range map[string]struct {
		length  int
		problem string
	}{
		"the longest that fits": {model.MaxOwnerLabel - fixed, ""},
		"one more":              {model.MaxOwnerLabel - fixed + 1, "namespace and name are too long"},
	} {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			ing.Name = strings.Repeat("a", test.length)
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web())}, fixture.Settings(), fixture.Start())
			if (len(published(want)) == 1) != (test.problem == "") {
				t.Errorf("published %q", published(want))
			}
			if test.problem != "" && (len(want.Problems) != 1 || want.Problems[0].State != desired.Invalid || !strings.Contains(want.Problems[0].Reason, test.problem)) {
				t.Errorf("problems %v, want one with %q", want.Problems, test.problem)
			}
		})
	}
}

// TestAnnotatedOtherwise: where the annotation and the field differ the field decides,
// and the Ingress's author is told.
func TestAnnotatedOtherwise(t *testing.T) {
	ing := fixture.Shop()
	ing.Class, ing.Annotated = "edgio", "nginx"
	want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web(), fixture.Node("n1", "192.0.2.1"))}, fixture.Settings(), fixture.Start())
	warnings := []desired.Warning{{Ingress: fixture.ShopID(), Message: `annotation kubernetes.io/ingress.class names the class "nginx", but spec.ingressClassName names "edgio", and decides: remove the annotation`}}
	if diff := cmp.Diff(warnings, want.Warnings); diff != "" || len(published(want)) != 1 {
		t.Errorf("published %q, told (-want +got):\n%s", published(want), diff)
	}
}
