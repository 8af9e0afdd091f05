package vultrcdn

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/providertest"
)

// TestConformance has the suite run at each kind of account that Vultr may be.
func TestConformance(t *testing.T) {
	for name, options := range map[string]vultrtest.Options{
		"as documented":         {},
		"pending":               {PullZonePending: time.Hour},
		"a list without meta":   {ListWithoutMeta: true},
		"labels of 200 bytes":   {MaxLabel: 200},
		"unique vanity domains": {UniqueVanityDomains: true},
	} {
		t.Run(name, func(t *testing.T) { conforms(t, options) })
	}
}

func conforms(t *testing.T, options vultrtest.Options) {
	options.Key = testKey
	certificate, rotated := newCertificate(t), newCertificate(t)
	subject := func(t *testing.T, first, second, changed plan.Rule) providertest.Subject[plan.Rule] {
		api := vultrtest.NewAccount(options)
		var revoked atomic.Bool
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if revoked.Load() {
				r.Header.Del("Authorization")
			}
			api.ServeHTTP(w, r)
		}))
		anew := []plan.Rule{
			with(first, func(r *plan.Rule) { r.SourceHost = "other.example.com" }),
			with(first, func(r *plan.Rule) {
				r.Certificate = certificate
				r.Protocols[0].Published, r.Protocols[0].PublishedPort = "https", 443
				r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 443
			}),
		}
		if options.UniqueVanityDomains {
			anew = nil // it cannot stand beside the first
		}
		return providertest.Subject[plan.Rule]{
			Provider: client,
			First:    first,
			Second:   second,
			Changed:  changed,
			Anew:     anew,
			Beyond:   inexpressible(first),
			Remove:   func(id string) { api.RemovePullZone(id) },
			Disown:   func(id string) { api.EditPullZone(id, func(z *vultrtest.PullZone) { z.Label = "by hand" }) },
			Revoke:   func() { revoked.Store(true) },
		}
	}
	t.Run("https", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Subject[plan.Rule] {
			return subject(t, wanted(testHost, certificate), wanted("shop.example.com", certificate), wanted(testHost, rotated))
		})
	})
	t.Run("http", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Subject[plan.Rule] {
			return subject(t, wanted(testHost, nil), wanted("shop.example.com", nil), wanted(testHost, certificate))
		})
	})
}

// inexpressible are rules at r's place that no pull zone can serve.
func inexpressible(r plan.Rule) []plan.Rule {
	var rules []plan.Rule
	for _, edit := range []func(*plan.Rule){
		func(r *plan.Rule) { r.Path = "/app/" },
		func(r *plan.Rule) { r.SourcePath = "/app/" },
		func(r *plan.Rule) { r.Profile = "LLNW-Generic" },
		func(r *plan.Rule) { r.Protocols = nil },
		func(r *plan.Rule) { r.Protocols = append(r.Protocols, r.Protocols[0]) },
		func(r *plan.Rule) { r.Protocols[0].SourcePort = 31000 },
		func(r *plan.Rule) { r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 80 },
		func(r *plan.Rule) { r.Protocols[0].Source = "ftp" },
		func(r *plan.Rule) { r.Protocols[0].Published, r.Certificate = "https", nil },
		func(r *plan.Rule) { r.Protocols[0].Published, r.Certificate = "http", new(plan.Certificate) },
		func(r *plan.Rule) { // known by its fingerprint alone
			r.Protocols[0].Published, r.Certificate = "https", &plan.Certificate{Fingerprint: "0123456789abcdef"}
		},
	} {
		rules = append(rules, with(r, edit))
	}
	return rules
}
