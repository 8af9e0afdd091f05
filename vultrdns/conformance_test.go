package vultrdns

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/providertest"
)

func TestConformance(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Subject[plan.Record] {
		api := emulator.NewVultr(emulator.VultrOptions{Key: testKey, Domains: []string{testZone}})
		var revoked atomic.Bool
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if revoked.Load() {
				r.Header.Del("Authorization")
			}
			api.ServeHTTP(w, r)
		}))
		changed := addressRecord("nodes.main.team", "192.0.2.1")
		changed.TTL = 60
		return providertest.Subject[plan.Record]{
			Provider: client,
			First:    addressRecord("nodes.main.team", "192.0.2.1"),
			Second:   plan.Record{Name: "_edgeward.main.team", Type: "TXT", Data: "heritage=edgeward", TTL: 120},
			Changed:  changed,
			Remove:   func(id string) { api.Remove(testZone, id) },
			Revoke:   func() { revoked.Store(true) },
		}
	})
}
