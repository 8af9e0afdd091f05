// Package daemon puts the parts together: the watches of each cluster, the
// syncer, the clients of both providers, and the listener for metrics.
package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/klog/v2"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/vultrcdn"
)

// Flags are the ways in which one run differs from the configuration.
type Flags struct {
	Once        bool // converge, then end; there is no listener
	DryRun      bool // write nothing
	AllowDelete bool // the first comparison may exceed sync.max_delete
}

// Options configure a Daemon.
type Options struct {
	// Load reads the configuration. It is called again for each SIGHUP.
	Load func() (*config.Config, error)
	// Path is that of the configuration's file.
	Path  string
	Flags Flags
	// Hangup tells of SIGHUP. Whoever starts the daemon catches it from the first on.
	Hangup <-chan os.Signal
	Build  metrics.Build
	// NewLog makes the logger that a configuration describes.
	NewLog func(config.Log) *slog.Logger
}

// lookAtKeys is how often the files of the providers' keys are looked at.
const lookAtKeys = 10 * time.Second

// daemon is what outlives a reload.
type daemon struct {
	Options
	loader   loader
	access   Access
	registry *prometheus.Registry
	metrics  *metrics.Metrics
	accounts Accounts
	current  atomic.Pointer[session]
}

// Run runs until ctx is done or, with Flags.Once, until nothing is left to do.
// A faulty configuration, or a kubeconfig that cannot be read, is a
// config.Faults.
//
// SIGHUP, or another key in a key file or in a Kubernetes Secret, has the
// configuration read again. A good one takes the place of the old as a restart
// would, which writes nothing; a faulty one is refused as a whole.
//
// A Secret that cannot be read is an error at the start, and not a config.Faults:
// whoever starts the daemon tries again. At a reload the old configuration stays.
func Run(ctx context.Context, o Options) error {
	d := &daemon{Options: o, loader: loader{load: o.Load}, registry: prometheus.NewRegistry()}
	d.metrics = metrics.New(d.registry, o.Build)
	select {
	case <-o.Hangup: // the first reading will do
	default:
	}
	cfg, err := d.loader.read(ctx)
	if err != nil {
		return unlessDone(ctx, err)
	}
	log := o.NewLog(cfg.Log)
	klog.SetSlogLogger(log) // client-go writes there
	d.access = NewAccess(o.Build.Version, log)
	session, err := d.prepare(ctx, cfg, log)
	if err != nil {
		return unlessDone(ctx, err)
	}
	d.current.Store(session)
	log.Info("starting", "version", o.Build.Version, "owner", cfg.Owner, "clusters", len(cfg.Clusters), "dry_run", o.Flags.DryRun)

	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if !o.Flags.Once {
		if err := d.listen(ctx, cfg.Metrics.Listen, fail, log); err != nil {
			return err
		}
	}
	for session != nil {
		session, err = d.run(ctx, session)
	}
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause // the listener failed
	}
	log.Info("stopped")
	return err
}

// unlessDone is err, unless it only follows from a stop: that is none.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// run runs a session until it ends or a SIGHUP brings a good configuration;
// then it returns the session to go on with.
func (d *daemon) run(ctx context.Context, s *session) (next *session, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	look := time.NewTicker(lookAtKeys)
	defer look.Stop()
	ended := make(chan error, 1)
	d.current.Store(s)
	go func() { ended <- s.run(ctx) }()
	again := false // what was to be read again could not be read
	for next == nil {
		select {
		case err := <-ended:
			return nil, err
		case <-d.Hangup:
			next, again = d.reload(ctx, s)
		case <-s.rotated:
			s.log.Info("a Secret holds another key; reading the configuration again")
			next, again = d.reload(ctx, s)
		case <-look.C:
			switch {
			case s.keysChanged():
				s.log.Info("a key has changed; reading the configuration again")
				next, again = d.reload(ctx, s)
			case again:
				s.log.Info("reading the configuration again, which could not be used")
				next, again = d.reload(ctx, s)
			}
		}
	}
	cancel()
	err = <-ended
	if sameAccounts(s.cfg, next.cfg) {
		next.syncer.Remember(s.syncer.Memory())
	}
	return next, err
}

