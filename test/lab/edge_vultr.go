package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/internal/emulator/resolver"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
)

// VultrEdge is the edge of Vultr's CDN. Each pull zone is served at an address of
// its own and nowhere else, so that only what DNS leads to the right zone is
// answered. A zone shows the certificate that it was given; without one it
// takes no https.
type VultrEdge struct {
	*Edge
	lab *Lab

	mu    sync.Mutex
	doors map[string]Door // by the pull zone's host name at the CDN
}

// Door is where the edge takes the requests for one pull zone, "127.0.0.1:41234".
type Door struct{ HTTP, HTTPS string }

// StartVultrEdge is StartEdge for Vultr's CDN.
func (l *Lab) StartVultrEdge(o edge.Options, hosts map[string]netip.Addr) (*VultrEdge, error) {
	e, err := l.prepareEdge(&o, hosts)
	if err != nil {
		return nil, err
	}
	e.Edge = l.Vultr.NewEdge(o)
	return &VultrEdge{Edge: e, lab: l, doors: make(map[string]Door)}, nil
}

// Pair makes a certificate for a host, and its key, that the edge's clients trust.
func (e *VultrEdge) Pair(host string) (certificate, key []byte, err error) {
	return e.authority.Pair(host)
}

// Find asks DNS where a host leads, and returns the name at the CDN and its door.
func (e *VultrEdge) Find(ctx context.Context, host string) (name string, at Door, err error) {
	return e.find(ctx, e.newResolver(), host)
}

func (e *VultrEdge) newResolver() *resolver.Resolver {
	return resolver.New(resolver.Options{Server: e.dns.Addr()})
}

func (e *VultrEdge) find(ctx context.Context, names *resolver.Resolver, host string) (name string, at Door, err error) {
	if name, err = names.Alias(ctx, host); err == nil {
		at, err = e.door(name)
	}
	return name, at, err
}

// door opens the one of a name at the CDN, if it is not open.
func (e *VultrEdge) door(name string) (at Door, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, open := e.doors[name]
	if open {
		return at, nil
	}
	zone, ok := e.zone(name)
	if !ok {
		return at, fmt.Errorf("the CDN has no pull zone at %s", name)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, _ := strings.Cut(r.Host, ":"); host != zone.VanityDomain {
			http.Error(w, "another host's pull zone is here", http.StatusNotFound)
			return
		}
		r.Host = name // the edge knows the zone by it
		e.ServeHTTP(w, r)
	})
	if at.HTTP, err = e.serve(handler, nil); err == nil {
		at.HTTPS, err = e.serve(handler, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			zone, _ := e.zone(name)
			if zone.Certificate == "" {
				return nil, errors.New("the pull zone has no certificate")
			}
			pair, err := tls.X509KeyPair([]byte(zone.Certificate), []byte(zone.Key))
			return &pair, err
		}})
	}
	if err == nil {
		e.doors[name] = at
	}
	return at, err
}

// zone is the pull zone with a host name at the CDN.
func (e *VultrEdge) zone(name string) (vultrtest.PullZone, bool) {
	for _, z := range e.lab.Vultr.PullZones() {
		if z.CDNURL == "https://"+name {
			return z, true
		}
	}
	return vultrtest.PullZone{}, false
}

// Client is one of the CDN's: for each request it finds the door of the host by
// DNS, which it remembers as long as the TTL says.
func (e *VultrEdge) Client() *http.Client {
	return &http.Client{Transport: &byDNS{edge: e, resolver: e.newResolver(), ways: make(map[string]*http.Transport)}}
}

// byDNS sends a request where DNS leads its host, on a connection to there.
type byDNS struct {
	edge     *VultrEdge
	resolver *resolver.Resolver

	mu   sync.Mutex
	ways map[string]*http.Transport // by the name at the CDN
}

func (b *byDNS) RoundTrip(r *http.Request) (*http.Response, error) {
	name, at, err := b.edge.find(r.Context(), b.resolver, r.URL.Hostname())
	if err != nil {
		return nil, err
	}
	return b.way(name, at).RoundTrip(r)
}

func (b *byDNS) way(name string, at Door) *http.Transport {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ways[name] == nil {
		b.ways[name] = newTransport(b.edge.authority.Pool(), at.HTTP, at.HTTPS)
	}
	return b.ways[name]
}

// CloseIdleConnections is for http.Client.
func (b *byDNS) CloseIdleConnections() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, way := range b.ways {
		way.CloseIdleConnections()
	}
}

// newTransport goes to plain for port 80 and to secure for any other.
func newTransport(trusted *x509.CertPool, plain, secure string) *http.Transport {
	return &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: trusted},
		MaxIdleConnsPerHost: 100,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			to := secure
			if _, port, _ := net.SplitHostPort(address); port == "80" {
				to = plain
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}
}
