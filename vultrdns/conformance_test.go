package vultrdns

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider/conformance"
)

// TestConformance has the suite run at each kind of account that Vultr may be.
func TestConformance(t *testing.T) {
	for name, options := range map[string]vultrtest.Options{
		"as documented":        {},
		"duplicates":           {AllowDuplicates: true},
		"one field a call":     {RefuseTTLWithData: true},
		"IPv6 in full":         {LongIPv6: true},
		"whole names":          {WholeNames: true},
		"all of them together": {AllowDuplicates: true, RefuseTTLWithData: true, LongIPv6: true, WholeNames: true},
	} {
		t.Run(name, func(t *testing.T) { conforms(t, options) })
	}
}

func conforms(t *testing.T, options vultrtest.Options) {
	options.Key, options.Domains = testKey, []string{testZone}
	conformance.Run(t, func(t *testing.T) conformance.Subject[model.Record] {
		api := vultrtest.NewAccount(options)
		var revoked atomic.Bool
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if revoked.Load() {
				r.Header.Del("Authorization")
			}
			api.ServeHTTP(w, r)
		}))
		first := model.Record{Name: "nodes.main.team", Type: "AAAA", Data: "2001:db8::1", TTL: 120}
		changed := first
		changed.TTL = 60
		return conformance.Subject[model.Record]{
			Provider: client,
			First:    first,
			Second:   model.Record{Name: "_edgeward.main.team", Type: "TXT", Data: "heritage=edgeward", TTL: 120},
			Changed:  changed,
			Remove:   func(id string) { api.Remove(testZone, id) },
			Revoke:   func() { revoked.Store(true) },
		}
	})
}
