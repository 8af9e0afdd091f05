package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// leading are the Ingress and the Service of a name: all hosts are published from
// the Service's load balancer, which has these names or addresses.
func leading(name string, hosts []string, to ...string) []any {
	svc := balanced(to...)
	svc.Name = name
	ing := ingress(name, "", "Prefix", "/")
	ing.Rules = nil
	for _, host := range hosts {
		ing.Rules = append(ing.Rules, kube.IngressRule{Host: host, Paths: []kube.IngressPath{
			{Path: "/", Type: "Prefix", Backend: kube.Backend{Service: name, PortNumber: 80}}}})
	}
	return []any{ing, svc}
}

func from(name, host string, to ...string) []any { return leading(name, []string{host}, to...) }

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
		svc := service(name, 0)
		svc.Type, svc.ExternalName, svc.Ports = "ExternalName", to, nil
		return []any{from(name, host)[0], svc}
	}
	twoServices := leading("two", []string{"a.example.com", "b.example.com"}, "b.example.com")
	ing := twoServices[0].(kube.Ingress)
	ing.Rules[1].Paths[0].Backend.Service = "b"
	paths := from("paths", "a.example.com", "a.example.com")
	split := paths[0].(kube.Ingress)
	split.Rules = []kube.IngressRule{{Host: "a.example.com", Paths: []kube.IngressPath{
		{Path: "/x", Type: "Exact", Backend: kube.Backend{Service: "paths", PortNumber: 80}},
		{Path: "/y", Type: "Exact", Backend: kube.Backend{Service: "b", PortNumber: 80}},
	}}}
	bySelf := atStatus(kube.Address{Hostname: "b.example.com"})
	bySelf.Rules[0].Host = "a.example.com"
	bad := from("b", "b.example.com", "a.example.com")
	broken := bad[0].(kube.Ingress)
	broken.Annotations = map[string]string{annotationPath: "x"}
	released := bad[0].(kube.Ingress)
	released.Annotations = map[string]string{annotationRelease: "true"}
	young := from("c", "b.example.com", "a.example.com")
	later := young[0].(kube.Ingress)
	later.Created = start().Add(1)

	const a, b, c = "a.example.com", "b.example.com", "c.example.com"
	for name, test := range map[string]struct {
		objects [][]any
		want    []string // "a.example.com CNAME lb.example.org"
		bad     []string // Ingresses that are told why
	}{
		"one host, from itself":                 {[][]any{from("a", a, a)}, nil, []string{"a"}},
		"another host of one Ingress":           {[][]any{leading("a", []string{a, b}, b)}, nil, []string{"a"}},
		"another host, of another Service":      {[][]any{{ing, twoServices[1]}, from("b", c, "192.0.2.9")}, []string{b + " A 192.0.2.9", c + " A 192.0.2.9"}, []string{"two"}},
		"the host by another path":              {[][]any{{split, paths[1]}, from("b", b, "192.0.2.9")}, []string{a + " A 192.0.2.9", b + " A 192.0.2.9"}, []string{"paths"}},
		"two":                                   {[][]any{from("a", a, b), from("b", b, a)}, nil, []string{"a", "b"}},
		"two, at two CDNs":                      {[][]any{from("a", a, b), atVultr(from("b", b, a))}, nil, []string{"a", "b"}},
		"three":                                 {[][]any{from("a", a, b), from("b", b, c), from("c", c, a)}, nil, []string{"a", "b", "c"}},
		"two, by an ExternalName":               {[][]any{aliased("a", a, b), from("b", b, a)}, nil, []string{"a", "b"}},
		"two, by a status":                      {[][]any{{bySelf}, from("b", b, a)}, nil, []string{"b", "shop"}},
		"two, of which one has an address too":  {[][]any{from("a", a, b), from("b", b, a, "192.0.2.9")}, []string{a + " CNAME " + b, b + " A 192.0.2.9"}, nil},
		"two, of which one has another name":    {[][]any{from("a", a, b), from("b", b, a, "lb.example.org")}, []string{b + " CNAME lb.example.org"}, []string{"a"}},
		"into a loop of others":                 {[][]any{from("a", a, b), from("b", b, b)}, nil, []string{"a", "b"}},
		"into the CDN, by another":              {[][]any{from("a", a, b), from("b", b, "cdn-x.vultrcdn.com")}, nil, []string{"a", "b"}},
		"to where nobody can follow":            {[][]any{from("a", a, b), from("b", b, "x.local")}, nil, []string{"a", "b"}},
		"a chain without a loop":                {[][]any{from("a", a, b), from("b", b, "192.0.2.9")}, []string{a + " CNAME " + b, b + " A 192.0.2.9"}, nil},
		"a chain of two CDNs":                   {[][]any{from("a", a, b), atVultr(from("b", b, "lb.example.org"))}, []string{a + " CNAME " + b, b + " CNAME lb.example.org"}, nil},
		"a longer chain":                        {[][]any{from("a", a, b), from("b", b, c), from("c", c, "lb.example.org")}, []string{a + " CNAME " + b, b + " CNAME " + c, c + " CNAME lb.example.org"}, nil},
		"a host of which there is no address":   {[][]any{from("a", a, b), from("b", b)}, []string{a + " CNAME " + b}, []string{"b"}},
		"two, of which one is in conflict":      {[][]any{from("a", a, b), from("b", b, "192.0.2.9"), {later, young[1]}}, []string{b + " A 192.0.2.9"}, []string{"a", "c"}},
		"two, of which one is not well written": {[][]any{from("a", a, b), {broken, bad[1]}}, nil, []string{"a", "b"}},
		"two, of which one is let go":           {[][]any{from("a", a, b), {released, bad[1]}}, nil, []string{"a"}},
		"a host of another name":                {[][]any{from("a", a, "www."+a)}, []string{a + " CNAME www." + a}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := Allow{Origins: []string{"LoadBalancer", "ExternalName", "status"}}
			for range 2 {
				var before Want // of each Ingress in turn, and those that came before it
				var objects []any
				var clusters []Cluster
				for i, o := range test.objects {
					objects = append(objects, o...)
					clusters = append(clusters, cluster(fmt.Sprint("c", i), append(o, all)...))
					c := cluster("main", append(objects, all)...)
					slices.SortFunc(c.Ingresses, func(a, b *kube.Ingress) int { return a.Key().Compare(b.Key()) })
					before = DesiredAfter(before, []Cluster{c}, vultrSettings(), start())
				}
				checkLoops(t, before, test.want, test.bad)
				if !strings.Contains(name, "another Service") && !strings.Contains(name, "another path") {
					checkLoops(t, Desired(clusters, vultrSettings(), start()), test.want, test.bad)
				}
				slices.Reverse(test.objects)
			}
		})
	}
}

