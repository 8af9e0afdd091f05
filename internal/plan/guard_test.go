package plan

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// guardTable returns the rows of the table in docs/guard.md whose first column has this
// title, without the title.
func guardTable(t *testing.T, title string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/guard.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n| "+title+" |")
	if !ok {
		t.Fatalf("docs/guard.md has no table of %q", title)
	}
	for _, line := range strings.Split(table, "\n")[2:] {
		if !strings.HasPrefix(line, "| ") {
			break
		}
		var row []string
		for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
			row = append(row, strings.TrimSpace(cell))
		}
		rows = append(rows, row)
	}
	return rows
}

// TestLoss has the table of docs/guard.md of what a group may lose.
func TestLoss(t *testing.T) {
	rows := guardTable(t, "group")
	if len(rows) < 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		had, err1 := strconv.Atoi(row[1])
		left, err2 := strconv.Atoi(row[2])
		share, err3 := strconv.ParseFloat(row[3], 64)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatalf("row %q is not of numbers", row)
		}
		want := map[string]bool{"is none": false, "goes": false, "waits": true}
		waits, ok := want[row[4]]
		if got := (guard.Loss{Had: had, Left: left}).Exceeds(share); !ok || got != waits {
			t.Errorf("%d of %d left with max_delete %g: waits %t, want %q", left, had, share, got, row[4])
		}
		if none := left >= had; none != (row[4] == "is none") {
			t.Errorf("row %q: it is a loss or not", row)
		}
	}
}

// guardCase is what happens to clusters of which all that is wanted stands.
type guardCase struct {
	before desired.Cluster
	happen func(*guardStage)
}

// guardStage is a stage whose clusters are listed, as one configuration selects.
type guardStage struct {
	*stage
	selection string
	now       desired.Cluster // as it was last seen
}

func (g *guardStage) seen(c desired.Cluster) desired.Cluster {
	g.now = c
	c.Selection, c.Listed = g.selection, g.Now
	return c
}

// reported has the watch report what the cluster is now.
func (g *guardStage) reported(c desired.Cluster) { g.change(true, g.seen(c)) }

// listed has a list show it.
func (g *guardStage) listed(c desired.Cluster) { g.change(false, g.seen(c)) }

// started has another process find it so.
func (g *guardStage) started(c desired.Cluster) {
	g.Memory, g.Want = Memory{}, desired.Want{}
	g.listed(c)
}

// reloaded has the process read a configuration with another selection.
func (g *guardStage) reloaded(selection string, c desired.Cluster) {
	g.Memory, g.Want, g.selection = g.Memory.Reloaded(), desired.Want{}, selection
	g.listed(c)
}

// later has time pass, with nothing done but what may be.
func (g *guardStage) later(d time.Duration) {
	for until := g.Now.Add(d); ; {
		if len(g.ask()) > 0 {
			g.do()
			continue
		}
		if g.step.Wake.IsZero() || g.step.Wake.After(until) {
			g.Now = until
			return
		}
		g.Now = g.step.Wake
	}
}

// confirm lists the clusters anew when the plan asks for it, until it does not any more.
func (g *guardStage) confirm() {
	for range 5 {
		at, ok := g.step.Relist["main"]
		if !ok {
			return
		}
		if at.After(g.Now) {
			g.Now = at
		}
		g.listed(g.now)
		g.run()
	}
}

// names are the objects that stand, without IDs and claims.
func (g *guardStage) names() []string {
	names := []string{}
	for _, s := range g.standing() {
		if !strings.HasPrefix(s, "claim ") {
			names = append(names, regexp.MustCompile(`cdn-id-\d+`).ReplaceAllString(s, "cdn-id"))
		}
	}
	return names
}

// withNodes is a cluster with a rule on so many nodes, beginning with a number.
func withNodes(first, n int, more ...any) desired.Cluster {
	objects := append([]any{fixture.Shop(), fixture.Web()}, more...)
	for i := range n {
		objects = append(objects, fixture.Node(fmt.Sprint("n", first+i), fmt.Sprintf("192.0.2.%d", first+i)))
	}
	return fixture.Cluster("main", objects...)
}

