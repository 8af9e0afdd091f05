package lab

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/internal/emulator/nameserver"
	"github.com/edgeward/edgeward/internal/emulator/resolver"
)

// Edge is a CDN edge that takes requests by what the lab's providers hold.
type Edge struct {
	*edge.Edge
	HTTP, HTTPS string // where it listens, "127.0.0.1:41234"
	CAFile      string // the certificate to trust, PEM

	authority *edge.Authority
	dns       *nameserver.Server
	servers   []*http.Server
}

// StartEdge starts one of Edgio's that finds origins by the lab's zone; the
// resolver of the options is its own. Names outside of the zone, such as those of
// load balancers, have their address in hosts.
func (l *Lab) StartEdge(o edge.Options, hosts map[string]netip.Addr) (*Edge, error) {
	e, err := l.prepareEdge(&o, hosts)
	if err != nil {
		return nil, err
	}
	e.Edge = l.Edgio.NewEdge(o)
	if e.HTTP, err = e.serve(e.Edge, nil); err == nil {
		e.HTTPS, err = e.serve(e.Edge, e.authority.ServerConfig())
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// prepareEdge makes what every edge has: an authority, and a name server for its
// resolver, which it puts into the options.
func (l *Lab) prepareEdge(o *edge.Options, hosts map[string]netip.Addr) (*Edge, error) {
	authority, err := edge.NewAuthority()
	if err != nil {
		return nil, err
	}
	e := &Edge{authority: authority, CAFile: filepath.Join(l.dir, "edge-ca.pem")}
	if err := os.WriteFile(e.CAFile, authority.PEM(), 0o644); err != nil {
		return nil, err
	}
	if e.dns, err = l.Vultr.ListenDNS("127.0.0.1:0"); err != nil {
		return nil, err
	}
	o.Resolver = resolver.New(resolver.Options{
		Server: e.dns.Addr(),
		Outside: func(_ context.Context, name string) ([]netip.Addr, error) {
			if address, ok := hosts[name]; ok {
				return []netip.Addr{address}, nil
			}
			return nil, fmt.Errorf("no host %q", name)
		},
	})
	return e, nil
}

// serve answers on a free port, by https with a configuration.
func (e *Edge) serve(handler http.Handler, secure *tls.Config) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address = listener.Addr().String()
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	e.servers = append(e.servers, server)
	go server.Serve(listener)
	return address, nil
}

// Client is one of the CDN's: whatever host a URL names, it asks the edge.
func (e *Edge) Client() *http.Client {
	return &http.Client{Transport: newTransport(e.authority.Pool(), e.HTTP, e.HTTPS)}
}

// Close stops the edge and its name server.
func (e *Edge) Close() error {
	for _, s := range e.servers {
		s.Close()
	}
	if e.Edge != nil {
		e.Edge.Close()
	}
	return e.dns.Close()
}
