package holdings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/daemon"
	"github.com/edgeward/edgeward/internal/plan"
)

// Remover removes objects of ours, in the order that keeps every name
// resolvable: the published hosts' CNAMEs, after their TTL the rules, then, after
// the linger and if no rule at all names them any more, the addresses, and last
// the marks and claims.
type Remover struct {
	Config    *config.Config
	Providers daemon.Providers
	Cluster   string // "": all of the owner's
	Out       io.Writer
}

// Show prints what would be removed, and returns how much that is. A cluster of
// which nothing stands is an error if it was asked for by name.
func (r Remover) Show(ctx context.Context) (int, error) {
	holdings, rules, err := r.read(ctx)
	if err != nil {
		return 0, err
	}
	items := List(holdings, rules, r.Config.Vultr.Domain)
	if len(items) == 0 && r.Cluster != "" {
		return 0, fmt.Errorf("nothing at the providers belongs to a cluster %q of the owner %s", r.Cluster, r.Config.Owner)
	}
	return len(items), WriteTable(r.Out, items)
}

func (r Remover) read(ctx context.Context) (map[string]*plan.Holdings, []plan.Rule, error) {
	holdings, rules, err := Read(ctx, r.Config, r.Providers)
	if r.Cluster != "" {
		maps.DeleteFunc(holdings, func(cluster string, _ *plan.Holdings) bool { return cluster != r.Cluster })
	}
	return holdings, rules, err
}

// Run removes it. It goes on after a failure, but not to the next stage.
func (r Remover) Run(ctx context.Context) error {
	holdings, _, err := r.read(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range each(holdings) {
		for _, record := range h.CNAMEs {
			errs = append(errs, r.remove(record.Key(), r.Providers.Vultr.Delete(ctx, record)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if len(errs) > 0 {
		ttl := time.Duration(r.Config.Vultr.TTL) * time.Second
		if err := r.wait(ctx, ttl, "(vultr.ttl) before the rules go"); err != nil {
			return fmt.Errorf("the rules, addresses and claims still stand: %w", err)
		}
	}
	removed := 0
	for _, h := range each(holdings) {
		for _, rule := range h.Rules {
			errs = append(errs, r.remove("rule "+rule.Key(), r.Providers.DeleteRule(ctx, rule)))
			removed++
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if removed > 0 {
		if err := r.wait(ctx, r.Config.Sync.Linger, "(sync.linger) before the addresses go"); err != nil {
			return fmt.Errorf("the addresses and claims still stand: %w", err)
		}
	}
	// Read again: meanwhile somebody may have pointed a rule at a name of ours.
	if holdings, _, err = r.read(ctx); err != nil {
		return err
	}
	for cluster, h := range each(holdings) {
		if len(h.Rules) > 0 {
			errs = append(errs, fmt.Errorf("cluster %s has %d new rules: a daemon still runs for it; stop it first", cluster, len(h.Rules)))
			continue
		}
		for _, record := range slices.Concat(h.Records, h.Marks) {
			errs = append(errs, r.remove(record.Key(), r.Providers.Vultr.Delete(ctx, record)))
		}
		if len(h.Kept) > 0 {
			fmt.Fprintf(r.Out, "kept: %d addresses of cluster %s, and its claim: rules of others use them\n", len(h.Kept), cluster)
			continue
		}
		if errors.Join(errs...) != nil {
			continue // the claim protects what is left
		}
		for _, record := range h.Claims {
			errs = append(errs, r.remove(record.Key(), r.Providers.Vultr.Delete(ctx, record)))
		}
	}
	return errors.Join(errs...)
}

// each goes through the clusters in the order of their names.
func each(holdings map[string]*plan.Holdings) func(func(string, *plan.Holdings) bool) {
	return func(yield func(string, *plan.Holdings) bool) {
		for _, cluster := range slices.Sorted(maps.Keys(holdings)) {
			if !yield(cluster, holdings[cluster]) {
				return
			}
		}
	}
}

func (r Remover) remove(what string, err error) error {
	if err == nil {
		fmt.Fprintln(r.Out, "removed", what)
	}
	return err
}

// wait waits until caches and CDN edges have let go of names.
func (r Remover) wait(ctx context.Context, d time.Duration, why string) error {
	if d > 0 {
		fmt.Fprintf(r.Out, "waiting %s %s\n", d, why)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
