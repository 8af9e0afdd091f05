package edgio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Raw returns the whole instance behind a rule as the API has it, for a backup.
func (c *Client) Raw(ctx context.Context, id string) (json.RawMessage, error) {
	var raw json.RawMessage
	if err := c.do(ctx, http.MethodGet, "/svcinst/delivery/"+url.PathEscape(id), nil, nil, &raw); err != nil {
		return nil, fmt.Errorf("reading rule %s: %w", id, err)
	}
	return raw, nil
}
