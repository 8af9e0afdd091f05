package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// TestSIGTERM ends the daemon while slow calls are under way: they are let
// finish, so that the next start finds all as it left it.
func TestSIGTERM(t *testing.T) {
	b := newBed(t, lab.Options{Latency: time.Second})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two"))
	config := b.config(nil)
	d := b.start(config)
	b.until(func() error {
		// The claim and the address are answered, so what is awaited are the rules.
		return errors.Join(b.wrote(0, 2), same("calls in flight", b.InFlight(), 2))
	})
	must(t, lab.Same("rules", b.Rules()))

	started := time.Now()
	must(t, d.Signal(syscall.SIGTERM))
	if status := d.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if took := time.Since(started); took > 8*time.Second { // less than it may take to give up on them
		t.Errorf("it ended after %s, the calls took one second", took)
	}
	must(t, errors.Join(b.wrote(2, 2), d.logged("calls under way may finish", "calls=2"),
		lab.Same("rules", b.Rules(), rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))))
	for _, c := range b.Edgio.Calls() {
		if c.Status != http.StatusOK {
			t.Errorf("a call was cut: %s", c)
		}
	}

	b.forgetCalls()
	d = b.start(config)
	b.until(func() error { return d.routes(map[string]float64{"synced": 2}) })
	b.stays(300*time.Millisecond, b.nothingWritten)
}

func same[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: %v, wanted %v", what, got, want)
	}
	return nil
}

// refused counts the calls that were answered with a status.
func refused(calls []emulator.Call, status int) (n int) {
	for _, c := range calls {
		if c.Status == status {
			n++
		}
	}
	return n
}

// TestRateLimits keeps within what the providers allow by going at the
// configured rate, not by being turned away.
func TestRateLimits(t *testing.T) {
	const ingresses, nodes = 30, 40
	b := newBed(t, lab.Options{EdgioLimit: 600, VultrLimit: 30})
	b.apply(service(30080))
	var addresses, rules []string
	for i := range nodes {
		addresses = append(addresses, fmt.Sprintf("192.0.2.%d", i+1))
	}
	b.nodes(addresses...)
	for i := range ingresses {
		url := fmt.Sprintf("www.example.com/%d", i)
		b.apply(ingress(fmt.Sprint("web-", i), url))
		rules = append(rules, rule(url, 30080))
	}
	started := time.Now()
	d := b.start(b.config(sections{"edgio": "requests_per_minute: 600", "vultr": "requests_per_second: 20"}))
	b.addresses(addresses...)
	dns := time.Since(started)
	b.exact(rules...)
	cdn := time.Since(started)
	b.idle(d)
	must(t, b.wrote(ingresses, nodes+1))
	if n := refused(b.Edgio.Calls(), http.StatusTooManyRequests) + refused(b.Vultr.Calls(), http.StatusTooManyRequests); n > 0 {
		t.Errorf("%d calls were turned away", n)
	}

	// The first call of each goes at once, and rules wait for addresses.
	leastDNS, leastCDN := nodes*time.Second/20, (ingresses-1)*time.Minute/600
	t.Logf("addresses stand after %s (at least %s), rules after %s (at least %s)",
		dns.Round(time.Millisecond), leastDNS, cdn.Round(time.Millisecond), leastDNS+leastCDN)
	if dns < leastDNS || cdn < leastDNS+leastCDN {
		t.Error("that was faster than configured")
	}
	if cdn > leastDNS+leastCDN+3*time.Second {
		t.Error("that was slower than need be")
	}
}

// TestThrottled is turned away by a provider that allows less than configured:
// it waits as long as it is told to, and nothing is lost or made twice.
func TestThrottled(t *testing.T) {
	const (
		limit    = 30 // a second, so that the addresses take three
		inFlight = 10 // calls at most: so many are turned away before the first is heard of
	)
	b := newBed(t, lab.Options{VultrLimit: limit})
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	var addresses []string
	for i := range 2 * limit {
		addresses = append(addresses, fmt.Sprintf("192.0.2.%d", i+1))
	}
	b.nodes(addresses...)
	d := b.start(b.config(nil))
	b.exact(rule("www.example.com/one", 30080))
	b.addresses(addresses...)
	b.idle(d)
	n := refused(b.Vultr.Calls(), http.StatusTooManyRequests)
	t.Logf("%d calls were turned away", n)
	if n == 0 || n > 2*inFlight {
		t.Errorf("%d calls were turned away, more than it takes to learn of it twice", n)
	}
	must(t, d.atLeast(1, "edgeward_api_requests_total", `provider="vultr"`, `code="429"`))
}
