// Package httpapi makes the calls of a provider's HTTP API: it keeps to the account's
// rate limit, pauses while calls would be refused anyway, bounds the time and the size
// of replies, follows no redirect, counts calls, and turns failures into errors that
// say what may have come of the call.
package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// callTimeout bounds one call, its reply included.
	callTimeout = 30 * time.Second
	// maxReply bounds a reply's body in bytes. The largest lists, 500 records or
	// 100 rules a page, stay far below.
	maxReply = 16 << 20
	// MaxObjects bounds a list that never ends. It is far beyond any account, and all
	// of them still fit into the memory of a usual machine.
	MaxObjects = 1_000_000
)

// Observe is told of each finished call: its method, the status as a decimal number
// ("error" where no reply came), and how long it took.
type Observe func(method, code string, took time.Duration)

// Options are the parts of a Client.
type Options struct {
	Account   *Account // shared by all clients with the same credentials; nil: one without limit
	UserAgent string
	Observe   Observe           // nil: nobody counts calls
	Secrets   []string          // never printed, even if an error of the provider repeats them
	Transport http.RoundTripper // nil: connections of its own
}

// Client makes calls for one account. Its methods are safe for concurrent use.
type Client struct{ opts Options }

// New returns a client. It makes no call.
func New(o Options) *Client {
	if o.Account == nil {
		o.Account = new(Account)
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	return &Client{o}
}

// newTransport verifies TLS (1.2 or newer), honours the proxy environment variables and
// keeps connections alive.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12} // whatever $GODEBUG says
	return t
}

// Hiding returns a client that shares all with c and hides further secrets.
func (c *Client) Hiding(secrets ...string) *Client {
	hiding := *c
	hiding.opts.Secrets = slices.Concat(c.opts.Secrets, secrets)
	return &hiding
}

// A Call is a request that is yet to be sent.
type Call struct {
	Method, URL string
	Body        []byte // JSON; nil: none
	// Sign adds the credentials when the call is about to be sent, after it has waited
	// for its turn: a signature with a time in it would otherwise be too old.
	Sign func(*http.Request)
}

// Do makes a call and decodes the JSON of its reply into out, unless that is nil.
func (c *Client) Do(ctx context.Context, call Call, out any) error {
	req, err := http.NewRequestWithContext(ctx, call.Method, call.URL, bytes.NewReader(call.Body))
	if err != nil {
		return err
	}
	if call.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	_, body, err := c.send(req, call.Sign)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s %s: the reply is not what the API describes: %w", req.Method, req.URL.Path, err)
	}
	return nil
}

// RoundTrip makes a call for a library that builds its own requests. Unlike other round
// trippers it returns an error, an *Error, for any reply other than 2xx.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, body, err := c.send(req, nil)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// send waits until the call may go, makes it and reads the whole reply, so that the
// time limit covers it and a reply cut short is an error here.
func (c *Client) send(original *http.Request, sign func(*http.Request)) (*http.Response, []byte, error) {
	caller := original.Context()
	if err := c.opts.Account.wait(caller); err != nil {
		return nil, nil, unsent{err}
	}
	ctx, cancel := context.WithTimeout(caller, callTimeout)
	defer cancel()
	req := original.Clone(ctx)
	req.Header.Set("User-Agent", c.opts.UserAgent)
	if sign != nil {
		sign(req)
	}

	start := time.Now()
	resp, body, err := c.exchange(req)
	end := time.Now()
	if err == nil {
		c.observe(req.Method, strconv.Itoa(resp.StatusCode), end.Sub(start))
		c.opts.Account.ended(end, result{resp.StatusCode, retryAfter(resp.Header, end)})
		return resp, body, c.refusal(req, resp, body, end)
	}
	c.observe(req.Method, "error", end.Sub(start))
	if caller.Err() == nil { // otherwise it was us who gave up
		c.opts.Account.ended(end, result{})
		if ctx.Err() != nil {
			err = fmt.Errorf("no complete reply within %s: %w", callTimeout, err)
		}
	}
	return nil, nil, err
}

// refusal is the error that a reply means, nil for a 2xx.
func (c *Client) refusal(req *http.Request, resp *http.Response, body []byte, now time.Time) error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	return &Error{
		Method: req.Method, Path: req.URL.Path, Status: resp.StatusCode,
		Message:    message(body, c.opts.Secrets...),
		RetryAfter: retryAfter(resp.Header, now),
		Clock:      clockError(resp, now),
	}
}

func (c *Client) observe(method, code string, took time.Duration) {
	if c.opts.Observe != nil {
		c.opts.Observe(method, code, took)
	}
}

// exchange sends a request and reads the reply to its end.
func (c *Client) exchange(req *http.Request) (*http.Response, []byte, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	resp, err := c.opts.Transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	switch {
	case err != nil && !connected.Load():
		return nil, nil, unsent{err}
	case err != nil:
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the reply: %w", err)
	}
	if len(body) > maxReply {
		return nil, nil, fmt.Errorf("the reply is larger than %d MiB", maxReply>>20)
	}
	return resp, body, nil
}
