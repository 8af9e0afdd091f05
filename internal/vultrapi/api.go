// Package vultrapi is what the clients of Vultr's DNS and of its CDN have in common: they
// are one account with one key and one rate limit, called through govultr. That has to be
// kept from repeating calls, from losing the status of failures and from taking any reply
// for an empty one.
package vultrapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
)

// API calls the API for one account. Its methods are safe for concurrent use.
type API struct {
	base *url.URL
	key  string
	http *httpapi.Client
}

// New returns the API at baseURL, scheme and host, with an API key, by way of a client of
// the account. It makes no call.
func New(baseURL, key string, client *httpapi.Client) (*API, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("the base URL: %w", err)
	}
	return &API{base: base, key: key, http: client.Hiding(key)}, nil
}

// Hiding returns an API that shares all with a and never prints the given secrets, even
// if a reply repeats them.
func (a *API) Hiding(secrets ...string) *API {
	hiding := *a
	hiding.http = a.http.Hiding(secrets...)
	return &hiding
}

// Call makes one call of govultr and returns its error with the status of the reply. what
// says what it is for, as "creating record www".
//
// Each call has a govultr client of its own, which costs next to nothing: govultr reduces
// an error to a text, so the error is taken from the transport of just that call.
func (a *API) Call(what string, do func(*govultr.Client) error) error {
	t := &transport{api: a}
	client := govultr.NewClient(&http.Client{Transport: t})
	// govultr would repeat a create whose reply was lost, and hide the status: whether to
	// repeat is decided where it is known what stands.
	client.SetRetryLimit(0)
	client.BaseURL = a.base
	err := do(client)
	if t.err != nil {
		err = t.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// transport authenticates one call, keeps its error, and refuses replies that govultr
// would take for empty ones: it decodes nothing that is not exactly "application/json". It
// also refuses an error that comes as a success, whose text govultr would pass on though
// it may repeat the key.
type transport struct {
	api *API
	err error // of the call
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+t.api.key)
	resp, err := t.api.http.RoundTrip(req)
	t.err = err
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
