package daemon

import (
	"context"
	"log/slog"
	"sync"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/watcher"
)

// session is the daemon's work with one configuration.
type session struct {
	cfg       *config.Config
	log       *slog.Logger
	syncer    *syncer.Syncer
	clusters  []*watcher.Cluster
	reporters []reporter
	once      bool
	keys      map[string]schema.Secret // by path: what a key file held when last looked at
	secrets   []*watcher.Loop[heldKey]
	rotated   chan struct{} // has an element once a Secret holds another key
}

// prepare makes a session that does nothing before run. It reads the keys that
// Secrets hold.
func (d *daemon) prepare(ctx context.Context, cfg *config.Config, log *slog.Logger) (*session, error) {
	access := d.access.With(log)
	providers, err := app.Open(ctx, cfg, &d.accounts, access, d.observe(log))
	if err != nil {
		return nil, err
	}
	for _, path := range exposed(cfg, d.Path) {
		log.Warn("every user of this machine may read a file with secrets: chmod o-r", "file", path)
	}
	s := &session{cfg: cfg, log: log, once: d.Flags.Once, keys: keyFiles(cfg), rotated: make(chan struct{}, 1)}
	s.syncer = syncer.New(options(cfg, d.Flags, providers, d.metrics, log))
	s.secrets = rotations(cfg, access, d.metrics, s.rotate)
	s.clusters, err = watches(cfg, access, s.syncer, d.metrics)
	if err != nil {
		return nil, err
	}
	s.reporters = reporters(cfg, access, s.clusters, d.Flags.DryRun)
	return s, nil
}

// rotate tells that a Secret holds another key.
func (s *session) rotate() {
	select {
	case s.rotated <- struct{}{}:
	default: // it is known already
	}
}

// run watches and syncs, and tells the clusters what comes of it, until ctx is
// done or nothing is left to do.
func (s *session) run(ctx context.Context) error {
	around, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { watch(around, s.clusters, s.secrets) })
	running.Go(func() { tell(around, s.reporters, s.syncer) })
	err := s.syncer.Run(ctx)
	end()
	running.Wait()
	if s.once {
		flush(ctx, s.reporters, s.syncer)
	}
	return err
}

// keyFiles returns the secrets that were read from files of their own.
func keyFiles(cfg *config.Config) map[string]schema.Secret {
	files := make(map[string]schema.Secret)
	for _, given := range cfg.Credentials() {
		if given.File != "" {
			files[given.File] = given.Value
		}
	}
	return files
}

// keysChanged reports whether a key file holds another key than before. One
// that cannot be read or is empty is being written.
func (s *session) keysChanged() bool {
	changed := false
	for path, before := range s.keys {
		if key, err := config.ReadSecret(path); err == nil && !key.Equal(before) {
			s.keys[path] = key
			changed = true
		}
	}
	return changed
}
