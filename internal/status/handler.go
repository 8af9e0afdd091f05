package status

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/printable"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// handler answers with what the last overview holds.
type handler struct {
	version  string
	overview func() *outcome.Overview
	template *template.Template
	policy   string // Content-Security-Policy

	mu     sync.Mutex
	last   *outcome.Overview // that was asked for
	report Report            // of that, unfiltered
}

// Handler serves the page at / and the JSON at /status.json. overview returns
// what the syncer in force last planned, nil if it has not yet; that is a 503.
//
// Both take a filter in the URL's query: cluster, namespace and ingress are
// exact names, state is one of a route's states, q is part of a name, URL, rule
// ID, origin or message. The page has 50 Ingresses, page is which; the JSON has
// all that fit.
func Handler(version string, overview func() *outcome.Overview) http.Handler {
	sum := sha256.Sum256([]byte(pageCSS))
	h := &handler{
		version: version, overview: overview,
		template: template.Must(template.New("page").Parse(pageHTML)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.answer(h.page))
	mux.HandleFunc("GET /status.json", h.answer(h.json))
	return mux
}

// answer wraps what both addresses have in common.
func (h *handler) answer(write func(http.ResponseWriter, Report, filter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", h.policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		f, err := parseFilter(r.URL.Query())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		report, ok := h.latest()
		if !ok {
			header.Set("Retry-After", "1")
			http.Error(w, "edgeward has just started and has nothing to show yet", http.StatusServiceUnavailable)
			return
		}
		write(w, report.filtered(f), f)
	}
}

// latest is the report of the latest overview, which is made once for each; it is not ok
// before the first.
func (h *handler) latest() (r Report, ok bool) {
	o := h.overview()
	if o == nil {
		return Report{}, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != o {
		h.last, h.report = o, newReport(o, h.version)
	}
	return h.report, true
}

func (h *handler) page(w http.ResponseWriter, r Report, f filter) {
	var body bytes.Buffer
	if err := h.template.Execute(printable.Writer(&body), newPage(r, f, template.CSS(pageCSS), time.Now())); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(body.Bytes())
}

func (h *handler) json(w http.ResponseWriter, r Report, _ filter) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(printable.JSON(w))
	e.SetIndent("", "  ")
	e.Encode(r) // it fails only when the client has gone
}
