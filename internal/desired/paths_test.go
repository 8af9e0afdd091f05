package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

func TestPaths(t *testing.T) {
	long := "/" + strings.Repeat("a", desired.MaxPath-1)
	tests := map[string]struct {
		pathType, path string
		want           []string // URL paths
		problem        string   // part of the reason
		warning        string   // part of it
	}{
		"Exact":                            {"Exact", "/a", []string{"/a"}, "", ""},
		"Exact, a directory":               {"Exact", "/a/", []string{"/a/"}, "", "publishes a path with a trailing slash as a directory"},
		"Exact, the root":                  {"Exact", "/", []string{"/"}, "", "publishes a path with a trailing slash as a directory"},
		"Prefix":                           {"Prefix", "/a", []string{"/a", "/a/"}, "", ""},
		"Prefix, a directory":              {"Prefix", "/a/", []string{"/a", "/a/"}, "", ""},
		"Prefix, the root":                 {"Prefix", "/", []string{"/"}, "", ""},
		"Prefix, deep":                     {"Prefix", "/a/b.c/d", []string{"/a/b.c/d", "/a/b.c/d/"}, "", ""},
		"ImplementationSpecific":           {"ImplementationSpecific", "/a", []string{"/a"}, "", ""},
		"ImplementationSpecific, empty":    {"ImplementationSpecific", "", []string{"/"}, "", ""},
		"ImplementationSpecific, a slash":  {"ImplementationSpecific", "/a/", []string{"/a/"}, "", ""},
		"percent-encoded":                  {"Exact", "/%C3%a4%20b", []string{"/%C3%a4%20b"}, "", ""},
		"all that a path may have":         {"Exact", "/-._~!&'+,;=:@/x", []string{"/-._~!&'+,;=:@/x"}, "", ""},
		"a dot and a plus apart":           {"Exact", "/a.b+c", []string{"/a.b+c"}, "", ""},
		"of the greatest length":           {"Exact", long, []string{long}, "", ""},
		"too long":                         {"Exact", long + "b", nil, "has 1025 characters", ""},
		"no leading slash":                 {"ImplementationSpecific", "a", nil, "does not begin with /", ""},
		"regular expression, a group":      {"ImplementationSpecific", "/a(/|$)(.*)", nil, "is a pattern", ""},
		"regular expression, a class":      {"ImplementationSpecific", "/[a-z]", nil, "is a pattern", ""},
		"regular expression, one or more":  {"ImplementationSpecific", "/.+", nil, "is a pattern", ""},
		"regular expression, the end":      {"ImplementationSpecific", "/a$", nil, "is a pattern", ""},
		"regular expression, the start":    {"ImplementationSpecific", "/^a", nil, "is a pattern", ""},
		"regular expression, a repetition": {"ImplementationSpecific", "/a{2}", nil, "is a pattern", ""},
		"regular expression, an escape":    {"ImplementationSpecific", `/a\.b`, nil, "is a pattern", ""},
		"a wildcard":                       {"ImplementationSpecific", "/*", nil, "is a pattern", ""},
		"a query":                          {"Exact", "/a?b=c", nil, "is a pattern", ""},
		"a fragment":                       {"Exact", "/a#b", nil, "must be percent-encoded", ""},
		"a space":                          {"Exact", "/a b", nil, "must be percent-encoded", ""},
		"a line feed":                      {"Exact", "/a\nb", nil, "must be percent-encoded", ""},
		"not ASCII":                        {"Exact", "/ä", nil, "must be percent-encoded", ""},
		"not UTF-8":                        {"Exact", "/\xff", nil, "must be percent-encoded", ""},
		"half an encoded octet":            {"Exact", "/a%2", nil, "must be percent-encoded", ""},
		"no encoded octet":                 {"Exact", "/a%zz", nil, "must be percent-encoded", ""},
		"a bare percent sign":              {"Exact", "/100%", nil, "must be percent-encoded", ""},
		"an unknown type":                  {"Glob", "/a", nil, `unknown type "Glob"`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", fixture.Ingress("shop", "www.example.com", test.pathType, test.path), fixture.Web())}, fixture.Settings(), fixture.Start())
			var got []string
			for _, path := range test.want {
				got = append(got, "https://www.example.com"+path+" from http://nodes.main:30080"+path)
			}
			if diff := cmp.Diff(got, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, test.problem)
			checkWarnings(t, want, test.warning)
		})
	}
}

// checkProblems fails unless there is a problem of the state for each route
// that is not published, or at least one, and all name the reason; or none for
// an empty reason.
func checkProblems(t *testing.T, want desired.Want, state desired.State, reason string) {
	t.Helper()
	if (len(want.Problems) > 0) != (reason != "") {
		t.Errorf("problems %v, want one about %q", want.Problems, reason)
	}
	for _, p := range want.Problems {
		if p.State != state || !strings.Contains(p.Reason, reason) {
			t.Errorf("problem %v, want state %s and a reason with %q", p, state, reason)
		}
		if p.Ingress != fixture.ShopID() {
			t.Errorf("problem of Ingress %s, want %s", p.Ingress, fixture.ShopID())
		}
	}
}

func checkWarnings(t *testing.T, want desired.Want, about string) {
	t.Helper()
	if (len(want.Warnings) > 0) != (about != "") {
		t.Errorf("warnings %v, want one about %q", want.Warnings, about)
	}
	for _, w := range want.Warnings {
		if w.Ingress != fixture.ShopID() || !strings.Contains(w.Message, about) {
			t.Errorf("warning %v, want one of %s with %q", w, fixture.ShopID(), about)
		}
	}
}

func TestHosts(t *testing.T) {
	label := strings.Repeat("a", 63)
	longest := strings.Join([]string{label, label, label, label[:61]}, ".") // 253 characters
	tests := map[string]struct {
		host    string
		problem string // part of the reason
	}{
		"a name":              {"www.example.com", ""},
		"with digits":         {"4u.example.com", ""},
		"an encoded name":     {"xn--bcher-kva.example", ""},
		"the longest":         {longest, ""},
		"none":                {"", "has no host"},
		"a wildcard":          {"*.example.com", "is a wildcard"},
		"one label":           {"localhost", "is not a fully qualified domain name"},
		"an address":          {"192.0.2.1", "is an address"},
		"an IPv6 address":     {"2001:db8::1", "is not a fully qualified domain name"},
		"upper case":          {"WWW.example.com", "is not a fully qualified domain name"},
		"an underscore":       {"a_b.example.com", "is not a fully qualified domain name"},
		"a leading hyphen":    {"-a.example.com", "is not a fully qualified domain name"},
		"a trailing hyphen":   {"a-.example.com", "is not a fully qualified domain name"},
		"an empty label":      {"a..example.com", "is not a fully qualified domain name"},
		"a trailing dot":      {"www.example.com.", "is not a fully qualified domain name"},
		"a port":              {"www.example.com:80", "is not a fully qualified domain name"},
		"too long":            {longest + "a", "is not a fully qualified domain name"},
		"a label too long":    {label + "a.example.com", "is not a fully qualified domain name"},
		"not an encoded name": {"bücher.example", "is not a fully qualified domain name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", fixture.Ingress("shop", test.host, "Exact", "/a"), fixture.Web())}, fixture.Settings(), fixture.Start())
			var lines []string
			if test.problem == "" {
				lines = []string{"https://" + test.host + "/a from http://nodes.main:30080/a"}
			}
			if diff := cmp.Diff(lines, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, test.problem)
		})
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
