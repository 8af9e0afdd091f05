package vultrcdn

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// extra is what an operator can set on a pull zone beside our fields. A zone that
// is made anew for another origin is made with it (model.Rule.Extra).
type extra struct {
	CORS         bool     `json:"cors,omitempty"`
	GZIP         bool     `json:"gzip,omitempty"`
	BlockAI      bool     `json:"block_ai,omitempty"`
	BlockBadBots bool     `json:"block_bad_bots,omitempty"`
	Regions      []string `json:"regions,omitempty"` // sorted; none: those that a new zone has
}

// newZoneRegions are those of a zone for which nobody chose any, as far as known:
// Vultr's example shows them.
func newZoneRegions() []string { return []string{"ord"} }

func extraOf(z govultr.CDNZone) extra {
	e := extra{CORS: z.CORS, GZIP: z.GZIP, BlockAI: z.BlockAI, BlockBadBots: z.BlockBadBots, Regions: sorted(z.Regions)}
	if slices.Equal(e.Regions, newZoneRegions()) {
		e.Regions = nil
	}
	return e
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// String is the form of model.Rule.Extra: JSON, and "" for a zone that nobody
// touched.
func (e extra) String() string {
	text, err := json.Marshal(e)
	if err != nil || string(text) == "{}" {
		return "" // it cannot fail: there are booleans and strings in it
	}
	return string(text)
}

// parseExtra reads what String wrote, and nothing else.
func parseExtra(text string) (e extra, err error) {
	if text == "" {
		return e, nil
	}
	if err = json.Unmarshal([]byte(text), &e); err == nil && e.String() != text {
		err = fmt.Errorf("it would be %q", e)
	}
	if err != nil {
		return extra{}, fmt.Errorf("%w: %q does not say what was set on a pull zone: %v", httpapi.ErrUnsupported, text, err)
	}
	return e, nil
}

// set has a request say what e says. Regions have an effect in an update only.
func (e extra) set(req *govultr.CDNZoneReq) {
	req.CORS, req.GZIP, req.BlockAI, req.BlockBadBots = &e.CORS, &e.GZIP, &e.BlockAI, &e.BlockBadBots
	req.Regions = e.Regions
}

// isOn reports whether z has all that e says.
func (e extra) isOn(z govultr.CDNZone) bool {
	return e.CORS == z.CORS && e.GZIP == z.GZIP && e.BlockAI == z.BlockAI && e.BlockBadBots == z.BlockBadBots &&
		(e.Regions == nil || slices.Equal(sorted(e.Regions), sorted(z.Regions)))
}

// carryOver sets what the new zone z of r has not been made with, and returns the
// zone as it is then. If that fails the zone stands nevertheless: it serves the
// host, and its maker has to know it. Then a person is told what it lacks.
func (c *Client) carryOver(ctx context.Context, z govultr.CDNZone, r model.Rule, e extra) govultr.CDNZone {
	if r.Extra == "" || e.isOn(z) {
		return z
	}
	req := &govultr.CDNZoneReq{Label: z.Label} // which is always sent
	e.set(req)
	kept, err := c.write(ctx, z.ID, req)
	if err == nil && !e.isOn(kept) {
		err = httpapi.ErrNotKept
	}
	if err != nil {
		c.log.Warn("a pull zone that was made anew may lack what was set on the one before: compare and set it in Vultr's console",
			"rule", r.RuleKey.String(), "id", z.ID, "label", z.Label, "wanted", r.Extra, "error", err.Error())
	}
	if kept.ID == "" {
		return z
	}
	return kept
}
