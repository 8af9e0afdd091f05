package edgiotest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/edge"
)

// TestEdgeRule: only the options that set a header count, and only those with a
// name and a value.
func TestEdgeRule(t *testing.T) {
	i := Instance{Host: "www.example.com", Path: "/app/", SourceHost: "origin.example.com", SourcePath: "/"}
	set := ProtocolSet{PublishedProtocol: "https", SourceProtocol: "http", SourcePort: 30080, Options: []Option{
		{"req_send_header", []any{"X-Edgeward", "mark"}},
		{"req_send_header", []any{"X-Other", "x"}},
		{"reply_send_header", []any{"X-Tag", "cdn"}},
		{"reply_send_header", []any{"X-Alone"}},
		{"reply_send_header", []any{"X-Number", 1.0}},
		{"refresh_absmin", []any{5.0}},
	}}
	want := edge.Rule{
		Scheme: "https", Host: "www.example.com", Path: "/app/",
		SourceScheme: "http", SourceHost: "origin.example.com", SourcePort: 30080, SourcePath: "/",
		RequestHeaders: []edge.Header{{Name: "X-Edgeward", Value: "mark"}, {Name: "X-Other", Value: "x"}},
		ReplyHeaders:   []edge.Header{{Name: "X-Tag", Value: "cdn"}},
	}
	if diff := cmp.Diff(want, edgeRule(i, set)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// loopback is where all hosts are.
type loopback struct{}

func (loopback) Addresses(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// TestEdge: an edge serves what an account publishes, and what it changes.
func TestEdge(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.RequestURI) }))
	defer origin.Close()
	a := newTestAccount(Options{})
	seed := func(path string) string {
		return a.Seed(fmt.Sprintf(`{"publishedHostname": "www.example.com", "publishedUrlPath": %q, "sourceHostname": "origin.example.com",
			"sourceUrlPath": "/source", "protocolSets": [{"publishedProtocol": "http", "sourceProtocol": "http", "sourcePort": %d}]}`,
			path, origin.Listener.Addr().(*net.TCPAddr).Port))
	}
	before := seed("/before")
	e := a.NewEdge(edge.Options{Resolver: loopback{}})
	defer e.Close()
	seed("/after")
	ask := func(path string) string {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest("GET", "http://www.example.com"+path, http.NoBody))
		body, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(w.Code, " ", string(body))
	}
	for _, path := range []string{"/before", "/after"} {
		if got := ask(path); got != "200 /source" {
			t.Errorf("%s: %s", path, got)
		}
	}
	a.Remove(before)
	if got := ask("/before"); got != "404 the CDN publishes nothing at http://www.example.com/before\n" {
		t.Errorf("after its rule was removed: %s", got)
	}
}
