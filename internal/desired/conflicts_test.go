package desired_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// contender is an Ingress that asks for the path /a of one host.
type contender struct {
	cluster, namespace, name string
	pathType                 string
	age                      time.Duration
	service                  string
}

func (c contender) ingress() kube.Ingress {
	ing := fixture.Ingress(c.name, "www.example.com", c.pathType, "/a")
	ing.Namespace, ing.Created = c.namespace, fixture.Start().Add(-c.age)
	if c.service != "" {
		ing.Rules[0].Paths[0].Backend.Service = c.service
	}
	return ing
}

// clustersOf are the clusters that have the contenders, each namespace with the
// Service web.
func clustersOf(contenders []contender) []desired.Cluster {
	var list []desired.Cluster
	for _, c := range contenders {
		i := slices.IndexFunc(list, func(l desired.Cluster) bool { return l.Name == c.cluster })
		if i < 0 {
			i = len(list)
			list = append(list, fixture.Cluster(c.cluster))
		}
		svc := fixture.Web()
		svc.Namespace = c.namespace
		ing := c.ingress()
		list[i].Ingresses = append(list[i].Ingresses, &ing)
		list[i].Services = append(list[i].Services, svc)
	}
	return list
}

// TestConflicts has, for each criterion, two candidates that no earlier criterion
// tells apart, and a later one would order otherwise.
func TestConflicts(t *testing.T) {
	const hour = time.Hour
	tests := map[string]struct {
		winner, loser contender
	}{
		"Exact before Prefix":                {contender{"b", "b", "b", "Exact", 0, ""}, contender{"a", "a", "a", "Prefix", hour, ""}},
		"Exact before implementation's":      {contender{"b", "b", "b", "Exact", 0, ""}, contender{"a", "a", "a", "ImplementationSpecific", hour, ""}},
		"the older":                          {contender{"b", "b", "b", "Prefix", hour, ""}, contender{"a", "a", "a", "Prefix", 0, ""}},
		"Prefix and implementation's by age": {contender{"b", "b", "b", "ImplementationSpecific", hour, ""}, contender{"a", "a", "a", "Prefix", 0, ""}},
		"then by cluster":                    {contender{"a", "b", "b", "Exact", 0, ""}, contender{"b", "a", "a", "Exact", 0, ""}},
		"then by namespace":                  {contender{"a", "a", "b", "Exact", 0, ""}, contender{"a", "b", "a", "Exact", 0, ""}},
		"then by name":                       {contender{"a", "a", "a", "Exact", 0, ""}, contender{"a", "a", "b", "Exact", 0, ""}},
		"one that cannot be published loses": {contender{"b", "b", "b", "Prefix", 0, ""}, contender{"a", "a", "a", "Exact", hour, "absent"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, order := range [][]contender{{test.winner, test.loser}, {test.loser, test.winner}} {
				want := desired.Desired(clustersOf(order), fixture.Settings(), fixture.Start())
				route := want.Route(fixture.ShopKey())
				id := func(c contender) model.IngressID {
					return model.IngressID{Cluster: c.cluster, Namespace: c.namespace, Name: c.name}
				}
				if route.Ingress != id(test.winner) {
					t.Errorf("it goes to %s, want %s", route.Ingress, id(test.winner))
				}
				state := desired.Conflict
				if test.loser.service != "" {
					state = desired.Pending
				}
				i := slices.IndexFunc(want.Problems, func(p desired.Problem) bool { return p.Key == fixture.ShopKey() })
				if i < 0 || want.Problems[i].Ingress != id(test.loser) || want.Problems[i].State != state {
					t.Errorf("problems %v, want %s of %s", want.Problems, state, id(test.loser))
				}
			}
		})
	}
}

