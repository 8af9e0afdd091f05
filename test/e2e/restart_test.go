package e2e

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// four is a bed with four Ingresses that stand exactly, and no daemon.
func four(t *testing.T) (b *bed, ingresses, rules []string) {
	t.Helper()
	b = newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080))
	for i := range 4 {
		url := fmt.Sprintf("www.example.com/%d", i)
		ingresses = append(ingresses, ingress(fmt.Sprint("web-", i), url))
		rules = append(rules, rule(url, 30080))
	}
	b.apply(ingresses...)
	if status, output := b.run(b.config(nil), "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	must(t, errors.Join(lab.Same("rules", b.Rules(), rules...), lab.Same("addresses", b.Addresses(), "192.0.2.1", "192.0.2.2")))
	b.forgetCalls()
	return b, ingresses, rules
}

// TestDeletedWhileDown removes at a start what went meanwhile, if it is not
// more than max_delete allows.
func TestDeletedWhileDown(t *testing.T) {
	b, ingresses, rules := four(t)
	config := b.config(sections{"sync": "resync_interval: 1s"})

	b.delete(ingresses[0])
	d := b.start(config)
	b.exact(rules[1:]...)
	b.until(func() error { return errors.Join(b.wrote(1, 0), d.shows(0, "edgeward_deletions_blocked")) })
	d.stop()

	// Two of three are more than the half that the default allows.
	b.delete(ingresses[1], ingresses[2])
	b.apply(ingress("late", "www.example.com/late"))
	late := rule("www.example.com/late", 30080)
	d = b.start(config)
	b.exact(append(rules[1:], late)...)
	b.until(func() error {
		return errors.Join(d.shows(2, "edgeward_deletions_blocked", `target="edgio"`), d.shows(0, "edgeward_deletions_blocked", `target="vultr"`),
			d.logged("level=ERROR", "refusing to delete 2 of ", "sync.max_delete", "--allow-delete"))
	})
	b.stays(1500*time.Millisecond, func() error { return lab.Same("rules", b.Rules(), append(rules[1:], late)...) })

	// What the watch reports goes nevertheless.
	b.delete(ingress("late", "www.example.com/late"))
	b.exact(rules[1:]...)
	d.stop()
	if status, output := b.run(config, "--once"); status != 1 {
		t.Errorf("a deletion was blocked, but the exit status is %d; output:\n%s", status, output)
	}

	// Allowed, they go, and just this once: what turns up later does not.
	lost := []string{b.body("www.example.com/1"), b.body("www.example.com/2")}
	d = b.start(config, "--allow-delete")
	b.exact(rules[3])
	b.until(func() error { return d.shows(0, "edgeward_deletions_blocked") })
	for _, body := range lost {
		b.Edgio.Seed(body)
	}
	b.until(func() error { return d.shows(2, "edgeward_deletions_blocked", `target="edgio"`) })
	must(t, lab.Same("rules", b.Rules(), rules[1:]...))
}

// body is the body of the only rule of a URL, as JSON.
func (b *bed) body(url string) string {
	b.t.Helper()
	uuid := b.uuid(url)
	for _, r := range b.Edgio.Instances() {
		if r.UUID == uuid {
			return string(rawBody(b.t, r.Raw))
		}
	}
	return ""
}

// TestOnce: the exit status says whether all could be done that is up to the
// daemon and the providers.
func TestOnce(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080))
	config := b.config(nil)
	once := func(want int, config string, words ...string) {
		t.Helper()
		status, output := b.run(config, "--once")
		if status != want || !hasAll(output, words) {
			t.Errorf("exit status %d instead of %d, or the output has not all of %q:\n%s", status, want, words, output)
		}
	}

	once(0, config)
	must(t, b.nothingWritten())

	// Only Ingresses that cannot be published, or not yet, or not by them.
	b.apply(ingressFor("pending", "pending.example.com/", "nobody", 80), ingressFor("invalid", "invalid.example.com/", "web", 81))
	once(0, config, "Service nobody does not exist", "no port 81")
	must(t, b.nothingWritten())
	b.apply(ingress("web", "www.example.com/"))
	once(0, config)
	b.secondAfter(server, "web")
	b.apply(ingress("conflict", "www.example.com/"))
	once(0, config, "claimed by Ingress main/default/web")
	must(t, b.wrote(1, 2))

	// One rule is refused: the others are made.
	b.apply(annotated(ingress("refused", "refused.example.com/"), "edgeward/service-profile", "NoSuchProfile"), ingress("more", "more.example.com/"))
	once(1, config, "not everything could be synced", "400", "ingress=main/default/refused")
	must(t, lab.Same("rules", b.Rules(), rule("www.example.com/", 30080), rule("more.example.com/", 30080)))

	// A provider refuses everything, or cannot be reached at all.
	once(1, b.config(sections{"vultr": "api_key: wrong"}), "target=vultr", "401")
	once(1, b.config(sections{"edgio": "base_url: http://127.0.0.1:1"}), "target=edgio", "connection refused")
}