// withBalancer is a Service behind a load balancer with these addresses.
func withBalancer(name string, ips ...string) kube.Service {
	s := fixture.Service(name, 0)
	s.Type = "LoadBalancer"
	for _, ip := range ips {
		s.Balancers = append(s.Balancers, kube.Address{IP: ip})
	}
	return s
}

// onService publishes a path from a Service.
func onService(name, path, service string) kube.Ingress {
	ing := fixture.Ingress(name, "www.example.com", "Exact", path)
	ing.Rules[0].Paths[0].Backend.Service = service
	return ing
}

// ofClass is an Ingress for a whole host, of a class.
func ofClass(class string) kube.Ingress {
	ing := fixture.Ingress("shop", "www.example.com", "Prefix", "/")
	ing.Class = class
	return ing
}

func guardCases() map[string]guardCase {
	start := func(c desired.Cluster) func(*guardStage) { return func(g *guardStage) { g.started(c) } }
	all := []string{"192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104", "192.0.2.105", "192.0.2.106",
		"192.0.2.107", "192.0.2.108", "192.0.2.109", "192.0.2.110", "192.0.2.111", "192.0.2.112"}
	others := func(n int) desired.Cluster {
		c := rulesOn("main", n)
		for i, ing := range c.Ingresses {
			other := *ing
			other.Name = "other-" + ing.Name
			c.Ingresses[i] = &other
		}
		return c
	}
	balancer := func(ips ...string) desired.Cluster {
		return fixture.Cluster("main", onService("shop", "/a", "lb"), withBalancer("lb", ips...), fixture.Node("n1", "192.0.2.1"))
	}
	colours := func(live string) desired.Cluster {
		return fixture.Cluster("main", onService("one", "/1", live), onService("two", "/2", live), withBalancer("blue", "192.0.2.7"), withBalancer("green", "192.0.2.8"))
	}
	twoNamespaces := func(entries ...desired.Allow) desired.Cluster {
		c := rulesOn("main", 4)
		for i, ing := range c.Ingresses[:3] {
			denied := *ing
			denied.Namespace = "team"
			c.Ingresses[i] = &denied
		}
		web := fixture.Web()
		web.Namespace = "team"
		c.Services, c.Allow = append(c.Services, web), entries
		return c
	}
	local := func(nodes int) desired.Cluster {
		c := fixture.Cluster("main", fixture.Shop(), fixture.LocalWeb())
		var on []string
		for i := range 10 {
			on = append(on, fmt.Sprint("n", i))
		}
		c.EndpointSlices = []kube.EndpointSlice{fixture.Endpoints("w1", on...)}
		for i := range nodes {
			c.Nodes = append(c.Nodes, fixture.Node(fmt.Sprint("n", i), fmt.Sprintf("192.0.2.%d", 1+i)))
		}
		return c
	}
	tenHosts := fixture.Cluster("main", withBalancer("web", "192.0.2.7"))
	for i := range 10 {
		ing := ofClass([]string{"edgio", "vultr-cdn"}[i/5])
		ing.Name, ing.Rules[0].Host = fmt.Sprint("ing", i), fmt.Sprintf("www%d.example.com", i)
		tenHosts.Ingresses = append(tenHosts.Ingresses, &ing)
	}
	return map[string]guardCase{
		"the only Ingress is deleted": {before: rulesOn("main", 1), happen: func(g *guardStage) { g.reported(rulesOn("main", 0)) }},
		"the only Ingress is deleted, and within the grace the configuration is read again": {before: rulesOn("main", 1), happen: func(g *guardStage) {
			g.reported(rulesOn("main", 0))
			g.later(5 * time.Second)
			g.reloaded(g.selection, rulesOn("main", 0))
		}},
		"the only Ingress is deleted, and within the grace the daemon is restarted": {before: rulesOn("main", 1), happen: func(g *guardStage) {
			g.reported(rulesOn("main", 0))
			g.later(5 * time.Second)
			g.started(rulesOn("main", 0))
		}},
		"the only Ingress is deleted, and within the linger the daemon is restarted": {before: rulesOn("main", 1), happen: func(g *guardStage) {
			g.reported(rulesOn("main", 0))
			g.later(30 * time.Second)
			g.started(rulesOn("main", 0))
		}},
		"while the daemon is down, 3 of 7 Ingresses are deleted": {before: rulesOn("main", 7), happen: start(rulesOn("main", 4))},
		"while the daemon is down, 4 of 7 Ingresses are deleted": {before: rulesOn("main", 7), happen: start(rulesOn("main", 3))},
		"while the daemon is down, all Ingresses are replaced by others for the same hosts and paths": {
			before: rulesOn("main", 4), happen: start(others(4))},
		"while the daemon is down, all Ingresses move to another Service with a load balancer of its own": {
			before: colours("blue"), happen: start(colours("green"))},
		"while the daemon is down, the only Ingress moves to the other CDN": {
			before: fixture.Cluster("main", ofClass("edgio"), withBalancer("web", "192.0.2.7")),
			happen: start(fixture.Cluster("main", ofClass("vultr-cdn"), withBalancer("web", "192.0.2.7")))},
		"while the daemon is down, 10 nodes become 3":                {before: withNodes(1, 10), happen: start(withNodes(1, 3))},
		"while the daemon is down, 3 nodes become 1":                 {before: withNodes(1, 3), happen: start(withNodes(1, 1))},
		"while the daemon is down, 3 nodes are replaced by 2 others": {before: withNodes(1, 3), happen: start(withNodes(4, 2))},
		"while the daemon is down, both addresses of a load balancer are replaced by one other": {
			before: balancer("198.51.100.12", "198.51.100.13"), happen: func(g *guardStage) {
				g.reported(balancer())
				g.later(time.Minute)
				g.started(balancer())
				g.later(time.Minute)
				g.reported(balancer("198.51.100.14"))
			}},
		"6 of 9 Ingresses are deleted, and then a list is empty": {before: rulesOn("main", 9), happen: func(g *guardStage) {
			g.reported(rulesOn("main", 3))
			g.ask()
			g.listed(rulesOn("main", 0))
		}},
		"a list is empty":               {before: rulesOn("main", 9), happen: func(g *guardStage) { g.listed(rulesOn("main", 0)) }},
		"a list lacks 2 of 3 Ingresses": {before: rulesOn("main", 3), happen: func(g *guardStage) { g.listed(rulesOn("main", 1)) }},
		"`allow` denies the namespace of 3 of 4 rules": {before: twoNamespaces(), happen: func(g *guardStage) {
			g.reloaded(g.selection, twoNamespaces(desired.Allow{Namespaces: []string{"default"}}))
		}},
		"the label selector or the class is wrong": {before: rulesOn("main", 3), happen: func(g *guardStage) { g.reloaded("wrong", rulesOn("main", 0)) }},
		"the label selector is wrong, and the daemon is restarted again and again": {before: rulesOn("main", 3), happen: func(g *guardStage) {
			g.selection = "wrong"
			for range 5 {
				g.started(rulesOn("main", 0))
				g.later(2 * time.Hour)
				g.listed(rulesOn("main", 0))
			}
		}},
		"the node selector is wrong: 1 of 10 nodes is left, beside 12 addresses of a load balancer": {
			before: withNodes(1, 10, onService("two", "/2", "lb"), withBalancer("lb", all...)), happen: func(g *guardStage) {
				g.reloaded("wrong", withNodes(1, 1, onService("two", "/2", "lb"), withBalancer("lb", all...)))
			}},
		"the node selector is wrong: no node is left, and then one, for a Service of policy Local": {before: local(10), happen: func(g *guardStage) {
			g.reloaded("wrong", local(0))
			g.run()
			g.listed(local(1))
		}},
		"the label selector is wrong, and all records with the claim are gone": {before: rulesOn("main", 10), happen: func(g *guardStage) {
			g.Records.Objects, g.selection = nil, "wrong"
			g.started(rulesOn("main", 1))
		}},
		"the label selector is wrong, and there are two claims that say different things": {before: rulesOn("main", 10), happen: func(g *guardStage) {
			i := slices.IndexFunc(g.Records.Objects, func(r *model.Record) bool { return model.IsOwnership(r, "main", fixture.Owner) })
			o, _ := model.ParseOwnership(g.Records.Objects[i].Data)
			o.Config = "wrong"
			g.Records.Objects = append(g.Records.Objects, new(g.Records.Objects[i].WithData(o.String()).WithIdentity("second")))
			g.selection = "wrong"
			g.started(rulesOn("main", 1))
		}},
		"a loss waits for long under a wrong selector, and is still there under the right one": {before: rulesOn("main", 3), happen: func(g *guardStage) {
			g.reloaded("wrong", rulesOn("main", 0))
			g.run()
			g.later(3 * time.Hour)
			g.reloaded("right", rulesOn("main", 0))
		}},
		"a class in the configuration is wrong: 5 of 10 hosts, all that are at one CDN": {before: tenHosts, happen: func(g *guardStage) {
			half := tenHosts
			half.Ingresses = half.Ingresses[:5]
			g.reloaded("wrong", half)
		}},
		"a class in the configuration is wrong, so that Ingresses go to the other CDN": {
			before: fixture.Cluster("main", ofClass("edgio"), withBalancer("web", "192.0.2.7")), happen: func(g *guardStage) {
				g.reloaded("wrong", fixture.Cluster("main", ofClass("vultr-cdn"), withBalancer("web", "192.0.2.7")))
			}},
		"the Edgio account is another one": {before: rulesOn("main", 1), happen: func(g *guardStage) {
			g.Rules.Objects, g.selection = nil, "another account"
			g.started(rulesOn("main", 0))
		}},
		"an earlier version made the claim, and 2 of 3 Ingresses are gone": {before: rulesOn("main", 3), happen: func(g *guardStage) {
			for i, r := range g.Records.Objects {
				if o, ok := model.ParseOwnership(r.Data); ok {
					o.Config = ""
					g.Records.Objects[i] = new(r.WithData(o.String()).WithIdentity(r.ID))
				}
			}
			g.started(rulesOn("main", 1))
		}},
		"`confirm_after` is 0, and 2 of 3 Ingresses are gone": {before: rulesOn("main", 3), happen: func(g *guardStage) {
			g.Settings.ConfirmAfter = 0
			g.started(rulesOn("main", 1))
		}},
		"2 of 3 Ingresses are gone, and the start has `--allow-delete`": {before: rulesOn("main", 3), happen: func(g *guardStage) {
			g.AllowDelete = true
			g.started(rulesOn("main", 1))
		}},
	}
}

