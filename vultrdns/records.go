package vultrdns

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/transport"
)

const (
	pageSize = 500  // the largest that Vultr serves
	maxPages = 1000 // far beyond any account
)

// List returns all records of the zone, whoever made them. It fails rather
// than return a part of them.
func (c *Client) List(ctx context.Context) ([]plan.Record, error) {
	var records []plan.Record
	seen := make(map[string]bool)
	cursors := make(map[string]bool)
	options := govultr.ListOptions{PerPage: pageSize}
	for range maxPages {
		var page []govultr.DomainRecord
		var meta *govultr.Meta
		err := c.call(ctx, "listing the records of "+c.domain, func(ctx context.Context) (err error) {
			page, meta, _, err = c.api.List(ctx, c.domain, &options)
			if err == nil && (meta == nil || meta.Links == nil) {
				err = errors.New("the reply has no meta.links")
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			if r.ID == "" {
				return nil, fmt.Errorf("listing the records of %s: a record has no id", c.domain)
			}
			if !seen[r.ID] {
				seen[r.ID] = true
				records = append(records, c.record(r))
			}
		}
		switch next := meta.Links.Next; {
		case next == "" && len(records) < meta.Total:
			return nil, fmt.Errorf("listing the records of %s: got %d of %d", c.domain, len(records), meta.Total)
		case next == "":
			return records, nil
		case cursors[next]:
			return nil, fmt.Errorf("listing the records of %s: the pages go round in a circle", c.domain)
		default:
			cursors[next] = true
			options.Cursor = next
		}
	}
	return nil, fmt.Errorf("listing the records of %s: no end after %d pages", c.domain, maxPages)
}

// Find returns all records of the zone: Vultr has no search.
func (c *Client) Find(ctx context.Context, _ plan.Record) ([]plan.Record, error) {
	return c.List(ctx)
}

// Create makes a record and returns it as Vultr keeps it.
func (c *Client) Create(ctx context.Context, r plan.Record) (plan.Record, error) {
	var made *govultr.DomainRecord
	err := c.call(ctx, "creating record "+r.Key(), func(ctx context.Context) (err error) {
		made, _, err = c.api.Create(ctx, c.domain, &govultr.DomainRecordCreateReq{
			Name: r.Name, Type: r.Type, Data: quote(r), TTL: r.TTL,
		})
		if err == nil && (made == nil || made.ID == "") {
			err = errors.New("the reply has no record")
		}
		return err
	})
	if err != nil {
		return plan.Record{}, err
	}
	return c.record(*made), nil
}

// Update changes the TTL of old to that of r and returns the record as Vultr
// keeps it afterwards. Nothing else of a record is ever changed.
func (c *Client) Update(ctx context.Context, old, r plan.Record, _ bool) (plan.Record, error) {
	err := c.call(ctx, "changing the TTL of record "+old.Key(), func(ctx context.Context) error {
		return c.api.Update(ctx, c.domain, url.PathEscape(old.ID), &govultr.DomainRecordUpdateReq{TTL: r.TTL})
	})
	if err != nil {
		return plan.Record{}, err
	}
	// The reply is empty, and what TTLs Vultr accepts is not documented.
	var kept *govultr.DomainRecord
	err = c.call(ctx, "reading it back", func(ctx context.Context) (err error) {
		kept, _, err = c.api.Get(ctx, c.domain, url.PathEscape(old.ID))
		if err == nil && (kept == nil || kept.ID != old.ID) {
			err = errors.New("the reply has no record")
		}
		return err
	})
	if err != nil {
		// Not wrapped: it may look like a call without effect.
		return plan.Record{}, fmt.Errorf("the TTL of record %s was changed, but %v", old.Key(), err)
	}
	return c.record(*kept), nil
}

// Delete removes a record. One that is gone already is no error.
func (c *Client) Delete(ctx context.Context, r plan.Record) error {
	err := c.call(ctx, "deleting record "+r.Key(), func(ctx context.Context) error {
		return c.api.Delete(ctx, c.domain, url.PathEscape(r.ID))
	})
	if transport.IsNotFound(err) {
		return nil
	}
	return err
}

// record reduces a record to the form that plan compares. Names come back
// relative to the zone, but Vultr's own example shows full ones; TXT data come
// back in quotes (facts: Vultr record rules).
func (c *Client) record(r govultr.DomainRecord) plan.Record {
	name := strings.ToLower(strings.TrimSuffix(r.Name, "."))
	if name == c.domain {
		name = ""
	}
	name = strings.TrimSuffix(name, "."+c.domain)
	data := r.Data
	switch r.Type {
	case "TXT":
		data = strings.TrimSuffix(strings.TrimPrefix(data, `"`), `"`)
	case "CNAME", "NS", "MX", "SRV":
		data = strings.TrimSuffix(data, ".")
	}
	return plan.Record{ID: r.ID, Name: name, Type: r.Type, Data: data, TTL: r.TTL}
}

// quote returns a record's data as they are sent: a TXT as one quoted string.
func quote(r plan.Record) string {
	if r.Type == "TXT" {
		return `"` + r.Data + `"`
	}
	return r.Data
}
