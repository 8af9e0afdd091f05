package emulator

import (
	"net/url"
	"time"
)

// NewVultrEdge returns an edge of the CDN that has the account's pull zones. It
// goes on following them as long as the account's Changes live. Which
// certificate it shows is not its own affair but that of whoever has it listen.
func NewVultrEdge(account *Vultr, o EdgeOptions) *Edge {
	return newEdge(account.options.Changes, func() []publication {
		account.mu.RLock()
		defer account.mu.RUnlock()
		var all []publication
		for _, z := range account.pullZones {
			if z.Status == zoneActive || !z.active.IsZero() {
				all = append(all, pullZonePublications(z.PullZone, z.active)...)
			}
		}
		return all
	}, o)
}

// pullZonePublications are what a pull zone publishes from some time on: all of
// its own host and of its vanity domain, by both protocols, from the origin's
// usual port. That it publishes both is a guess.
func pullZonePublications(z PullZone, from time.Time) []publication {
	hosts := []string{z.VanityDomain}
	if own, err := url.Parse(z.CDNURL); err == nil {
		hosts = append(hosts, own.Hostname())
	}
	var all []publication
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			if host != "" {
				all = append(all, publication{
					scheme: scheme, host: host, path: "/", from: from,
					sourceScheme: z.OriginScheme, sourceHost: z.OriginDomain,
					sourcePort: defaultPort(z.OriginScheme), sourcePath: "/",
				})
			}
		}
	}
	return all
}