// TestGuard has the table of docs/guard.md of cases.
func TestGuard(t *testing.T) {
	cases, documented := guardCases(), make(map[string]bool)
	for _, row := range guardTable(t, "case") {
		documented[row[0]] = true
		t.Run(row[0], func(t *testing.T) {
			c, ok := cases[row[0]]
			if !ok {
				t.Fatal("the table of docs/guard.md has a case that is not tried")
			}
			set := fixture.TwoCDNs()
			set.CDNs[0].Host, set.ConfirmAfter = "acme.cdn.example.net", time.Hour
			g := &guardStage{stage: newStage(set), selection: "right"}
			g.started(c.before)
			g.run()
			g.later(time.Hour)
			before, rules := g.names(), len(g.Rules.Objects)
			c.happen(g)
			g.run()
			blocked := len(g.step.Blocked) > 0
			g.confirm()
			verdict := "confirmed"
			switch {
			case !blocked:
				verdict = "at once"
			case len(g.step.Blocked) > 0:
				verdict = "held"
			}
			if verdict != row[1] {
				t.Fatalf("it goes %s, the table says %s; blocked %v", verdict, row[1], g.step.Blocked)
			}
			if verdict == "held" {
				if diff := cmp.Diff(before, g.names()); diff != "" && rules == len(g.Rules.Objects) {
					t.Errorf("held back, but (-before +now):\n%s", diff)
				}
				g.reloaded("right", c.before)
				history := g.run()
				if diff := cmp.Diff(before, g.names()); diff != "" {
					t.Errorf("when all is well again, after %q (-before +now):\n%s", history, diff)
				}
				return
			}
			fresh := newStage(set, g.now)
			fresh.run()
			if diff := cmp.Diff((&guardStage{stage: fresh}).names(), g.names()); diff != "" {
				t.Errorf("at the end (-a first start would make +stands):\n%s", diff)
			}
			if again := g.ask(); len(again) > 0 {
				t.Errorf("it would go on: %q", again)
			}
			if claim := g.claimed(t); claim.Config != g.selection {
				t.Errorf("the claim says the configuration selects %q, not %q", claim.Config, g.selection)
			}
		})
	}
	for name := range maps.Keys(cases) {
		if !documented[name] {
			t.Errorf("docs/guard.md does not have the case %q", name)
		}
	}
}

