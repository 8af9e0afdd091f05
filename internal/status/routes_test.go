package status

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

// TestRoutes has what is said of the Ingress shop's routes, a line a route.
func TestRoutes(t *testing.T) {
	shop := ingress("shop", "www.example.com", "/a")
	later := ingress("later", "www.example.com", "/a")
	later.Created = now().Add(time.Hour)
	wildcard := ingress("shop", "*.example.com", "/a")
	lost := ingress("shop", "www.example.com", "/a")
	lost.Rules[0].Paths[0].Backend.Service = "none"
	key := model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/a"}
	refused := func(place model.Place) []outcome.Failure {
		return []outcome.Failure{{Provider: fixture.Edgio, Verb: model.Create, Place: place, Error: "403 Forbidden", Times: 2, Since: now()}}
	}
	const published = "https://www.example.com/a"
	const from = " from http://nodes.main.acme.k8s.example.net:30080/a"
	tests := map[string]struct {
		o    func() *outcome.Overview
		want []string
	}{
		"in sync": {func() *outcome.Overview { return settled(cluster("main", shop)) },
			[]string{"synced " + published + " rule-www.example.com/a" + from}},
		"its rule is not there yet": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Rules = nil
			return replanned(o)
		}, []string{"pending " + published + " -" + from + ": on the way"}},
		"its rule is refused": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Rules, o.Step.Routes = nil, []plan.RouteState{{Route: o.Want.Routes[0], State: desired.Failed, Reason: "refused"}}
			o.Failures = refused(key.Place())
			return o
		}, []string{"error " + published + " -" + from + ": refused (403 Forbidden)"}},
		"a search for it failed": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Step.Routes[0].State, o.Step.Routes[0].Reason = desired.Pending, "looked up"
			o.Failures = refused(model.Rule{RuleKey: key}.Scope())
			return o
		}, []string{"pending " + published + " rule-www.example.com/a" + from + ": looked up (403 Forbidden)"}},
		"an address is refused": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Step.Routes[0].State, o.Step.Routes[0].Reason = desired.Failed, "an address could not be made"
			o.Failures = refused(model.AddressRecord("nodes.main.acme", "192.0.2.1", 0).Key())
			return o
		}, []string{"error " + published + " rule-www.example.com/a" + from + ": an address could not be made (403 Forbidden)"}},
		"nothing was compared yet": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Rules, o.Records, o.Step = nil, nil, plan.Step{}
			return o
		}, []string{"pending " + published + " -" + from + ": not compared with the providers yet"}},
		"another has it": {func() *outcome.Overview {
			o := settled(cluster("main", shop, later))
			o.Want.Problems[0].Ingress.Name = "shop" // as if it were the later one
			o.Step.Routes[0].Ingress.Name = "later"
			o.Want.Routes[0] = &desired.Route{Key: key, Rule: o.Want.Routes[0].Rule, Ingress: o.Step.Routes[0].Ingress}
			o.Rules[0].Protocols = slices.Clone(o.Rules[0].Protocols)
			o.Rules[0].Protocols[0].Label = model.OwnerLabel{Owner: "acme", IngressID: o.Step.Routes[0].Ingress}.String(key)
			return o
		}, []string{"conflict www.example.com/a -: claimed by Ingress main/shop/shop already"}},
		"it has a wildcard": {func() *outcome.Overview { return settled(cluster("main", wildcard)) },
			[]string{"invalid  -: host *.example.com is a wildcard, which the CDN cannot publish"}},
		"its Service is gone but its rule stays": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Want = desired.Desired([]desired.Cluster{cluster("main", lost)}, o.Settings, o.At)
			return replanned(o)
		}, []string{"pending " + published + " rule-www.example.com/a" + from + ": Service none does not exist; until then its rule stays as it is"}},
		"it is deleted": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Want = desired.Desired([]desired.Cluster{cluster("main", later)}, o.Settings, o.At)
			o.Want.Routes = nil
			o.Want.Problems = nil
			o.Step.Routes = nil
			return o
		}, []string{"pending " + published + " rule-www.example.com/a" + from + ": no Ingress wants this rule any more; it is about to be deleted"}},
		"it is deleted, but too many are": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Want.Routes, o.Step.Routes = nil, nil
			o.Step.Blocked = []guard.Blocked{{Provider: fixture.Edgio, Cluster: "main", Count: 1, Total: 1}}
			return o
		}, []string{"pending " + published + " rule-www.example.com/a" + from + ": no Ingress wants this rule any more, but sync.max_delete forbids to delete so much"}},
		"it is deleted, and the rule cannot be": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Want.Routes, o.Step.Routes = nil, nil
			o.Failures = refused(key.Place())
			return o
		}, []string{"error " + published + " rule-www.example.com/a" + from + ": no Ingress wants this rule any more, and it could not be deleted (403 Forbidden)"}},
		"its cluster is not read yet": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Want = desired.Desired([]desired.Cluster{{Name: "main"}}, o.Settings, o.At)
			return replanned(o)
		}, []string{"pending " + published + " rule-www.example.com/a" + from + ": the cluster was not read yet; until then the rule stays as it is"}},
		"its cluster is not in the configuration": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Want = desired.Desired(nil, o.Settings, o.At)
			return replanned(o)
		}, nil},
		"a rule that is not ours has the place": {func() *outcome.Overview {
			o := settled(cluster("main", shop))
			o.Rules[0].Protocols = []model.Protocol{{Published: "https", Source: "http", SourcePort: 80}}
			return replanned(o)
		}, []string{"conflict www.example.com/a -: a rule that edgeward did not make has it already; delete it, or let edgeward take it over (annotation edgeward/adopt, sync.adopt)"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newReport(test.o(), "")
			var got []string
			for _, i := range c.Ingresses {
				if i.Name == "shop" {
					got = append(got, lines(i)...)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// lines has a line for each route: its state, what is published, the rule's ID
// or "-", from where, the reason, and the error.
func lines(i Ingress) (list []string) {
	for _, r := range i.Routes {
		line := string(r.State) + " " + r.Host + r.Path
		if len(r.URLs) > 0 {
			line = string(r.State)
		}
		for _, u := range r.URLs {
			line += " " + u
		}
		if r.Rule == "" {
			r.Rule = "-"
		}
		line += " " + r.Rule
		for _, u := range r.OriginURLs {
			line += " from " + u
		}
		if r.Reason != "" {
			line += ": " + r.Reason
		}
		if r.Failure != nil {
			line += " (" + r.Failure.Error + ")"
		}
		list = append(list, line)
	}
	return list
}

// TestWorstFirst has Ingresses ordered by the worst of their routes, then name.
func TestWorstFirst(t *testing.T) {
	mixed := ingress("mixed", "m.example.com", "/a")
	mixed.Rules[0].Paths = append(mixed.Rules[0].Paths, kube.IngressPath{Path: "/b", Type: "Exact", Backend: kube.Backend{Service: "none", PortNumber: 80}})
	bad := ingress("z-bad", "*.example.com", "/a")
	c := newReport(settled(cluster("main", ingress("b", "b.example.com", "/"), mixed, bad, ingress("a", "a.example.com", "/"))), "")
	var got []string
	for _, i := range c.Ingresses {
		got = append(got, i.Name+" "+string(i.State))
	}
	want := []string{"z-bad invalid", "mixed pending", "a synced", "b synced"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
