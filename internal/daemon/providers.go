package daemon

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/transport"
	"github.com/edgeward/edgeward/vultrdns"
)

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

// Unobserved is for Connect where nobody counts calls.
func Unobserved(string) func(method, code string, took time.Duration) {
	return func(string, string, time.Duration) {}
}
