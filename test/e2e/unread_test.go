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

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/lab"
)

// at is the manifest of an Ingress of a class that publishes a whole host from a
// Service.
func at(name, class, host, service string) string {
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s}
spec:
  ingressClassName: %s
  rules: [{host: %s, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: %s, port: {number: 80}}}}]}}]
`, name, class, host, service)
}

// allRecords are all records of both zones, but for their TTL.
func (b *bed) allRecords() []string {
	var list []string
	for _, zone := range []string{lab.Domain, lab.PublishZone} {
		for _, r := range b.Vultr.Records(zone) {
			list = append(list, r.Name+"."+zone+" "+r.Type+" "+r.Data)
		}
	}
	slices.Sort(list)
	return list
}

// settled waits until DNS is in sync and nothing is left to do.
func (b *bed) settled(d *daemon) {
	b.t.Helper()
	b.until(func() error {
		return errors.Join(d.ready(), d.shows(0, "edgeward_queue_depth"), d.atLeast(1, "edgeward_last_success_timestamp_seconds", `target="vultr"`))
	})
}

// TestSectionTakenOut: the section of a CDN goes from the configuration. Nothing that
// the rules there may rest on goes, by whatever command, until it is said that it may.
func TestSectionTakenOut(t *testing.T) {
	both := func() sections {
		s := withVultrCDN()
		s["edgio"] = "cname_target: acme.cdn.example"
		return s
	}
	for name, test := range map[string]struct {
		lacks  func(sections)
		forget string
		left   func(*bed) int // rules at the CDN that is not read
		end    func(*bed)     // has that CDN hold nothing of ours
	}{
		"edgio": {func(s sections) { s["edgio"] = lab.Left }, "edgio", func(b *bed) int { return len(b.Edgio.Instances()) }, func(b *bed) {
			b.Edgio.Edit(b.uuid("old.example.com/"), func(body map[string]any) { body["sourceHostname"] = "elsewhere.example.org" })
		}},
		"vultr_cdn": {func(s sections) { delete(s, "vultr_cdn") }, "vultr-cdn", func(b *bed) int { return len(b.Vultr.PullZones()) }, func(b *bed) {
			b.Vultr.RemovePullZone(b.Vultr.PullZones()[0].ID)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, lab.Options{})
			b.apply(balancedNamed("old", 30080), balancedNamed("new", 30081), at("old", "edgio", "old.example.com", "old"), at("new", "vultr-cdn", "new.example.com", "new"))
			b.balancer("services", "old", `{"ip": "198.51.100.1"}`)
			b.balancer("services", "new", `{"ip": "198.51.100.2"}`)
			d := b.start(b.config(both()))
			b.until(func() error { return d.routes(map[string]float64{"synced": 2}) })
			b.settled(d)
			d.stop()
			stood, rules := b.allRecords(), test.left(b)

			s := both()
			test.lacks(s)
			s["sync"] = "max_delete: 1\ndeletion_grace: 0s\nlinger: 0s"
			config := b.config(s)
			if status, out := edgeward(t, "plan", "--config", config); status != 0 || !strings.Contains(out, "sync.forget") {
				t.Errorf("plan: %d, %s", status, out)
			}
			b.forgetCalls()
			d = b.start(config, "--allow-delete")
			b.settled(d)
			must(t, errors.Join(b.nothingWritten(), lab.Same("records", b.allRecords(), stood...)))
			must(t, d.logged("level=WARN", "published at "+test.forget, "sync.forget"))
			d.stop()
			if status, out := edgeward(t, "uninstall", "--yes", "--config", config); status != 0 || !hasAll(out, []string{"kept: ", "rules of " + test.forget + " may use them"}) {
				t.Errorf("uninstall: %d, %s", status, out)
			}
			if now := test.left(b); now != rules {
				t.Errorf("%d rules are left of %d", now, rules)
			}

			// Nothing is left there, and it is said that it may be forgotten.
			test.end(b)
			s["sync"] += "\nforget: [" + test.forget + "]"
			if status, out := edgeward(t, "uninstall", "--yes", "--config", b.config(s)); status != 0 || strings.Contains(out, "kept") {
				t.Errorf("uninstall: %d, %s", status, out)
			}
			must(t, lab.Same("records", b.allRecords()))
		})
	}
}

// TestZoneTakenOut: a zone goes from publish_zones. The pull zone to which a CNAME in it
// leads stays after its Ingress.
func TestZoneTakenOut(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	d := b.start(b.config(withVultrCDN()))
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.idle(d)
	d.stop()
	s := withVultrCDN()
	s["vultr"] = "ttl: 1"
	b.forgetCalls()
	d = b.start(b.config(s))
	b.idle(d)
	must(t, errors.Join(b.nothingWritten(), d.logged("level=WARN", "www.example.com", "not in vultr.publish_zones any more", "sync.forget")))
	b.delete(fast("www.example.com"))
	b.until(func() error {
		_, page, err := d.Get(t.Context(), "/")
		if err == nil && !strings.Contains(page, "www.example.com may still lead to it") {
			err = errors.New("the page does not say why the rule stays")
		}
		return err
	})
	must(t, errors.Join(b.nothingWritten(), b.led(zone("www.example.com", "web.default.lb"))))
	d.stop()

	d = b.start(b.config(withVultrCDN()), "--allow-delete") // listed again, it is taken back in the safe order
	b.until(func() error { return errors.Join(b.led(), lab.Same("DNS", b.publishedRecords())) })
	d.stop()
}

// TestZoneMissing: one of publish_zones is not in the account. Its hosts are in error,
// all else goes on: at a start, at a reload and while running.
func TestZoneMissing(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(fast("www.example.com"), at("there", "vultr-cdn", "www.nothere.example", "web"))
	b.apply(balanced(), serviceNamed("api", 30081), ingressFor("api", "api.example.com/a", "api", 80))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	s := withVultrCDN()
	s["vultr"] = "ttl: 1\npublish_zones: [" + lab.PublishZone + ", nothere.example]"
	s["sync"] = "deletion_grace: 0s\nlinger: 0s\nresync_interval: 1s"
	d := b.start(b.config(s))
	b.until(func() error { return d.routes(map[string]float64{"synced": 2, "error": 1}) })
	b.exact(rule("api.example.com/a", 30081))
	b.until(d.ready)
	b.until(func() error { return d.shows(0, "edgeward_provider_reachable", `target="vultr"`) })
	if status, out := edgeward(t, "plan", "--config", b.config(s)); status != 0 || !hasAll(out, []string{"www.nothere.example", "nothere.example", "404"}) {
		t.Errorf("plan: %d, %s", status, out)
	}
	if status, out := edgeward(t, "check", "--config", b.config(s)); status != 1 || !hasAll(out, []string{"FAIL  vultr:", "nothere.example", "the zone " + lab.PublishZone + " has 2 records"}) {
		t.Errorf("check: %d, %s", status, out)
	}
	// It comes to be.
	b.Vultr.AddDomain("nothere.example")
	b.until(func() error { return d.routes(map[string]float64{"synced": 3, "error": 0}) })
	// And is gone while the daemon runs: nodes still reach DNS.
	b.Vultr.RemoveDomain("nothere.example")
	b.nodes("192.0.2.2")
	b.addresses("192.0.2.1", "192.0.2.2")
}

// TestOnceWithAZoneMissing: one of publish_zones is not in the account. A run with --once
// does all the rest, and then fails.
func TestOnceWithAZoneMissing(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(fast("www.example.com"), balanced(), serviceNamed("api", 30081), ingressFor("api", "api.example.com/a", "api", 80))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	s := withVultrCDN()
	s["vultr"] = "ttl: 1\npublish_zones: [" + lab.PublishZone + ", nothere.example]"
	for range 3 {
		status, out := b.run(b.config(s), "--once")
		if status == 0 {
			t.Errorf("status %d", status)
		}
		if err := errors.Join(b.led(zone("www.example.com", "web.default.lb")), lab.Same("rules", b.Rules(), rule("api.example.com/a", 30081))); err != nil {
			t.Errorf("%v\n%s", err, out)
			return
		}
	}
}

// TestOptionsWhereThereIsNoRoom: what an operator set on a pull zone is on its successor,
// though that could be made only when the old one had gone.
func TestOptionsWhereThereIsNoRoom(t *testing.T) {
	b := newBed(t, lab.Options{VultrAccount: vultrtest.Options{UniqueVanityDomains: true}})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	d := b.start(b.config(withVultrCDN()))
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.idle(d)
	b.Vultr.EditPullZone(b.Vultr.PullZones()[0].ID, func(z *vultrtest.PullZone) { z.GZIP, z.CORS, z.BlockAI = true, true, true })
	d.stop()
	d = b.start(b.config(withVultrCDN()))
	b.idle(d)
	b.balancer("services", "web", `{"hostname": "lb.example.org"}`)
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb-cname")) })
	if z := b.Vultr.PullZones()[0]; !z.GZIP || !z.CORS || !z.BlockAI {
		t.Errorf("gzip %v, cors %v, block_ai %v", z.GZIP, z.CORS, z.BlockAI)
	}
}

// TestSectionTakenOutByReload: the section goes by SIGHUP, while rules are being made.
func TestSectionTakenOutByReload(t *testing.T) {
	for _, what := range []string{"edgio", "vultr_cdn"} {
		t.Run(what, func(t *testing.T) {
			b := newBed(t, lab.Options{Latency: 150 * time.Millisecond})
			b.apply(balancedNamed("old", 30080), balancedNamed("new", 30081), at("old", "edgio", "old.example.com", "old"), at("new", "vultr-cdn", "new.example.com", "new"))
			b.balancer("services", "old", `{"ip": "198.51.100.1"}`)
			b.balancer("services", "new", `{"ip": "198.51.100.2"}`)
			s := withVultrCDN()
			s["edgio"] = "cname_target: acme.cdn.example"
			s["sync"] = "max_delete: 1\ndeletion_grace: 0s\nlinger: 0s"
			config := b.config(s)
			d := b.start(config)
			b.until(func() error {
				if what == "edgio" && len(b.Edgio.Instances()) == 0 || what == "vultr_cdn" && len(b.Vultr.PullZones()) == 0 {
					return errors.New("no rule yet")
				}
				return nil
			})
			if what == "edgio" {
				s["edgio"] = lab.Left
			} else {
				delete(s, "vultr_cdn")
			}
			text, err := os.ReadFile(b.config(s))
			must(t, err)
			replaceFile(t, config, text)
			must(t, d.Signal(syscall.SIGHUP))
			b.until(func() error { return d.logged("the configuration was read again and is in force") })
			b.settled(d)
			b.stays(3*time.Second, func() error {
				all := strings.Join(b.allRecords(), "\n")
				want := "198.51.100.1"
				if what == "vultr_cdn" {
					want = "198.51.100.2"
				}
				if !strings.Contains(all, want) {
					return errors.New("the address is gone: " + all)
				}
				return nil
			})
		})
	}
}

// TestZoneGoneWhileRunningThenItsIngress: the zone is gone while the daemon runs (404), its
// host is in error; the Ingress goes and the pull zone stays; the zone comes back.
func TestZoneGoneWhileRunningThenItsIngress(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	s := withVultrCDN()
	s["sync"] = "max_delete: 1\ndeletion_grace: 0s\nlinger: 0s\nresync_interval: 1s"
	d := b.start(b.config(s))
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.idle(d)
	b.Vultr.RemoveDomain(lab.PublishZone)
	b.until(func() error { return d.logged("reading what stands failed") })
	b.until(func() error { return d.routes(map[string]float64{"synced": 0, "error": 1}) })
	b.delete(fast("www.example.com"))
	b.until(func() error {
		_, page, err := d.Get(t.Context(), "/")
		if err == nil && !strings.Contains(page, "may still lead to it") {
			err = errors.New("the page does not say why the rule stays")
		}
		return err
	})
	if len(b.Vultr.PullZones()) != 1 {
		t.Errorf("pull zones %v", b.PullZones())
	}
	b.Vultr.AddDomain(lab.PublishZone)
	b.until(func() error { return lab.Same("pull zones", b.PullZones()) })
}
