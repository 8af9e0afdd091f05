package app

import (
	"crypto/sha256"
	"sync"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/provider"
)

// Accounts holds the accounts at the providers. They outlive a reload of the
// configuration: the provider counts the calls of an account, and goes on asking for
// the pause that it has asked for, whoever makes them. The zero value holds none.
type Accounts struct {
	mu    sync.Mutex
	known map[credentials]*httpapi.Account
}

// credentials are what a provider tells accounts apart by. The key is kept as a hash, so
// that it cannot be printed.
type credentials struct {
	baseURL, user string
	key           [sha256.Size]byte
}

// account returns the account of these credentials, which has the limit that the
// configuration says now.
func (a *Accounts) account(of provider.Account) *httpapi.Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	by := credentials{of.BaseURL, of.User, sha256.Sum256([]byte(of.Key.Reveal()))}
	account, known := a.known[by]
	if !known {
		if a.known == nil {
			a.known = make(map[credentials]*httpapi.Account)
		}
		account = new(httpapi.Account)
		a.known[by] = account
	}
	account.SetLimit(of.Limit, of.Interval)
	return account
}
