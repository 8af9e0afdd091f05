package feedback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

const cdn = "acme.cdn.example"

func id(name string) model.IngressID {
	return model.IngressID{Cluster: "main", Namespace: "default", Name: name}
}

// url is "host/path" as a key.
func url(text string) model.RuleKey {
	host, path, _ := strings.Cut(text, "/")
	return model.RuleKey{CDN: fixture.Edgio, Host: host, Path: "/" + path}
}

// ruleOf is a rule at a URL that is marked for an Ingress.
func ruleOf(owner string, of model.IngressID, at string) model.Rule {
	mark := model.OwnerLabel{Owner: owner, IngressID: of}.String(url(at))
	return model.Rule{ID: at, RuleKey: url(at), Protocols: []model.Protocol{{Published: "https", Label: mark}}}
}

// zoneOf is a host of Vultr CDN, which serves it at the CDN's host, that is
// marked for an Ingress.
func zoneOf(of model.IngressID, host, published string) model.Rule {
	r := ruleOf("acme", of, host+"/")
	r.ID, r.CDN, r.Published = published, fixture.VultrCDN, published
	return r
}

// ingress is one of class edgio.
func ingress(name string) *kube.Ingress {
	return &kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name, UID: "uid-" + name, ResourceVersion: "7"}, Class: "edgio"}
}

// overview is one in which these rules stand, at CDNs of which Edgio serves at a target.
func overview(target string, rules ...model.Rule) *outcome.Overview {
	slices.SortFunc(rules, model.Rule.Compare)
	return &outcome.Overview{
		Settings: model.Settings{Owner: "acme", CDNs: []model.CDN{{Name: fixture.Edgio, OneName: true, Host: target}}},
		Want:     desired.Want{Clusters: map[string]*desired.ClusterWant{"main": {}, "far": {}}}, Rules: observed.Refs(rules),
	}
}

// source is that of cluster main.
func source() Source {
	return Source{Cluster: "main", Ours: func(in *kube.Ingress) bool { return in.Class == "edgio" }}
}

// reports are those of cluster main where these Ingresses are watched.
func reports(o *outcome.Overview, watched ...*kube.Ingress) []Report {
	return slices.Collect(source().Reports(o, outcome.Of(o), watched))
}

func warning(reason, text string) Message { return Message{Reason: reason, Warning: true, Text: text} }
func normal(reason, text string) Message  { return Message{Reason: reason, Text: text} }

