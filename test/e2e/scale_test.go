package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// TestThousandIngresses counts calls, which are what a provider's rate limit
// makes dear: one write for each rule, three addresses and a claim; a restart
// costs nothing but the lists' pages, and a daemon with nothing to do no call.
func TestThousandIngresses(t *testing.T) {
	const ingresses, services, pageSize = 1000, 20, 100
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2", "192.0.2.3")
	for i := range services {
		b.apply(serviceNamed(fmt.Sprint("web-", i), 30000+i))
	}
	var manifests, rules []string
	for i := range ingresses {
		url := fmt.Sprintf("host-%d.example.com/path", i)
		manifests = append(manifests, ingressFor(fmt.Sprint("ingress-", i), url, fmt.Sprint("web-", i%services), 80))
		rules = append(rules, rule(url, 30000+i%services))
	}
	b.atOnce(manifests, server.Apply)
	t.Cleanup(func() { b.atOnce(manifests, server.Delete) })

	config := b.config(nil)
	started := time.Now()
	d := b.start(config)
	b.until(func() error {
		if n := b.Edgio.Writes(); n < ingresses {
			return fmt.Errorf("%d rules written", n)
		}
		return nil
	})
	b.exact(rules...)
	t.Logf("%d Ingresses are exact %s after the start", ingresses, time.Since(started).Round(time.Millisecond))
	b.idle(d)
	b.until(func() error {
		return errors.Join(
			sameCalls(b.Edgio.Calls(), map[string]int{
				"GET svcinst/delivery/shortname/{shortname} 200": 1,
				"POST svcinst/delivery 200":                      ingresses,
			}),
			sameCalls(b.Vultr.Calls(), map[string]int{
				"GET domains/{domain}/records 200":  1,
				"POST domains/{domain}/records 201": 4,
			}))
	})

	d.stop()
	b.forgetCalls()
	started = time.Now()
	d = b.start(config)
	b.until(func() error { return d.routes(map[string]float64{"synced": ingresses}) })
	t.Logf("after a restart they are exact after %s", time.Since(started).Round(time.Millisecond))
	b.idle(d)
	b.stays(3*time.Second, func() error {
		return errors.Join(
			sameCalls(b.Edgio.Calls(), map[string]int{"GET svcinst/delivery/shortname/{shortname} 200": ingresses/pageSize + 1}),
			sameCalls(b.Vultr.Calls(), map[string]int{"GET domains/{domain}/records 200": 1}))
	})
}

// sameCalls compares calls with how many there shall be of each kind.
func sameCalls(got []emulator.Call, want map[string]int) error {
	counts := make(map[string]int)
	for _, c := range got {
		counts[c.String()]++
	}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		return fmt.Errorf("calls: %v, wanted %v", counts, want)
	}
	return nil
}
