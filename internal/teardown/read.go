package teardown

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
)

// read reads all that stands. The first time it finds the clusters of which something
// does; later it leaves alone those for which somebody makes things anew.
func (t *Teardown) read(ctx context.Context) error {
	rules, records, err := t.Providers.Read(ctx)
	if err != nil {
		return err
	}
	t.rules = observed.View[model.Rule]{Known: true, Objects: observed.Refs(rules)}
	slices.SortFunc(t.rules.Objects, func(a, b *model.Rule) int { return a.Compare(*b) })
	slices.SortFunc(records.Objects, func(a, b *model.Record) int { return a.Compare(*b) })
	t.records = records
	t.readAt(t.now)
	if t.known != nil {
		t.leaveRemade()
		return nil
	}
	t.known = make(map[string]bool)
	left := t.Left()
	if !slices.ContainsFunc(slices.Collect(maps.Values(left)), func(o *owned.Objects) bool { return len(o.Rules) > 0 }) {
		t.Settings.Linger = 0 // no rule that used the addresses goes here
	}
	for cluster, objects := range left {
		t.clusters[cluster] = &desired.ClusterWant{Leaving: true}
		for _, r := range objects.Rules {
			t.known[r.ID] = true
		}
		for _, r := range objects.CNAMEs {
			t.known[r.ID] = true
		}
	}
	return nil
}

// readAt notes when that was on the clock of the teardown.
func (t *Teardown) readAt(now time.Time) {
	t.rules.Read, t.records.Read = now, now
	parts := maps.Clone(t.records.Parts)
	for name, part := range parts {
		part.Read = now
		parts[name] = part
	}
	t.records.Parts = parts
}

// leaveRemade leaves the clusters alone that have new rules, or hosts that are led to a CDN
// anew: a daemon makes what is taken away here.
func (t *Teardown) leaveRemade() {
	left := t.Left()
	for _, cluster := range slices.Sorted(maps.Keys(left)) {
		if t.clusters[cluster] == nil {
			continue
		}
		for _, remade := range []struct {
			what string
			n    int
		}{
			{"rules", remade(t.known, left[cluster], left[cluster].Rules)},
			{"CNAMEs of hosts", remade(t.known, left[cluster], left[cluster].CNAMEs)},
		} {
			if remade.n > 0 {
				t.errs = append(t.errs, fmt.Errorf("cluster %s has %d new %s: a daemon still runs for it; stop it first", cluster, remade.n, remade.what))
				delete(t.clusters, cluster)
				break
			}
		}
	}
}

// remade is how many objects were not there at the beginning, and would go.
func remade[T model.Object[T]](known map[string]bool, of *owned.Objects, objects []T) (n int) {
	for _, o := range objects {
		if id := o.Identity(); !known[id] && of.Kept[id] == "" {
			n++
		}
	}
	return n
}

// wait waits until a time, and reads again. It says for what.
func (t *Teardown) wait(ctx context.Context, until time.Time) error {
	ttl, linger := "("+t.Settings.DNS.Key("ttl")+") before the rules go", "(sync.linger) before the addresses go"
	why, standing := linger, "the addresses and claims still stand"
	ahead := *t // what goes then, as all is now
	ahead.readAt(until)
	if len(ahead.plan(until).Rules) > 0 {
		why, standing = ttl, "the rules, addresses and claims still stand"
	}
	d := until.Sub(t.now)
	t.Say("waiting %s %s", d, why)
	if err := t.Wait(ctx, d); err != nil {
		return fmt.Errorf("%s: %w", standing, err)
	}
	t.now = until
	return t.read(ctx)
}

// Sleep waits for a time, or until the context ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
