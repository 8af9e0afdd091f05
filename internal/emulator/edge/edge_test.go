package edge

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
)

// testEdge is an edge of a CDN whose rules the test sets, with one origin, which
// answers with what it was asked.
type testEdge struct {
	*Edge
	state     *emulator.State
	rules     []Rule
	addresses resolver
	now       time.Time
	port      int // of the origin
	origin    *httptest.Server
}

// resolver has the addresses of hosts.
type resolver map[string][]netip.Addr

func (r resolver) Addresses(_ context.Context, host string) ([]netip.Addr, error) {
	if len(r[host]) == 0 {
		return nil, fmt.Errorf("%s: it has no address", host)
	}
	return r[host], nil
}

// newTestEdge starts an origin at 127.0.0.1 and has origin.example.com lead there.
func newTestEdge(t *testing.T, o Options) *testEdge {
	t.Helper()
	e := &testEdge{state: emulator.NewState(nil, nil), now: time.UnixMilli(1700000000000)}
	e.addresses = resolver{"origin.example.com": {netip.MustParseAddr("127.0.0.1")}}
	e.origin = httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(e.origin.Close)
	e.port = portOf(t, e.origin)
	o.Now, o.Resolver = func() time.Time { return e.now }, e.addresses
	e.Edge = New(e.state, func() []Rule { return slices.Clone(e.rules) }, o)
	t.Cleanup(e.Close)
	return e
}

// publish adds a rule: an http one of www.example.com, whose origin is
// origin.example.com, unless it says otherwise.
func (e *testEdge) publish(r Rule) {
	if r.Scheme == "" {
		r.Scheme = "http"
	}
	if r.SourceScheme == "" {
		r.SourceScheme = "http"
	}
	if r.SourceHost == "" {
		r.SourceHost = "origin.example.com"
	}
	r.Host = "www.example.com"
	e.state.Edit(func() bool {
		e.rules = append(e.rules, r)
		return true
	})
}

// echo answers with the request as it arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	w.Header().Set("X-Tag", "origin")
	fmt.Fprintf(w, "%s %s %s X-Edgeward=%s Host=%s %s", scheme, r.Method, r.RequestURI, r.Header.Get("X-Edgeward"), r.Host, body)
}

func portOf(t *testing.T, s *httptest.Server) int {
	t.Helper()
	return s.Listener.Addr().(*net.TCPAddr).Port
}

// ask sends the edge a request and returns the reply, its status before the body.
func (e *testEdge) ask(method, url, body string) (status int, text string, header http.Header) {
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String()), w.Header()
}

func TestEdge(t *testing.T) {
	e := newTestEdge(t, Options{})
	secure := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer secure.Close()
	idle, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	idle.Close() // nobody listens there
	e.publish(Rule{Path: "/app/", SourcePath: "/", SourcePort: e.port,
		RequestHeaders: []Header{{"X-Edgeward", "mark"}}, ReplyHeaders: []Header{{"X-Tag", "cdn"}}})
	e.publish(Rule{Path: "/app", SourcePath: "/app", SourcePort: e.port, RequestHeaders: []Header{{"Host", "own.example.com"}}})
	e.publish(Rule{Path: "/secure/", SourcePath: "/secure/", SourceScheme: "https", SourcePort: portOf(t, secure)})
	e.publish(Rule{Path: "/down/", SourcePath: "/down/", SourcePort: idle.Addr().(*net.TCPAddr).Port})
	e.publish(Rule{Path: "/lost/", SourcePath: "/", SourceHost: "lost.example.com", SourcePort: e.port})
	e.publish(Rule{Path: "/later/", SourcePath: "/later/", SourcePort: e.port, From: e.now.Add(time.Second)})
	host := "origin.example.com:" + strconv.Itoa(e.port)
	for _, tc := range []struct {
		name, method, url, body string
		status                  int
		want                    string // what the body has
		tag                     string // the reply's header X-Tag
	}{
		{"a directory", "GET", "http://www.example.com/app/x?b=2&a=1;c", "", 200, "http GET /x?b=2&a=1;c X-Edgeward=mark Host=" + host, "cdn"},
		{"an object", "GET", "http://www.example.com/app", "", 200, "http GET /app X-Edgeward= Host=own.example.com", "origin"},
		{"any case, with a port", "GET", "http://WWW.example.com:8080/app/", "", 200, "http GET / X-Edgeward=mark Host=" + host, "cdn"},
		{"escaped", "GET", "http://www.example.com/app/a%2Fb//c", "", 200, "http GET /a%2Fb//c X-Edgeward=mark", "cdn"},
		{"a body", "POST", "http://www.example.com/app/x", "text", 200, "http POST /x X-Edgeward=mark Host=" + host + " text", "cdn"},
		{"https to the origin", "GET", "http://www.example.com/secure/", "", 200, "https GET /secure/", "origin"},
		{"another protocol than published", "GET", "https://www.example.com/app", "", 404, "https://www.example.com/app", ""},
		{"not yet", "GET", "http://www.example.com/later/", "", 404, "http://www.example.com/later/", ""},
		{"another path", "GET", "http://www.example.com/other", "", 404, "http://www.example.com/other", ""},
		{"another host", "GET", "http://example.com/app", "", 404, "http://example.com/app", ""},
		{"nobody listens", "GET", "http://www.example.com/down/", "", 502, "connection refused", ""},
		{"no address", "GET", "http://www.example.com/lost/", "", 502, "lost.example.com: it has no address", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, text, header := e.ask(tc.method, tc.url, tc.body)
			if status != tc.status || !strings.Contains(text, tc.want) {
				t.Errorf("%d %q, want %d with %q", status, text, tc.status, tc.want)
			}
			if got := header.Get("X-Tag"); got != tc.tag {
				t.Errorf("X-Tag %q, want %q", got, tc.tag)
			}
		})
	}
}

