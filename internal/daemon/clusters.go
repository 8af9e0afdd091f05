package daemon

import (
	"context"
	"fmt"
	"sync"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/watcher"
)

// watches makes the watches of all clusters, reporting to the syncer.
func watches(cfg *config.Config, access app.Access, syncer *syncer.Syncer, m *metrics.Metrics) ([]*watcher.Cluster, error) {
	var clusters []*watcher.Cluster
	var faults schema.Faults
	for i, c := range cfg.Clusters {
		clients := access.Clients(c)
		if err := clients.Validate(); err != nil {
			faults = append(faults, schema.Fault{Key: fmt.Sprintf("clusters[%d].kubeconfig", i), Message: err.Error()})
			continue
		}
		reports := syncer.Cluster(c.Name)
		o := app.Watch(cfg, c, clients, access.Log())
		o.Ingresses, o.Services, o.EndpointSlices, o.Nodes = reports.Ingresses, reports.Services, reports.EndpointSlices, reports.Nodes
		o.TLSSecrets, o.TLSRefused, o.Synced, o.Listed = reports.TLSSecrets, reports.TLSRefused, reports.Ready, reports.Listed
		o.Metrics = watchMetrics(m, c.Name)
		cluster, err := watcher.New(o)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		reports.Renew = cluster.Renew
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

// watch runs the watches until ctx is done and all have ended.
func watch(ctx context.Context, clusters []*watcher.Cluster, secrets []*watcher.Loop[heldKey]) {
	var running sync.WaitGroup
	for _, c := range clusters {
		running.Go(func() { c.Run(ctx) })
	}
	for _, s := range secrets {
		running.Go(func() { s.Run(ctx) })
	}
	running.Wait()
}
