// Package vultrapi is what the clients of Vultr's DNS and of its CDN have in
// common: they are one account with one key and one rate limit, called through
// govultr, which has to be kept from repeating calls, from losing the status
// of failures and from taking any reply for an empty one.
package vultrapi

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

// New returns govultr's client of the API at baseURL, scheme and host, with an
// API key. client is of transport.NewClient; clients that share a rate limit
// share it. It makes no call.
func New(baseURL, key string, client *http.Client) (*govultr.Client, error) {
	own := *client
	own.Transport = &strict{key: key, next: client.Transport}
	api := govultr.NewClient(&own)
	// govultr would repeat a create whose reply was lost, and hide the status:
	// repeating is decided where it is known what stands.
	api.SetRetryLimit(0)
	if err := api.SetBaseURL(baseURL); err != nil {
		return nil, fmt.Errorf("the base URL: %w", err)
	}
	return api, nil
}

// Call makes one call of govultr and gives its error back its status. what
// says what it is for, as "creating record www".
func Call(ctx context.Context, what string, do func(context.Context) error) error {
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
	if json.Unmarshal(body, &reply) != nil || reply == nil { // govultr's calls of the CDN panic with null
		return nil, errors.New("the reply is not a JSON object")
	}
	if _, ok := reply["error"]; ok {
		return nil, fmt.Errorf("the reply is an error in spite of its status %d", resp.StatusCode)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Header.Set("Content-Type", "application/json")
	return resp, nil
}
