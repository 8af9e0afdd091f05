package provider

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/schema"
)

// Definition is what a provider's package says of itself. One of CDN and DNS is set.
type Definition struct {
	Name    model.Provider // in metrics, ownership records and messages: "some-cdn"
	Title   string         // in prose: "Some CDN"
	Section schema.Section // of the configuration; the provider is used where it is there
	// Account is whom the provider counts calls for. Providers with the same account
	// share its pace.
	Account func(schema.Sections) Account
	CDN     *CDNDefinition
	DNS     *DNSDefinition
}

// CDNDefinition is what a CDN's package says of it.
type CDNDefinition struct {
	// Capabilities are what a rule can express there, and what the configuration says of
	// the CDN. Name, Title and Section are filled in.
	Capabilities func(schema.Sections) model.CDN
	Connect      func(schema.Sections, Connection) (CDN, error)
	// Scope tells accounts at one URL apart; nil: the key alone does. With another
	// scope other rules are read.
	Scope func(schema.Sections) string
	// Check looks at the account, by reads alone, and says what it finds, for `edgeward
	// check`.
	Check func(context.Context, schema.Sections, CDN, Findings)
}

// DNSDefinition is what a DNS's package says of it.
type DNSDefinition struct {
	Settings func(schema.Sections) Zones
	Connect  func(schema.Sections, Connection) (DNS, error)
}

// Zones are where records are made, and how.
type Zones struct {
	Origins string   // the zone of the origins' names, in lower case, without a dot at its end
	Publish []string // those in which published hosts are led to the CDN, likewise
	TTL     int      // seconds
}

// Account is whom a provider counts calls for.
type Account struct {
	Name    model.Provider // in metrics; that of the provider whose section it is in
	BaseURL string
	User    string // "" if the key alone says it
	Key     schema.Secret
	// Limit is how many calls may be made in each Interval; 0: as many as one likes.
	Limit    float64
	Interval time.Duration
}

// Connection is what a client is made with.
type Connection struct {
	HTTP *httpapi.Client // for calls of the account, which providers of one account share
	Log  *slog.Logger    // told of each rule that is taken over
}

// Findings takes what a check finds, a line each.
type Findings interface {
	OK(format string, a ...any)
	Note(format string, a ...any) // what could not be tried
	Fail(format string, a ...any)
	// Ours is how many of some rules have an owner label of ours.
	Ours(rules []model.Rule) int
}

// Table lists the providers that there are. Where the configuration has no section of a
// CDN, the first CDN is meant, and likewise the first DNS.
type Table []Definition

// CDNs are the CDNs of the table, in order.
func (t Table) CDNs() Table { return t.those(func(d Definition) bool { return d.CDN != nil }) }

// DNS are the DNS of the table, in order.
func (t Table) DNS() Table { return t.those(func(d Definition) bool { return d.DNS != nil }) }

// InForce are those whose sections are.
func (t Table) InForce(s schema.Sections) Table {
	return t.those(func(d Definition) bool { return s.Has(d.Section.Name) })
}

// Names are the names of all, in order.
func (t Table) Names() []model.Provider {
	var names []model.Provider
	for _, d := range t {
		names = append(names, d.Name)
	}
	return names
}

func (t Table) those(is func(Definition) bool) Table {
	return slices.DeleteFunc(slices.Clone(t), func(d Definition) bool { return !is(d) })
}

// CDN is what is known of a CDN in force.
func (d Definition) Capabilities(s schema.Sections) model.CDN {
	cdn := d.CDN.Capabilities(s)
	cdn.Name, cdn.Title, cdn.Section = d.Name, d.Title, d.Section.Name
	return cdn
}
