package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// limits are those of the providers. Zero: calls are free.
type limits struct {
	edgio   int // calls a minute
	vultr   int // calls a second
	latency time.Duration
}

// usual are limits at which ten thousand rules do not take all day. At Edgio's
// 50 a minute all takes twelve times as long.
func usual() limits { return limits{edgio: 600, vultr: 20, latency: 80 * time.Millisecond} }

// least is the least time in which so many calls can end, of which some have to
// await one another.
func (l limits) least(edgio, vultr, depth int) time.Duration {
	after := func(calls, limit int, span time.Duration) time.Duration {
		if limit == 0 || calls == 0 {
			return 0
		}
		return span * time.Duration(calls-1) / time.Duration(limit)
	}
	paced := max(after(edgio, l.edgio, time.Minute), after(vultr, l.vultr, time.Second))
	return max(paced+l.latency, l.latency*time.Duration(depth))
}

// bed is a cluster with providers of its own, and edgeward.
type bed struct {
	*cluster
	*lab.Lab
	limits
	calls  *calls
	config string
	daemon *lab.Daemon
	begun  time.Time // of the daemon
	url    string    // of its listener
}

// patience is how long anything may take that is not paced.
const patience = 2 * time.Minute

// newBed puts new providers beside a cluster.
func newBed(ctx context.Context, c *cluster, l limits, dir string) (*bed, error) {
	b := &bed{cluster: c, limits: l, calls: newCalls()}
	var err error
	b.Lab, err = lab.New(ctx, c.Server, dir, lab.Options{
		EdgioLimit: l.edgio, VultrLimit: l.vultr, Latency: l.latency, Observe: b.calls.observe,
	})
	if err == nil {
		b.config, err = b.Config(ctx, map[string]string{
			"edgio": fmt.Sprintf("requests_per_minute: %d", l.edgio),
			"vultr": fmt.Sprintf("requests_per_second: %d", l.vultr),
		})
	}
	return b, err
}

// start starts edgeward.
func (b *bed) start() (err error) {
	b.begun, b.url = time.Now(), ""
	b.daemon, err = b.Start(b.config, nil)
	return err
}

// stop ends edgeward.
func (b *bed) stop() error {
	status, err := b.daemon.Stop()
	if err == nil && status != 0 {
		err = fmt.Errorf("edgeward ended with status %d:\n%s", status, b.daemon.Log())
	}
	return err
}

// ready waits until edgeward has compared all that stands, and returns when.
func (b *bed) ready(ctx context.Context) (time.Time, error) {
	err := lab.Until(ctx, func() error {
		if b.url == "" {
			url, err := b.daemon.URL("/readyz")
			if err != nil {
				return err
			}
			b.url = url
		}
		resp, err := http.Get(b.url)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New("/readyz: " + resp.Status)
		}
		return nil
	})
	return time.Now(), err
}

var syncedRoutes = regexp.MustCompile(`edgeward_routes\{cluster="main",state="synced"\} ([0-9.e+]+)`)

// allSynced waits until edgeward says that so many rules are in order.
func (b *bed) allSynced(ctx context.Context, rules int) error {
	return lab.Until(ctx, func() error {
		_, body, err := b.daemon.Get(ctx, "/metrics")
		if err != nil {
			return err
		}
		match := syncedRoutes.FindStringSubmatch(body)
		if match == nil {
			return errors.New("no metric says how many rules are in order")
		}
		var n float64
		if fmt.Sscan(match[1], &n); int(n) != rules {
			return fmt.Errorf("%v rules are in order, not %d", n, rules)
		}
		return nil
	})
}

// exact checks that the providers hold what the cluster wants, and no more.
func (b *bed) exact(rules, records int) error {
	hosts := make(map[string]bool)
	for _, r := range b.Edgio.Instances() {
		hosts[r.Host] = true
	}
	if have := len(b.Records()); len(hosts) != rules || have != records {
		return fmt.Errorf("%d rules and %d records stand, wanted %d and %d", len(hosts), have, rules, records)
	}
	return nil
}

// usage is what edgeward has used so far.
func (b *bed) usage() usage {
	u, err := usageOf(b.daemon.PID())
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	return u
}