// TestOnceWaitsForLinger: addresses that nothing names any more go a while
// after their last rule, and --once stays until then.
func TestOnceWaitsForLinger(t *testing.T) {
	const linger = 2 * time.Second
	b, ingresses, _ := four(t)
	b.delete(ingresses...)
	d := b.start(b.config(sections{"sync": fmt.Sprint("linger: ", linger)}), "--once", "--allow-delete")
	b.exact()
	if took := b.addresses(); took < linger-200*time.Millisecond {
		t.Errorf("the addresses went %s after the rules, the linger is %s", took, linger)
	}
	if status := d.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if records := b.Records(); len(records) != 1 || !strings.HasPrefix(records[0], "_edgeward.") {
		t.Errorf("besides the claim there are still records: %q", records)
	}
}

// TestChangeOfTTL restarts the daemon with another TTL. The provider refuses
// two TTLs in one set, but no set is ever empty.
func TestChangeOfTTL(t *testing.T) {
	b, _, rules := four(t)
	for _, ttl := range []int{60, 600} {
		d := b.start(b.config(sections{"vultr": fmt.Sprint("ttl: ", ttl)}))
		b.until(func() error {
			var errs []error
			for _, r := range b.Vultr.Records(lab.Domain) {
				if r.TTL != ttl {
					errs = append(errs, fmt.Errorf("%s %s: the TTL is %d, not %d", r.Name, r.Data, r.TTL, ttl))
				}
			}
			return errors.Join(append(errs, lab.Same("addresses", b.Addresses(), "192.0.2.1", "192.0.2.2"))...)
		})
		b.until(func() error { return d.routes(map[string]float64{"synced": 4}) })
		must(t, lab.Same("rules", b.Rules(), rules...))
		if n := b.Edgio.Writes(); n > 0 {
			t.Errorf("TTL %d: %d writes at Edgio", ttl, n)
		}
		for _, c := range b.Vultr.Calls() {
			if c.Status >= 400 {
				t.Errorf("TTL %d: a call was refused: %s", ttl, c)
			}
		}
		d.stop()
	}
}

// TestListOlderThanTheProcess kills the daemon after it took an address away, and
// has DNS be read as it was before that, as a list that lags does. The address
// shall stand again: it is not counted on before it does.
func TestListOlderThanTheProcess(t *testing.T) {
	b, _, rules := four(t)
	config := b.config(nil)
	d := b.start(config)
	b.until(d.ready)
	must(t, server.DeleteNode(t.Context(), "node-1"))
	b.until(func() error { return lab.Same("addresses", b.Addresses(), "192.0.2.2") })
	must(t, d.Signal(syscall.SIGKILL))
	d.ends()

	b.nodes("192.0.2.1")
	b.Faults.Set(emulator.Only(func(c emulator.Call) bool { return strings.HasSuffix(c.Path, "/records") }, emulator.Always(emulator.Fault{Behind: 1})))
	d = b.start(config)
	b.idle(d)
	must(t, lab.Same("addresses", b.Addresses(), "192.0.2.2")) // which it does not know
	must(t, server.DeleteNode(t.Context(), "node-2"))
	b.until(func() error { return lab.Same("addresses", b.Addresses(), "192.0.2.1") })
	b.exact(rules...)
}

// TestDryRun writes nothing and tells of each write that it would make: first
// into nothing, then over what stands and is to be made, changed and removed.
func TestDryRun(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2", "192.0.2.3")
	b.apply(service(30080), ingress("keep", "www.example.com/keep"), ingress("change", "www.example.com/change"), ingress("go", "www.example.com/go"))
	config := b.config(nil)
	dryRun := func(would map[string]int) {
		t.Helper()
		b.forgetCalls()
		status, output := b.run(config, "--dry-run", "--once")
		if status != 0 {
			t.Errorf("exit status %d; output:\n%s", status, output)
		}
		must(t, b.nothingWritten())
		for words, want := range would {
			if n := strings.Count(output, words); n != want {
				t.Errorf("%d times %q instead of %d; output:\n%s", n, words, want, output)
			}
		}
	}
	dryRun(map[string]int{
		`"dry run: would create" target=vultr op=create record="_edgeward.main.acme TXT`: 1,
		`"dry run: would create" target=vultr op=create record="nodes.main.acme A`:       3,
		`"dry run: would create" target=edgio op=create rule=www.example.com/`:           3,
		`"dry run: would record an Event"`:                                               3,
		"dry run: would":                                                                 10,
	})

	if status, output := b.run(config, "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	b.apply(ingress("new", "www.example.com/new"), annotated(ingress("change", "www.example.com/change"), "edgeward/source-path", "strip"))
	b.delete(ingress("go", "www.example.com/go"))
	must(t, server.DeleteNode(t.Context(), "node-2"))
	dryRun(map[string]int{
		`"dry run: would create" target=edgio op=create rule=www.example.com/new`:             1,
		`"dry run: would update" target=edgio op=update rule=www.example.com/change`:          1,
		`"dry run: would delete" target=edgio op=delete rule=www.example.com/go`:              1,
		`"dry run: would delete" target=vultr op=delete record="nodes.main.acme A 192.0.2.2"`: 1,
		`"dry run: would record an Event"`:                                                    1,
		"dry run: would":                                                                      5,
	})

	// As a daemon it goes on telling, also of what the watch reports.
	b.forgetCalls()
	d := b.start(config, "--dry-run")
	b.idle(d)
	b.delete(ingress("keep", "www.example.com/keep"))
	b.until(func() error { return d.logged("dry run: would delete", "rule=www.example.com/keep") })
	must(t, b.nothingWritten())
}
