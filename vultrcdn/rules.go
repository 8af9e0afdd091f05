package vultrcdn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// Create makes a zone, with what r.Extra says, and returns it as the API keeps it.
// Should it have another vanity domain than asked, or not carry our mark, it is
// taken away again: nobody would ever find it. If that fails, it is returned with the
// error.
func (c *Client) Create(ctx context.Context, r model.Rule) (model.Rule, error) {
	if err := expressible(r); err != nil {
		return model.Rule{}, errorf("creating", r, err)
	}
	more, err := parseExtra(r.Extra)
	if err != nil {
		return model.Rule{}, errorf("creating", r, err)
	}
	req := request(r)
	if r.Extra != "" {
		more.set(req)
		req.Regions = nil // a create call takes none
	}
	z, err := call(hiding(c.api, req), "creating rule "+r.RuleKey.String(), "", func(api *govultr.Client) (*govultr.CDNZone, error) {
		z, _, err := api.CDN.CreatePullZone(ctx, req)
		return z, err
	})
	if err != nil {
		if vanityTaken(err) {
			err = fmt.Errorf("%w: %w", httpapi.ErrTaken, err)
		}
		return model.Rule{}, err
	}
	made := ruleOf(z)
	if !made.LabelledAs(r) {
		err := fmt.Errorf("it was published as %s with the label %q: %w", made.RuleKey, z.Label, httpapi.ErrNotKept)
		if left := c.remove(ctx, made.ID); left != nil {
			// Not wrapped: it may look like a call without effect.
			return made, errorf("creating", r, fmt.Errorf("%w; removing it failed: %v", err, left))
		}
		return model.Rule{}, errorf("creating", r, err)
	}
	return ruleOf(c.carryOver(ctx, z, r, more)), nil
}

// vanityTaken reports whether a zone was refused for the sake of its vanity domain.
// Whether there may be two zones with one, as there are while a new one takes over, is
// not known, nor in which words it would be refused.
func vanityTaken(err error) bool {
	var refusal *httpapi.Error
	return errors.As(err, &refusal) && httpapi.Permanent(err) &&
		(refusal.Status == http.StatusConflict || strings.Contains(strings.ToLower(refusal.Message), "vanity"))
}

// Update reads the zone and changes its label, vanity domain and certificate,
// unless it says all that already. It refuses, with httpapi.ErrForeign, a
// zone that is no longer ours or, with adopt, one that somebody marked; and,
// with httpapi.ErrUnsupported, another origin.
func (c *Client) Update(ctx context.Context, old, r model.Rule, adopt bool) (model.Rule, error) {
	fail := func(err error) (model.Rule, error) { return model.Rule{}, errorf("updating", r, err) }
	if err := expressible(r); err != nil {
		return fail(err)
	}
	current, err := c.get(ctx, old.ID)
	if err != nil {
		return fail(err)
	}
	stands := ruleOf(current)
	adopt = adopt && !stands.Labelled() && stands.RuleKey == r.RuleKey
	if !adopt && !stands.SameOwner(r) && !stands.LostLabel(old) {
		return fail(httpapi.ErrForeign)
	}
	if stands.SourceHost != r.SourceHost || stands.Protocols[0].Source != r.Protocols[0].Source {
		return fail(fmt.Errorf("%w: the origin of a pull zone, here %s://%s, cannot be changed",
			httpapi.ErrUnsupported, stands.Protocols[0].Source, stands.SourceHost))
	}
	if stands.Equal(r) {
		return stands, nil
	}
	if adopt {
		c.log.Info("taking over a pull zone that nobody marked", "rule", r.RuleKey.String(), "id", current.ID, "label", current.Label)
	}
	req := change(current, r)
	kept, err := c.write(ctx, old.ID, req)
	if err != nil {
		return fail(err)
	}
	if kept.Label != req.Label && !ruleOf(kept).SameOwner(r) {
		return fail(c.relabel(ctx, current, kept))
	}
	return ruleOf(kept), nil
}

// relabel gives a zone its former label back, as the API did not keep the one that
// was sent: without a mark the zone would be nobody's, and stand for ever. It
// returns the error that says so.
func (c *Client) relabel(ctx context.Context, before, kept govultr.CDNZone) error {
	err := fmt.Errorf("pull zone %s got the label %q: %w", kept.ID, kept.Label, httpapi.ErrNotKept)
	if _, left := c.write(ctx, kept.ID, &govultr.CDNZoneReq{Label: before.Label}); left != nil {
		// Not wrapped: it may look like a call without effect.
		err = fmt.Errorf("%w; giving it the label %q back failed: %v", err, before.Label, left)
	}
	return err
}

// Delete removes a zone after reading that it is still ours. One that is gone
// already is no error.
func (c *Client) Delete(ctx context.Context, r model.Rule) error {
	current, err := c.get(ctx, r.ID)
	if httpapi.IsNotFound(err) {
		return nil
	}
	if err == nil && !ruleOf(current).SameOwner(r) && !ruleOf(current).LostLabel(r) {
		err = httpapi.ErrForeign
	}
	if err == nil {
		err = c.remove(ctx, r.ID)
	}
	if err != nil {
		return errorf("deleting", r, err)
	}
	return nil
}
