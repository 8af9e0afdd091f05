package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// connectTimeout is how long an address may take to accept a connection.
const connectTimeout = 3 * time.Second

// origins has requests answered by the hosts that their URLs name. It is an
// http.RoundTripper that knows the hosts' addresses from a Resolver and takes
// turns with them. Connections are kept and used again, by address. Certificates
// of origins are not verified, and no server name is sent.
type origins struct {
	resolver  Resolver
	noRetry   bool
	transport *http.Transport
	turn      atomic.Uint32
	retries   atomic.Int64
}

func newOrigins(o Options) *origins {
	dialer := net.Dialer{Timeout: connectTimeout}
	return &origins{resolver: o.Resolver, noRetry: o.NoRetry, transport: &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		MaxIdleConnsPerHost: 100,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // the client is to get what the origin sends
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if o.Dial != nil {
				target, err := netip.ParseAddrPort(address)
				if err != nil {
					return nil, err
				}
				address = o.Dial(target)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}}
}

// RoundTrip has a request answered by one of its host's addresses.
func (o *origins) RoundTrip(r *http.Request) (*http.Response, error) {
	port, err := strconv.ParseUint(r.URL.Port(), 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%s: port: %w", r.URL.Host, err)
	}
	addresses, err := o.resolver.Addresses(r.Context(), r.URL.Hostname())
	if err != nil {
		return nil, err
	}
	first := int(o.turn.Add(1) % uint32(len(addresses)))
	for i := range addresses {
		address := addresses[(first+i)%len(addresses)]
		var reply *http.Response
		if reply, err = o.ask(r, netip.AddrPortFrom(address, uint16(port))); err == nil {
			return reply, nil
		}
		if o.noRetry || r.Context().Err() != nil || !repeatable(r, err) {
			break
		}
		if i+1 < len(addresses) {
			o.retries.Add(1)
		}
	}
	return nil, fmt.Errorf("%s: %w", r.URL.Hostname(), err)
}

// ask has a request answered by one address. It leaves the body open, as another
// address may be asked with it if this one does not even take the connection.
func (o *origins) ask(r *http.Request, address netip.AddrPort) (*http.Response, error) {
	attempt := *r
	target := *r.URL
	target.Host = address.String()
	attempt.URL = &target
	if r.Body != nil && r.Body != http.NoBody {
		attempt.Body = io.NopCloser(r.Body)
	}
	return o.transport.RoundTrip(&attempt)
}

// repeatable says that a request that failed so has done nothing yet, or may be
// done twice.
func repeatable(r *http.Request, err error) bool {
	if failed := new(net.OpError); errors.As(err, &failed) && failed.Op == "dial" {
		return true
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	return safe && (r.Body == nil || r.Body == http.NoBody)
}
