package outcome

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/plan"
)

// cdn and other are two CDNs: that with one name for all hosts, and that with a name for each rule.
const (
	cdn   model.Provider = "one-name"
	other model.Provider = "own-names"
)

func id(name string) model.IngressID {
	return model.IngressID{Cluster: "main", Namespace: "shop", Name: name}
}

// key is that of a path of a.example.
func key(path string) model.RuleKey { return model.RuleKey{CDN: cdn, Host: "a.example", Path: path} }

// rule is one that stands at a key for an Ingress, and has a port by which it may differ from others.
func rule(ruleID string, at model.RuleKey, of model.IngressID, port int) model.Rule {
	label := model.OwnerLabel{Owner: "acme", IngressID: of}.String(at)
	return model.Rule{
		ID: ruleID, RuleKey: at, SourceHost: "nodes.main.acme.example.net",
		Protocols: []model.Protocol{{Published: "https", Source: "http", SourcePort: port, Label: label}},
	}
}

// route is one that an Ingress wants.
func route(at model.RuleKey, of model.IngressID) *desired.Route {
	wanted := rule("", at, of, 80)
	return &desired.Route{Key: at, Rule: wanted, Ingress: of, Set: "nodes.main.acme"}
}

// overview is one of cluster main in which nothing is wanted and nothing stands.
func overview() *Overview {
	return &Overview{
		Settings: model.Settings{Owner: "acme", Domain: "example.net", CDNs: []model.CDN{{Name: cdn, OneName: true, Host: "cdn.example"}, {Name: other}}},
		Want:     desired.Want{Clusters: map[string]*desired.ClusterWant{"main": {}, "unread": nil}},
	}
}

// wants adds routes, each in a state that the plan found, or "" for one of which it says nothing.
func (o *Overview) wants(s desired.State, routes ...*desired.Route) *Overview {
	for _, r := range routes {
		o.Want.Routes = append(o.Want.Routes, r)
		if s != "" {
			o.Step.Routes = append(o.Step.Routes, plan.RouteState{Route: r, State: s, Reason: "as planned"})
		}
	}
	return o
}

func (o *Overview) stands(rules ...model.Rule) *Overview {
	o.Rules = append(o.Rules, observed.Refs(rules)...)
	return o
}

