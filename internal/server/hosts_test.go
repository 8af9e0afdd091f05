package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestHosts: under a name that anybody could have lead here the page is not shown, while
// what tells nothing of hosts and addresses is: scrapers and probes go by any name.
func TestHosts(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("the page")) })
	names := func() []string { return []string{"admin.example.com", "edgeward"} }
	handler := Handler(prometheus.NewRegistry(), health{}, page, names)
	get := func(path, host string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for host, want := range map[string]int{
		"localhost": 200, "localhost:9467": 200, "LOCALHOST.:9467": 200, "page.localhost:1": 200,
		"127.0.0.1": 200, "127.0.0.1:9467": 200, "192.0.2.7:9467": 200, "[::1]": 200, "[::1]:9467": 200, "::1": 200, "[fe80::1%25eth0]:1": 200,
		"admin.example.com": 200, "Admin.Example.COM.:443": 200, "edgeward:9467": 200, "": 200,

		"attacker.example": 403, "attacker.example:9467": 403, "localhost.attacker.example": 403, "notlocalhost": 403,
		"127.0.0.1.attacker.example:9467": 403, "x.admin.example.com": 403, "admin.example.com.attacker.example": 403, "127.0.0.1:1:1": 403,
		"0x7f.1": 403, "[attacker.example]": 403, "localhost@attacker.example": 403,
	} {
		for _, path := range []string{"/", "/status.json?q=a"} {
			w := get(path, host)
			if shown := strings.Contains(w.Body.String(), "the page"); w.Code != want || shown != (want == 200) {
				t.Errorf("%s for %q: %d %q, want %d", path, host, w.Code, w.Body, want)
			}
		}
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			if w := get(path, host); w.Code != 200 {
				t.Errorf("%s for %q: %d", path, host, w.Code)
			}
		}
	}
	if text := get("/", "attacker.example").Body.String(); !strings.Contains(text, "metrics.hosts") {
		t.Errorf("it does not say what helps: %s", text)
	}
}