// sameAccounts reports whether what stands at the providers is the same for two
// configurations.
func sameAccounts(a, b *config.Config) bool {
	return a.Owner == b.Owner && a.Vultr.Domain == b.Vultr.Domain && a.Vultr.BaseURL == b.Vultr.BaseURL &&
		a.Edgio.Shortname == b.Edgio.Shortname && a.Edgio.BaseURL == b.Edgio.BaseURL
}

// reload reads the configuration again; nil: it cannot be used, and the old one
// stays. unread: that is no fault of the configuration, but of a Secret or a disk.
func (d *daemon) reload(ctx context.Context, old *session) (next *session, unread bool) {
	d.Flags.AllowDelete = false // it was for the start
	cfg, err := d.loader.read(ctx)
	if err == nil {
		next, err = d.prepare(ctx, cfg, d.NewLog(cfg.Log))
	}
	if err != nil {
		if ctx.Err() != nil { // it only follows from that
			return nil, false
		}
		d.metrics.Reloaded.Set(0)
		var faults config.Faults
		if !errors.As(err, &faults) {
			old.log.Error("the configuration cannot be used, the old one stays", "err", err)
			return nil, true
		}
		for _, f := range faults {
			old.log.Error("the configuration is faulty, the old one stays: " + f.String())
		}
		return nil, false
	}
	d.metrics.Reloaded.Set(1)
	if cfg.Metrics.Listen != old.cfg.Metrics.Listen {
		next.log.Warn("metrics.listen cannot change while the daemon runs; restart it", "still", old.cfg.Metrics.Listen)
	}
	klog.SetSlogLogger(next.log)
	next.log.Info("the configuration was read again and is in force")
	d.metrics.Forget()
	return next, false
}

// Settings are the parts of the configuration that decide what becomes what.
func Settings(cfg *config.Config) model.Settings {
	var cdns []model.CDN
	if cfg.Edgio.On {
		cdns = append(cdns, model.CDN{
			Name: model.Edgio, Section: "edgio", ClusterClass: true,
			PublishedProtocols: slices.Sorted(slices.Values(cfg.Edgio.PublishedProtocols)),
			StripPath:          cfg.Edgio.SourcePath == config.SourcePathStrip, Profile: cfg.Edgio.ServiceProfile,
			OneName: true, Host: cfg.Edgio.CNAMETarget, HostKey: "edgio.cname_target",
			Poll: time.Minute, // ten calls of fifty
		})
	}
	if cfg.VultrCDN.On {
		cdn := vultrcdn.Capabilities()
		cdn.Section, cdn.Class = "vultr_cdn", cfg.VultrCDN.IngressClass
		cdns = append(cdns, cdn)
	}
	return model.Settings{
		CDNs: cdns, KnownCDNs: []model.Provider{model.Edgio, model.VultrCDN}, DNS: model.DNS{Name: model.Vultr, Section: "vultr"},
		Owner: cfg.Owner, Domain: cfg.Vultr.Domain, TTL: cfg.Vultr.TTL,
		Adopt:        cfg.Sync.Adopt,
		PublishZones: cfg.Vultr.PublishZones, Forget: cfg.Sync.Forget,
		DeletionGrace: cfg.Sync.DeletionGrace, Linger: cfg.Sync.Linger, MaxDelete: cfg.Sync.MaxDelete, ConfirmAfter: cfg.Sync.ConfirmAfter,
	}
}

// options translates the configuration for the syncer.
func options(cfg *config.Config, flags Flags, p Providers, m *metrics.Metrics, log *slog.Logger) syncer.Options {
	o := syncer.Options{
		Settings: Settings(cfg),
		CDNs:     p.CDNs, DNS: p.Vultr, DNSAccount: p.VultrAccount,
		ResyncInterval: cfg.Sync.ResyncInterval,
		Once:           flags.Once, DryRun: flags.DryRun, AllowDelete: flags.AllowDelete,
		Metrics: m, Log: log,
	}
	for _, c := range cfg.Clusters {
		o.Clusters = append(o.Clusters, Cluster(cfg, c))
	}
	return o
}
