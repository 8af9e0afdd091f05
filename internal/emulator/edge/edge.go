// Package edge is the edge of an emulated CDN: what the CDN's rules say, it does
// with the requests that come to it.
package edge

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
)

// Resolver finds the addresses of a host; it is an error if there are none.
type Resolver interface {
	Addresses(ctx context.Context, host string) ([]netip.Addr, error)
}

// Options say what an emulated CDN's edge is like.
type Options struct {
	// Resolver finds the addresses of origins.
	Resolver Resolver
	// Propagation is how long after a change at the API the edge still serves
	// as before. 0: not at all.
	Propagation time.Duration
	// NoRetry ends a request with the first address that fails. Otherwise the
	// next one is tried after a failed connect, and after a connection that broke
	// before the reply began if the request can be repeated.
	NoRetry bool
	// Dial turns an origin's address and port into where to connect; nil: there.
	// Tests need it for origins on ports 80 and 443.
	Dial func(netip.AddrPort) string
	Now  func() time.Time // nil: time.Now
}

// Edge is one server of an emulated CDN: it takes requests for what the CDN
// publishes and has them answered by the origins. It takes the published
// protocol from the connection, whatever the port it came to, so a test may have
// it listen anywhere.
//
// It keeps no copies of replies. What the origin sees as Host is a guess: the
// origin's own name, as of any client; a request header option can set another.
type Edge struct {
	rules   *propagation
	origins *origins
}

// New returns an edge of the CDN with this state, which publishes what rules
// returns. It goes on following them as long as the state lives.
func New(state *emulator.State, rules func() []Rule, o Options) *Edge {
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Edge{
		rules:   &propagation{delay: o.Propagation, now: o.Now, steps: []step{{rules: index(rules())}}},
		origins: newOrigins(o),
	}
	state.OnChange(func() { e.rules.change(index(rules())) })
	return e
}

// Retries is how often another address was tried after one had failed.
func (e *Edge) Retries() int { return int(e.origins.retries.Load()) }

// Close gives up the connections to origins that wait for a next request.
func (e *Edge) Close() { e.origins.transport.CloseIdleConnections() }

// ServeHTTP answers one request: 404 for what is not published, 502 with the
// reason where no origin answers, otherwise as the origin does.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	host := hostOf(r.Host)
	rule, path, ok := e.rules.find(scheme, host, r.URL.EscapedPath())
	if !ok {
		http.Error(w, fmt.Sprintf("the CDN publishes nothing at %s://%s%s", scheme, host, r.URL.EscapedPath()), http.StatusNotFound)
		return
	}
	target, err := url.Parse(rule.origin() + path)
	if err != nil {
		badGateway(w, r, err)
		return
	}
	target.RawQuery = r.URL.RawQuery
	proxy := httputil.ReverseProxy{
		Transport:    e.origins,
		ErrorHandler: badGateway,
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // the client sees it
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL, pr.Out.Host = target, rule.originHost()
			setHeaders(pr.Out.Header, rule.RequestHeaders)
			if own := pr.Out.Header.Get("Host"); own != "" {
				pr.Out.Host = own // net/http has it there, and drops the header
			}
		},
		ModifyResponse: func(reply *http.Response) error {
			setHeaders(reply.Header, rule.ReplyHeaders)
			return nil
		},
	}
	proxy.ServeHTTP(w, r)
}

// badGateway says why an origin could not be asked.
func badGateway(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, "the CDN has no answer from the origin: "+err.Error(), http.StatusBadGateway)
}

func setHeaders(to http.Header, headers []Header) {
	for _, h := range headers {
		to.Set(h.Name, h.Value)
	}
}

// hostOf is the host of a Host header, without its port, in lower case.
func hostOf(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	return strings.ToLower(host)
}