func checkLoops(t *testing.T, want Want, hosts, bad []string) {
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
	if diff := cmp.Diff(bad, sortedSet(told)); diff != "" {
		t.Errorf("told why not (-want +got):\n%s\n%v", diff, want.Problems)
	}
}

// TestLoopsLater has what stands when a loop arises: it stays what it was, and
// changes when the loop is opened.
func TestLoopsLater(t *testing.T) {
	const a, b = "a.example.com", "b.example.com"
	both := func(first, second []any) Cluster { return cluster("main", slices.Concat(first, second)...) }
	for name, test := range map[string]struct {
		before, after, then Cluster
		stands              []string // all the while
		want                []string // what is done in the end
	}{
		"the second comes": {
			cluster("main", from("a", a, b)...), both(from("a", a, b), from("b", b, a)), cluster("main", from("a", a, b)...),
			[]string{"a.default.lb-cname.main " + b, "claim main", "rule a.example.com/ for a"}, nil,
		},
		"the first changes": {
			both(from("a", a, "lb.example.org"), from("b", b, a)), both(from("a", a, b), from("b", b, a)), both(from("a", a, "lb2.example.org"), from("b", b, a)),
			[]string{"a.default.lb-cname.main lb.example.org", "b.default.lb-cname.main " + a, "claim main", "rule a.example.com/ for a", "rule b.example.com/ for b"},
			[]string{"update a.default.lb-cname.main lb2.example.org"},
		},
		"an address becomes the host itself": {
			cluster("main", from("a", a, "192.0.2.9")...), cluster("main", from("a", a, a)...), cluster("main", from("a", a, "192.0.2.10")...),
			[]string{"a.default.lb.main 192.0.2.9", "claim main", "rule a.example.com/ for a"},
			[]string{"create a.default.lb.main 192.0.2.10", "delete a.default.lb.main 192.0.2.9"},
		},
		"a name becomes one of the CDN": {
			cluster("main", from("a", a, "lb.example.org")...), cluster("main", from("a", a, "cdn-x.vultrcdn.com")...), cluster("main", from("a", a, "lb2.example.org")...),
			[]string{"a.default.lb-cname.main lb.example.org", "claim main", "rule a.example.com/ for a"},
			[]string{"update a.default.lb-cname.main lb2.example.org"},
		},
		"private beside public": {
			cluster("main", from("a", a, "192.0.2.9")...), cluster("main", from("a", a, "192.0.2.9", "10.0.0.9")...), cluster("main", from("a", a, "10.0.0.9")...),
			[]string{"a.default.lb.main 192.0.2.9", "claim main", "rule a.example.com/ for a"},
			[]string{"create a.default.lb.main 10.0.0.9", "delete a.default.lb.main 192.0.2.9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(vultrSettings(), test.before)
			s.change(true, test.after)
			if done := s.run(); len(done) > 0 {
				t.Errorf("with the loop %q is done", done)
			}
			s.Memory = Memory{} // a restart
			if done := s.run(); len(done) > 0 {
				t.Errorf("after a restart %q is done", done)
			}
			if diff := cmp.Diff(test.stands, s.standing()); diff != "" {
				t.Errorf("stands (-want +got):\n%s", diff)
			}
			s.change(true, test.then)
			var done []string
			for _, line := range s.run() {
				_, what, _ := strings.Cut(line, ": ")
				done = append(done, what)
			}
			if diff := cmp.Diff(test.want, done); diff != "" {
				t.Errorf("in the end (-want +got):\n%s", diff)
			}
		})
	}
}