// TestWhatLiesBelowIsTheOlders has a host that an older Ingress publishes, with all that
// lies below a path, and a newer one of another namespace that asks for the same in
// each other way. Where the CDN publishes one object Exact is something else.
func TestWhatLiesBelowIsTheOlders(t *testing.T) {
	type way struct{ pathType, path string }
	byDefault := way{"default backend", ""}
	claimed := func(by way, namespace, class string, age time.Duration) []any {
		ing := fixture.Ingress(namespace, "www.example.com", by.pathType, by.path)
		ing.Namespace, ing.Class, ing.Created = namespace, class, fixture.Start().Add(-age)
		if by == byDefault {
			ing.DefaultBackend, ing.Rules[0].Paths = &ing.Rules[0].Paths[0].Backend, nil
		}
		svc := fixture.Balanced("192.0.2.9")
		svc.Namespace = namespace
		return []any{ing, svc}
	}
	for _, test := range []struct {
		class        string
		path         string // at which both are published
		older, newer []way
		winner       string
	}{
		{"edgio", "/", []way{{"Prefix", "/"}, {"ImplementationSpecific", ""}, byDefault}, []way{{"Exact", "/"}, {"Prefix", "/"}, {"ImplementationSpecific", "/"}, byDefault}, "a-owner"},
		{"edgio", "/app/", []way{{"Prefix", "/app"}, {"Prefix", "/app/"}, {"ImplementationSpecific", "/app/"}}, []way{{"Exact", "/app/"}, {"Prefix", "/app"}, {"ImplementationSpecific", "/app/"}}, "a-owner"},
		{"edgio", "/app", []way{{"Prefix", "/app"}, {"ImplementationSpecific", "/app"}, {"Exact", "/app"}}, []way{{"Prefix", "/app"}, {"ImplementationSpecific", "/app"}}, "a-owner"},
		{"edgio", "/app", []way{{"Prefix", "/app"}, {"ImplementationSpecific", "/app"}}, []way{{"Exact", "/app"}}, "evil"},
		{"vultr-cdn", "/", []way{{"Prefix", "/"}, {"ImplementationSpecific", ""}, byDefault}, []way{{"Exact", "/"}, {"Prefix", "/"}, {"ImplementationSpecific", "/"}, byDefault}, "a-owner"},
	} {
		for _, older := range test.older {
			for _, newer := range test.newer {
				name := fmt.Sprintf("%s: %s %s before %s %s", test.class, newer.pathType, newer.path, older.pathType, older.path)
				objects := slices.Concat(claimed(older, "a-owner", test.class, time.Hour), claimed(newer, "evil", test.class, 0))
				want := desired.Desired([]desired.Cluster{fixture.Cluster("main", objects...)}, fixture.TwoCDNs(), fixture.Start())
				key := model.RuleKey{CDN: model.Provider(test.class), Host: "www.example.com", Path: test.path}
				if route := want.Route(key); route.Ingress.Namespace != test.winner || !route.Wanted() {
					t.Errorf("%s: it goes to %q", name, route.Ingress)
				}
			}
		}
	}
}

// TestConflictOrder has more than two: all but the first are in conflict, and
// only what goes before the winner may hold its live rule.
func TestConflictOrder(t *testing.T) {
	list := []contender{
		{"main", "default", "first", "Exact", 3 * time.Hour, "absent"},
		{"main", "default", "second", "Exact", 2 * time.Hour, ""},
		{"main", "default", "third", "Exact", time.Hour, "absent"},
		{"main", "default", "fourth", "Exact", 0, ""},
	}
	want := desired.Desired(clustersOf(list), fixture.Settings(), fixture.Start())
	var got []string
	for _, p := range want.Problems {
		got = append(got, fmt.Sprint(p.State, " ", p.Ingress.Name, ": ", p.Reason))
	}
	expect := []string{
		"pending first: Service absent does not exist",
		"conflict fourth: claimed by Ingress main/default/second already",
		"pending third: Service absent does not exist",
	}
	if diff := cmp.Diff(expect, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	route := only(t, want.Routes)
	if route.Ingress.Name != "second" {
		t.Errorf("it goes to %s, want second", route.Ingress)
	}
	if len(route.Retained) != 1 || route.Retained[0].Ingress.Name != "first" {
		t.Errorf("retained %v, want one of first", route.Retained)
	}
}

// TestOneIngressTwice has an Ingress that asks for one place more than once.
func TestOneIngressTwice(t *testing.T) {
	path := func(pathType, path, service string) kube.IngressPath {
		return kube.IngressPath{Path: path, Type: pathType, Backend: kube.Backend{Service: service, PortName: "http"}}
	}
	tests := map[string]struct {
		paths []kube.IngressPath
		want  []string
		twice bool
	}{
		"the same twice": {
			[]kube.IngressPath{path("Exact", "/a", "web"), path("Exact", "/a", "web")},
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"}, false,
		},
		"Exact beside Prefix": {
			[]kube.IngressPath{path("Prefix", "/a", "api"), path("Exact", "/a", "web")},
			[]string{"https://www.example.com/a from http://nodes.main:30080/a", "https://www.example.com/a/ from http://nodes.main:30081/a/"}, false,
		},
		"two Prefixes, with a slash and without": {
			[]kube.IngressPath{path("Prefix", "/a", "web"), path("Prefix", "/a/", "web")},
			[]string{"https://www.example.com/a from http://nodes.main:30080/a", "https://www.example.com/a/ from http://nodes.main:30080/a/"}, false,
		},
		"two backends": {
			[]kube.IngressPath{path("Exact", "/a", "web"), path("Exact", "/a", "api")},
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"}, true,
		},
		"two backends, neither Exact": {
			[]kube.IngressPath{path("Prefix", "/", "api"), path("ImplementationSpecific", "", "web")},
			[]string{"https://www.example.com/ from http://nodes.main:30081/"}, true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			ing.Rules[0].Paths = test.paths
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web(), fixture.Service("api", 30081))}, fixture.Settings(), fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			reason := ""
			if test.twice {
				reason = "claimed by an earlier path of this Ingress already, for another backend"
			}
			checkProblems(t, want, desired.Invalid, reason)
		})
	}
}
