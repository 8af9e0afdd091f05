package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
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
