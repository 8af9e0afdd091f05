// Package vultrdns reads and writes the records of one zone at Vultr DNS,
// through govultr.
package vultrdns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/transport"
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
	client := *o.HTTP
	client.Transport = &strict{key: o.APIKey, next: o.HTTP.Transport}
	api := govultr.NewClient(&client)
	// govultr would repeat a create whose reply was lost, and hide the status:
	// repeating is decided where it is known what stands (facts: govultr).
	api.SetRetryLimit(0)
	if err := api.SetBaseURL(o.BaseURL); err != nil {
		return nil, fmt.Errorf("the base URL: %w", err)
	}
	return &Client{api: api.DomainRecord, zones: api.Domain, domain: o.Domain}, nil
}

// Check reads the zone itself, by which it is known to exist and the key to be
// good for reading.
func (c *Client) Check(ctx context.Context) error {
	return c.call(ctx, "reading the zone "+c.domain, func(ctx context.Context) error {
		zone, _, err := c.zones.Get(ctx, c.domain)
		if err == nil && (zone == nil || zone.Domain == "") {
			err = errors.New("the reply has no zone")
		}
		return err
	})
}

// call makes one call of govultr and gives its error back its status.
func (c *Client) call(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, record := transport.Record(ctx)
	if err := record.Error(do(ctx)); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// strict authenticates calls and refuses replies that govultr would take for
// empty ones: it decodes nothing that is not exactly "application/json". It
// also refuses an error that comes as a success, whose text govultr would pass
// on though it may repeat the key.
type strict struct {
	key  string
	next http.RoundTripper
}

func (s *strict) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := s.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var reply map[string]json.RawMessage
	if json.Unmarshal(body, &reply) != nil {
		return nil, errors.New("the reply is not a JSON object")
	}
	if _, ok := reply["error"]; ok {
		return nil, fmt.Errorf("the reply is an error in spite of its status %d", resp.StatusCode)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Header.Set("Content-Type", "application/json")
	return resp, nil
}