// TestHostname has what decides whether a status shows the CDN's host.
func TestHostname(t *testing.T) {
	mine := ruleOf("acme", id("shop"), "shop.example.com/")
	a, b, moved := zoneOf(id("shop"), "a.example.com", "cdn-a.example"), zoneOf(id("shop"), "b.example.com", "cdn-b.example"), zoneOf(id("shop"), "a.example.com", "cdn-0.example")
	pending := b
	pending.Pending = true
	tests := map[string]struct {
		rules  []model.Rule
		change func(*kube.Ingress)
		target string
		want   string // joined
	}{
		"Vultr CDN":                      {[]model.Rule{a}, nil, cdn, "cdn-a.example"},
		"Vultr CDN, no target of Edgio":  {[]model.Rule{a}, nil, "", "cdn-a.example"},
		"two of its hosts":               {[]model.Rule{b, a}, nil, cdn, "cdn-a.example cdn-b.example"},
		"two CDNs":                       {[]model.Rule{mine, a}, nil, cdn, cdn + " cdn-a.example"},
		"one is pending":                 {[]model.Rule{a, pending}, nil, cdn, "cdn-a.example"},
		"pending alone":                  {[]model.Rule{pending}, nil, cdn, ""},
		"another Ingress's pull zone":    {[]model.Rule{zoneOf(id("blog"), "a.example.com", "cdn-a.example")}, nil, cdn, ""},
		"two pull zones at one host":     {[]model.Rule{a, moved}, nil, cdn, "cdn-0.example"},
		"likewise, the other way round":  {[]model.Rule{moved, a}, nil, cdn, "cdn-0.example"},
		"a rule stands":                  {[]model.Rule{mine}, nil, cdn, cdn},
		"none":                           {nil, nil, cdn, ""},
		"one of two":                     {[]model.Rule{ruleOf("acme", id("shop"), "shop.example.com/b"), {RuleKey: url("shop.example.com/")}}, nil, cdn, cdn},
		"another Ingress's":              {[]model.Rule{ruleOf("acme", id("blog"), "shop.example.com/")}, nil, cdn, ""},
		"another owner's":                {[]model.Rule{ruleOf("other", id("shop"), "shop.example.com/")}, nil, cdn, ""},
		"one of its name elsewhere":      {[]model.Rule{ruleOf("acme", model.IngressID{Cluster: "far", Namespace: "default", Name: "shop"}, "shop.example.com/")}, nil, cdn, ""},
		"the target is not known":        {[]model.Rule{mine}, nil, "", ""},
		"selected by its label alone":    {[]model.Rule{mine}, func(in *kube.Ingress) { in.Class = "nginx" }, cdn, ""},
		"its status is the origin":       {[]model.Rule{mine}, func(in *kube.Ingress) { in.Annotations = map[string]string{"edgeward/origin": " status "} }, cdn, ""},
		"another origin is said":         {[]model.Rule{mine}, func(in *kube.Ingress) { in.Annotations = map[string]string{"edgeward/origin": "nodes"} }, cdn, cdn},
		"what stands there does not say": {[]model.Rule{mine}, func(in *kube.Ingress) { in.Published = []string{"former.example"} }, cdn, cdn},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := ingress("shop")
			if test.change != nil {
				test.change(in)
			}
			for _, got := range reports(overview(test.target, test.rules...), in) {
				if !got.Absent && got.hostnames() != test.want {
					t.Errorf("%q, want %q", got.Hostnames, test.want)
				}
			}
		})
	}
}

