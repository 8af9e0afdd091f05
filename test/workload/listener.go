package workload

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// listener serves at one door's address.
type listener struct {
	server *http.Server

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Dial is where a door really is, for EdgeOptions.Dial: on this machine, since no
// origin has a loopback address. Of 192.0.2.0/24 and the like each address has one of
// the process's own, by its last number, so that two runs do not meet; all of IPv6
// are ::1. Ports below 1024, for which one may need rights, are 20,000 higher.
func Dial(at netip.AddrPort) string {
	address, port := netip.IPv6Loopback(), at.Port()
	if at.Addr().Is4() {
		pid := os.Getpid()
		address = netip.AddrFrom4([4]byte{127, byte(16 + pid>>8%224), byte(pid), at.Addr().As4()[3]})
	}
	if port < 1024 {
		port += 20_000
	}
	return netip.AddrPortFrom(address, port).String()
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
