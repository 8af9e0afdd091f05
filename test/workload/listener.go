package workload

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// listener serves at one door's address.
type listener struct {
	server *http.Server

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Dial is where a door really is, for EdgeOptions.Dial: those below port 1024, for
// which one may need rights, are 20,000 higher.
func Dial(at netip.AddrPort) string {
	if at.Port() < 1024 {
		at = netip.AddrPortFrom(at.Addr(), at.Port()+20_000)
	}
	return at.String()
}

// listen opens a door. With a configuration for TLS it speaks https.
func listen(at netip.AddrPort, secure *tls.Config, handler http.Handler) (*listener, error) {
	socket, err := net.Listen("tcp", Dial(at))
	if err != nil {
		return nil, err
	}
	l := &listener{conns: make(map[net.Conn]struct{})}
	l.server = &http.Server{
		Handler:           handler,
		ConnState:         l.keep,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // broken handshakes
	}
	if secure != nil {
		socket = tls.NewListener(socket, secure)
	}
	go l.server.Serve(socket)
	return l, nil
}

// keep follows the connections, to be able to reset them.
func (l *listener) keep(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateNew:
		l.conns[conn] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(l.conns, conn)
	}
}

// close refuses new connections and lets requests under way finish.
func (l *listener) close() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if l.server.Shutdown(ctx) != nil {
			l.server.Close()
		}
	}()
}

// kill refuses new connections and resets those that stand, requests under way
// or not.
func (l *listener) kill() {
	l.mu.Lock()
	for conn := range l.conns {
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // fails only if it is closed already
		}
	}
	l.mu.Unlock()
	l.server.Close()
}
