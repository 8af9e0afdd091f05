package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/watcher"
)

// Access is how the clusters are reached.
type Access struct {
	version string
	plugins *watcher.Plugins
	log     *slog.Logger
}

// NewAccess is for a process of its own version; see With.
func NewAccess(version string, log *slog.Logger) Access {
	return Access{version, watcher.NewPlugins(), log}
}

// With is the same access with another log: what hangs is known to both.
func (a Access) With(log *slog.Logger) Access {
	a.log = log
	return a
}

// Clients returns what makes the clients of a configured cluster.
func (a Access) Clients(c config.Cluster) *watcher.Clients {
	return watcher.NewClients(watcher.ClientOptions{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Version: a.version, Plugins: a.plugins, Log: a.log.With("cluster", c.Name),
	})
}

// Watch returns what is to be watched in a configured cluster, by its clients.
// Who is told is left to the caller.
func Watch(cfg *config.Config, c config.Cluster, clients *watcher.Clients, log *slog.Logger) watcher.ClusterOptions {
	o := watcher.ClusterOptions{
		Name: c.Name, Clients: clients, Namespaces: c.Namespaces,
		LabelSelector: c.LabelSelector, NodeSelector: c.NodeSelector, Log: log,
	}
	o.IngressClasses, o.Controllers = classes(cfg, c)
	o.ReadTLS = slices.ContainsFunc(Settings(cfg).CDNs, func(cdn model.CDN) bool { return cdn.Certificates })
	return o
}

// classes are the ingress classes of a cluster that are ours, and the controllers
// that the objects of others name.
func classes(cfg *config.Config, c config.Cluster) (classes, controllers []string) {
	for _, cdn := range Settings(cfg).CDNs {
		class := cdn.Class
		if cdn.ClusterClass {
			class = c.IngressClass
		}
		if class != "" {
			classes, controllers = append(classes, class), append(controllers, cdn.Controller())
		}
	}
	return classes, controllers
}

// Cluster translates a configured cluster for the plan. It is not ready.
func Cluster(cfg *config.Config, c config.Cluster) desired.Cluster {
	p := desired.Cluster{Name: c.Name, AddressTypes: c.NodeAddressTypes, NotReadyDelay: c.NotReadyDelay, Selection: selection(cfg, c)}
	if cfg.Edgio.On {
		p.Class = c.IngressClass
	}
	for _, a := range c.Allow {
		p.Allow = append(p.Allow, allow(a))
	}
	return p
}

// allow translates a configured entry of clusters[].allow for the plan.
func allow(a config.Allow) desired.Allow {
	p := desired.Allow{Namespaces: a.Namespaces, Hosts: a.Hosts, Origins: a.Origins, Annotations: a.Annotations, Addresses: a.Addresses}
	for _, r := range a.Ports {
		p.Ports = append(p.Ports, desired.PortRange(r))
	}
	return p
}

// selection is a hash of what the configuration selects in a cluster, and at which CDNs,
// under which account, rules are looked for: when it changes, so may what is not wanted any
// more.
func selection(cfg *config.Config, c config.Cluster) string {
	classes, controllers := classes(cfg, c)
	text, err := json.Marshal([]any{
		slices.Sorted(slices.Values(c.Namespaces)), c.LabelSelector, classes, controllers, c.NodeSelector, c.NodeAddressTypes, cfg.Edgio.Shortname,
	})
	if err != nil {
		panic(err) // texts always have a form in JSON
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// watches makes the watches of all clusters, reporting to the syncer.
func watches(cfg *config.Config, access Access, syncer *syncer.Syncer, m *metrics.Metrics) ([]*watcher.Cluster, error) {
	var clusters []*watcher.Cluster
	var faults schema.Faults
	for i, c := range cfg.Clusters {
		clients := access.Clients(c)
		if err := clients.Validate(); err != nil {
			faults = append(faults, schema.Fault{Key: fmt.Sprintf("clusters[%d].kubeconfig", i), Message: err.Error()})
			continue
		}
		reports := syncer.Cluster(c.Name)
		o := Watch(cfg, c, clients, access.log)
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
