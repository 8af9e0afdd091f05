// Package preview shows what a run of the daemon would change now.
package preview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/watcher"
)

const (
	// patience is how long the clusters may take to give their snapshots.
	patience = 30 * time.Second
	// hush is how long one is waited for without a word.
	hush = 5 * time.Second
)

// Gather reads each cluster and both providers once. It writes nothing. What takes
// long it tells.
func Gather(ctx context.Context, cfg *config.Config, access app.Access, p app.Providers, tell func(string)) (plan.Input, error) {
	in := plan.Input{
		Settings: app.Settings(cfg),
		Rules:    observed.View[model.Rule]{Known: true},
	}
	clusters := make([]desired.Cluster, len(cfg.Clusters))
	errs := make([]error, len(cfg.Clusters)+2)
	var running sync.WaitGroup
	for i, c := range cfg.Clusters {
		running.Go(func() { clusters[i], errs[i] = snapshot(ctx, cfg, c, access, tell) })
	}
	var rules []model.Rule
	running.Go(func() { rules, errs[len(errs)-2] = p.Rules(ctx) })
	running.Go(func() { in.Records, errs[len(errs)-1] = p.Records(ctx) })
	running.Wait()
	in.Rules.Objects = observed.Refs(rules)
	if err := errors.Join(errs...); err != nil {
		return in, err
	}
	standing := desired.NewStanding(in.Rules.Objects, in.Records.Objects)
	for i := range clusters {
		clusters[i].Standing = standing
	}
	in.Now = time.Now()
	in.Want = desired.Desired(clusters, in.Settings, in.Now)
	return in, nil
}

// snapshot reads one cluster as the daemon would.
func snapshot(ctx context.Context, cfg *config.Config, c config.Cluster, access app.Access, tell func(string)) (desired.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	synced := make(chan string, 1)
	clients := access.Clients(c)
	if err := clients.Validate(); err != nil {
		return desired.Cluster{}, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	o := app.Watch(cfg, c, clients, slog.New(slog.DiscardHandler))
	var mu sync.Mutex
	refused := make(map[string]bool)
	o.TLSRefused = func(namespace string, is bool) {
		mu.Lock()
		defer mu.Unlock()
		refused[namespace] = is
	}
	o.Synced = func(uid string) { synced <- uid }
	cluster, err := watcher.New(o)
	if err != nil {
		return desired.Cluster{}, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	var running sync.WaitGroup
	running.Go(func() { cluster.Run(ctx) })
	defer running.Wait()
	defer cancel()
	slow := time.AfterFunc(hush, func() {
		_, reason := cluster.Synced()
		tell(fmt.Sprintf("cluster %s is waited for, %s at most: %s", c.Name, patience, reason))
	})
	defer slow.Stop()
	select {
	case uid := <-synced:
		p := app.Cluster(cfg, c)
		p.Ready, p.UID = true, uid
		p.Ingresses, p.Services, p.EndpointSlices, p.Nodes = cluster.Ingresses(), cluster.Services(), cluster.EndpointSlices(), cluster.Nodes()
		p.TLSSecrets = cluster.TLSSecrets()
		slices.SortFunc(p.Ingresses, func(a, b *kube.Ingress) int { return a.Key().Compare(b.Key()) })
		mu.Lock()
		defer mu.Unlock()
		for namespace, is := range refused {
			if is {
				p.TLSRefused = append(p.TLSRefused, namespace)
			}
		}
		return p, nil
	case <-ctx.Done():
		_, reason := cluster.Synced()
		return desired.Cluster{}, fmt.Errorf("cluster %s: %s", c.Name, reason)
	}
}
