package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections that stay in the process.
type pipes struct{ accepted chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p.accepted
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// TestSlowClients: no client holds a connection for long that it does not use, however
// slowly it sends and reads; one that does nothing wrong keeps it.
func TestSlowClients(t *testing.T) {
	const request, large = "GET / HTTP/1.1\r\nHost: a\r\n", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := map[string]struct {
		sends  string
		reads  bool
		within time.Duration // it is cut off then
	}{
		"says nothing":                   {"", true, 5 * time.Second},
		"does not end its headers":       {request, true, 5 * time.Second},
		"does not send what it promised": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", true, 10 * time.Second},
		"does not read":                  {large, false, 30 * time.Second},
		"has no further request":         {request + "\r\n", true, 2 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				listener := pipes{make(chan net.Conn, 1)}
				defer close(listener.accepted)
				defer cancel()
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					if r.URL.Path == "/large" {
						io.WriteString(w, strings.Repeat("x", 1<<20))
					}
				})
				go Serve(ctx, listener, handler)
				client, server := net.Pipe()
				defer client.Close()
				closed := &watched{Conn: server, closed: make(chan struct{})}
				listener.accepted <- closed
				begun := time.Now()
				if test.reads {
					go io.Copy(io.Discard, client)
				}
				go io.WriteString(client, test.sends)
				select {
				case <-closed.closed:
				case <-time.After(time.Hour):
				}
				if took := time.Since(begun); took < test.within || took > test.within+time.Second {
					t.Errorf("cut off after %s, want %s", took, test.within)
				}
			})
		})
	}
}

// watched is a connection that tells when the server closes it.
type watched struct {
	net.Conn
	closed chan struct{}
}

func (w *watched) Close() error {
	select {
	case <-w.closed:
	default:
		close(w.closed)
	}
	return w.Conn.Close()
}
