package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/lab"
)

// foreignRule is the body of a rule that somebody made by hand, with fields and
// options that edgeward does not know.
func foreignRule(host, path string) string {
	return fmt.Sprintf(`{"serviceKey": {"name": "delivery"}, "serviceProfileName": "LLNW-Generic", "theirs": [1.50, null],
  "publishedHostname": %q, "publishedUrlPath": %q, "sourceHostname": "origin.example.org", "sourceUrlPath": "/",
  "protocolSets": [{"publishedProtocol": "https", "sourceProtocol": "https", "publishedPort": 443, "sourcePort": 8443,
    "options": [{"name": "refresh_absmin", "parameters": [60]}, {"name": "req_send_header", "parameters": ["X-Edgeward-Not", "acme/main/default/a/0"]}]}]}`, host, path)
}

// TestForeignObjects lets the daemon add, change, delete, resync and restart
// among rules and records that others made. They stay as they are to the last
// byte, and where one is in the way the daemon says so.
func TestForeignObjects(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080))
	theirs := []string{
		b.Edgio.Seed(foreignRule("www.example.org", "/")),
		b.Edgio.Seed(foreignRule("www.example.com", "/taken")),
	}
	for _, r := range []vultrtest.Record{
		{Name: "", Type: "MX", Data: "mail.example.net", TTL: 300, Priority: 10},
		{Name: "*", Type: "CNAME", Data: "k8s.example.net", TTL: 300},
		{Name: "www", Type: "A", Data: "192.0.2.1", TTL: 77},
		{Name: "acme", Type: "TXT", Data: `"v=spf1 -all"`, TTL: 300},
		{Name: "nodes.main", Type: "A", Data: "192.0.2.1", TTL: 300},
		{Name: "nodes.main.acme-2", Type: "A", Data: "192.0.2.1", TTL: 300},
		// A cluster of ours that the configuration does not name.
		{Name: "_edgeward.elsewhere.acme", Type: "TXT", Data: `"heritage=edgeward,edgeward/owner=acme,edgeward/cluster=0000"`, TTL: 300},
		{Name: "nodes.elsewhere.acme", Type: "A", Data: "192.0.2.1", TTL: 300},
	} {
		theirs = append(theirs, b.Vultr.Seed(lab.Domain, r))
	}
	config := b.config(sections{"sync": "resync_interval: 1s"})
	b.apply(ingress("taken", "www.example.com/taken"), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two"))
	d := b.start(config)
	b.until(func() error { return d.routes(map[string]float64{"synced": 2, "conflict": 1}) })
	must(t, d.logged("level=WARN", "ingress=main/default/taken", "state=conflict", "a rule that edgeward did not make has it already"))
	must(t, d.logged("level=WARN", `cluster \"elsewhere\"`, "not in the configuration"))

	// Copies of our rule on other paths, with our mark in them, are not ours.
	for _, path := range []string{"/copy", "/wanted"} {
		theirs = append(theirs, b.Edgio.Seed(strings.ReplaceAll(b.body("www.example.com/one"), `"/one"`, fmt.Sprintf("%q", path))))
	}
	before := b.objects(theirs)
	if len(before) != len(theirs) {
		t.Fatalf("%d of %d foreign objects stand", len(before), len(theirs))
	}
	b.resync(d)
	b.apply(ingress("wanted", "www.example.com/wanted"))
	b.until(func() error { return d.routes(map[string]float64{"synced": 2, "conflict": 2}) })

	b.apply(ingress("three", "www.example.com/three"), annotated(ingress("one", "www.example.com/one"), "edgeward/source-path", "strip"))
	b.delete(ingress("two", "www.example.com/two"))
	b.nodes("192.0.2.2")
	must(t, server.DeleteNode(t.Context(), "node-1"))
	b.addresses("192.0.2.2")
	b.until(func() error { return d.routes(map[string]float64{"synced": 2, "conflict": 2}) })
	b.resync(d)
	d.stop()
	d = b.start(config, "--allow-delete")
	b.idle(d)
	b.delete(ingress("one", "www.example.com/one"), ingress("three", "www.example.com/three"),
		ingress("wanted", "www.example.com/wanted"), ingress("taken", "www.example.com/taken"))
	b.until(func() error {
		return errors.Join(d.shows(0, "edgeward_owned_objects", `kind="rule"`), d.routes(nil))
	})
	b.resync(d)
	if diff := cmp.Diff(before, b.objects(theirs)); diff != "" {
		t.Errorf("what is others' has changed (-before +after):\n%s", diff)
	}
	if n := len(b.Edgio.Instances()); n != 4 {
		t.Errorf("%d rules stand, 4 of them others'", n)
	}
}

// TestAdopt takes over a rule that nobody marked, where both the configuration
// and the Ingress ask for that, and keeps what else stands in it.
func TestAdopt(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Adopts()
	b.nodes("192.0.2.1")
	uuid := b.Edgio.Seed(foreignRule("www.example.com", "/adopted"))
	b.Edgio.Seed(foreignRule("www.example.com", "/left"))
	b.apply(service(30080), ingress("left", "www.example.com/left"),
		annotated(ingress("adopted", "www.example.com/adopted"), "edgeward/adopt", "true"))
	d := b.start(b.config(sections{"sync": "adopt: annotated"}))
	left := "https://www.example.com/left -> https://origin.example.org:8443/"
	b.exact(rule("www.example.com/adopted", 30080), left)
	b.until(func() error { return d.routes(map[string]float64{"synced": 1, "conflict": 1}) })
	if got := b.uuid("www.example.com/adopted"); got != uuid {
		t.Errorf("the rule is %s, not %s", got, uuid)
	}
	if body := b.body("www.example.com/adopted"); !hasAll(body, []string{`"theirs":[1.50,null]`, `"X-Edgeward-Not"`}) {
		t.Errorf("what stood in the rule is gone: %s", body)
	}
}