// TestEdgePropagation changes rules and lets time pass.
func TestEdgePropagation(t *testing.T) {
	e := newTestEdge(t, Options{Propagation: 10 * time.Second})
	lead := func(path string) {
		e.state.Edit(func() bool {
			e.rules[0].SourcePath = path
			return true
		})
	}
	for _, step := range []struct {
		name   string
		change func()
		after  time.Duration
		want   string // what /a leads to; "": 404
	}{
		{"published", func() { e.publish(Rule{Path: "/a", SourcePath: "/one", SourcePort: e.port}) }, 10*time.Second - 1, ""},
		{"and known", func() {}, 1, "/one"},
		{"changed twice", func() {
			lead("/two")
			e.now = e.now.Add(5 * time.Second)
			lead("/three")
		}, 0, "/one"},
		{"the first is known", func() {}, 5 * time.Second, "/two"},
		{"the second is", func() {}, 5 * time.Second, "/three"},
		{"removed", func() { e.state.Edit(func() bool { e.rules = nil; return true }) }, 10*time.Second - 1, "/three"},
		{"and gone", func() {}, 1, ""},
	} {
		step.change()
		e.now = e.now.Add(step.after)
		status, text, _ := e.ask("GET", "http://www.example.com/a", "")
		got := ""
		if status != http.StatusNotFound {
			_, got, _ = strings.Cut(text, "GET ")
			got, _, _ = strings.Cut(got, " ")
		}
		if got != step.want {
			t.Errorf("%s: %d %q, want %q", step.name, status, got, step.want)
		}
	}
}

// TestEdgeRetry has the origin at two addresses, one of which fails.
func TestEdgeRetry(t *testing.T) {
	for _, tc := range []struct {
		name         string
		noRetry      bool
		breaks       bool // the second address takes connections and breaks them
		method, body string
		failures     int // of ten requests
	}{
		{name: "refused", method: "GET"},
		{name: "refused, with a body", method: "POST", body: "text"},
		{name: "refused, no retry", noRetry: true, method: "GET", failures: 5},
		{name: "broken", breaks: true, method: "GET"},
		{name: "broken, with a body", breaks: true, method: "POST", body: "text", failures: 5},
		{name: "broken, with a body though it is a GET", breaks: true, method: "GET", body: "text", failures: 5},
		{name: "broken, no retry", noRetry: true, breaks: true, method: "GET", failures: 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newTestEdge(t, Options{NoRetry: tc.noRetry})
			e.addresses["origin.example.com"] = append(e.addresses["origin.example.com"], netip.MustParseAddr("127.0.0.2"))
			if tc.breaks {
				listener, err := net.Listen("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), uint16(e.port)).String())
				if err != nil {
					t.Skip(err) // the port is another's there
				}
				defer listener.Close()
				go breakAll(listener)
			}
			e.publish(Rule{Path: "/", SourcePath: "/", SourcePort: e.port})
			failures := 0
			for range 10 {
				status, text, _ := e.ask(tc.method, "http://www.example.com/", tc.body)
				switch {
				case status == http.StatusBadGateway:
					failures++
				case status != http.StatusOK || !strings.HasSuffix(text, tc.body):
					t.Errorf("%d %s", status, text)
				}
			}
			if failures != tc.failures {
				t.Errorf("%d failures, want %d", failures, tc.failures)
			}
			if retried := e.Retries(); retried != 5-failures {
				t.Errorf("%d retries, want %d", retried, 5-failures)
			}
		})
	}
}

// breakAll takes connections and closes them as soon as there is a request.
func breakAll(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1))
		}()
	}
}

// TestEdgeDial has an origin on port 80, which is somewhere else here.
func TestEdgeDial(t *testing.T) {
	var target string
	e := newTestEdge(t, Options{Dial: func(address netip.AddrPort) string {
		return strings.ReplaceAll(address.String(), "127.0.0.1:80", target)
	}})
	target = e.origin.Listener.Addr().String()
	e.publish(Rule{Path: "/", SourcePath: "/"})
	status, text, _ := e.ask("GET", "http://www.example.com/", "")
	if status != http.StatusOK || !strings.HasSuffix(text, "Host=origin.example.com") {
		t.Errorf("%d %s", status, text)
	}
}

// TestEdgeOverTLS asks with a client that trusts the authority alone.
func TestEdgeOverTLS(t *testing.T) {
	e := newTestEdge(t, Options{})
	e.publish(Rule{Scheme: "https", Path: "/", SourcePath: "/", SourcePort: e.port})
	authority, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", authority.ServerConfig())
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: e}
	defer server.Close()
	go server.Serve(listener)
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority.Pool()},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
		},
	}}
	defer client.CloseIdleConnections()
	for url, want := range map[string]int{
		"https://www.example.com/": http.StatusOK, "https://other.example.com/": http.StatusNotFound, "https://127.0.0.1/": http.StatusNotFound,
	} {
		reply, err := client.Get(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		reply.Body.Close()
		if reply.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, reply.StatusCode, want)
		}
	}
}
