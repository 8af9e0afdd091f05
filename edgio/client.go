// Package edgio is a client of the Edgio (once Limelight) Configuration API,
// as far as edgeward needs it: the delivery service instances, here called
// rules, of one account.
package edgio

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
)

// Options configure a Client.
type Options struct {
	BaseURL   string // with the API's version, as https://apis.llnw.com/config-api/v1
	Username  string
	SharedKey string          // hexadecimal
	Shortname string          // the account
	HTTP      *httpapi.Client // of the account
	Log       *slog.Logger    // told of each rule that is taken over
}

// Client calls the API for one account. Its methods are safe for concurrent use.
type Client struct {
	base      string
	username  string
	key       []byte
	shortname string
	http      *httpapi.Client
	log       *slog.Logger
}

// New returns a client. It makes no call.
func New(o Options) (*Client, error) {
	key, err := hex.DecodeString(o.SharedKey)
	if err != nil || len(key) == 0 {
		return nil, errors.New("the shared key is not hexadecimal") // it is not printed
	}
	return &Client{
		base: strings.TrimSuffix(o.BaseURL, "/"), username: o.Username, key: key, shortname: o.Shortname,
		http: o.HTTP.Hiding(o.SharedKey), log: o.Log,
	}, nil
}

// do makes one signed call. in, if not nil, is sent as JSON; out, if not nil,
// takes the reply. A reply other than 2xx is an *httpapi.Error.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in object, out any) error {
	call := httpapi.Call{Method: method, URL: c.base + path}
	if len(query) > 0 {
		call.URL += "?" + query.Encode()
	}
	if in != nil {
		call.Body = encode(in)
	}
	call.Sign = func(req *http.Request) { c.authenticate(req, call.Body, time.Now()) }
	return c.http.Do(ctx, call, out)
}
