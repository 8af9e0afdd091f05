package edgio

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider/conformance"
)

// TestConformance has the suite run at each kind of account that Edgio may be.
func TestConformance(t *testing.T) {
	for name, account := range map[string]edgiotest.Options{
		"as documented":    {},
		"no duplicates":    {RefuseDuplicates: true},
		"fixed profiles":   {FixedProfiles: true},
		"pending":          {Pending: time.Hour},
		"omitted ports":    {OmitDefaultPorts: true},
		"descriptions":     {Descriptions: true},
		"a masked history": {Masked: []string{"createdBy", "state"}},
	} {
		t.Run(name, func(t *testing.T) { conforms(t, account) })
	}
}

func conforms(t *testing.T, account edgiotest.Options) {
	account.Username, account.SharedKey, account.Shortname = testUser, testKey, testShortname
	conformance.Run(t, func(t *testing.T) conformance.Subject[model.Rule] {
		api := edgiotest.NewAccount(account)
		var revoked atomic.Bool
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if revoked.Load() {
				r.Header.Set(headerToken, "")
			}
			api.ServeHTTP(w, r)
		}))
		changed := wanted("www.example.com", "/app/")
		changed.SourceHost = "other.example.com"
		return conformance.Subject[model.Rule]{
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
