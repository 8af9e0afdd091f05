package vultrcdn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// Options configure a Client.
type Options struct {
	API *vultrapi.API // the one of vultrdns, as both share a rate limit
	Log *slog.Logger  // told of each zone that is taken over
}

// Client calls the API for one account. Its methods are safe for concurrent use.
type Client struct {
	api *vultrapi.API
	log *slog.Logger
}

// New returns a client. It makes no call.
func New(o Options) *Client {
	return &Client{api: o.API, log: o.Log}
}

// List returns all pull zones of the account, whoever made them. It fails
// rather than return a part of them.
func (c *Client) List(ctx context.Context) ([]model.Rule, error) {
	page := func(api *govultr.Client, cursor string) ([]govultr.CDNZone, *govultr.Meta, error) {
		return page(ctx, api, cursor)
	}
	zones, err := vultrapi.List(c.api, "listing the pull zones", page, func(z govultr.CDNZone) string { return z.ID })
	var rules []model.Rule
	for _, z := range zones {
		rules = append(rules, ruleOf(z))
	}
	return rules, err
}

// page reads a page of the list. govultr has a call for the first one only.
func page(ctx context.Context, api *govultr.Client, cursor string) ([]govultr.CDNZone, *govultr.Meta, error) {
	path := "/v2/cdns/pull-zones"
	if cursor != "" {
		path += "?" + url.Values{"cursor": {cursor}}.Encode()
	}
	req, err := api.NewRequest(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, nil, err
	}
	var reply struct {
		PullZones []govultr.CDNZone `json:"pull_zones"`
		Meta      *govultr.Meta     `json:"meta"`
	}
	_, err = api.DoWithContext(ctx, req, &reply)
	switch {
	case err != nil:
		return nil, nil, err
	case reply.PullZones == nil:
		return nil, nil, errors.New("the reply has no pull zones")
	case reply.Meta == nil && cursor == "":
		// The list declares no pages: this is the whole of it.
		reply.Meta = &govultr.Meta{Links: new(govultr.Links)}
	}
	return reply.PullZones, reply.Meta, nil
}

// Find returns all zones of r's host: Vultr has no search, so they are picked
// from the list.
func (c *Client) Find(ctx context.Context, r model.Rule) ([]model.Rule, error) {
	all, err := c.List(ctx)
	var found []model.Rule
	for _, z := range all {
		if z.Host == r.Host {
			found = append(found, z)
		}
	}
	return found, err
}

// Raw returns a whole zone as the API shows it, for a backup. Certificate and
// key are not in it.
func (c *Client) Raw(ctx context.Context, id string) (json.RawMessage, error) {
	z, err := c.get(ctx, id)
	if err != nil {
		return nil, err
	}
	z.SSLCert, z.SSLCertKey = "", ""
	return json.Marshal(z)
}

// get reads a zone.
func (c *Client) get(ctx context.Context, id string) (govultr.CDNZone, error) {
	return call(c.api, "reading pull zone "+id, id, func(api *govultr.Client) (*govultr.CDNZone, error) {
		z, _, err := api.CDN.GetPullZone(ctx, url.PathEscape(id))
		return z, err
	})
}

// write changes a zone and returns it as the API keeps it.
func (c *Client) write(ctx context.Context, id string, req *govultr.CDNZoneReq) (govultr.CDNZone, error) {
	return call(hiding(c.api, req), "writing pull zone "+id, id, func(api *govultr.Client) (*govultr.CDNZone, error) {
		z, _, err := api.CDN.UpdatePullZone(ctx, url.PathEscape(id), req)
		return z, err
	})
}

// call makes a call that answers with a zone: the one of an id, or any for "".
func call(api *vultrapi.API, what, id string, do func(*govultr.Client) (*govultr.CDNZone, error)) (z govultr.CDNZone, err error) {
	err = api.Call(what, func(client *govultr.Client) error {
		reply, err := do(client)
		switch {
		case err != nil:
			return err
		case reply == nil || reply.ID == "":
			return errors.New("the reply has no pull zone")
		case id != "" && reply.ID != id:
			return fmt.Errorf("the reply is about pull zone %s", reply.ID)
		}
		z = *reply
		return nil
	})
	return z, err
}

// remove deletes a zone. One that is gone already is no error.
func (c *Client) remove(ctx context.Context, id string) error {
	err := c.api.Call("deleting pull zone "+id, func(api *govultr.Client) error {
		return api.CDN.DeletePullZone(ctx, url.PathEscape(id))
	})
	if httpapi.IsNotFound(err) {
		return nil
	}
	return err
}

// hiding returns an API that does not show the key which a request sends, in either form,
// whatever the reply says.
func hiding(api *vultrapi.API, req *govultr.CDNZoneReq) *vultrapi.API {
	return api.Hiding(req.SSLCertKey, textOf(req.SSLCertKey))
}

// errorf names the rule that an operation failed for.
func errorf(verb string, r model.Rule, err error) error {
	return fmt.Errorf("%s rule %s: %w", verb, r.RuleKey, err)
}
