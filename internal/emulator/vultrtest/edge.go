package vultrtest

import (
	"net/url"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edge"
)

// NewEdge returns an edge of the CDN that has the account's pull zones. It goes
// on following them as long as the account lives. Which certificate it shows is
// not its own affair but that of whoever has it listen.
func (a *Account) NewEdge(o edge.Options) *edge.Edge {
	return edge.New(a.state, func() []edge.Rule {
		a.state.RLock()
		defer a.state.RUnlock()
		var all []edge.Rule
		for _, z := range a.pullZones {
			if z.Status == zoneActive || !z.active.IsZero() {
				all = append(all, edgeRules(z.PullZone, z.active)...)
			}
		}
		return all
	}, o)
}

// edgeRules are what a pull zone publishes from some time on: all of its own host
// and of its vanity domain, by both protocols, from the origin's usual port. That
// it publishes both is a guess.
func edgeRules(z PullZone, from time.Time) []edge.Rule {
	hosts := []string{z.VanityDomain}
	if own, err := url.Parse(z.CDNURL); err == nil {
		hosts = append(hosts, own.Hostname())
	}
	var all []edge.Rule
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			if host != "" {
				all = append(all, edge.Rule{
					Scheme: scheme, Host: host, Path: "/", From: from,
					SourceScheme: z.OriginScheme, SourceHost: z.OriginDomain, SourcePath: "/",
				})
			}
		}
	}
	return all
}
