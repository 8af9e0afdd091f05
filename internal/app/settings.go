// Package app puts the parts of edgeward together as the configuration says: the clients
// of the providers, the watches of the clusters, the settings of the plan. The daemon and
// the commands share it.
package app

import (
	"maps"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
)

// Settings are the parts of the configuration that decide what becomes what.
func Settings(cfg *config.Config) model.Settings {
	dns, zones := zonesOf(cfg)
	return model.Settings{
		Owner: cfg.Owner, Adopt: cfg.Sync.Adopt, KnownCDNs: cfg.KnownCDNs, Forget: cfg.Sync.Forget,
		DNS:    model.DNS{Name: dns.Name, Section: dns.Section.Name},
		Domain: zones.Origins, TTL: zones.TTL, PublishZones: zones.Publish,
		DeletionGrace: cfg.Sync.DeletionGrace, Linger: cfg.Sync.Linger,
		MaxDelete: cfg.Sync.MaxDelete, ConfirmAfter: cfg.Sync.ConfirmAfter,
		CDNs: cdns(cfg),
	}
}

// cdns are the CDNs in force.
func cdns(cfg *config.Config) (all []model.CDN) {
	for _, d := range cfg.Providers.CDNs() {
		all = append(all, d.Capabilities(cfg.Sections))
	}
	return all
}

// zonesOf are the DNS in force and the zones there.
func zonesOf(cfg *config.Config) (provider.Definition, provider.Zones) {
	dns := cfg.Providers.DNS()[0]
	return dns, dns.DNS.Settings(cfg.Sections)
}

// SameAccounts reports whether what stands at the providers is the same for two
// configurations: the owner, the zone of the origins, and the accounts, whatever their
// keys.
func SameAccounts(a, b *config.Config) bool {
	_, zonesOfA := zonesOf(a)
	_, zonesOfB := zonesOf(b)
	return a.Owner == b.Owner && zonesOfA.Origins == zonesOfB.Origins && maps.Equal(places(a), places(b))
}

// place is where the objects of a provider are.
type place struct {
	provider       model.Provider
	baseURL, scope string
}

// places are those of a configuration. A CDN that does not name its account has that of
// the DNS, or its key says which it is.
func places(cfg *config.Config) map[place]bool {
	all := make(map[place]bool)
	for _, d := range cfg.Providers {
		if s := scope(d, cfg); d.DNS != nil || s != "" {
			all[place{d.Name, d.Account(cfg.Sections).BaseURL, s}] = true
		}
	}
	return all
}

// scope tells the accounts of a provider at one URL apart, as far as the configuration
// names them.
func scope(d provider.Definition, cfg *config.Config) string {
	if d.CDN == nil || d.CDN.Scope == nil {
		return ""
	}
	return d.CDN.Scope(cfg.Sections)
}
