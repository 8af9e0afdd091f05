package e2e

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/invariants"
	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

// anotherCluster starts a second cluster, with a kube-system of its own.
func anotherCluster(t *testing.T) *kube.Server {
	t.Helper()
	s, err := kube.Start(t.Context(), kube.Options{})
	must(t, err)
	t.Cleanup(s.Stop)
	must(t, lab.Grant(t.Context(), s))
	return s
}

// clusterUID is the UID of a cluster's namespace kube-system.
func clusterUID(t *testing.T, s *kube.Server) string {
	t.Helper()
	namespace, err := s.Clientset().CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	must(t, err)
	return string(namespace.UID)
}

// in makes objects in another cluster than the shared one.
func in(t *testing.T, s *kube.Server, manifests ...string) {
	t.Helper()
	for _, m := range manifests {
		must(t, s.Apply(t.Context(), []byte(m)))
	}
}

// TestWrongCluster points the daemon at another cluster than the one whose
// names stand in the zone: nothing is written, at a start and with --once, nor
// when the kubeconfig changes under a running daemon.
func TestWrongCluster(t *testing.T) {
	b := newBed(t, lab.Options{})
	right := anotherCluster(t)
	must(t, right.CreateNode(t.Context(), "right-1", "192.0.2.1"))
	in(t, right, service(30080), ingress("web", "www.example.com/"), ingress("gone", "www.example.com/gone"))
	b.nodes("198.51.100.1")
	b.apply(service(30090), ingress("web", "www.example.com/"), ingress("other", "other.example.com/"))

	kubeconfig, err := lab.Kubeconfig(t.Context(), right)
	must(t, err)
	good, err := os.ReadFile(kubeconfig)
	must(t, err)
	other, err := lab.Kubeconfig(t.Context(), server)
	must(t, err)
	bad, err := os.ReadFile(other)
	must(t, err)
	config := b.config(sections{"clusters": "- name: main\n  kubeconfig: " + kubeconfig, "sync": "resync_interval: 1s"})
	d := b.start(config)
	rules := []string{rule("www.example.com/", 30080), rule("www.example.com/gone", 30080)}
	b.exact(rules...)
	b.idle(d)
	uids := []string{clusterUID(t, right), clusterUID(t, server)}
	untouched := func() error {
		return errors.Join(b.nothingWritten(), lab.Same("rules", b.Rules(), rules...),
			lab.Same("addresses", b.Addresses(), "192.0.2.1"))
	}

	// In mid-flight, when the connection is made anew.
	replaceFile(t, kubeconfig, bad)
	b.forgetCalls()
	right.StopAPIServer()
	b.until(func() error { return d.logged(append(uids, "level=ERROR", "another cluster answers")...) })
	b.stays(300*time.Millisecond, untouched)
	d.stop()

	// At a start.
	d = b.start(config)
	b.until(func() error {
		return d.logged(append(uids, "level=ERROR", "is claimed by another cluster", "Nothing is written for this cluster", "Correct its kubeconfig")...)
	})
	b.apply(ingress("late", "late.example.com/"))
	b.nodes("198.51.100.2")
	b.until(func() error { return d.shows(2, "edgeward_routes", `state="error"`) })
	b.stays(1500*time.Millisecond, untouched) // a resync included
	d.stop()

	// With --once.
	status, output := b.run(config, "--once", "--allow-delete")
	if status != 1 || !hasAll(output, uids) {
		t.Errorf("exit status %d; output:\n%s", status, output)
	}
	must(t, untouched())

	// Pointed back, all is well.
	replaceFile(t, kubeconfig, good)
	must(t, right.StartAPIServer(t.Context()))
	if status, output := b.run(config, "--once"); status != 0 {
		t.Errorf("exit status %d; output:\n%s", status, output)
	}
	must(t, untouched())
}

// replaceFile puts content in a file's place at one stroke.
func replaceFile(t *testing.T, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path+".new", content, 0o600))
	must(t, os.Rename(path+".new", path))
}

