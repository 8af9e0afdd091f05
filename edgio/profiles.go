package edgio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Profiles returns the names of the account's service profiles, as far as they
// can be told: the form of this reply is known from nobody but the SDK's
// general one, {"results": [{"body": {"name": …}}]}.
func (c *Client) Profiles(ctx context.Context) ([]string, error) {
	var reply struct{ Results []json.RawMessage }
	if err := c.do(ctx, http.MethodGet, "/svcprof/delivery/shortname/"+url.PathEscape(c.shortname), nil, nil, &reply); err != nil {
		return nil, fmt.Errorf("listing the service profiles: %w", err)
	}
	var names []string
	for _, raw := range reply.Results {
		var profile object
		if json.Unmarshal(raw, &profile) != nil {
			continue
		}
		if name := read[string](read[object](profile, "body"), "name"); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}
