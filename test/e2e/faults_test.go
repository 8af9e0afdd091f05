package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// TestProviderFaults has every way in which providers fail befall half of the
// calls for a while, each at an installation of its own, all on one cluster:
// Ingresses and nodes come, change, move and go meanwhile. Afterwards each
// becomes exact and has nothing left that it does not want.
func TestProviderFaults(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080), ingress("keep", "www.example.com/keep"), ingress("change", "www.example.com/change"),
		ingress("move", "www.example.com/move"), ingress("go", "www.example.com/go"))
	s := besiege(t, "edgio", sections{})
	exact := func(rules, addresses []string) {
		t.Helper()
		s.exact(func(in installation) error {
			return errors.Join(lab.Same("rules", in.Rules(), rules...), lab.Same("addresses", in.Addresses(), addresses...))
		})
	}
	at := func(path string, port int) string { return rule("www.example.com/"+path, port) }
	exact([]string{at("keep", 30080), at("change", 30080), at("move", 30080), at("go", 30080)}, []string{"192.0.2.1", "192.0.2.2"})

	s.strike(100)
	b.apply(annotated(ingress("change", "www.example.com/change"), "edgeward/source-path", "strip"), ingress("move", "www.example.com/moved"), ingress("new", "www.example.com/new"))
	b.delete(ingress("go", "www.example.com/go"))
	b.nodes("192.0.2.3")
	must(t, server.DeleteNode(t.Context(), "node-1"))
	rules := []string{at("keep", 30080), strings.TrimSuffix(at("change", 30080), "change"), at("moved", 30080), at("new", 30080)}
	exact(rules, []string{"192.0.2.2", "192.0.2.3"})
	s.end()
	exact(rules, []string{"192.0.2.2", "192.0.2.3"})
	s.calm()
	for _, in := range s.all {
		if n := len(in.Records()); n != 3 {
			t.Errorf("%s: %d records: %q", in.name, n, in.Records())
		}
	}
}

// TestProviderFaultsVultrCDN is TestProviderFaults over pull zones: a host is
// published, gets another origin, which takes another pull zone, and goes.
func TestProviderFaultsVultrCDN(t *testing.T) {
	b := newBed(t, lab.Options{})
	one, two := fast("www.example.com"), strings.Replace(fast("shop.example.com"), "{name: fast}", "{name: shop}", 1)
	b.apply(balanced(), one, two)
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	config := withVultrCDN()
	config["edgio"] = lab.Left
	s := besiege(t, "vultr-cdn", config)
	led := func(zones ...string) {
		t.Helper()
		s.exact(func(in installation) error { return in.led(zones...) })
	}
	led(zone("shop.example.com", "web.default.lb"), zone("www.example.com", "web.default.lb"))
	s.strike(100)
	b.balancer("services", "web", `{"hostname": "lb.example.org"}`)
	led(zone("shop.example.com", "web.default.lb-cname"), zone("www.example.com", "web.default.lb-cname"))
	s.strike(200)
	b.delete(one)
	led(zone("shop.example.com", "web.default.lb-cname"))
	s.end()
	led(zone("shop.example.com", "web.default.lb-cname"))
	s.calm()
	for _, in := range s.all {
		// The claim and the origin's CNAME; the host's and its mark.
		if err := errors.Join(lab.Same("DNS", in.publishedRecords(), "_edgeward.shop TXT", "shop CNAME")); err != nil || len(in.Records()) != 2 {
			t.Errorf("%s: %v; records %q", in.name, err, in.Records())
		}
	}
}

// siege is several installations on one cluster, each with providers that fail in
// a way of its own.
type siege struct {
	t      *testing.T
	cdn    string // the label target of its metrics
	faults map[string]emulator.Fault
	faulty int // calls of which half are hit
	all    []installation
}

type installation struct {
	*bed
	name string // of its fault
	*daemon
}

// besieged is how often the installations of a siege compare everything.
const besieged = time.Second

// besiege starts an installation for each fault, which hits it from the start.
func besiege(t *testing.T, cdn string, config sections) *siege {
	s := &siege{t: t, cdn: cdn, faults: emulator.CommonFaults(), faulty: 6}
	s.faults["slow"] = emulator.Fault{Delay: time.Second}
	if *thorough {
		s.faulty = 30
		// After these it waits longer before it tries again.
		s.faults["401 for a while"] = emulator.Fault{Status: http.StatusUnauthorized}
		s.faults["403 for a while"] = emulator.Fault{Status: http.StatusForbidden}
		s.faults["400 for a while"] = emulator.Fault{Status: http.StatusBadRequest}
		s.faults["no answer in time"] = emulator.Fault{Delay: 31 * time.Second}
	}
	config["sync"] = fmt.Sprint("resync_interval: ", besieged)
	for _, name := range slices.Sorted(maps.Keys(s.faults)) {
		in := newInstallation(t, lab.Options{AllowDuplicates: true})
		s.all = append(s.all, installation{bed: in, name: name})
	}
	s.strike(0)
	for i, in := range s.all {
		s.all[i].daemon = in.start(in.config(config))
	}
	return s
}

