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
	faults := emulator.CommonFaults()
	faults["slow"] = emulator.Fault{Delay: time.Second}
	faulty := 6 // calls of which half are hit
	if *thorough {
		faulty = 30
		// After these it waits longer before it tries again.
		faults["401 for a while"] = emulator.Fault{Status: http.StatusUnauthorized}
		faults["403 for a while"] = emulator.Fault{Status: http.StatusForbidden}
		faults["400 for a while"] = emulator.Fault{Status: http.StatusBadRequest}
		faults["no answer in time"] = emulator.Fault{Delay: 31 * time.Second}
	}
	const interval = time.Second
	type installation struct {
		*bed
		name string
		*daemon
	}
	var all []installation
	for i, name := range slices.Sorted(maps.Keys(faults)) {
		in := newInstallation(t, lab.Options{AllowDuplicates: true})
		all = append(all, installation{in, name, in.start(in.config(sections{"sync": fmt.Sprint("resync_interval: ", interval)}))})
		random := emulator.Random(uint64(i), 0.5, faults[name])
		in.Faults.Set(func(n int, call emulator.Call) emulator.Fault {
			if n > faulty {
				return emulator.Fault{}
			}
			return random(n, call)
		})
	}
	exact := func(rules, addresses []string) {
		t.Helper()
		started := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // the longest back-off is half of it
		defer cancel()
		for _, in := range all {
			err := lab.Until(ctx, func() error {
				return errors.Join(lab.Same("rules", in.Rules(), rules...), lab.Same("addresses", in.Addresses(), addresses...))
			})
			if err != nil {
				t.Errorf("%s: not exact: %v", in.name, err)
			}
		}
		t.Logf("all %d installations are exact after %s", len(all), time.Since(started).Round(time.Second))
	}
	// compared waits until each has compared everything at least once more.
	compared := func() {
		t.Helper()
		since := float64(time.Now().Add(2 * interval).Unix())
		for _, in := range all {
			in.until(func() error {
				return errors.Join(in.atLeast(since, "edgeward_last_success_timestamp_seconds", `target="edgio"`),
					in.atLeast(since, "edgeward_last_success_timestamp_seconds", `target="vultr"`))
			})
		}
	}
	at := func(path string, port int) string { return rule("www.example.com/"+path, port) }
	exact([]string{at("keep", 30080), at("change", 30080), at("move", 30080), at("go", 30080)}, []string{"192.0.2.1", "192.0.2.2"})

	for i, in := range all {
		random := emulator.Random(uint64(i+100), 0.5, faults[in.name])
		in.Faults.Set(func(n int, call emulator.Call) emulator.Fault {
			if n > faulty {
				return emulator.Fault{}
			}
			return random(n, call)
		})
	}
	b.apply(annotated(ingress("change", "www.example.com/change"), "edgeward/source-path", "strip"), ingress("move", "www.example.com/moved"), ingress("new", "www.example.com/new"))
	b.delete(ingress("go", "www.example.com/go"))
	b.nodes("192.0.2.3")
	must(t, server.DeleteNode(t.Context(), "node-1"))
	stripped := strings.TrimSuffix(at("change", 30080), "change")
	exact([]string{at("keep", 30080), stripped, at("moved", 30080), at("new", 30080)}, []string{"192.0.2.2", "192.0.2.3"})
	for _, in := range all {
		in.Faults.Set(nil)
	}
	compared()
	exact([]string{at("keep", 30080), stripped, at("moved", 30080), at("new", 30080)}, []string{"192.0.2.2", "192.0.2.3"})
	for _, in := range all {
		in.forgetCalls()
	}
	compared()
	for _, in := range all {
		if err := in.nothingWritten(); err != nil {
			t.Errorf("%s: exact, it goes on writing: %v", in.name, err)
		}
		if n := len(in.Records()); n != 3 {
			t.Errorf("%s: %d records: %q", in.name, n, in.Records())
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
