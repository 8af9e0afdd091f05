package edgio

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/providertest"
)

func TestConformance(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Subject[plan.Rule] {
		api := emulator.NewEdgio(emulator.EdgioOptions{Username: testUser, SharedKey: testKey, Shortname: testShortname})
		var revoked atomic.Bool
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if revoked.Load() {
				r.Header.Set(headerToken, "")
			}
			api.ServeHTTP(w, r)
		}))
		changed := wanted("www.example.com", "/app/")
		changed.SourceHost = "other.example.com"
		return providertest.Subject[plan.Rule]{
			Provider: client,
			First:    wanted("www.example.com", "/app/"),
			Second:   wanted("www.example.com", "/app"),
			Changed:  changed,
			Remove:   func(id string) { api.Remove(id) },
			Disown:   func(id string) { api.Edit(id, func(body map[string]any) { options(body) }) },
			Revoke:   func() { revoked.Store(true) },
		}
	})
}
