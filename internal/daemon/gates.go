package daemon

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/transport"
)

// Gates holds the gate of each account at a provider. They outlive a reload of the
// configuration: the provider counts the calls of an account, and goes on asking for
// the pause that it has asked for, whoever makes them. The zero value holds none.
type Gates struct {
	mu sync.Mutex
	of map[account]*transport.Gate
}

// account is what a provider counts calls for. Its key is kept as a hash, so that
// it cannot be printed.
type account struct {
	baseURL, user string
	key           [sha256.Size]byte
}

// edgioGate is the gate of Edgio's account, at the pace of the configuration.
func (g *Gates) edgioGate(cfg config.Edgio) *transport.Gate {
	return g.gate(account{cfg.BaseURL, cfg.Username, sha256.Sum256([]byte(cfg.SharedKey.Reveal()))}, cfg.RequestsPerMinute, time.Minute)
}

// vultrGate is the gate of Vultr's account, which DNS and CDN share.
func (g *Gates) vultrGate(cfg config.Vultr) *transport.Gate {
	return g.gate(account{cfg.BaseURL, "", sha256.Sum256([]byte(cfg.APIKey.Reveal()))}, cfg.RequestsPerSecond, time.Second)
}

func (g *Gates) gate(of account, limit float64, interval time.Duration) *transport.Gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate, known := g.of[of]
	if !known {
		if g.of == nil {
			g.of = make(map[account]*transport.Gate)
		}
		gate = new(transport.Gate)
		g.of[of] = gate
	}
	gate.SetLimit(limit, interval)
	return gate
}
