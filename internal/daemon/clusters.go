package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/watcher"
)

// Clients returns what makes the clients of a configured cluster.
func Clients(c config.Cluster, version string, log *slog.Logger) *watcher.Clients {
	return watcher.NewClients(watcher.ClientOptions{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Version: version, Log: log.With("cluster", c.Name),
	})
}

// watches makes the watches of all clusters, reporting to the syncer.
func watches(cfg *config.Config, sync *syncer.Syncer, m *metrics.Metrics, version string, log *slog.Logger) ([]*watcher.Cluster, error) {
	var clusters []*watcher.Cluster
	var faults config.Faults
	for i, c := range cfg.Clusters {
		clients := Clients(c, version, log)
		if err := clients.Validate(); err != nil {
			faults = append(faults, config.Fault{Key: fmt.Sprintf("clusters[%d].kubeconfig", i), Message: err.Error()})
			continue
		}
		reports := sync.Cluster(c.Name)
		cluster, err := watcher.New(watcher.ClusterOptions{
			Name: c.Name, Clients: clients, Namespaces: c.Namespaces,
			LabelSelector: c.LabelSelector, IngressClass: c.IngressClass, NodeSelector: c.NodeSelector,
			Ingresses: reports.Ingresses, Services: reports.Services, Nodes: reports.Nodes,
			Synced:  reports.Ready,
			Metrics: watchMetrics(m, c.Name),
			Log:     log,
		})
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		clusters = append(clusters, cluster)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return clusters, nil
}

// watchMetrics counts what happens in the watches of a cluster.
func watchMetrics(m *metrics.Metrics, cluster string) watcher.Metrics {
	return watcher.Metrics{
		Events:   func(resource, kind string) { m.Events.WithLabelValues(cluster, resource, kind).Inc() },
		Restarts: func(resource, reason string) { m.WatchRestarts.WithLabelValues(cluster, resource, reason).Inc() },
	}
}

// watch runs the watches until ctx is done; the returned function waits for
// their end.
func watch(ctx context.Context, clusters []*watcher.Cluster, secrets []*watcher.Loop[heldKey]) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, c := range clusters {
		running.Go(func() { c.Run(ctx) })
	}
	for _, s := range secrets {
		running.Go(func() { s.Run(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}