// strike has the faults hit anew.
func (s *siege) strike(seed int) {
	for i, in := range s.all {
		random := emulator.Random(uint64(seed+i), 0.5, s.faults[in.name])
		in.Faults.Set(func(n int, call emulator.Call) emulator.Fault {
			if n > s.faulty {
				return emulator.Fault{}
			}
			return random(n, call)
		})
	}
}

// exact waits until all installations are.
func (s *siege) exact(is func(installation) error) {
	s.t.Helper()
	started := time.Now()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Minute) // the longest back-off is half of it
	defer cancel()
	for _, in := range s.all {
		if err := lab.Until(ctx, func() error { return is(in) }); err != nil {
			s.t.Errorf("%s: not exact: %v", in.name, err)
		}
	}
	s.t.Logf("all %d installations are exact after %s", len(s.all), time.Since(started).Round(time.Second))
}

// compared waits until each has compared everything at least once more.
func (s *siege) compared() {
	s.t.Helper()
	since := float64(time.Now().Add(2 * besieged).Unix())
	for _, in := range s.all {
		in.until(func() error {
			return errors.Join(in.atLeast(since, "edgeward_last_success_timestamp_seconds", fmt.Sprintf("target=%q", s.cdn)),
				in.atLeast(since, "edgeward_last_success_timestamp_seconds", `target="vultr"`))
		})
	}
}

// end ends the faults, and waits until everything was compared without them.
func (s *siege) end() {
	s.t.Helper()
	for _, in := range s.all {
		in.Faults.Set(nil)
	}
	s.compared()
}

// calm checks that nothing is written any more.
func (s *siege) calm() {
	s.t.Helper()
	for _, in := range s.all {
		in.forgetCalls()
	}
	s.compared()
	for _, in := range s.all {
		if err := in.nothingWritten(); err != nil {
			s.t.Errorf("%s: exact, it goes on writing: %v", in.name, err)
		}
	}
}

// TestRefusedObject has a provider refuse one object, for good: it is tried
// again ever more rarely, and all others go on.
func TestRefusedObject(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), annotated(ingress("refused", "www.example.com/refused"), "edgeward/service-profile", "Nonesuch"))
	d := b.start(b.config(nil))
	b.until(func() error { return d.routes(map[string]float64{"error": 1}) })
	var rules []string
	for i := range 20 {
		url := fmt.Sprintf("www.example.com/%d", i)
		b.apply(ingress(fmt.Sprint("web-", i), url))
		rules = append(rules, rule(url, 30080))
	}
	took := b.exact(rules...)
	t.Logf("20 others after %s", took.Round(time.Millisecond))
	if n := refused(b.Edgio.Calls(), http.StatusBadRequest); n != 1 {
		t.Errorf("the refused rule was tried %d times within %s", n, took)
	}
}

// TestRevokedKey takes the daemon's key away: it does not hammer the provider,
// says so once, shows it, and goes on when the key file has another key.
func TestRevokedKey(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	file := filepath.Join(t.TempDir(), "vultr-api-key")
	must(t, os.WriteFile(file, []byte(lab.APIKey+"\n"), 0o600))
	config := b.config(sections{"vultr": "api_key_file: " + file, "sync": "resync_interval: 1s"})
	text, err := os.ReadFile(config)
	must(t, err)
	must(t, os.WriteFile(config, []byte(strings.Replace(string(text), "  api_key: "+lab.APIKey+"\n", "", 1)), 0o600))
	d := b.start(config)
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)
	must(t, d.shows(1, "edgeward_provider_key_accepted", `target="vultr"`))

	b.Vultr.ReplaceKey("ANOTHER-KEY")
	b.Vultr.ResetCalls()
	b.nodes("192.0.2.2", "192.0.2.3", "192.0.2.4")
	b.until(func() error {
		return errors.Join(d.logged("level=ERROR", "target=vultr", "refuses our key", "status=401"),
			d.shows(0, "edgeward_provider_key_accepted", `target="vultr"`))
	})
	const while = 5 * time.Second
	b.stays(while, d.running)
	// After 1, 2 and 4 seconds, beside those that were under way.
	if n := refused(b.Vultr.Calls(), http.StatusUnauthorized); n > 10 {
		t.Errorf("%d calls with the revoked key within %s", n, while)
	}
	if lines := d.lines("level=ERROR"); len(lines) != 1 {
		t.Errorf("it says so %d times: %q", len(lines), lines)
	}
	must(t, d.shows(1, "edgeward_provider_key_accepted", `target="edgio"`))
	b.apply(ingress("two", "www.example.com/two")) // the CDN goes on
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))

	replaceFile(t, file, []byte("ANOTHER-KEY\n"))
	took := b.addresses("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")
	t.Logf("exact %s after the key was replaced", took.Round(time.Millisecond))
	b.until(func() error { return d.shows(1, "edgeward_provider_key_accepted", `target="vultr"`) })
	if log := d.Log(); strings.Contains(log, "ANOTHER-KEY") || strings.Contains(log, lab.APIKey) {
		t.Error("a key is in the log")
	}
}
