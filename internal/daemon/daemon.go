// Package daemon runs what package app puts together, until it is told to end: it reads
// the configuration again when that has changed, and listens for metrics, health checks
// and the status page.
package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/klog/v2"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/syncer"
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
	access   app.Access
	registry *prometheus.Registry
	metrics  *metrics.Metrics
	accounts app.Accounts
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
	d.access = app.NewAccess(o.Build.Version, log)
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
	if app.SameAccounts(s.cfg, next.cfg) {
		next.syncer.Remember(s.syncer.Memory())
	}
	return next, err
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
		var faults schema.Faults
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

// options translates the configuration for the syncer.
func options(cfg *config.Config, flags Flags, p app.Providers, m *metrics.Metrics, log *slog.Logger) syncer.Options {
	o := syncer.Options{
		Settings: app.Settings(cfg),
		DNS:      p.DNS.Client, DNSAccount: p.DNS.Account,
		ResyncInterval: cfg.Sync.ResyncInterval,
		Once:           flags.Once, DryRun: flags.DryRun, AllowDelete: flags.AllowDelete,
		Metrics: m, Log: log,
	}
	for _, c := range p.CDNs {
		o.CDNs = append(o.CDNs, syncer.CDN{Target: c.Name, Provider: c.Client, Account: c.Account})
	}
	for _, c := range cfg.Clusters {
		o.Clusters = append(o.Clusters, app.Cluster(cfg, c))
	}
	return o
}
