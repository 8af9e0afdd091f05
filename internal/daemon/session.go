package daemon

import (
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/watcher"
)

// session is the daemon's work with one configuration.
type session struct {
	cfg      *config.Config
	log      *slog.Logger
	syncer   *syncer.Syncer
	clusters []*watcher.Cluster
	tellers  []teller
	once     bool
	keys     map[string]string // by path: what a key file held when last looked at
	secrets  []*watcher.Loop[heldKey]
	rotated  chan struct{} // has an element once a Secret holds another key
}

// prepare makes a session that does nothing before run. It reads the keys that
// Secrets hold.
func (d *daemon) prepare(ctx context.Context, cfg *config.Config, log *slog.Logger) (*session, error) {
	providers, err := Open(ctx, cfg, &d.gates, d.Build.Version, d.observe(log), log)
	if err != nil {
		return nil, err
	}
	for _, path := range exposed(cfg, d.Path) {
		log.Warn("every user of this machine may read a file with secrets: chmod o-r", "file", path)
	}
	s := &session{cfg: cfg, log: log, once: d.Flags.Once, keys: make(map[string]string), rotated: make(chan struct{}, 1)}
	for path, secret := range keyFiles(cfg) {
		s.keys[path] = secret.Reveal()
	}
	s.syncer = syncer.New(options(cfg, d.Flags, providers, d.metrics, log))
	s.secrets = rotations(cfg, d.metrics, d.Build.Version, s.rotate, log)
	s.clusters, err = watches(cfg, s.syncer, d.metrics, d.Build.Version, log)
	if err != nil {
		return nil, err
	}
	s.tellers = tellers(cfg, s.clusters, d.Build.Version, d.Flags.DryRun, log)
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
	stop := watch(ctx, s.cfg, s.clusters, s.secrets, s.log)
	defer stop()
	silence := tell(ctx, s.tellers, s.syncer, s.log)
	err := s.syncer.Run(ctx)
	silence(s.once)
	return err
}

// keyFiles returns the secrets that were read from files of their own.
func keyFiles(cfg *config.Config) map[string]config.Secret {
	files := map[string]config.Secret{cfg.Edgio.SharedKeyFile: cfg.Edgio.SharedKey, cfg.Vultr.APIKeyFile: cfg.Vultr.APIKey}
	delete(files, "")
	return files
}

// keysChanged reports whether a key file holds something else than before. One
// that cannot be read or is empty is being written.
func (s *session) keysChanged() bool {
	changed := false
	for path, before := range s.keys {
		data, err := os.ReadFile(path)
		if key := strings.TrimSpace(string(data)); err == nil && key != "" && key != before {
			s.keys[path] = key
			changed = true
		}
	}
	return changed
}
