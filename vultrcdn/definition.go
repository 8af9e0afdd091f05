package vultrcdn

import (
	"context"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// Name is the provider's in metrics, ownership records and messages.
const Name model.Provider = "vultr-cdn"

// section is that of the configuration. The account is that of Vultr's DNS.
const section = "vultr_cdn"

// Config says which Ingresses are for Vultr CDN.
type Config struct {
	IngressClass string `mapstructure:"ingress_class"`
}

// Definition is what the table of providers has of Vultr CDN.
func Definition() provider.Definition {
	return provider.Definition{
		Name:  Name,
		Title: "Vultr CDN",
		Section: schema.Section{
			Name: section,
			Keys: []schema.Key{schema.Scalar("ingress_class", "vultr-cdn", schema.Required(schema.PlainText))},
			New:  func() any { return new(Config) },
		},
		Account: vultrapi.Account,
		CDN: &provider.CDNDefinition{
			Capabilities: func(s schema.Sections) model.CDN {
				cdn := Capabilities()
				cdn.Class = schema.ValuesOf[Config](s, section).IngressClass
				return cdn
			},
			Connect: func(s schema.Sections, on provider.Connection) (provider.CDN, error) {
				api, err := vultrapi.Connect(s, on)
				return New(Options{API: api, Log: on.Log}), err
			},
			Check: check,
		},
	}
}

// check looks at the account's pull zones.
func check(ctx context.Context, _ schema.Sections, cdn provider.CDN, found provider.Findings) {
	zones, err := cdn.List(ctx)
	if err != nil {
		found.Fail("vultr-cdn: %v", err)
		return
	}
	found.OK("vultr-cdn: the account has %d pull zones, %d of them ours", len(zones), found.Ours(zones))
	found.Note("vultr-cdn: the right to write is untested")
}
