package e2e

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

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
	b := newBed(t, lab.Options{VultrAccount: emulator.VultrOptions{UniqueVanityDomains: true}})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	d := b.start(b.config(withVultrCDN()))
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.idle(d)
	b.Vultr.EditPullZone(b.Vultr.PullZones()[0].ID, func(z *emulator.PullZone) { z.GZIP, z.CORS, z.BlockAI = true, true, true })
	time.Sleep(100 * time.Millisecond)
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
	time.Sleep(1500 * time.Millisecond)
	if err := d.routes(map[string]float64{"synced": 0, "error": 1}); err != nil {
		t.Errorf("the zone is gone: %v", err)
	}
	b.delete(fast("www.example.com"))
	time.Sleep(3 * time.Second)
	if len(b.Vultr.PullZones()) != 1 {
		t.Errorf("pull zones %v", b.PullZones())
	}
	_, page, _ := d.Get(t.Context(), "/")
	if !strings.Contains(page, "may still lead to it") {
		t.Errorf("the page does not say why it stays")
	}
	b.Vultr.AddDomain(lab.PublishZone)
	b.until(func() error { return lab.Same("pull zones", b.PullZones()) })
}