// found are the routes of all outcomes, a line each: the Ingress, the kind, the state, the path, what stands
// or "-", the CDN's name, and the reason.
func found(o *Overview) (lines []string) {
	kinds := map[Kind]string{Planned: "planned", Uncompared: "uncompared", Unpublished: "unpublished", Released: "released", LeftOver: "left over"}
	for of, in := range Of(o) {
		for _, r := range in.Routes {
			stands := "-"
			if r.Stands != nil {
				stands = r.Stands.ID
			}
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s: %s, %s, %s %s %s: %s", of.Name, kinds[r.Kind], r.State, r.Key.Path, stands, r.Hostname, r.Reason)))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestRoutes(t *testing.T) {
	own := model.RuleKey{CDN: other, Host: "a.example", Path: "/"}
	served := func(r model.Rule, name string) model.Rule { r.Published = name; return r }
	far, foreign := id("shop"), rule("r1", key("/"), id("shop"), 80)
	far.Cluster = "far"
	foreign.Protocols[0].Label = model.OwnerLabel{Owner: "else", IngressID: id("shop")}.String(key("/"))
	unread := id("shop")
	unread.Cluster = "unread"
	refuse := func(o *Overview, p desired.Problem) *Overview { o.Want.Problems = append(o.Want.Problems, p); return o }
	tests := map[string]struct {
		o    *Overview
		want []string
	}{
		"nothing": {overview(), nil},
		"its rule stands": {overview().wants(desired.Synced, route(key("/"), id("shop"))).stands(rule("r1", key("/"), id("shop"), 80)),
			[]string{"shop: planned, synced, / r1 cdn.example: as planned"}},
		"nothing stands": {overview().wants(desired.Pending, route(key("/"), id("shop"))),
			[]string{"shop: planned, pending, / - : as planned"}},
		"the rule before it stands": {overview().wants(desired.Pending, route(key("/"), id("shop"))).stands(rule("r1", key("/"), id("blog"), 81)),
			[]string{"shop: planned, pending, / r1 cdn.example: as planned"}},
		"the wanted one and the one before": {overview().wants(desired.Synced, route(own, id("shop"))).stands(served(rule("r1", own, id("shop"), 81), "before.example"), served(rule("r2", own, id("shop"), 80), "wanted.example")),
			[]string{"shop: left over, pending, / r1 : no Ingress wants this rule any more; it is about to be deleted", "shop: planned, synced, / r2 wanted.example: as planned"}},
		"the wanted one has no name yet": {overview().wants(desired.Pending, route(own, id("shop"))).stands(served(rule("r1", own, id("shop"), 81), "before.example"), rule("r2", own, id("shop"), 80)),
			[]string{"shop: left over, pending, / r1 : no Ingress wants this rule any more; it is about to be deleted", "shop: planned, pending, / r2 before.example: as planned"}},
		"no plan has compared it": {overview().wants(desired.Synced, route(key("/a"), id("shop"))).wants("", route(key("/b"), id("shop"))).wants(desired.Synced, route(key("/c"), id("shop"))),
			[]string{"shop: planned, synced, /a - : as planned", "shop: planned, synced, /c - : as planned", "shop: uncompared, pending, /b - : not compared with the providers yet"}},
		"it is in the way of itself": {refuse(overview().wants("", route(key("/"), id("shop"))), desired.Problem{Ingress: id("shop"), Key: key("/"), State: desired.Conflict, Reason: "taken"}),
			[]string{"shop: unpublished, conflict, / - : taken"}},
		"another is in its way": {refuse(overview().wants(desired.Synced, route(key("/"), id("blog"))).stands(rule("r1", key("/"), id("blog"), 80)), desired.Problem{Ingress: id("shop"), Key: key("/"), State: desired.Conflict, Reason: "taken"}),
			[]string{"blog: planned, synced, / r1 cdn.example: as planned", "shop: unpublished, conflict, / - : taken"}},
		"it cannot be understood, its rule stays": {refuse(overview().stands(rule("r1", key("/"), id("shop"), 80)), desired.Problem{Ingress: id("shop"), Key: key("/"), State: desired.Invalid, Reason: "odd"}),
			[]string{"shop: unpublished, invalid, / r1 : odd"}},
		"another's route is wanted there": {refuse(overview().wants(desired.Synced, route(key("/"), id("blog"))).stands(rule("r1", key("/"), id("blog"), 80)), desired.Problem{Ingress: id("shop"), Key: key("/"), State: desired.Pending, Reason: "no Service"}),
			[]string{"blog: planned, synced, / r1 cdn.example: as planned", "shop: unpublished, pending, / - : no Service"}},
		"the whole Ingress": {refuse(overview(), desired.Problem{Ingress: id("shop"), State: desired.Invalid, Reason: "it has no rules"}),
			[]string{"shop: unpublished, invalid,  - : it has no rules"}},
		"nobody's rules":                  {overview().stands(foreign, model.Rule{ID: "r2", RuleKey: key("/b")}), nil},
		"one of an unconfigured cluster":  {overview().stands(rule("r1", key("/"), far, 80)), nil},
		"one of a cluster that is unread": {overview().stands(rule("r1", key("/"), unread, 80)), []string{"shop: left over, pending, / r1 : the cluster was not read yet; until then the rule stays as it is"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(test.o)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestReleased has an Ingress that has let go of its rule, and one that has not yet.
func TestReleased(t *testing.T) {
	o := overview()
	o.Want.Routes = []*desired.Route{{Key: key("/a"), Release: true, Ingress: id("shop")}, {Key: key("/b"), Release: true, Ingress: id("blog")}}
	o.Step.Released = []model.IngressID{id("shop")}
	if diff := cmp.Diff([]string{"shop: released, released, /a - :"}, found(o)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLeftOver has why rules stand that nobody wants.
func TestLeftOver(t *testing.T) {
	const unwanted = "no Ingress wants this rule any more"
	blocked := func(cdn model.Provider, cluster string) func(*Overview) {
		return func(o *Overview) {
			o.Step.Blocked = []guard.Blocked{{Provider: cdn, Cluster: cluster, Count: 1, Total: 1}}
		}
	}
	tests := map[string]struct {
		do   func(*Overview)
		want string
	}{
		"for nothing":                   {func(*Overview) {}, "pending, / r1 : " + unwanted + "; it is about to be deleted"},
		"for something":                 {func(o *Overview) { o.Step.Kept = map[string]string{"r1": "hosts lead there"} }, "pending, / r1 : hosts lead there"},
		"for the guard":                 {blocked(cdn, "main"), "pending, / r1 : " + unwanted + ", but sync.max_delete forbids to delete so much"},
		"not for the guard elsewhere":   {blocked(cdn, "far"), "pending, / r1 : " + unwanted + "; it is about to be deleted"},
		"not for the guard of a CDN":    {blocked(other, "main"), "pending, / r1 : " + unwanted + "; it is about to be deleted"},
		"for a failure":                 {func(o *Overview) { o.Failures = []Failure{{Place: key("/").Place(), Error: "403"}} }, "error, / r1 : " + unwanted + ", and it could not be deleted"},
		"not for a failure beside it":   {func(o *Overview) { o.Failures = []Failure{{Place: key("/b").Place(), Error: "403"}} }, "pending, / r1 : " + unwanted + "; it is about to be deleted"},
		"for the guard, after failures": {func(o *Overview) { blocked(cdn, "main")(o); o.Failures = []Failure{{Place: key("/").Place()}} }, "pending, / r1 : " + unwanted + ", but sync.max_delete forbids to delete so much"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := overview().stands(rule("r1", key("/"), id("shop"), 80))
			test.do(o)
			if diff := cmp.Diff([]string{"shop: left over, " + test.want}, found(o)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFailure has which of several failures keeps a route from its place.
func TestFailure(t *testing.T) {
	r := route(key("/"), id("shop"))
	mine := Failure{Place: key("/").Place(), Error: "its rule"}
	search := Failure{Place: r.Rule.Scope(), Error: "a search for it"}
	address := Failure{Place: model.AddressRecord("nodes.main.acme", "192.0.2.1", 0).Key(), Error: "an address"}
	ownership := Failure{Place: model.Record{Name: model.OwnershipName("main", "acme"), Type: "TXT"}.Key(), Error: "the ownership record"}
	strange := []Failure{
		{Place: key("/b").Place(), Error: "another rule"}, {Place: model.AddressRecord("nodes.main.acmes", "192.0.2.1", 0).Key(), Error: "another set"},
		{Place: model.RuleKey{CDN: other, Host: "a.example", Path: "/"}.Place(), Error: "another CDN"},
	}
	tests := map[string]struct {
		state    desired.State
		failures []Failure
		want     string
	}{
		"none":                         {desired.Failed, nil, ""},
		"others":                       {desired.Failed, strange, ""},
		"its rule before all":          {desired.Failed, []Failure{ownership, address, search, mine}, "its rule"},
		"an address":                   {desired.Failed, []Failure{search, ownership, address}, "an address"},
		"the ownership record":         {desired.Failed, []Failure{search, ownership}, "the ownership record"},
		"a search":                     {desired.Failed, []Failure{search}, "a search for it"},
		"while it is on the way":       {desired.Pending, []Failure{address, search}, "a search for it"},
		"addresses that fail for some": {desired.Pending, []Failure{ownership, address}, ""},
		"when all stands":              {desired.Synced, []Failure{mine}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := overview().wants(test.state, r)
			o.Failures = test.failures
			got := ""
			if f := Of(o)[id("shop")].Routes[0].Failure; f != nil {
				got = f.Error
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestFindings has routes together for which the same holds, and causes that are the
// Ingress's own, or everybody's.
func TestFindings(t *testing.T) {
	in := Ingress{ID: id("shop")}
	add := func(path string, s desired.State, reason string, f *Failure) {
		in.Routes = append(in.Routes, Route{Key: key(path), State: s, Reason: reason, Failure: f})
	}
	add("/c", desired.Synced, "", nil)
	add("/b", desired.Failed, "refused", &Failure{Ingress: id("shop"), Error: "403"})
	add("/a", desired.Failed, "refused", &Failure{Error: "403"})
	add("/d", desired.Failed, "refused", &Failure{Ingress: id("blog"), Error: "409"})
	add("/e", desired.Pending, "on the way", &Failure{Error: "a search failed"})
	add("/f", desired.Pending, "on the way", nil)
	in.Routes = append(in.Routes, Route{Kind: Unpublished, State: desired.Pending, Reason: "no Service"})
	want := []Finding{
		{State: desired.Failed, Reason: "refused", Routes: []string{"a.example/d"}},
		{State: desired.Failed, Reason: "refused", Cause: "403", Routes: []string{"a.example/a", "a.example/b"}},
		{Kind: Unpublished, State: desired.Pending, Reason: "no Service"},
		{State: desired.Pending, Reason: "on the way", Routes: []string{"a.example/e", "a.example/f"}},
		{State: desired.Synced, Routes: []string{"a.example/c"}},
	}
	if diff := cmp.Diff(want, in.Findings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTroubled has the Ingresses that are in trouble alone, in order.
func TestTroubled(t *testing.T) {
	o := overview().wants(desired.Failed, route(key("/"), id("blog")))
	o.Want.Problems = []desired.Problem{{Ingress: id("wiki"), State: desired.Invalid, Reason: "odd"}}
	o.Want.Warnings = []desired.Warning{{Ingress: id("shop"), Message: "beware"}}
	o.Step.Warnings = []desired.Warning{{Ingress: id("shop"), Message: "beware"}, {Ingress: id("shop"), Message: "besides"}}
	want := []*Ingress{
		{ID: id("shop"), Warnings: []string{"beware", "besides"}},
		{ID: id("wiki"), Routes: []Route{{Kind: Unpublished, State: desired.Invalid, Reason: "odd"}}},
	}
	if diff := cmp.Diff(want, Troubled(o.Want, o.Step)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// BenchmarkOf measures the join of 10,000 Ingresses, beside 10,000 rules of somebody else.
func BenchmarkOf(b *testing.B) {
	o := overview()
	for i := range 10_000 {
		at := model.RuleKey{CDN: cdn, Host: fmt.Sprintf("h%05d.example.com", i), Path: "/a"}
		r := route(at, id(fmt.Sprint("i", i)))
		o.wants(desired.Synced, r).stands(r.Rule.WithIdentity(fmt.Sprint("r", i)), model.Rule{ID: fmt.Sprint("x", i), RuleKey: model.RuleKey{CDN: cdn, Host: at.Host, Path: "/b"}})
	}
	b.ReportAllocs()
	for b.Loop() {
		Of(o)
	}
}
