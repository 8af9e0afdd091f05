package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
)

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

// TestWildcards has a CDN that publishes wildcards.
func TestWildcards(t *testing.T) {
	tests := map[string]struct {
		host    string
		problem string // part of the reason
	}{
		"a wildcard":                  {"*.example.com", ""},
		"no wildcard":                 {"www.example.com", ""},
		"of a top-level domain":       {"*.com", "is not a fully qualified domain name"},
		"of everything":               {"*", "is a wildcard"},
		"within a label":              {"*a.example.com", "is a wildcard"},
		"of two labels":               {"*.*.example.com", "is a wildcard"},
		"not in front":                {"www.*.example.com", "is not a fully qualified domain name"},
		"of the names of the origins": {"*.acme." + fixture.Domain, "is among the names that edgeward makes for origins"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			settings := fixture.Settings()
			settings.CDNs[0].Wildcards = true
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", fixture.Ingress("shop", test.host, "Exact", "/a"), fixture.Web())}, settings, fixture.Start())
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
