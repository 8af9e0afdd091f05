// Package transport is the road to a provider's HTTP API: it paces calls,
// bounds their time and their replies, follows no redirect, counts them, and
// turns failures into errors with a status.
package transport

import (
	"bytes"
	"context"
	"crypto/tls"
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
	// MaxObjects bounds a list that never ends. It is far beyond any account, and all of
	// them still fit into the memory of a usual machine.
	MaxObjects = 1_000_000
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
	base.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12} // whatever $GODEBUG says
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

type redactKey struct{}

// Redact returns a context whose calls carry a further secret, which must not be
// printed either if the provider's error repeats it.
func Redact(ctx context.Context, secret string) context.Context {
	before, _ := ctx.Value(redactKey{}).([]string)
	return context.WithValue(ctx, redactKey{}, append(slices.Clip(before), secret))
}

type beforeSendKey struct{}

// BeforeSend returns a context whose calls are handed to f when they are about
// to be sent, after they waited for the gate: a signature with a time in it
// would else be too old.
func BeforeSend(ctx context.Context, f func(*http.Request)) context.Context {
	return context.WithValue(ctx, beforeSendKey{}, f)
}

// RoundTrip makes the call when the gate lets it through, and tells the
// recorder of its context, if there is one, how it failed.
func (p *paced) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, body, err := p.call(req)
	failed := err
	if err == nil {
		more, _ := req.Context().Value(redactKey{}).([]string)
		failed = failure(req, resp, body, append(slices.Clip(more), p.secret))
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	if r, ok := req.Context().Value(recorderKey{}).(*Recorder); ok {
		r.failure = failed
	}
	return resp, err
}

// call waits for the gate, makes the call and reads the whole reply, so that
// the time limit covers it and a reply cut short is an error here.
func (p *paced) call(req *http.Request) (*http.Response, []byte, error) {
	caller := req.Context()
	if err := p.gate.wait(caller); err != nil {
		return nil, nil, unsent{err}
	}
	ctx, cancel := context.WithTimeout(caller, callTimeout)
	defer cancel()
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", p.userAgent)
	if f, ok := caller.Value(beforeSendKey{}).(func(*http.Request)); ok {
		f(req)
	}

	start := time.Now()
	resp, body, err := p.exchange(req)
	if err == nil {
		p.observe(req.Method, strconv.Itoa(resp.StatusCode), time.Since(start))
		p.gate.learn(resp.StatusCode, retryAfter(resp.Header, time.Now()))
		return resp, body, nil
	}
	p.observe(req.Method, "error", time.Since(start))
	if caller.Err() == nil { // else it was us who gave up
		p.gate.learn(0, 0)
		if ctx.Err() != nil {
			err = fmt.Errorf("no complete reply within %s: %w", callTimeout, err)
		}
	}
	return nil, nil, err
}

// exchange sends a call and reads the reply to its end.
func (p *paced) exchange(req *http.Request) (*http.Response, []byte, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	resp, err := p.base.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
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