// TestGuardBeginsAnew has a list that is empty, full again within the hour, and empty once
// more: the hour begins anew.
func TestGuardBeginsAnew(t *testing.T) {
	set := fixture.Settings()
	set.ConfirmAfter = time.Hour
	g := &guardStage{stage: newStage(set), selection: "right"}
	g.started(rulesOn("main", 3))
	g.run()
	begins := func(at time.Duration) {
		t.Helper()
		g.listed(rulesOn("main", 0))
		g.later(0)
		if want := map[string]time.Time{"main": fixture.Start().Add(at + time.Hour)}; !maps.Equal(want, g.step.Relist) {
			t.Errorf("to be listed again at %v, want %v", g.step.Relist, want)
		}
	}
	begins(0)
	g.later(59 * time.Minute)
	g.listed(rulesOn("main", 3))
	g.later(time.Minute)
	if g.step.Relist != nil || g.step.Blocked != nil {
		t.Errorf("all is well, but %v and %v", g.step.Relist, g.step.Blocked)
	}
	begins(time.Hour)
	g.later(59 * time.Minute)
	if g.listed(rulesOn("main", 0)); len(g.run()) > 0 {
		t.Error("a list before the hour is over is believed")
	}
	g.later(time.Minute)
	if g.ask(); len(g.step.Rules) > 0 {
		t.Error("a list of before the hour is over is believed later")
	}
	g.listed(rulesOn("main", 0))
	g.run()
	if len(g.Rules.Objects) > 0 || g.step.Blocked != nil {
		t.Errorf("confirmed, but %d rules stand; blocked %v", len(g.Rules.Objects), g.step.Blocked)
	}
}

// TestOneRuleOfAHostGoes has one of five rules of a host deleted, and then an empty list: the
// one goes, and the host goes on leading to the others, which the guard holds back.
func TestOneRuleOfAHostGoes(t *testing.T) {
	set := fixture.TwoCDNs()
	set.CDNs[0].Host, set.ConfirmAfter = "acme.cdn.example.net", time.Hour
	g := &guardStage{stage: newStage(set), selection: "right"}
	g.started(rulesOn("main", 5))
	g.run()
	g.reported(rulesOn("main", 4))
	g.ask()
	g.listed(rulesOn("main", 0))
	g.later(30 * time.Minute)
	leads := slices.Contains(g.names(), "main acme.cdn.example.net")
	if len(g.Rules.Objects) != 4 || !leads {
		t.Errorf("%d rules stand, not 4; the host leads there: %t", len(g.Rules.Objects), leads)
	}
}

// claimed is what the claim of cluster main says.
func (g *guardStage) claimed(t *testing.T) model.Ownership {
	t.Helper()
	for _, r := range g.Records.Objects {
		if o, ok := model.ParseOwnership(r.Data); ok {
			return o
		}
	}
	t.Fatal("there is no claim")
	return model.Ownership{}
}
