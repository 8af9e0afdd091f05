// Package vultrdns reads and writes the records of zones at Vultr DNS, through
// govultr.
package vultrdns

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// Options configure a Client.
type Options struct {
	BaseURL string // scheme and host, as https://api.vultr.com
	APIKey  string
	// Domain is the zone of the origins, and Zones further ones, in lower case and
	// without trailing dots.
	Domain string
	Zones  []string
	HTTP   *http.Client // of transport.NewClient
}

// Client calls the API for some zones. Its methods are safe for concurrent use.
type Client struct {
	api    govultr.DomainRecordService
	zones  govultr.DomainService
	domain string
	others []string // further zones
}

// New returns a client. It makes no call.
func New(o Options) (*Client, error) {
	api, err := vultrapi.New(o.BaseURL, o.APIKey, o.HTTP)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(o.Zones), func(zone string) bool { return zone == o.Domain })
	return &Client{api: api.DomainRecord, zones: api.Domain, domain: o.Domain, others: others}, nil
}

// Check reads a zone itself, by its full name, by which it is known to exist and the
// key to be good for reading.
func (c *Client) Check(ctx context.Context, domain string) error {
	return vultrapi.Call(ctx, "reading the zone "+domain, func(ctx context.Context) error {
		zone, _, err := c.zones.Get(ctx, domain)
		if err == nil && (zone == nil || zone.Domain == "") {
			err = errors.New("the reply has no zone")
		}
		return err
	})
}

// Zones are the zones as plan.Record.Zone has them, that of the origins first.
func (c *Client) Zones() []string { return append([]string{""}, c.others...) }

// domainOf is the full name of a record's zone.
func (c *Client) domainOf(r model.Record) string {
	if r.Zone == "" {
		return c.domain
	}
	return r.Zone
}
