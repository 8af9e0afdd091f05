package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// health is what a daemon says of itself.
type health struct {
	reason string // "": ready
	idle   time.Duration
}

func (h health) Ready() (bool, string) { return h.reason == "", h.reason }
func (h health) Alive() time.Time      { return time.Now().Add(-h.idle) }

func noNames() []string { return nil }

func TestHandler(t *testing.T) {
	registry := prometheus.NewRegistry()
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "edgeward_test", Help: "A test."})
	gauge.Set(42)
	registry.MustRegister(gauge)
	status := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "status of %s", r.URL.RequestURI()) })
	tests := map[string]struct {
		method, path string
		health       health
		status       int
		body         string // part of it
	}{
		"metrics":                  {"GET", "/metrics", health{}, 200, "# HELP edgeward_test A test.\n# TYPE edgeward_test gauge\nedgeward_test 42\n"},
		"healthz":                  {"GET", "/healthz", health{reason: "not yet"}, 200, "ok\n"},
		"healthz, busy for long":   {"GET", "/healthz", health{idle: 59 * time.Second}, 200, "ok\n"},
		"healthz, hung":            {"GET", "/healthz", health{idle: 90 * time.Second}, 503, "no sign of life for 1m30s\n"},
		"readyz":                   {"GET", "/readyz", health{}, 200, "ok\n"},
		"readyz, not yet":          {"GET", "/readyz", health{reason: "cluster main: no complete snapshot yet"}, 503, "cluster main: no complete snapshot yet\n"},
		"readyz, a forged line":    {"GET", "/readyz", health{reason: "GET /x: 502: \x1b[2K\u202e\nok"}, 503, `GET /x: 502: \x1b[2K\u202e; ok` + "\n"},
		"HEAD":                     {"HEAD", "/readyz", health{}, 200, ""},
		"nothing can be written":   {"POST", "/readyz", health{}, 405, ""},
		"nothing else is answered": {"GET", "/debug/pprof/", health{}, 404, ""},
		"the status page":          {"GET", "/?state=error", health{}, 200, "status of /?state=error"},
		"and as JSON":              {"GET", "/status.json", health{}, 200, "status of /status.json"},
		"which takes nothing":      {"POST", "/", health{}, 405, ""},
		"and nothing below it":     {"GET", "/index.html", health{}, 404, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			Handler(registry, test.health, status, noNames).ServeHTTP(w, httptest.NewRequest(test.method, "http://localhost"+test.path, nil))
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("%d %q, want %d with %q", w.Code, w.Body, test.status, test.body)
			}
		})
	}
}

// TestServe answers until its context is done; a listener that fails before is
// an error.
func TestServe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- Serve(ctx, listener, Handler(prometheus.NewRegistry(), health{}, http.NotFoundHandler(), noNames))
	}()

	resp, err := http.Get("http://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != "ok\n" {
		t.Errorf("%s %q, %v", resp.Status, body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v when it is told to", err)
	}
	if _, err := http.Get("http://" + listener.Addr().String() + "/healthz"); err == nil {
		t.Error("it answers after its end")
	}

	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if err := Serve(t.Context(), closed, http.NotFoundHandler()); !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "serving metrics: ") {
		t.Errorf("with a listener that is closed: %v", err)
	}
}
