// Package daemon puts the parts together: the watches of each cluster, the
// syncer, the clients of both providers, and the listener for metrics.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/klog/v2"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/server"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/internal/transport"
	"github.com/edgeward/edgeward/vultrdns"
	"github.com/edgeward/edgeward/watcher"
)

// Flags are the ways in which one run differs from the configuration.
type Flags struct {
	Once        bool // converge, then end; there is no listener
	DryRun      bool // write nothing
	AllowDelete bool // the first comparison may exceed sync.max_delete
}

// Run runs until ctx is done or, with Flags.Once, until nothing is left to do.
// A kubeconfig that cannot be read is a config.Faults.
func Run(ctx context.Context, cfg *config.Config, flags Flags, build metrics.Build, log *slog.Logger) error {
	klog.SetSlogLogger(log) // client-go writes there
	registry := prometheus.NewRegistry()
	m := metrics.New(registry, build)

	providers, err := Connect(cfg, build.Version, m.Request, log)
	if err != nil {
		return err
	}
	sync := syncer.New(options(cfg, flags, providers, m, log))
	clusters, err := watches(cfg, sync, m, build.Version, log)
	if err != nil {
		return err
	}
	log.Info("starting", "version", build.Version, "owner", cfg.Owner, "clusters", len(cfg.Clusters), "dry_run", flags.DryRun)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := watch(ctx, clusters)
	defer stop()
	if !flags.Once {
		if err := listen(ctx, cfg.Metrics.Listen, registry, sync, cancel, log); err != nil {
			return err
		}
	}
	err = sync.Run(ctx)
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause // the listener failed
	}
	log.Info("stopped")
	return err
}

// Providers are the clients of both providers and their gates.
type Providers struct {
	Edgio     *edgio.Client
	EdgioGate *transport.Gate
	Vultr     *vultrdns.Client
	VultrGate *transport.Gate
}

// Connect makes the providers' clients. It makes no call. observe returns the
// function that is told of each call to the named provider.
func Connect(cfg *config.Config, version string, observe func(provider string) func(method, code string, took time.Duration), log *slog.Logger) (Providers, error) {
	agent := "edgeward/" + version
	p := Providers{
		EdgioGate: transport.NewGate(cfg.Edgio.RequestsPerMinute, time.Minute),
		VultrGate: transport.NewGate(cfg.Vultr.RequestsPerSecond, time.Second),
	}
	var err error
	p.Edgio, err = edgio.New(edgio.Options{
		BaseURL: cfg.Edgio.BaseURL, Username: cfg.Edgio.Username, SharedKey: cfg.Edgio.SharedKey.Reveal(),
		Shortname: cfg.Edgio.Shortname, Log: log.With("target", string(plan.Edgio)),
		HTTP: transport.NewClient(p.EdgioGate, agent, cfg.Edgio.SharedKey.Reveal(), observe("edgio")),
	})
	if err != nil {
		return p, fmt.Errorf("edgio: %w", err)
	}
	p.Vultr, err = vultrdns.New(vultrdns.Options{
		BaseURL: cfg.Vultr.BaseURL, APIKey: cfg.Vultr.APIKey.Reveal(), Domain: cfg.Vultr.Domain,
		HTTP: transport.NewClient(p.VultrGate, agent, cfg.Vultr.APIKey.Reveal(), observe("vultr")),
	})
	if err != nil {
		return p, fmt.Errorf("vultr: %w", err)
	}
	return p, nil
}

// options translates the configuration for the syncer.
func options(cfg *config.Config, flags Flags, p Providers, m *metrics.Metrics, log *slog.Logger) syncer.Options {
	o := syncer.Options{
		Settings: plan.Settings{
			Owner: cfg.Owner, Domain: cfg.Vultr.Domain, TTL: cfg.Vultr.TTL,
			ServiceProfile: cfg.Edgio.ServiceProfile, PublishedProtocols: cfg.Edgio.PublishedProtocols,
			SourcePath: cfg.Edgio.SourcePath, Adopt: cfg.Sync.Adopt,
			DeletionGrace: cfg.Sync.DeletionGrace, Linger: cfg.Sync.Linger, MaxDelete: cfg.Sync.MaxDelete,
		},
		CDN: p.Edgio, CDNGate: p.EdgioGate, DNS: p.Vultr, DNSGate: p.VultrGate,
		ResyncInterval: cfg.Sync.ResyncInterval,
		Once:           flags.Once, DryRun: flags.DryRun, AllowDelete: flags.AllowDelete,
		Metrics: m, Log: log,
	}
	for _, c := range cfg.Clusters {
		o.Clusters = append(o.Clusters, syncer.ClusterOptions{
			Name: c.Name, AddressTypes: c.NodeAddressTypes, NotReadyDelay: c.NotReadyDelay,
		})
	}
	return o
}

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
			Synced: reports.Ready,
			Metrics: watcher.Metrics{
				Events:   func(resource, kind string) { m.Events.WithLabelValues(c.Name, resource, kind).Inc() },
				Restarts: func(resource, reason string) { m.WatchRestarts.WithLabelValues(c.Name, resource, reason).Inc() },
			},
			Log: log,
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

// watch runs the watches until ctx is done; the returned function waits for
// their end.
func watch(ctx context.Context, clusters []*watcher.Cluster) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, c := range clusters {
		running.Go(func() { c.Run(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// listen opens the listener and tells systemd that the daemon runs: whether it
// is in sync is another question, which /readyz answers.
func listen(ctx context.Context, address string, registry prometheus.Gatherer, health server.Health, failed context.CancelCauseFunc, log *slog.Logger) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("metrics.listen: %w", err)
	}
	log.Info("listening for metrics and health checks", "address", listener.Addr().String())
	go func() {
		if err := server.Serve(ctx, listener, server.Handler(registry, health)); err != nil {
			failed(err)
		}
	}()
	socket := os.Getenv("NOTIFY_SOCKET")
	if err := server.Notify(socket, "READY=1"); err != nil {
		log.Warn(err.Error())
	}
	context.AfterFunc(ctx, func() { _ = server.Notify(socket, "STOPPING=1") })
	return nil
}
