package vultrapi

import (
	"time"

	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// Section is the part of the configuration that has the account of both.
const Section = "vultr"

// Config is the account and the zones at Vultr.
type Config struct {
	BaseURL string `mapstructure:"base_url"` // absolute, without a slash at its end
	Domain  string `mapstructure:"domain"`   // the zone of the origins, in lower case, without a dot at its end
	TTL     int    `mapstructure:"ttl"`      // seconds
	// PublishZones are the account's zones in which published hosts get a CNAME to
	// the CDN, in lower case, without a dot at their ends.
	PublishZones      []string `mapstructure:"publish_zones"`
	RequestsPerSecond float64  `mapstructure:"requests_per_second"` // 0: no limit
}

// ConfigOf are the values of the section; nil if it is not in force.
func ConfigOf(s schema.Sections) *Config { return schema.ValuesOf[Config](s, Section) }

// Account is the one of both.
func Account(s schema.Sections) provider.Account {
	c := ConfigOf(s)
	return provider.Account{Name: Section, BaseURL: c.BaseURL, Key: s.Key(Section), Limit: c.RequestsPerSecond, Interval: time.Second}
}

// Connect returns the account's API.
func Connect(s schema.Sections, on provider.Connection) (*API, error) {
	return New(ConfigOf(s).BaseURL, s.Key(Section).Reveal(), on.HTTP)
}
