package vultrtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/internal/emulator/resolver"
)

func TestEdge(t *testing.T) {
	plain, secure := httptest.NewServer(http.HandlerFunc(echo)), httptest.NewTLSServer(http.HandlerFunc(echo))
	defer plain.Close()
	defer secure.Close()
	now := testNow()
	clock := func() time.Time { return now }
	a := newTestAccount(Options{Now: clock})
	a.Seed(testZone, Record{Type: "A", Name: "origin", Data: "127.0.0.1", TTL: 10})
	e := a.NewEdge(edge.Options{
		Now:      clock,
		Resolver: resolver.New(resolver.Options{Server: listenDNS(t, a), Now: clock}),
		Dial: func(to netip.AddrPort) string {
			return map[uint16]string{80: plain.Listener.Addr().String(), 443: secure.Listener.Addr().String()}[to.Port()]
		},
	})
	defer e.Close()
	origin := "origin." + testZone
	a.SeedPullZone(PullZone{OriginScheme: "http", OriginDomain: origin, VanityDomain: "www.example.com", CDNURL: "https://cdn-1.vultrcdn.com"})
	a.SeedPullZone(PullZone{OriginScheme: "https", OriginDomain: origin, CDNURL: "https://cdn-2.vultrcdn.com"})
	a.SeedPullZone(PullZone{OriginScheme: "http", OriginDomain: origin, CDNURL: "https://cdn-3.vultrcdn.com", Status: zonePending})
	for _, tc := range []struct{ url, want string }{ // "": 404
		{"https://www.example.com/a%2Fb?c", "http GET /a%2Fb?c Host=" + origin},
		{"http://www.example.com/", "http GET / Host=" + origin},
		{"https://cdn-1.vultrcdn.com/x", "http GET /x Host=" + origin},
		{"https://cdn-2.vultrcdn.com/x", "https GET /x Host=" + origin},
		{"https://cdn-3.vultrcdn.com/x", ""},
		{"https://cdn-4.vultrcdn.com/x", ""},
	} {
		if got := askEdge(e, tc.url); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.url, got, tc.want)
		}
	}
}

// TestEdgePending: a pull zone that is made serves when it is active, which
// no hook learns of.
func TestEdgePending(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(echo))
	defer origin.Close()
	now := testNow()
	clock := func() time.Time { return now }
	a := newTestAccount(Options{Now: clock, PullZonePending: time.Minute})
	a.Seed(testZone, Record{Type: "A", Name: "origin", Data: "127.0.0.1", TTL: 10})
	e := a.NewEdge(edge.Options{
		Now:      clock,
		Resolver: resolver.New(resolver.Options{Server: listenDNS(t, a), Now: clock}),
		Dial:     func(netip.AddrPort) string { return origin.Listener.Addr().String() },
	})
	defer e.Close()
	wantStatus(t, request(a, "POST", "cdns/pull-zones", `{"label":"a","origin_scheme":"http","origin_domain":"origin.example.com"}`), http.StatusCreated)
	url := a.PullZones()[0].CDNURL + "/"
	for _, step := range []struct {
		after  time.Duration
		serves bool
	}{{0, false}, {time.Minute - 1, false}, {1, true}} {
		now = now.Add(step.after)
		if got := askEdge(e, url); (got != "") != step.serves {
			t.Errorf("after another %s: %q", step.after, got)
		}
	}
}

// echo answers with the request as it arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	fmt.Fprintf(w, "%s %s %s Host=%s", scheme, r.Method, r.RequestURI, r.Host)
}

// askEdge returns what the origin says of a request, "" if it is not published.
func askEdge(e *edge.Edge, url string) string {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest("GET", url, http.NoBody))
	if w.Code == http.StatusNotFound {
		return ""
	}
	return strings.TrimSpace(w.Body.String())
}
