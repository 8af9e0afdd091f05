package app

import (
	"crypto/sha256"
	"sync"

	"github.com/edgeward/edgeward/internal/provider"
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

func accountOf(a provider.Account) account {
	return account{a.BaseURL, a.User, sha256.Sum256([]byte(a.Key.Reveal()))}
}

// gate is the gate of an account, at the pace that the configuration says now.
func (g *Gates) gate(a provider.Account) *transport.Gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := accountOf(a)
	gate, known := g.of[of]
	if !known {
		if g.of == nil {
			g.of = make(map[account]*transport.Gate)
		}
		gate = new(transport.Gate)
		g.of[of] = gate
	}
	gate.SetLimit(a.Limit, a.Interval)
	return gate
}
