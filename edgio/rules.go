package edgio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// pageSize is the API's default; whether it would serve larger pages, or silently
// cut them, is not known.
const pageSize = 100

// List returns all rules of the account, whoever made them.
func (c *Client) List(ctx context.Context) ([]model.Rule, error) {
	rules, err := c.pages(ctx, "", url.Values{}, httpapi.MaxObjects)
	if err != nil {
		return nil, fmt.Errorf("listing rules: %w", err)
	}
	return rules, nil
}

// Find returns all rules of r's host. The API's search may be inexact, so its
// answer is filtered.
func (c *Client) Find(ctx context.Context, r model.Rule) ([]model.Rule, error) {
	rules, err := c.pages(ctx, "/searchAuto", url.Values{"body.publishedHostname": {r.Host}}, httpapi.MaxObjects)
	if err != nil {
		return nil, fmt.Errorf("searching the rules of %s: %w", r.Host, err)
	}
	return slices.DeleteFunc(rules, func(found model.Rule) bool { return found.Host != r.Host }), nil
}

// pages reads a list of the account to its end, of so many rules at most. The API
// tells no total, so the end is a page that is short or brings nothing new.
func (c *Client) pages(ctx context.Context, path string, query url.Values, most int) ([]model.Rule, error) {
	path = "/svcinst/delivery/shortname/" + url.PathEscape(c.shortname) + path
	query.Set("size", strconv.Itoa(pageSize))
	var rules []model.Rule
	seen := make(map[string]bool)
	for page := 1; ; page++ {
		query.Set("page", strconv.Itoa(page))
		var reply results
		if err := c.do(ctx, http.MethodGet, path, query, nil, &reply); err != nil {
			return nil, err
		}
		fresh := 0
		for _, in := range reply {
			if r := in.rule(); !seen[r.ID] {
				seen[r.ID] = true
				rules = append(rules, r)
				fresh++
			}
		}
		switch {
		case len(reply) < pageSize:
			return rules, nil
		case fresh == 0 && page == 2 && len(reply) == pageSize:
			// Nothing shows that there are further pages to be had.
			return nil, errors.New("page 2 is page 1 again; there may be more rules")
		case fresh == 0:
			return rules, nil
		case len(rules) > most:
			return nil, fmt.Errorf("no end after %d rules, more than edgeward keeps in memory", len(rules))
		}
	}
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
// publish it at another host or path than asked, or not show our owner label on it, it is
// taken away again: nobody would ever find it. If that fails, it is returned with the
// error.
func (c *Client) Create(ctx context.Context, r model.Rule) (model.Rule, error) {
	var reply instance
	if err := c.do(ctx, http.MethodPost, "/svcinst/delivery", nil, newInstance(r, c.shortname).top, &reply); err != nil {
		return model.Rule{}, fmt.Errorf("creating rule %s: %w", r.RuleKey, err)
	}
	made := c.told(ctx, reply, r)
	if !made.LabelledAs(r) {
		err := fmt.Errorf("creating rule %s: it was published as %s with the marks %q: %w", r.RuleKey, made.RuleKey, marks(made), httpapi.ErrNotKept)
		if left := c.remove(ctx, made.ID); left != nil {
			// Not wrapped: it may look like a call without effect.
			return made, fmt.Errorf("%w; removing it failed: %v", err, left)
		}
		return model.Rule{}, err
	}
	return made, nil
}

// told is the rule that stands after a write was answered. The answer tells, unless it
// does not show the rule where and marked as it was asked: then it is read, since an
// answer may leave out what stands.
func (c *Client) told(ctx context.Context, answer instance, asked model.Rule) model.Rule {
	shown := answer.rule()
	if !asked.Labelled() || shown.LabelledAs(asked) {
		return shown
	}
	stands, err := c.get(ctx, shown.ID)
	if err != nil {
		return shown
	}
	return stands.rule()
}

// marks are the owner labels of a rule's protocol sets, in order.
func marks(r model.Rule) []string {
	var list []string
	for _, p := range r.Protocols {
		list = append(list, p.Label)
	}
	return list
}

// Update reads the rule, changes our fields and writes it back, unless it says
// all that already. It refuses, with httpapi.ErrForeign, a rule that is no
// longer ours or, with adopt, one that somebody marked; and, with
// httpapi.ErrUnsupported, one of which the user may not see all. An unmarked r
// takes our owner label away and changes nothing else.
func (c *Client) Update(ctx context.Context, old, r model.Rule, adopt bool) (model.Rule, error) {
	fail := func(err error) (model.Rule, error) {
		return model.Rule{}, fmt.Errorf("updating rule %s: %w", r.RuleKey, err)
	}
	current, err := c.get(ctx, old.ID)
	if err != nil {
		return fail(err)
	}
	stands := current.rule()
	adopt = adopt && !stands.Labelled() && stands.RuleKey == r.RuleKey
	if !adopt && !stands.SameOwner(old) && !stands.SameOwner(r) && !stands.LostLabel(old) {
		return fail(httpapi.ErrForeign)
	}
	if !r.Labelled() {
		r = stands.Unlabelled()
	}
	if stands.Equal(r) {
		return stands, nil
	}
	if field := current.masked(); field != "" {
		return fail(fmt.Errorf("%w: the API shows its %s as asterisks, which would take the place of what stands there: "+
			"give edgio.username the rights to see the whole rule, or change the rule by hand", httpapi.ErrUnsupported, field))
	}
	if adopt {
		c.log.Info("taking over a rule that nobody marked", "rule", r.RuleKey.String(), "was", string(current.top["body"]))
	}
	kept, err := c.put(ctx, old.ID, current.with(r), r)
	if refused(err) && stands.Profile != r.Profile {
		err = c.keepProfile(ctx, old.ID, current, r, err)
	}
	if err != nil {
		return fail(err)
	}
	return kept, nil
}

// keepProfile brings the rule over but for its service profile, after a change with
// it was refused: whether the API can change a profile is not known. It returns
// what is left to say of it. The rule is not made anew for that: it would be gone
// meanwhile.
func (c *Client) keepProfile(ctx context.Context, id string, current instance, r model.Rule, refusal error) error {
	rest := r
	rest.Profile = current.rule().Profile
	if !current.rule().Equal(rest) {
		if _, err := c.put(ctx, id, current.with(rest), rest); err != nil {
			return err // it was not for the profile, or not only
		}
	}
	return fmt.Errorf("%w: its service profile is %q and could not be made %q (%w); all else is as it should be. "+
		"Ask for %[2]q by the annotation edgeward/service-profile or by edgio.service_profile, or delete the rule "+
		"in Edgio's control panel: it is made anew with the other profile, and its URLs are not served until then",
		httpapi.ErrNotKept, rest.Profile, r.Profile, refusal)
}

// refused reports whether the API understood a change and does not make it.
func refused(err error) bool {
	return httpapi.Permanent(err) && !httpapi.NotSent(err) && !httpapi.IsNotFound(err)
}

// put writes an instance that says what r does and returns the rule that the API keeps.
func (c *Client) put(ctx context.Context, id string, in instance, r model.Rule) (model.Rule, error) {
	var reply instance
	err := c.do(ctx, http.MethodPut, "/svcinst/delivery/"+url.PathEscape(id), nil, in.top, &reply)
	if err != nil {
		return model.Rule{}, err
	}
	return c.told(ctx, reply, r), nil
}

// Delete removes a rule after reading that it is still ours. One that is gone
// already is no error.
func (c *Client) Delete(ctx context.Context, r model.Rule) error {
	current, err := c.get(ctx, r.ID)
	if httpapi.IsNotFound(err) {
		return nil
	}
	if err == nil && !current.rule().SameOwner(r) && !current.rule().LostLabel(r) {
		err = httpapi.ErrForeign
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
	if httpapi.IsNotFound(err) {
		return nil
	}
	return err
}
