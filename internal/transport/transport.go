// Package transport is the road to a provider's HTTP API: it paces calls,
// bounds their time and their replies, follows no redirect, counts them, and
// turns failures into errors with a status.
package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// callTimeout bounds one call, its reply included.
	callTimeout = 30 * time.Second
	// maxReply bounds a reply's body in bytes. The largest lists, 500 records or
	// 100 rules a page, stay far below.
	maxReply = 16 << 20
)

// Observe is told of each finished call: its method, the status as a decimal
// number ("error" where no reply came), and how long it took.
type Observe func(method, code string, took time.Duration)

// NewClient returns an HTTP client whose calls pass the gate. It verifies TLS
// (1.2 or newer), honours the proxy environment variables and keeps
// connections alive. The secret is what must never be printed, even if the
// provider's error repeats it.
func NewClient(gate *Gate, userAgent, secret string, observe Observe) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 16
	return &http.Client{
		Transport: &paced{gate: gate, userAgent: userAgent, secret: secret, observe: observe, base: base},
		// A redirect would carry credentials to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type paced struct {
	gate      *Gate
	userAgent string
	secret    string
	observe   Observe
	base      http.RoundTripper
}

// RoundTrip waits for the gate, makes the call and reads the whole reply, so
// that the time limit covers it and a reply cut short is an error here.
func (p *paced) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := p.gate.wait(req.Context()); err != nil {
		return nil, err
	}
	caller := req.Context()
	ctx, cancel := context.WithTimeout(caller, callTimeout)
	defer cancel()
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", p.userAgent)

	start := time.Now()
	resp, body, err := p.exchange(req)
	if err != nil {
		p.observe(req.Method, "error", time.Since(start))
		if caller.Err() == nil { // else it was us who gave up
			p.gate.learn(0, 0)
		}
		return nil, err
	}
	p.observe(req.Method, strconv.Itoa(resp.StatusCode), time.Since(start))
	p.gate.learn(resp.StatusCode, retryAfter(resp.Header, time.Now()))
	if r, ok := req.Context().Value(recorderKey{}).(*Recorder); ok {
		r.refusal = failure(req, resp, p.hide(body))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// exchange makes the call and reads the reply to its end.
func (p *paced) exchange(req *http.Request) (*http.Response, []byte, error) {
	resp, err := p.base.RoundTrip(req)
	if err != nil {
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

// hide takes the secret out of a reply that may be printed.
func (p *paced) hide(body []byte) []byte {
	if p.secret == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(p.secret), []byte("[redacted]"))
}
