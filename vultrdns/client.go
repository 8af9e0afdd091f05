// Package vultrdns reads and writes the records of one zone at Vultr DNS,
// through govultr.
package vultrdns

import (
	"context"
	"errors"
	"net/http"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/vultrapi"
)

// Options configure a Client.
type Options struct {
	BaseURL string // scheme and host, as https://api.vultr.com
	APIKey  string
	Domain  string       // the zone, lower case, without a trailing dot
	HTTP    *http.Client // of transport.NewClient
}

// Client calls the API for one zone. Its methods are safe for concurrent use.
type Client struct {
	api    govultr.DomainRecordService
	zones  govultr.DomainService
	domain string
}

// New returns a client. It makes no call.
func New(o Options) (*Client, error) {
	api, err := vultrapi.New(o.BaseURL, o.APIKey, o.HTTP)
	if err != nil {
		return nil, err
	}
	return &Client{api: api.DomainRecord, zones: api.Domain, domain: o.Domain}, nil
}

// Check reads the zone itself, by which it is known to exist and the key to be
// good for reading.
func (c *Client) Check(ctx context.Context) error {
	return vultrapi.Call(ctx, "reading the zone "+c.domain, func(ctx context.Context) error {
		zone, _, err := c.zones.Get(ctx, c.domain)
		if err == nil && (zone == nil || zone.Domain == "") {
			err = errors.New("the reply has no zone")
		}
		return err
	})
}
