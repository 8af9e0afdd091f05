package daemon

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/httpapi"
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

// limit is how many calls an account may make in an interval.
type limit struct {
	calls float64
	per   time.Duration
}

// account returns the account of these credentials, which has this limit from now on.
func (a *Accounts) account(baseURL, user string, key config.Secret, l limit) *httpapi.Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := credentials{baseURL, user, sha256.Sum256([]byte(key.Reveal()))}
	account, known := a.known[of]
	if !known {
		if a.known == nil {
			a.known = make(map[credentials]*httpapi.Account)
		}
		account = new(httpapi.Account)
		a.known[of] = account
	}
	account.SetLimit(l.calls, l.per)
	return account
}
