package holdings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/owned"
)

// Remover removes objects of ours, in the order that keeps every name
// resolvable: the published hosts' CNAMEs, after their TTL the rules, then, after
// the linger and if no rule at all names them any more, the addresses, and last
// the marks and claims. What something else may rest on stays, and is told.
type Remover struct {
	Config    *config.Config
	Providers app.Providers
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
	items := List(holdings, rules, app.Settings(r.Config))
	if len(items) == 0 && r.Cluster != "" {
		return 0, fmt.Errorf("nothing at the providers belongs to a cluster %q of the owner %s", r.Cluster, r.Config.Owner)
	}
	kept := 0
	for _, h := range each(holdings) {
		kept += len(h.Kept)
	}
	if err := WriteTable(r.Out, items); err != nil {
		return 0, err
	}
	if len(items) == kept {
		r.tellKept(holdings)
	}
	return len(items) - kept, nil
}

// tellKept says what stays, and why.
func (r Remover) tellKept(holdings map[string]*owned.Objects) {
	for cluster, h := range each(holdings) {
		tellKeptOf(r.Out, h, "rules", cluster, slices.Concat(h.Rules, h.Unmarked))
		tellKeptOf(r.Out, h, "addresses", cluster, h.Records)
		tellKeptOf(r.Out, h, "records of published hosts", cluster, slices.Concat(h.CNAMEs, h.Marks))
	}
}

func tellKeptOf[T model.Object[T]](out io.Writer, h *owned.Objects, kind, cluster string, objects []T) {
	count := make(map[string]int) // by the reason
	for _, o := range objects {
		if why := h.Kept[o.Identity()]; why != "" {
			count[why]++
		}
	}
	for _, why := range slices.Sorted(maps.Keys(count)) {
		say(out, "kept: %d %s of cluster %s, and its claim: %s", count[why], kind, cluster, why)
	}
}

func (r Remover) read(ctx context.Context) (map[string]*owned.Objects, []model.Rule, error) {
	holdings, rules, err := Read(ctx, r.Config, r.Providers)
	if r.Cluster != "" {
		maps.DeleteFunc(holdings, func(cluster string, _ *owned.Objects) bool { return cluster != r.Cluster })
	}
	return holdings, rules, err
}

// Run removes it. It goes on after a failure, but not to the next stage.
func (r Remover) Run(ctx context.Context) error {
	holdings, _, err := r.read(ctx)
	if err != nil {
		return err
	}
	set := app.Settings(r.Config)
	ttl, led := set.TTL, 0
	for _, h := range each(holdings) {
		for _, record := range free(h, h.CNAMEs) {
			err = errors.Join(err, r.removeRecord(ctx, record))
			ttl, led = max(ttl, record.TTL), led+1
		}
	}
	if err != nil {
		return err
	}
	if led > 0 {
		if err := r.wait(ctx, time.Duration(ttl)*time.Second, "("+set.DNS.Key("ttl")+") before the rules go"); err != nil {
			return fmt.Errorf("the rules, addresses and claims still stand: %w", err)
		}
	}
	removed := 0
	for _, h := range each(holdings) {
		for _, rule := range free(h, h.Rules) {
			err = errors.Join(err, r.remove("rule "+rule.RuleKey.String(), r.Providers.DeleteRule(ctx, rule)))
			removed++
		}
	}
	if err != nil {
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
		if n := len(free(h, h.Rules)); n > 0 {
			err = errors.Join(err, fmt.Errorf("cluster %s has %d new rules: a daemon still runs for it; stop it first", cluster, n))
			continue
		}
		var failed error
		for _, record := range slices.Concat(free(h, h.Records), free(h, h.Marks)) {
			failed = errors.Join(failed, r.removeRecord(ctx, record))
		}
		for _, record := range free(h, h.Claims) {
			if failed == nil { // else it protects what is left
				failed = r.removeRecord(ctx, record)
			}
		}
		err = errors.Join(err, failed)
	}
	r.tellKept(holdings)
	return err
}

// free are those of some objects on which nothing else rests.
func free[T model.Object[T]](h *owned.Objects, objects []T) (list []T) {
	for _, o := range objects {
		if h.Kept[o.Identity()] == "" {
			list = append(list, o)
		}
	}
	return list
}

// each goes through the clusters in the order of their names.
func each(holdings map[string]*owned.Objects) func(func(string, *owned.Objects) bool) {
	return func(yield func(string, *owned.Objects) bool) {
		for _, cluster := range slices.Sorted(maps.Keys(holdings)) {
			if !yield(cluster, holdings[cluster]) {
				return
			}
		}
	}
}

func (r Remover) removeRecord(ctx context.Context, record model.Record) error {
	return r.remove(record.Key().String(), r.Providers.DNS.Client.Delete(ctx, record))
}

func (r Remover) remove(what string, err error) error {
	if err == nil {
		say(r.Out, "removed %s", what)
	}
	return err
}

// wait waits until caches and CDN edges have let go of names.
func (r Remover) wait(ctx context.Context, d time.Duration, why string) error {
	if d > 0 {
		say(r.Out, "waiting %s %s", d, why)
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
