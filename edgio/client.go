// Package edgio is a client of the Edgio (once Limelight) Configuration API,
// as far as edgeward needs it: the delivery service instances, here called
// rules, of one account.
package edgio

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/transport"
)

// Options configure a Client.
type Options struct {
	BaseURL   string // with the API's version, as https://apis.llnw.com/config-api/v1
	Username  string
	SharedKey string       // hexadecimal
	Shortname string       // the account
	HTTP      *http.Client // of transport.NewClient
	Log       *slog.Logger // told of each rule that is taken over
}

// Client calls the API for one account. Its methods are safe for concurrent use.
type Client struct {
	base      string
	username  string
	key       []byte
	shortname string
	http      *http.Client
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
		http: o.HTTP, log: o.Log,
	}, nil
}

// do makes one signed call. in, if not nil, is sent as JSON; out, if not nil,
// takes the reply. A reply other than 2xx is a *transport.Error.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in object, out any) error {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var body []byte
	if in != nil {
		body = encode(in)
	}
	ctx, record := transport.Record(ctx)
	ctx = transport.BeforeSend(ctx, func(req *http.Request) { c.authenticate(req, body, time.Now()) })
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")

	resp, err := c.http.Do(req)
	if err = record.Error(err); err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	reply, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(reply, out)
	}
	if err != nil {
		return fmt.Errorf("%s %s: the reply is not what the API describes: %w", method, req.URL.Path, err)
	}
	return nil
}
