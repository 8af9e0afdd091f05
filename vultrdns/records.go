package vultrdns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

// pageSize is the largest that Vultr serves.
const pageSize = 500

// List returns all records of all zones, whoever made them. It fails rather
// than return a part of them.
func (c *Client) List(ctx context.Context) ([]model.Record, error) {
	records, err := c.Find(ctx, model.Record{})
	for _, zone := range c.others {
		if err != nil {
			return nil, err
		}
		var more []model.Record
		more, err = c.Find(ctx, model.Record{Zone: zone})
		records = append(records, more...)
	}
	return records, err
}

// Find returns all records of the given one's zone: Vultr has no search.
func (c *Client) Find(ctx context.Context, in model.Record) ([]model.Record, error) {
	domain := c.domainOf(in)
	page := func(api *govultr.Client, cursor string) ([]govultr.DomainRecord, *govultr.Meta, error) {
		page, meta, _, err := api.DomainRecord.List(ctx, domain, &govultr.ListOptions{PerPage: pageSize, Cursor: cursor})
		return page, meta, err
	}
	read, err := vultrapi.List(c.api, "listing the records of "+domain, page, func(r govultr.DomainRecord) string { return r.ID })
	var records []model.Record
	for _, r := range read {
		records = append(records, c.record(in.Zone, r))
	}
	return records, err
}

// Get returns a record of the given one's ID as it stands.
func (c *Client) Get(ctx context.Context, r model.Record) (model.Record, error) {
	stands, err := c.get(ctx, "reading record "+r.Key().String(), r)
	if err != nil {
		return model.Record{}, err
	}
	return c.record(r.Zone, *stands), nil
}

func (c *Client) get(ctx context.Context, what string, r model.Record) (*govultr.DomainRecord, error) {
	var stands *govultr.DomainRecord
	err := c.api.Call(what, func(api *govultr.Client) (err error) {
		stands, _, err = api.DomainRecord.Get(ctx, c.domainOf(r), url.PathEscape(r.ID))
		if err == nil && (stands == nil || stands.ID != r.ID) {
			err = errors.New("the reply has no record")
		}
		return err
	})
	return stands, err
}

// Create makes a record and returns it as Vultr keeps it.
func (c *Client) Create(ctx context.Context, r model.Record) (model.Record, error) {
	var made *govultr.DomainRecord
	err := c.api.Call("creating record "+r.Key().String(), func(api *govultr.Client) (err error) {
		made, _, err = api.DomainRecord.Create(ctx, c.domainOf(r), &govultr.DomainRecordCreateReq{
			Name: r.Name, Type: r.Type, Data: quote(r), TTL: r.TTL,
		})
		if err == nil && (made == nil || made.ID == "") {
			err = errors.New("the reply has no record")
		}
		return err
	})
	if err != nil {
		return model.Record{}, err
	}
	return c.record(r.Zone, *made), nil
}

// Update changes what old says otherwise than r, a CNAME's target or the TTL, and
// returns the record as Vultr keeps it afterwards. Name and type never change. Of
// two changes the TTL is the second, in a call of its own: Vultr may refuse it
// beside the data, or altogether, as its clients report. If that one fails, the
// record is returned as it is then, with the old TTL.
func (c *Client) Update(ctx context.Context, old, r model.Record, _ bool) (model.Record, error) {
	var changes []govultr.DomainRecordUpdateReq
	if r.Data != old.Data {
		changes = append(changes, govultr.DomainRecordUpdateReq{Data: quote(r)})
	}
	if r.TTL != old.TTL {
		changes = append(changes, govultr.DomainRecordUpdateReq{TTL: r.TTL})
	}
	for i, change := range changes {
		err := c.api.Call("changing record "+old.Key().String(), func(api *govultr.Client) error {
			return api.DomainRecord.Update(ctx, c.domainOf(old), url.PathEscape(old.ID), &change)
		})
		if err != nil && i == 0 {
			return model.Record{}, err
		}
	}
	if len(changes) == 0 {
		return c.Get(ctx, old)
	}
	// The reply is empty, and what TTLs Vultr accepts is not documented.
	kept, err := c.get(ctx, "reading it back", old)
	if err != nil {
		// Not wrapped: it may look like a call without effect.
		return model.Record{}, fmt.Errorf("record %s was changed, but %v", old.Key(), err)
	}
	return c.record(old.Zone, *kept), nil
}

// Delete removes a record. One that is gone already is no error.
func (c *Client) Delete(ctx context.Context, r model.Record) error {
	err := c.api.Call("deleting record "+r.Key().String(), func(api *govultr.Client) error {
		return api.DomainRecord.Delete(ctx, c.domainOf(r), url.PathEscape(r.ID))
	})
	if httpapi.IsNotFound(err) {
		return nil
	}
	return err
}

// record reduces a record to the form that plan compares, whatever notation it
// comes in. Names come back relative to the zone, but Vultr's own example shows
// full ones; TXT data come back in quotes. Data that
// are not what the type says stay as they are.
func (c *Client) record(zone string, r govultr.DomainRecord) model.Record {
	domain := c.domainOf(model.Record{Zone: zone})
	name := strings.ToLower(strings.TrimSuffix(r.Name, "."))
	if name == domain {
		name = ""
	}
	name = strings.TrimSuffix(name, "."+domain)
	data := r.Data
	switch r.Type {
	case "TXT":
		data = strings.TrimSuffix(strings.TrimPrefix(data, `"`), `"`)
	case "CNAME", "NS", "MX", "SRV":
		data = strings.ToLower(strings.TrimSuffix(data, "."))
	case "A", "AAAA":
		if ip, err := netip.ParseAddr(data); err == nil {
			data = ip.String()
		}
	}
	return model.Record{ID: r.ID, Zone: zone, Name: name, Type: r.Type, Data: data, TTL: r.TTL}
}

// quote returns a record's data as they are sent: a TXT as one quoted string.
func quote(r model.Record) string {
	if r.Type == "TXT" {
		return `"` + r.Data + `"`
	}
	return r.Data
}
