// Package vultrdns reads and writes the records of zones at Vultr DNS, through
// govultr.
package vultrdns

import (
	"context"
	"errors"
	"slices"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// Options configure a Client.
type Options struct {
	API *vultrapi.API
	// Domain is the zone of the origins, and Zones further ones, in lower case and
	// without trailing dots.
	Domain string
	Zones  []string
}

// Client calls the API for some zones. Its methods are safe for concurrent use.
type Client struct {
	api    *vultrapi.API
	domain string
	others []string // further zones
}

// New returns a client. It makes no call.
func New(o Options) *Client {
	others := slices.DeleteFunc(slices.Clone(o.Zones), func(zone string) bool { return zone == o.Domain })
	return &Client{api: o.API, domain: o.Domain, others: others}
}

// Check reads a zone itself, by its full name, by which it is known to exist and the
// key to be good for reading.
func (c *Client) Check(ctx context.Context, domain string) error {
	return c.api.Call("reading the zone "+domain, func(api *govultr.Client) error {
		zone, _, err := api.Domain.Get(ctx, domain)
		if err == nil && (zone == nil || zone.Domain == "") {
			err = errors.New("the reply has no zone")
		}
		return err
	})
}

// Zones are the zones as model.Record.Zone has them, that of the origins first.
func (c *Client) Zones() []string { return append([]string{""}, c.others...) }

// domainOf is the full name of a record's zone.
func (c *Client) domainOf(r model.Record) string {
	if r.Zone == "" {
		return c.domain
	}
	return r.Zone
}
