package edgio

import (
	"context"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// Name is the provider's in metrics, ownership records and messages.
const Name model.Provider = "edgio"

// section is that of the configuration.
const section = "edgio"

// Config is the account and what is published by default.
type Config struct {
	BaseURL            string   `mapstructure:"base_url"` // absolute, without a slash at its end
	Username           string   `mapstructure:"username"`
	Shortname          string   `mapstructure:"shortname"` // safe in a URL path
	ServiceProfile     string   `mapstructure:"service_profile"`
	PublishedProtocols []string `mapstructure:"published_protocols"` // of "https", "http"; never empty
	SourcePath         string   `mapstructure:"source_path"`         // keep or strip
	CNAMETarget        string   `mapstructure:"cname_target"`        // a host name in lower case, or ""
	RequestsPerMinute  float64  `mapstructure:"requests_per_minute"` // 0: no limit
}

// Values of source_path.
const (
	keep  = "keep"  // the origin sees the path as published
	strip = "strip" // the origin sees "/" for the published prefix
)

// Definition is what the table of providers has of Edgio.
func Definition() provider.Definition {
	return provider.Definition{
		Name:  Name,
		Title: "Edgio",
		Section: schema.Section{
			Name:       section,
			Keys:       keys(),
			Credential: &schema.Credential{Key: "shared_key", DataKey: "shared-key", Check: schema.Hexadecimal},
			New:        func() any { return new(Config) },
		},
		Account: func(s schema.Sections) provider.Account {
			c := schema.ValuesOf[Config](s, section)
			return provider.Account{Name: Name, BaseURL: c.BaseURL, User: c.Username, Key: s.Key(section), Limit: c.RequestsPerMinute, Interval: time.Minute}
		},
		CDN: &provider.CDNDefinition{
			Capabilities: capabilities,
			Connect: func(s schema.Sections, on provider.Connection) (provider.CDN, error) {
				c := schema.ValuesOf[Config](s, section)
				return New(Options{
					BaseURL: c.BaseURL, Username: c.Username, SharedKey: s.Key(section).Reveal(), Shortname: c.Shortname,
					HTTP: on.HTTP, Log: on.Log,
				})
			},
			Scope: func(s schema.Sections) string { return schema.ValuesOf[Config](s, section).Shortname },
			Check: check,
		},
	}
}

func keys() []schema.Key {
	return slices.Concat(
		[]schema.Key{
			schema.Scalar("base_url", "https://apis.llnw.com/config-api/v1", schema.BaseURL),
			schema.Scalar("username", "", schema.Required(schema.HeaderText)),
		},
		schema.CredentialKeys("shared_key"),
		[]schema.Key{
			schema.Scalar("shortname", "", schema.Required(schema.PathSegment)),
			schema.Scalar("service_profile", "LLNW-Generic", schema.Required(schema.PlainText)),
			schema.List("published_protocols", []string{"https"}, 1, schema.OneOf("https", "http")),
			schema.Scalar("source_path", keep, schema.OneOf(keep, strip)),
			schema.Scalar("cname_target", "", schema.HostName),
			schema.Scalar("requests_per_minute", "50", schema.Rate),
		})
}

func capabilities(s schema.Sections) model.CDN {
	c := schema.ValuesOf[Config](s, section)
	return model.CDN{
		ClusterClass:       true,
		Paths:              model.SlashPaths,
		PublishedProtocols: slices.Sorted(slices.Values(c.PublishedProtocols)),
		StripPath:          c.SourcePath == strip,
		Profile:            c.ServiceProfile,
		OneName:            true, Host: c.CNAMETarget, HostKey: section + ".cname_target",
		Poll: time.Minute, // ten calls of fifty
	}
}

// check looks at the account's rules and service profiles.
func check(ctx context.Context, s schema.Sections, cdn provider.CDN, found provider.Findings) {
	c, client := schema.ValuesOf[Config](s, section), cdn.(*Client)
	profiles, err := client.Profiles(ctx)
	if err != nil {
		found.Fail("edgio: %v", err)
		return
	}
	rules, err := client.List(ctx)
	if err != nil {
		found.Fail("edgio: %v", err)
		return
	}
	found.OK("edgio: the account %s has %d rules, %d of them ours", c.Shortname, len(rules), found.Ours(rules))
	switch profile := c.ServiceProfile; {
	case slices.Contains(profiles, profile):
		found.OK("edgio: the service profile %s exists", profile)
	case len(profiles) == 0:
		found.Note("edgio: the account's service profiles could not be told; %s is untested", profile)
	default:
		found.Fail("edgio: there is no service profile %s; there are %q", profile, profiles)
	}
	found.Note("edgio: the right to write is untested")
}
