package desired_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/ordered"
)

// atVultr is the same at the other CDN.
func atVultr(objects []any) []any {
	ing := objects[0].(kube.Ingress)
	ing.Class = "vultr-cdn"
	return []any{ing, objects[1]}
}

// TestLoops has hosts that are published from hosts that are published. The
// Ingresses come in both orders, in one cluster or each in one of its own.
func TestLoops(t *testing.T) {
	aliased := func(name, host, to string) []any {
		svc := fixture.Service(name, 0)
		svc.Type, svc.ExternalName, svc.Ports = "ExternalName", to, nil
		return []any{fixture.HostFrom(name, host)[0], svc}
	}
	twoServices := fixture.HostsFrom("two", []string{"a.example.com", "b.example.com"}, "b.example.com")
	ing := twoServices[0].(kube.Ingress)
	ing.Rules[1].Paths[0].Backend.Service = "b"
	paths := fixture.HostFrom("paths", "a.example.com", "a.example.com")
	split := paths[0].(kube.Ingress)
	split.Rules = []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{
		{Path: "/x", Type: "Exact", Backend: kube.Backend{Service: "paths", PortNumber: 80}},
		{Path: "/y", Type: "Exact", Backend: kube.Backend{Service: "b", PortNumber: 80}},
	}}}
	bySelf := fixture.AtStatus(kube.Address{Hostname: "b.example.com"})
	bySelf.Rules[0].Host = "a.example.com"
	bad := fixture.HostFrom("b", "b.example.com", "a.example.com")
	broken := bad[0].(kube.Ingress)
	broken.Annotations = map[string]string{desired.AnnotationPath: "x"}
	released := bad[0].(kube.Ingress)
	released.Annotations = map[string]string{desired.AnnotationRelease: "true"}
	young := fixture.HostFrom("c", "b.example.com", "a.example.com")
	later := young[0].(kube.Ingress)
	later.Created = fixture.Start().Add(1)

	const a, b, c = "a.example.com", "b.example.com", "c.example.com"
	for name, test := range map[string]struct {
		objects [][]any
		want    []string // "a.example.com CNAME lb.example.org"
		bad     []string // Ingresses that are told why
	}{
		"one host, from itself":                 {[][]any{fixture.HostFrom("a", a, a)}, nil, []string{"a"}},
		"another host of one Ingress":           {[][]any{fixture.HostsFrom("a", []string{a, b}, b)}, nil, []string{"a"}},
		"another host, of another Service":      {[][]any{{ing, twoServices[1]}, fixture.HostFrom("b", c, "192.0.2.9")}, []string{b + " A 192.0.2.9", c + " A 192.0.2.9"}, []string{"two"}},
		"the host by another path":              {[][]any{{split, paths[1]}, fixture.HostFrom("b", b, "192.0.2.9")}, []string{a + " A 192.0.2.9", b + " A 192.0.2.9"}, []string{"paths"}},
		"two":                                   {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, a)}, nil, []string{"a", "b"}},
		"two, at two CDNs":                      {[][]any{fixture.HostFrom("a", a, b), atVultr(fixture.HostFrom("b", b, a))}, nil, []string{"a", "b"}},
		"three":                                 {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, c), fixture.HostFrom("c", c, a)}, nil, []string{"a", "b", "c"}},
		"two, by an ExternalName":               {[][]any{aliased("a", a, b), fixture.HostFrom("b", b, a)}, nil, []string{"a", "b"}},
		"two, by a status":                      {[][]any{{bySelf}, fixture.HostFrom("b", b, a)}, nil, []string{"b", "shop"}},
		"two, of which one has an address too":  {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, a, "192.0.2.9")}, []string{a + " CNAME " + b, b + " A 192.0.2.9"}, nil},
		"two, of which one has another name":    {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, a, "lb.example.org")}, []string{b + " CNAME lb.example.org"}, []string{"a"}},
		"into a loop of others":                 {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, b)}, nil, []string{"a", "b"}},
		"into the CDN, by another":              {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, "cdn-x.vultrcdn.com")}, nil, []string{"a", "b"}},
		"to where nobody can follow":            {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, "x.local")}, nil, []string{"a", "b"}},
		"a chain without a loop":                {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, "192.0.2.9")}, []string{a + " CNAME " + b, b + " A 192.0.2.9"}, nil},
		"a chain of two CDNs":                   {[][]any{fixture.HostFrom("a", a, b), atVultr(fixture.HostFrom("b", b, "lb.example.org"))}, []string{a + " CNAME " + b, b + " CNAME lb.example.org"}, nil},
		"a longer chain":                        {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, c), fixture.HostFrom("c", c, "lb.example.org")}, []string{a + " CNAME " + b, b + " CNAME " + c, c + " CNAME lb.example.org"}, nil},
		"a host of which there is no address":   {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b)}, []string{a + " CNAME " + b}, []string{"b"}},
		"two, of which one is in conflict":      {[][]any{fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, "192.0.2.9"), {later, young[1]}}, []string{b + " A 192.0.2.9"}, []string{"a", "c"}},
		"two, of which one is not well written": {[][]any{fixture.HostFrom("a", a, b), {broken, bad[1]}}, nil, []string{"a", "b"}},
		"two, of which one is let go":           {[][]any{fixture.HostFrom("a", a, b), {released, bad[1]}}, nil, []string{"a"}},
		"a host of another name":                {[][]any{fixture.HostFrom("a", a, "www."+a)}, []string{a + " CNAME www." + a}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := desired.Allow{Origins: []string{"LoadBalancer", "ExternalName", "status"}}
			for range 2 {
				var before desired.Want // of each Ingress in turn, and those that came before it
				var objects []any
				var clusters []desired.Cluster
				for i, o := range test.objects {
					objects = append(objects, o...)
					clusters = append(clusters, fixture.Cluster(fmt.Sprint("c", i), append(o, all)...))
					c := fixture.Cluster("main", append(objects, all)...)
					slices.SortFunc(c.Ingresses, func(a, b *kube.Ingress) int { return a.Key().Compare(b.Key()) })
					before = desired.DesiredAfter(before, []desired.Cluster{c}, fixture.TwoCDNs(), fixture.Start())
				}
				checkLoops(t, before, test.want, test.bad)
				if !strings.Contains(name, "another Service") && !strings.Contains(name, "another path") {
					checkLoops(t, desired.Desired(clusters, fixture.TwoCDNs(), fixture.Start()), test.want, test.bad)
				}
				slices.Reverse(test.objects)
			}
		})
	}
}

