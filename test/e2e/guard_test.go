package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// blocked are the deletions that a daemon holds back, by its metric.
func (d *daemon) blocked(edgio, vultr float64) error {
	return errors.Join(
		d.shows(edgio, "edgeward_deletions_blocked", `target="edgio"`),
		d.shows(vultr, "edgeward_deletions_blocked", `target="vultr"`))
}

// TestGuardBelievesInTime has 3 of 4 Ingresses deleted while the daemon is down: they stay
// at first, and go once the cluster was listed again sync.confirm_after later.
func TestGuardBelievesInTime(t *testing.T) {
	b, ingresses, rules := four(t)
	b.delete(ingresses[1:]...)
	config := b.config(sections{"sync": "deletion_grace: 0s\nlinger: 0s\nconfirm_after: 4s"})
	d := b.start(config)
	b.until(func() error { return d.blocked(3, 0) })
	must(t, d.logged("level=ERROR", "refusing to delete 3 of 4 objects of cluster main at edgio", "they go at ", "sync.confirm_after"))
	listed := len(d.lines("snapshot taken"))
	b.stays(2*time.Second, func() error {
		return errors.Join(lab.Same("rules", b.Rules(), rules...), same("snapshots", len(d.lines("snapshot taken")), listed))
	})
	b.exact(rules[0])
	b.until(func() error { return d.blocked(0, 0) })
	must(t, d.logged("listing the cluster anew"))
	if n := len(d.lines("snapshot taken")); n != 2*listed {
		t.Errorf("%d snapshots, at first there were %d: each resource is to be listed once more", n, listed)
	}
	b.idle(d)
	d.stop()
	b.forgetCalls()
	d = b.start(config)
	b.idle(d)
	must(t, errors.Join(b.nothingWritten(), lab.Same("rules", b.Rules(), rules[0])))
}

// TestGuardDoesNotBelieveAnotherSelection has a wrong label selector, which nobody corrects
// for long and over restarts: nothing goes, and when it is corrected nothing has happened.
func TestGuardDoesNotBelieveAnotherSelection(t *testing.T) {
	b, _, rules := four(t)
	sync := "deletion_grace: 0s\nlinger: 0s\nconfirm_after: 100ms\nresync_interval: 1s"
	right := b.config(sections{"sync": sync})
	text, err := os.ReadFile(b.config(sections{"sync": sync, "clusters": b.cluster("main", server, "label_selector: cdn=none")}))
	must(t, err)
	good, err := os.ReadFile(right)
	must(t, err)
	d := b.start(right)
	b.idle(d)
	b.forgetCalls()
	replaceFile(t, right, text)
	must(t, d.Signal(syscall.SIGHUP))
	for range 3 {
		b.until(func() error { return d.blocked(4, 0) })
		must(t, d.logged("level=ERROR", "refusing to delete 4 of 4", "selects otherwise than when the cluster was last in sync"))
		b.stays(time.Second, func() error { return errors.Join(b.nothingWritten(), lab.Same("rules", b.Rules(), rules...)) })
		d.stop()
		d = b.start(right)
	}
	b.until(func() error { return d.blocked(4, 0) })
	replaceFile(t, right, good)
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error { return d.blocked(0, 0) })
	b.idle(d)
	must(t, errors.Join(b.nothingWritten(), lab.Same("rules", b.Rules(), rules...)))
}

// TestGuardRemembersOverAReload has the only Ingress deleted, and the configuration read
// again within the grace, and once more within the linger: all of it goes.
func TestGuardRemembersOverAReload(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	d := b.start(b.config(sections{"sync": "deletion_grace: 2s\nlinger: 2s"}))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)
	b.delete(ingress("one", "www.example.com/one"))
	b.until(func() error { return d.atLeast(1, "edgeward_events_total", `resource="ingresses"`, `type="deleted"`) })
	b.until(func() error {
		if slices.Contains(b.names(), "_edgeward.main.acme") && len(b.Rules()) == 1 {
			return nil
		}
		return errors.New("it has gone already")
	})
	must(t, d.Signal(syscall.SIGHUP))
	b.exact()
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error { return lab.Same("names", b.names(), "_edgeward.main.acme") })
	must(t, d.blocked(0, 0))
}