// TestReports has all that is known of Ingresses besides.
func TestReports(t *testing.T) {
	old, fresh := ruleOf("acme", id("old"), "old.example.com/"), ruleOf("acme", id("fresh"), "fresh.example.com/")
	gone := ruleOf("acme", id("gone"), "gone.example.com/")
	in := ingress("old")
	in.Published = []string{cdn}
	o := overview(cdn, old, fresh, gone)
	o.Found = map[model.IngressID]bool{id("old"): true, id("went"): true}
	got := reports(o, in, ingress("fresh"), ingress("none"))
	want := []Report{
		{Ingress: id("fresh"), UID: "uid-fresh", Version: "7", Hostnames: []string{cdn}},
		{Ingress: id("gone"), Absent: true, Hostnames: []string{cdn}},
		{Ingress: id("none"), UID: "uid-none", Version: "7"},
		{Ingress: id("old"), UID: "uid-old", Version: "7", Hostnames: []string{cdn}, Published: []string{cdn}, Found: true},
		{Ingress: id("went"), Absent: true},
	}
	byName := cmpopts.SortSlices(func(a, b Report) bool { return a.Ingress.Name < b.Ingress.Name })
	if diff := cmp.Diff(want, got, byName); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMessages has what is said of an Ingress "shop" for what the plan found.
func TestMessages(t *testing.T) {
	a, b, c := url("shop.example.com/a"), url("shop.example.com/b"), url("blog.example.com/c")
	zones := []model.Rule{zoneOf(id("shop"), "x.example.com", "cdn-x.example"), zoneOf(id("shop"), "y.example.org", "cdn-y.example")}
	x, y := zones[0].RuleKey, zones[1].RuleKey
	route := func(key model.RuleKey, s desired.State, reason string) plan.RouteState {
		return plan.RouteState{Route: &desired.Route{Ingress: id("shop"), Key: key}, State: s, Reason: reason}
	}
	problem := func(key model.RuleKey, s desired.State, reason string) desired.Problem {
		return desired.Problem{Ingress: id("shop"), Key: key, State: s, Reason: reason}
	}
	const mend = ". Correct the Ingress or what it names; nothing new is published until then."
	const again = ". It is tried again by itself; what is published stays as it is until then."
	many := func(n int) (routes []plan.RouteState) {
		for i := range n {
			routes = append(routes, route(url("shop.example.com/"+string(rune('a'+i))), desired.Synced, ""))
		}
		return routes
	}
	tests := map[string]struct {
		want     desired.Want
		step     plan.Step
		failures []outcome.Failure
		target   string
		zones    []string // that published hosts are led from
		messages []Message
	}{
		"nothing yet": {},
		"published": {step: plan.Step{Routes: []plan.RouteState{route(b, desired.Synced, ""), route(a, desired.Synced, ""), route(c, desired.Synced, "")}}, target: cdn,
			messages: []Message{normal("Synced", "Published at the CDN: blog.example.com/c, shop.example.com/a, shop.example.com/b. Let DNS lead blog.example.com, shop.example.com to acme.cdn.example (CNAME).")}},
		"published, the target is not known": {step: plan.Step{Routes: many(1)},
			messages: []Message{normal("Synced", "Published at the CDN: shop.example.com/a.")}},
		"published at two hosts of the CDN": {step: plan.Step{Routes: []plan.RouteState{route(x, desired.Synced, ""), route(y, desired.Synced, ""), route(a, desired.Synced, "")}}, target: cdn,
			messages: []Message{normal("Synced", "Published at the CDN: shop.example.com/a, x.example.com/, y.example.org/. Let DNS lead shop.example.com to acme.cdn.example, x.example.com to cdn-x.example, y.example.org to cdn-y.example (CNAME).")}},
		"published, and led there": {step: plan.Step{Routes: []plan.RouteState{route(x, desired.Synced, ""), route(y, desired.Synced, "")}}, zones: []string{"other.example.com", "example.org"},
			messages: []Message{normal("Synced", "Published at the CDN: x.example.com/, y.example.org/. Let DNS lead x.example.com to cdn-x.example (CNAME).")}},
		"all are led there": {step: plan.Step{Routes: []plan.RouteState{route(x, desired.Synced, "")}}, zones: []string{"x.example.com"},
			messages: []Message{normal("Synced", "Published at the CDN: x.example.com/.")}},
		"a zone of a like name": {step: plan.Step{Routes: []plan.RouteState{route(x, desired.Synced, "")}}, zones: []string{"ample.com"},
			messages: []Message{normal("Synced", "Published at the CDN: x.example.com/. Let DNS lead x.example.com to cdn-x.example (CNAME).")}},
		"published, with a warning": {step: plan.Step{Routes: many(1)},
			want:     desired.Want{Warnings: []desired.Warning{{Ingress: id("shop"), Message: "beware"}, {Ingress: id("shop"), Message: "beware"}, {Ingress: id("blog"), Message: "else"}}},
			messages: []Message{normal("Synced", "Published at the CDN: shop.example.com/a. Note: beware.")}},
		"a warning alone": {want: desired.Want{Warnings: []desired.Warning{{Ingress: id("shop"), Message: "beware"}}}},
		"many paths": {step: plan.Step{Routes: many(9)},
			messages: []Message{normal("Synced", "Published at the CDN: shop.example.com/a, shop.example.com/b, shop.example.com/c, shop.example.com/d, shop.example.com/e, shop.example.com/f and 3 more.")}},
		"on the way": {step: plan.Step{Routes: []plan.RouteState{route(a, desired.Pending, "on the way")}},
			messages: []Message{normal("Pending", "shop.example.com/a: on the way")}},
		"waiting for an object": {want: desired.Want{Problems: []desired.Problem{problem(a, desired.Pending, "Service web does not exist")}},
			messages: []Message{warning("Pending", "shop.example.com/a: Service web does not exist. It is published as soon as that is there.")}},
		"a conflict": {step: plan.Step{Problems: []desired.Problem{problem(a, desired.Conflict, "claimed by Ingress main/default/blog already")}},
			messages: []Message{warning("Conflict", "shop.example.com/a: claimed by Ingress main/default/blog already. It is published for this Ingress as soon as nobody else has it.")}},
		"the same of two paths, and another": {want: desired.Want{Problems: []desired.Problem{problem(b, desired.Invalid, "no port 81"), problem(a, desired.Invalid, "no port 81"), problem(c, desired.Invalid, "a wildcard")}},
			messages: []Message{warning("Invalid", "blog.example.com/c: a wildcard; shop.example.com/a, shop.example.com/b: no port 81"+mend)}},
		"the whole Ingress": {want: desired.Want{Problems: []desired.Problem{problem(model.RuleKey{}, desired.Invalid, "it has no rules")}},
			messages: []Message{warning("Invalid", "it has no rules"+mend)}},
		"another's rule is refused there": {step: plan.Step{Routes: []plan.RouteState{route(a, desired.Failed, "refused")}},
			failures: []outcome.Failure{{Place: a.Place(), Ingress: id("blog"), Error: "another's"}},
			messages: []Message{warning("SyncFailed", "shop.example.com/a: refused"+again)}},
		"a rule is refused": {step: plan.Step{Routes: []plan.RouteState{route(a, desired.Failed, "refused")}},
			failures: []outcome.Failure{{Place: a.Place(), Ingress: id("shop"), Error: "403 Forbidden"}},
			messages: []Message{warning("SyncFailed", "shop.example.com/a: refused (403 Forbidden)"+again)}},
		"an address is refused": {step: plan.Step{Routes: []plan.RouteState{{Route: &desired.Route{Ingress: id("shop"), Key: a, Set: "nodes.main.acme"}, State: desired.Failed, Reason: "no address"}}},
			failures: []outcome.Failure{{Place: model.AddressRecord("nodes.main.acmes", "192.0.2.1", 0).Key(), Error: "another set's"}, {Place: model.AddressRecord("nodes.main.acme", "192.0.2.1", 0).Key(), Error: "500"}},
			messages: []Message{warning("SyncFailed", "shop.example.com/a: no address (500)"+again)}},
		"its DNS cannot be made": {step: plan.Step{Routes: []plan.RouteState{route(a, desired.Synced, "")}, NoDNS: map[string]bool{"shop.example.com": true}},
			target: cdn, zones: []string{"example.com"},
			messages: []Message{normal("Synced", "Published at the CDN: shop.example.com/a. Let DNS lead shop.example.com to "+cdn+" (CNAME).")}},
		"what a terminal would obey": {
			step:     plan.Step{Problems: []desired.Problem{problem(a, desired.Conflict, "claimed by X\x1b[2K\n\u202eforged")}},
			messages: []Message{warning("Conflict", `shop.example.com/a: claimed by X\x1b[2K\n\u202eforged. It is published for this Ingress as soon as nobody else has it.`)}},
		"let go": {step: plan.Step{Released: []model.IngressID{id("shop")}},
			want:     desired.Want{Routes: []*desired.Route{{Key: a, Release: true, Ingress: id("shop")}, {Key: b, Release: true, Ingress: id("blog")}}},
			messages: []Message{normal("Released", "Let go: shop.example.com/a. The rule stays at the CDN as it is and is not touched again.")}},
		"some of each": {
			step: plan.Step{Routes: many(1), Problems: []desired.Problem{problem(b, desired.Conflict, "taken")}},
			want: desired.Want{Problems: []desired.Problem{problem(model.RuleKey{}, desired.Invalid, "no host")}},
			messages: []Message{
				warning("Conflict", "shop.example.com/b: taken. It is published for this Ingress as soon as nobody else has it."),
				warning("Invalid", "no host"+mend),
				normal("Synced", "Published at the CDN: shop.example.com/a."),
			}},
		"of others": {step: plan.Step{Routes: []plan.RouteState{{Route: &desired.Route{Ingress: id("blog"), Key: c}, State: desired.Synced}, {Route: &desired.Route{Ingress: model.IngressID{Cluster: "far", Namespace: "default", Name: "shop"}, Key: a}, State: desired.Synced}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rules := slices.Clone(zones)
			for _, r := range test.step.Routes {
				if r.State == desired.Synced && r.Key.CDN == fixture.Edgio {
					rules = append(rules, ruleOf("acme", r.Ingress, r.Key.String()))
				}
			}
			o := overview(test.target, rules...)
			test.want.Clusters = o.Want.Clusters
			o.Want, o.Step, o.Failures, o.Settings.PublishZones = test.want, test.step, test.failures, test.zones
			got := reports(o, ingress("shop"))[0].Messages
			if diff := cmp.Diff(test.messages, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	reason := strings.Repeat("é", 2*maxText)
	o := &outcome.Overview{Want: desired.Want{Problems: []desired.Problem{{Ingress: id("shop"), State: desired.Invalid, Reason: reason}}}}
	text := reports(o, ingress("shop"))[0].Messages[0].Text
	if len(text) > maxText || len(text) < maxText-2 || !strings.HasSuffix(text, "é…") {
		t.Errorf("%d bytes, ends with %q", len(text), text[len(text)-10:])
	}
}

// TestEscapesAreCut: it is what is said that has a bound, not what was written.
func TestEscapesAreCut(t *testing.T) {
	o := &outcome.Overview{Want: desired.Want{Problems: []desired.Problem{{Ingress: id("shop"), State: desired.Invalid, Reason: strings.Repeat("\u202e", maxText/4)}}}}
	text := reports(o, ingress("shop"))[0].Messages[0].Text
	if len(text) > maxText || !strings.HasPrefix(text, `\u202e\u202e`) {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

func TestKnown(t *testing.T) {
	read := outcome.Provider{Read: time.Unix(1, 0)}
	ready := map[string]*desired.ClusterWant{"main": {UID: "u"}, "far": nil}
	tests := map[string]struct {
		overview *outcome.Overview
		want     bool
	}{
		"no plan yet":               {nil, false},
		"ready, and both were read": {&outcome.Overview{Want: desired.Want{Clusters: ready}, Providers: []outcome.Provider{read, read}, Awaited: "cluster far: …"}, true},
		"one was not read":          {&outcome.Overview{Want: desired.Want{Clusters: ready}, Providers: []outcome.Provider{read, {}}}, false},
		"the cluster is not ready":  {&outcome.Overview{Want: desired.Want{Clusters: map[string]*desired.ClusterWant{"main": nil}}, Providers: []outcome.Provider{read, read}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := source().Known(test.overview); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// TestSharedHost has two Ingresses with paths of one host, which a CDN publishes
// as a whole for the first: the second is told that it is served, or why not.
func TestSharedHost(t *testing.T) {
	at := func(name, path, service string, seconds int64) *kube.Ingress {
		in := ingress(name)
		in.Class, in.Created = "vultr-cdn", time.Unix(seconds, 0)
		in.Rules = []kube.IngressRule{{Host: "x.example.com", Paths: []kube.IngressPath{{Path: path, Type: "Prefix", Backend: kube.Backend{Service: service, PortNumber: 80}}}}}
		return in
	}
	serving := func(name, ip string) kube.Service {
		return kube.Service{Meta: kube.Meta{Namespace: "default", Name: name}, Type: "LoadBalancer", Balancers: []kube.Address{{IP: ip}},
			Ports: []kube.ServicePort{{Protocol: "TCP", Port: 80}}}
	}
	const front = "main/default/front"
	for name, test := range map[string]struct {
		service string
		want    Message
	}{
		"the same backend": {"web", normal("Synced", "Nothing is left to publish. Note: x.example.com is published as a whole by Ingress "+front+", from the same backend, so that the paths of this Ingress are served too.")},
		"another backend": {"api", warning("Invalid", "x.example.com/: Ingress "+front+" has x.example.com, which the CDN publishes as a whole from one origin, so that path /api cannot lead to another backend: "+
			"give it a host of its own, or let an Ingress controller in the cluster divide the paths (annotation edgeward/origin: status or nodes). Correct the Ingress or what it names; nothing new is published until then.")},
	} {
		t.Run(name, func(t *testing.T) {
			set := model.Settings{Owner: "acme", Domain: "k8s.example.net", CDNs: []model.CDN{{Name: fixture.VultrCDN, Class: "vultr-cdn", Paths: model.WholeHosts, Certificates: true}}}
			ingresses := []*kube.Ingress{at("api", "/api", test.service, 2), at("front", "/", "web", 1)}
			cluster := desired.Cluster{Name: "main", Ready: true, Ingresses: ingresses, Services: []kube.Service{serving("api", "192.0.2.10"), serving("web", "192.0.2.9")}}
			o := &outcome.Overview{Settings: set, Want: desired.Desired([]desired.Cluster{cluster}, set, time.Unix(3, 0))}
			for _, got := range reports(o, ingresses...) {
				if diff := cmp.Diff([]Message{test.want}, got.Messages); got.Ingress == id("api") && diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestUndecidedReports: of Ingresses whose class is unknown those count for which a
// rule stands.
func TestUndecidedReports(t *testing.T) {
	unknown := func(name string) *kube.Ingress {
		return &kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name, UID: "uid-" + name}, Class: "x", ClassUnknown: true}
	}
	mine := ruleOf("acme", id("shop"), "shop.example.com/")
	o := overview(cdn, mine)
	o.Found = map[model.IngressID]bool{id("shop"): true}
	got := reports(o, unknown("shop"), unknown("other"))
	want := []Report{{Ingress: id("shop"), UID: "uid-shop", Found: true, Undecided: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManyFailures has each of thousands of rules fail, and thousands of warnings of one
// Ingress: what became of them is found without comparing each with each.
func TestManyFailures(t *testing.T) {
	const many, patience = 20_000, 10 * time.Second
	o := &outcome.Overview{Settings: model.Settings{Owner: "acme"}}
	for i := range many {
		key := url(fmt.Sprintf("h%d.example.com/a", i))
		route := &desired.Route{Key: key, Ingress: id("shop"), Set: fmt.Sprintf("web%d.default.lb.main.acme", i)}
		o.Want.Routes = append(o.Want.Routes, route)
		o.Step.Routes = append(o.Step.Routes, plan.RouteState{Route: route, State: desired.Failed, Reason: "no reply"})
		o.Failures = append(o.Failures, outcome.Failure{Provider: fixture.Edgio, Place: url(fmt.Sprintf("h%d.example.com/a", many-1-i)).Place(), Ingress: id("shop"), Error: "500"})
		o.Want.Warnings = append(o.Want.Warnings, desired.Warning{Ingress: id("shop"), Message: fmt.Sprint("warning ", i)})
	}
	slices.SortFunc(o.Want.Routes, func(a, b *desired.Route) int { return a.Key.Compare(b.Key) })
	slices.SortFunc(o.Step.Routes, func(a, b plan.RouteState) int { return a.Key.Compare(b.Key) })
	begin := time.Now()
	got := reports(o, ingress("shop"))[0].Messages
	if took := time.Since(begin); took > patience || len(got) != 1 || !strings.Contains(got[0].Text, fmt.Sprintf(" and %d more: no reply (500)", many-maxNames)) {
		t.Errorf("after %s: %v", took, got)
	}
}