// objects are the rules and records with the given IDs, as they stand.
func (b *bed) objects(ids []string) map[string]string {
	b.t.Helper()
	all := make(map[string]string)
	for _, r := range b.Edgio.Instances() {
		all[r.UUID] = string(r.Raw)
	}
	for _, r := range b.Vultr.Records(lab.Domain) {
		all[r.ID] = fmt.Sprint(r)
	}
	maps.DeleteFunc(all, func(id, _ string) bool { return !slices.Contains(ids, id) })
	return all
}

// resync waits until the daemon has read both providers anew.
func (b *bed) resync(d *daemon) {
	b.t.Helper()
	reads := func(provider string) float64 {
		n, err := d.metric("edgeward_api_requests_total", fmt.Sprintf("provider=%q", provider), `method="GET"`)
		must(b.t, err)
		return n
	}
	edgio, vultr := reads("edgio"), reads("vultr")
	b.until(func() error {
		// Two, as the first may have begun before.
		if e, v := reads("edgio")-edgio, reads("vultr")-vultr; e < 2 || v < 2 {
			return fmt.Errorf("reads: Edgio %v, Vultr %v", e, v)
		}
		return nil
	})
	b.idle(d)
}

// TestDrift edits and deletes what is ours behind the daemon's back. The next
// resync repairs and counts it, and keeps what others have added.
func TestDrift(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two"))
	d := b.start(b.config(sections{"sync": "resync_interval: 1s"}))
	rules := []string{rule("www.example.com/one", 30080), rule("www.example.com/two", 30080)}
	record := func(address string) string {
		for _, r := range b.Vultr.Records(lab.Domain) {
			if r.Data == address {
				return r.ID
			}
		}
		t.Fatalf("no record with the address %s", address)
		return ""
	}
	for _, drift := range []struct {
		name   string
		target string
		cause  func()
	}{
		{"a rule's origin is edited", "edgio", func() {
			b.Edgio.Edit(b.uuid("www.example.com/one"), func(body map[string]any) {
				body["sourceUrlPath"] = "/elsewhere"
				body["theirs"] = json.Number("1.50")
				set := body["protocolSets"].([]any)[0].(map[string]any)
				set["options"] = append(set["options"].([]any), map[string]any{"name": "refresh_absmin", "parameters": []any{json.Number("60")}})
			})
		}},
		{"a rule is deleted", "edgio", func() { b.Edgio.Remove(b.uuid("www.example.com/two")) }},
		{"an address is edited", "vultr", func() {
			b.Vultr.Edit(lab.Domain, record("192.0.2.1"), func(r *vultrtest.Record) { r.Data = "198.51.100.1" })
		}},
		{"an address is deleted", "vultr", func() { b.Vultr.Remove(lab.Domain, record("192.0.2.2")) }},
		{"an address is added", "vultr", func() {
			b.Vultr.Seed(lab.Domain, vultrtest.Record{Name: "nodes.main.acme", Type: "A", Data: "198.51.100.2", TTL: 120})
		}},
		{"a TTL is edited", "vultr", func() {
			for _, a := range []string{"192.0.2.1", "192.0.2.2"} {
				b.Vultr.Edit(lab.Domain, record(a), func(r *vultrtest.Record) { r.TTL = 5 })
			}
		}},
	} {
		b.exact(rules...)
		b.addresses("192.0.2.1", "192.0.2.2")
		b.idle(d)
		repaired, err := d.metric("edgeward_drift_repaired_total", fmt.Sprintf("target=%q", drift.target))
		must(t, err)
		drift.cause()
		took := b.until(func() error {
			return d.atLeast(repaired+1, "edgeward_drift_repaired_total", fmt.Sprintf("target=%q", drift.target))
		})
		t.Logf("%s: repaired after %s", drift.name, took.Round(time.Millisecond))
	}
	b.exact(rules...)
	b.until(func() error {
		return lab.Same("addresses", b.Records()[1:], "nodes.main.acme A 192.0.2.1 ttl 120", "nodes.main.acme A 192.0.2.2 ttl 120")
	})
	if body := b.body("www.example.com/one"); !hasAll(body, []string{`"theirs":1.50`, `"name":"refresh_absmin","parameters":[60]`}) {
		t.Errorf("what others added to our rule is gone: %s", body)
	}
}

// TestLostClaim: without its claim the daemon does not know its own names any
// more. It stops writing, and says how to give them back.
func TestLostClaim(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	d := b.start(b.config(sections{"sync": "resync_interval: 1s"}))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)
	var claim vultrtest.Record
	for _, r := range b.Vultr.Records(lab.Domain) {
		if r.Type == "TXT" {
			claim = r
		}
	}
	b.forgetCalls()

	b.Vultr.Remove(lab.Domain, claim.ID)
	b.until(func() error {
		return d.logged("level=ERROR", "no claim", "create the TXT record _edgeward.main.acme."+lab.Domain, clusterUID(t, server))
	})
	b.apply(ingress("two", "www.example.com/two"))
	b.until(func() error { return d.shows(1, "edgeward_routes", `state="error"`) })
	b.stays(300*time.Millisecond, b.nothingWritten)

	b.Vultr.Seed(lab.Domain, claim)
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	b.until(func() error { return b.wrote(1, 0) })
}
