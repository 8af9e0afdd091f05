package vultrcdn

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider/conformance"
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
	subject := func(t *testing.T, first, second, changed model.Rule) conformance.Subject[model.Rule] {
		api := vultrtest.NewAccount(options)
		var revoked atomic.Bool
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if revoked.Load() {
				r.Header.Del("Authorization")
			}
			api.ServeHTTP(w, r)
		}))
		anew := []model.Rule{
			with(first, func(r *model.Rule) { r.SourceHost = "other.example.com" }),
			with(first, func(r *model.Rule) {
				r.Certificate = certificate
				r.Protocols[0].Published, r.Protocols[0].PublishedPort = "https", 443
				r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 443
			}),
		}
		if options.UniqueVanityDomains {
			anew = nil // it cannot stand beside the first
		}
		return conformance.Subject[model.Rule]{
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
		conformance.Run(t, func(t *testing.T) conformance.Subject[model.Rule] {
			return subject(t, wanted(testHost, certificate), wanted("shop.example.com", certificate), wanted(testHost, rotated))
		})
	})
	t.Run("http", func(t *testing.T) {
		conformance.Run(t, func(t *testing.T) conformance.Subject[model.Rule] {
			return subject(t, wanted(testHost, nil), wanted("shop.example.com", nil), wanted(testHost, certificate))
		})
	})
}

// inexpressible are rules at r's place that no pull zone can serve.
func inexpressible(r model.Rule) []model.Rule {
	var rules []model.Rule
	for _, edit := range []func(*model.Rule){
		func(r *model.Rule) { r.Path = "/app/" },
		func(r *model.Rule) { r.SourcePath = "/app/" },
		func(r *model.Rule) { r.Profile = "LLNW-Generic" },
		func(r *model.Rule) { r.Protocols = nil },
		func(r *model.Rule) { r.Protocols = append(r.Protocols, r.Protocols[0]) },
		func(r *model.Rule) { r.Protocols[0].SourcePort = 31000 },
		func(r *model.Rule) { r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 80 },
		func(r *model.Rule) { r.Protocols[0].Source = "ftp" },
		func(r *model.Rule) { r.Protocols[0].Published, r.Certificate = "https", nil },
		func(r *model.Rule) { r.Protocols[0].Published, r.Certificate = "http", new(model.Certificate) },
		func(r *model.Rule) { // known by its fingerprint alone
			r.Protocols[0].Published, r.Certificate = "https", &model.Certificate{Fingerprint: "0123456789abcdef"}
		},
	} {
		rules = append(rules, with(r, edit))
	}
	return rules
}
