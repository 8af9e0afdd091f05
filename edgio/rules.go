package edgio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/transport"
)

const (
	// pageSize is the API's default; whether it would serve larger pages, or
	// silently cut them, is not known.
	pageSize = 100
	maxPages = 10_000
)

// List returns all rules of the account, whoever made them. The API tells no
// total, so it reads until a page is short or brings nothing new.
func (c *Client) List(ctx context.Context) ([]plan.Rule, error) {
	var rules []plan.Rule
	seen := make(map[string]bool)
	for page := 1; page <= maxPages; page++ {
		query := url.Values{"page": {strconv.Itoa(page)}, "size": {strconv.Itoa(pageSize)}}
		var reply results
		if err := c.do(ctx, http.MethodGet, "/svcinst/delivery/shortname/"+url.PathEscape(c.shortname), query, nil, &reply); err != nil {
			return nil, fmt.Errorf("listing rules: %w", err)
		}
		fresh := 0
		for _, in := range reply {
			if r := in.rule(); !seen[r.ID] {
				seen[r.ID] = true
				rules = append(rules, r)
				fresh++
			}
		}
		if len(reply) < pageSize || fresh == 0 {
			return rules, nil
		}
	}
	return nil, fmt.Errorf("listing rules: no end after %d pages", maxPages)
}

// Find returns all rules of r's host. The API's search may be inexact, so its
// answer is filtered.
func (c *Client) Find(ctx context.Context, r plan.Rule) ([]plan.Rule, error) {
	query := url.Values{"body.publishedHostname": {r.Host}}
	var reply results
	if err := c.do(ctx, http.MethodGet, "/svcinst/delivery/shortname/"+url.PathEscape(c.shortname)+"/searchAuto", query, nil, &reply); err != nil {
		return nil, fmt.Errorf("searching the rules of %s: %w", r.Host, err)
	}
	var rules []plan.Rule
	for _, in := range reply {
		if found := in.rule(); found.Host == r.Host {
			rules = append(rules, found)
		}
	}
	return rules, nil
}

// results is a list of instances, bare or in an object's field "results".
type results []instance

func (r *results) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return json.Unmarshal(data, (*[]instance)(r))
	}
	var reply object
	if err := json.Unmarshal(data, &reply); err != nil {
		return err
	}
	list, ok := reply["results"]
	if !ok {
		return errors.New("there are no results in it")
	}
	return json.Unmarshal(list, (*[]instance)(r))
}

// Create makes a rule and returns it as the API keeps it. Should the API
// publish it at another host or path than asked, it is taken away again.
func (c *Client) Create(ctx context.Context, r plan.Rule) (plan.Rule, error) {
	var reply instance
	if err := c.do(ctx, http.MethodPost, "/svcinst/delivery", nil, newInstance(r, c.shortname).top, &reply); err != nil {
		return plan.Rule{}, fmt.Errorf("creating rule %s: %w", r.RuleKey, err)
	}
	made := reply.rule()
	if made.RuleKey != r.RuleKey {
		err := fmt.Errorf("creating rule %s: it was published as %s: %w", r.RuleKey, made.RuleKey, transport.ErrNotKept)
		if gone := c.remove(ctx, made.ID); gone != nil {
			return plan.Rule{}, errors.Join(err, gone)
		}
		return plan.Rule{}, err
	}
	return made, nil
}

// Update reads the rule, changes our fields and writes it back, unless it says
// all that already. It refuses, with transport.ErrForeign, a rule that is no
// longer ours or, with adopt, one that somebody marked.
func (c *Client) Update(ctx context.Context, old, r plan.Rule, adopt bool) (plan.Rule, error) {
	fail := func(err error) (plan.Rule, error) {
		return plan.Rule{}, fmt.Errorf("updating rule %s: %w", r.RuleKey, err)
	}
	current, err := c.get(ctx, old.ID)
	if err != nil {
		return fail(err)
	}
	stands := current.rule()
	if !sameOwner(stands, r) && !(adopt && !stands.Marked()) {
		return fail(transport.ErrForeign)
	}
	if stands.Equal(r) {
		return stands, nil
	}
	if adopt && !stands.Marked() {
		c.log.Info("taking over a rule that nobody marked", "rule", r.RuleKey.String(), "was", string(current.top["body"]))
	}
	var reply instance
	if err := c.do(ctx, http.MethodPut, "/svcinst/delivery/"+url.PathEscape(old.ID), nil, current.with(r).top, &reply); err != nil {
		return fail(err)
	}
	return reply.rule(), nil
}

// Delete removes a rule after reading that it is still ours. One that is gone
// already is no error.
func (c *Client) Delete(ctx context.Context, r plan.Rule) error {
	current, err := c.get(ctx, r.ID)
	if transport.IsNotFound(err) {
		return nil
	}
	if err == nil && !sameOwner(current.rule(), r) {
		err = transport.ErrForeign
	}
	if err == nil {
		err = c.remove(ctx, r.ID)
	}
	if err != nil {
		return fmt.Errorf("deleting rule %s: %w", r.RuleKey, err)
	}
	return nil
}

func (c *Client) get(ctx context.Context, id string) (instance, error) {
	var in instance
	err := c.do(ctx, http.MethodGet, "/svcinst/delivery/"+url.PathEscape(id), nil, nil, &in)
	return in, err
}

func (c *Client) remove(ctx context.Context, id string) error {
	err := c.do(ctx, http.MethodDelete, "/svcinst/delivery/"+url.PathEscape(id), nil, nil, nil)
	if transport.IsNotFound(err) {
		return nil
	}
	return err
}

// sameOwner reports whether both rules carry a valid mark of one owner.
func sameOwner(a, b plan.Rule) bool {
	am, aok := a.Mark()
	bm, bok := b.Mark()
	return aok && bok && am.Owner == bm.Owner
}