// TestTwoClusters serves two clusters by one daemon: each has its own names, a
// path goes to the older claim wherever that is, and neither waits for the other.
func TestTwoClusters(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Also(invariants.Part{Owner: lab.Owner, Cluster: "east"})
	east := anotherCluster(t)
	b.nodes("192.0.2.1")
	must(t, east.CreateNode(t.Context(), "east-1", "198.51.100.1"))
	in(t, east, service(30090), ingress("shop", "www.example.com/shop"), ingress("east", "east.example.com/"))
	b.secondAfter(east, "shop")
	b.apply(service(30080), ingress("shop", "www.example.com/shop"), ingress("main", "main.example.com/"))
	config := b.config(sections{
		"clusters": b.cluster("main", server) + b.cluster("east", east),
		"sync":     "resync_interval: 1s",
	})
	inEast := func(url string) string { return ruleOf("east", lab.Owner, url, 30090) }
	rules := []string{rule("main.example.com/", 30080), inEast("east.example.com/"), inEast("www.example.com/shop")}
	conflict := func(d *daemon) func() error {
		return func() error {
			return errors.Join(
				d.shows(1, "edgeward_routes", `cluster="main"`, `state="synced"`), d.shows(1, "edgeward_routes", `cluster="main"`, `state="conflict"`),
				d.shows(2, "edgeward_routes", `cluster="east"`, `state="synced"`), d.shows(0, "edgeward_routes", `cluster="east"`, `state="conflict"`))
		}
	}

	d := b.start(config)
	b.exact(rules...)
	b.until(conflict(d))
	must(t, d.logged("level=WARN", "ingress=main/default/shop", "claimed by Ingress east/default/shop"))
	claim := func(cluster string, s *kube.Server) string {
		return fmt.Sprintf(`_edgeward.%s.%s TXT "heritage=edgeward,edgeward/owner=%s,edgeward/cluster=%s,edgeward/cdns=edgio" ttl 120`,
			cluster, lab.Owner, lab.Owner, clusterUID(t, s))
	}
	must(t, lab.Same("records", b.Records(), claim("main", server), claim("east", east),
		"nodes.main.acme A 192.0.2.1 ttl 120", "nodes.east.acme A 198.51.100.1 ttl 120"))

	// One cluster goes down: the other is served, and nothing of the first goes.
	east.StopAPIServer()
	b.until(func() error { return d.atLeast(3, "edgeward_watch_restarts_total", `cluster="east"`) })
	b.apply(ingress("later", "main.example.com/later"))
	rules = append(rules, rule("main.example.com/later", 30080))
	b.exact(rules...)

	// The same at a start: nothing is known of the cluster then, so neither its
	// rules nor its addresses are touched, and its path is not taken over.
	d.stop()
	b.delete(ingress("later", "main.example.com/later"))
	rules = rules[:len(rules)-1]
	d = b.start(config)
	b.exact(rules...)
	b.until(func() error { return d.logged("level=WARN", "ingress=main/default/shop", "belongs to cluster east") })
	if err := d.ready(); err == nil || !strings.Contains(err.Error(), "503 cluster east") {
		t.Errorf("readiness without the cluster east: %v", err)
	}
	b.stays(1500*time.Millisecond, func() error {
		return errors.Join(lab.Same("rules", b.Rules(), rules...), d.running())
	})

	must(t, east.StartAPIServer(t.Context()))
	in(t, east, ingress("new", "east.example.com/new"))
	b.exact(append(rules, inEast("east.example.com/new"))...)
	b.until(d.ready)
}

// secondAfter waits until an Ingress made now counts as younger than the named
// one: creation is recorded in whole seconds.
func (b *bed) secondAfter(s *kube.Server, name string) {
	b.t.Helper()
	ing, err := s.Clientset().NetworkingV1().Ingresses(metav1.NamespaceDefault).Get(b.t.Context(), name, metav1.GetOptions{})
	must(b.t, err)
	b.until(func() error {
		if time.Since(ing.CreationTimestamp.Time) < time.Second {
			return fmt.Errorf("%s was made in this second", name)
		}
		return nil
	})
}

// TestTwoOwners runs two installations beside each other, in one zone and one
// account. Neither ever touches what the other made.
func TestTwoOwners(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Also(invariants.Part{Owner: "red", Cluster: "main"}, invariants.Part{Owner: "blue", Cluster: "main"})
	b.nodes("192.0.2.1")
	installation := func(owner string) *daemon {
		return b.start(b.config(sections{
			"owner":    owner,
			"clusters": b.cluster("main", server, "label_selector: owner="+owner, `ingress_class: ""`),
			"sync":     "resync_interval: 1s",
		}))
	}
	of := func(owner, name, url string) string { return labelled(ingress(name, url), "owner="+owner) }
	red, blue := installation("red"), installation("blue")
	redRule, blueRule := ruleOf("main", "red", "www.example.com/red", 30080), ruleOf("main", "blue", "www.example.com/blue", 30080)

	b.apply(service(30080), of("red", "red", "www.example.com/red"), of("blue", "blue", "www.example.com/blue"))
	b.exact(redRule, blueRule)

	// What one has, the other does not get once it has seen it, and is told why.
	before, err := blue.metric("edgeward_api_requests_total", `provider="edgio"`, `method="GET"`)
	must(t, err)
	b.until(func() error {
		return blue.atLeast(before+2, "edgeward_api_requests_total", `provider="edgio"`, `method="GET"`)
	})
	b.apply(of("blue", "late", "www.example.com/red"))
	b.until(func() error { return blue.shows(1, "edgeward_routes", `state="conflict"`) })
	must(t, blue.logged("level=WARN", "ingress=main/default/late", "another edgeward, owner red"))

	// A node change is each one's own affair.
	b.nodes("192.0.2.2")
	addresses := func(owner string, want ...string) error {
		var got []string
		for _, r := range b.Vultr.Records(lab.Domain) {
			if r.Name == "nodes.main."+owner {
				got = append(got, r.Data)
			}
		}
		return lab.Same("addresses of "+owner, got, want...)
	}
	b.until(func() error {
		return errors.Join(addresses("red", "192.0.2.1", "192.0.2.2"), addresses("blue", "192.0.2.1", "192.0.2.2"))
	})

	// One owner gives up everything: the other keeps all, and gets the path.
	b.delete(of("red", "red", "www.example.com/red"))
	b.exact(blueRule, ruleOf("main", "blue", "www.example.com/red", 30080))
	b.until(func() error {
		return errors.Join(addresses("red"), addresses("blue", "192.0.2.1", "192.0.2.2"))
	})
	must(t, errors.Join(red.running(), blue.running()))
}
