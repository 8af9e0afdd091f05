package vultrdns

import (
	"fmt"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// Name is the provider's in metrics and messages.
const Name model.Provider = "vultr"

// Definition is what the table of providers has of Vultr DNS.
func Definition() provider.Definition {
	return provider.Definition{
		Name:  Name,
		Title: "Vultr DNS",
		Section: schema.Section{
			Name:       vultrapi.Section,
			Keys:       keys(),
			Credential: &schema.Credential{Key: "api_key", DataKey: "api-key", Check: schema.BearerToken},
			New:        func() any { return new(vultrapi.Config) },
			Check:      check,
		},
		Account: vultrapi.Account,
		DNS: &provider.DNSDefinition{
			Settings: func(s schema.Sections) provider.Zones {
				c := vultrapi.ConfigOf(s)
				return provider.Zones{Origins: c.Domain, Publish: c.PublishZones, TTL: c.TTL}
			},
			Connect: func(s schema.Sections, on provider.Connection) (provider.DNS, error) {
				api, err := vultrapi.Connect(s, on)
				c := vultrapi.ConfigOf(s)
				return New(Options{API: api, Domain: c.Domain, Zones: c.PublishZones}), err
			},
		},
	}
}

func keys() []schema.Key {
	return slices.Concat(
		[]schema.Key{schema.Scalar("base_url", "https://api.vultr.com", schema.BaseURL)},
		schema.CredentialKeys("api_key"),
		[]schema.Key{
			schema.Scalar("domain", "", schema.Required(schema.DomainName)),
			schema.Scalar("ttl", "120", schema.Integer(1, 604800)),
			schema.List("publish_zones", []string{}, 0, schema.DomainName),
			schema.Scalar("requests_per_second", "20", schema.Rate),
		})
}

// check finds the clusters whose ownership record would have too long a name. It is the
// longest name that cannot be shortened.
func check(in schema.Checking) schema.Faults {
	var faults schema.Faults
	for i, cluster := range in.Clusters {
		name := model.OwnershipName(cluster, in.Owner) + "." + in.Values.(*vultrapi.Config).Domain
		if len(name) > schema.MaxName {
			faults = append(faults, schema.Fault{Key: vultrapi.Section + ".domain", Message: fmt.Sprintf(
				"too long: _edgeward.<name of clusters[%d]>.<owner>.<domain> has %d characters, DNS allows %d", i, len(name), schema.MaxName)})
		}
	}
	return faults
}