// names are those of the records in the zone, sorted.
func (b *bed) names() (names []string) {
	for _, r := range b.Records() {
		name, _, _ := strings.Cut(r, " ")
		names = append(names, name)
	}
	return names
}

// TestGuardAndAllow takes a namespace with 3 of 4 rules out of clusters[].allow: its rules
// go, since the configuration says so.
func TestGuardAndAllow(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("mine", "mine.example.com/"))
	rules := []string{rule("mine.example.com/", 30080)}
	for i := range 3 {
		url := fmt.Sprintf("theirs.example.com/%d", i)
		b.apply(ingress(fmt.Sprint("theirs-", i), url))
		rules = append(rules, rule(url, 30080))
	}
	config := b.config(sections{"clusters": b.cluster("main", server, "allow: [{hosts: [mine.example.com]}, {namespaces: [default]}]")})
	open, err := os.ReadFile(config)
	must(t, err)
	replaceFile(t, config, []byte(strings.Replace(string(open), "{hosts: [mine.example.com]}, ", "", 1)))
	d := b.start(config)
	b.exact(rules...)
	b.idle(d)
	replaceFile(t, config, open)
	must(t, d.Signal(syscall.SIGHUP))
	b.exact(rules[0])
	must(t, d.blocked(0, 0))
}

// TestGuardCountsTheNetLoss has a load balancer lose both of its addresses, a restart, and
// another one come in their place: it replaces them. Beside it the nodes' set has members
// enough to dilute whatever another set loses: it does not.
func TestGuardCountsTheNetLoss(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")
	b.apply(balanced(), serviceNamed("nodes", 30081), ingress("one", "www.example.com/one"), ingressFor("two", "www.example.com/two", "nodes", 80))
	b.balancer("services", "web", `{"ip": "198.51.100.12"}, {"ip": "198.51.100.13"}`)
	config := b.config(nil)
	of := func(name string) func() []string {
		return func() (list []string) {
			for _, r := range b.Records() {
				if fields := strings.Fields(r); fields[0] == name+".main.acme" {
					list = append(list, fields[2])
				}
			}
			return list
		}
	}
	balancer, nodes := of("web.default.lb"), of("nodes")
	d := b.start(config)
	b.until(func() error {
		return errors.Join(lab.Same("balancer", balancer(), "198.51.100.12", "198.51.100.13"), same("nodes", len(nodes()), 4))
	})
	b.idle(d)
	b.balancer("services", "web", "")
	b.until(func() error { return d.logged("Service web has no load balancer's address in its status") })
	d.stop()
	d = b.start(config)
	b.idle(d)
	must(t, lab.Same("balancer", balancer(), "198.51.100.12", "198.51.100.13"))
	b.balancer("services", "web", `{"ip": "198.51.100.14"}`)
	b.until(func() error { return lab.Same("balancer", balancer(), "198.51.100.14") })
	must(t, d.blocked(0, 0))
	d.stop()

	b.balancer("services", "web", `{"ip": "198.51.100.14"}, {"ip": "198.51.100.15"}, {"ip": "198.51.100.16"}`)
	d = b.start(config)
	b.until(func() error { return same("addresses of the balancer", len(balancer()), 3) })
	d.stop()
	b.balancer("services", "web", `{"ip": "198.51.100.14"}`)
	d = b.start(config)
	b.until(func() error { return d.blocked(0, 2) })
	must(t, d.logged("refusing to delete 2 of 3 records of web.default.lb.main.acme"))
	b.stays(time.Second, func() error { return same("addresses of the balancer", len(balancer()), 3) })
}