func checkLoops(t *testing.T, want desired.Want, hosts, bad []string) {
	t.Helper()
	var got, told []string
	for _, r := range want.Routes {
		if !r.Wanted() {
			continue
		}
		set := want.Sets[r.Set]
		for _, ip := range set.Addresses {
			got = append(got, r.Key.Host+" A "+ip)
		}
		if set.CNAME != "" {
			got = append(got, r.Key.Host+" CNAME "+set.CNAME)
		}
	}
	for _, p := range want.Problems {
		told = append(told, p.Ingress.Name)
		if len(p.Reason) < 20 {
			t.Errorf("%s is told %q", p.Ingress, p.Reason)
		}
	}
	if diff := cmp.Diff(hosts, slices.Compact(got)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(bad, ordered.Distinct(told)); diff != "" {
		t.Errorf("told why not (-want +got):\n%s\n%v", diff, want.Problems)
	}
}

// TestLoopThroughWildcard has an Ingress that publishes a wildcard from a host that the
// wildcard covers, at a CDN that publishes wildcards, and one that leads elsewhere.
func TestLoopThroughWildcard(t *testing.T) {
	settings := fixture.TwoCDNs()
	settings.CDNs[0].Wildcards = true
	for name, test := range map[string]struct {
		leadsTo   string
		want, bad []string
	}{
		"to a host that it covers":  {"www.example.com", nil, []string{"a"}},
		"to a host of two labels":   {"a.www.example.com", []string{"*.example.com CNAME a.www.example.com"}, nil},
		"to a host of another zone": {"www.example.org", []string{"*.example.com CNAME www.example.org"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := fixture.Cluster("main", fixture.HostFrom("a", "*.example.com", test.leadsTo)...)
			checkLoops(t, desired.Desired([]desired.Cluster{c}, settings, fixture.Start()), test.want, test.bad)
		})
	}
}
