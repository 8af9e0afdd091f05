package holdings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
	"github.com/edgeward/edgeward/internal/teardown"
)

// Remover shows objects of ours and removes them. What something else may rest on stays,
// and is told.
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
		tellKeptOf(r.Out, h, "rules", cluster, slices.Concat(h.Rules, h.Unlabelled))
		tellKeptOf(r.Out, h, "addresses", cluster, h.Addresses)
		tellKeptOf(r.Out, h, "records of published hosts", cluster, slices.Concat(h.CNAMEs, h.Labels))
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

// Run removes it.
func (r Remover) Run(ctx context.Context) error {
	set := app.Settings(r.Config)
	t := teardown.Teardown{
		Settings: set, Providers: providers{r.Providers}, Wait: teardown.Sleep,
		Say:    func(format string, a ...any) { say(r.Out, format, a...) },
		Covers: func(cluster string) bool { return r.Cluster == "" || cluster == r.Cluster },
	}
	err := t.Run(ctx)
	r.tellKept(t.Left())
	return err
}

// providers are those of the configuration, as things are removed from them.
type providers struct{ app.Providers }

func (p providers) Read(ctx context.Context) ([]model.Rule, observed.View[model.Record], error) {
	rules, err := p.Rules(ctx)
	records, err2 := p.Records(ctx)
	return rules, records, errors.Join(err, err2)
}

func (p providers) WriteRecords(ctx context.Context, op model.Op[model.Record]) error {
	return p.DNS.Client.Delete(ctx, op.Old())
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
