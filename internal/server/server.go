// Package server answers Prometheus, health checks and people over HTTP.
package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/edgeward/edgeward/internal/printable"
)

// Hung is how long the daemon's loop may show no sign of life. It does every
// few seconds.
const Hung = time.Minute

// Health is what the health checks ask.
type Health interface {
	// Ready reports whether the first comparison could be made; if not, the
	// reason says what is awaited.
	Ready() (ok bool, reason string)
	// Alive returns when the daemon's loop last showed that it works.
	Alive() time.Time
}

// Handler serves /metrics, /healthz (200 while the process works) and /readyz
// (200 once each cluster's snapshots are complete and the providers' state was
// read, before that 503 with the reason), and hands / and /status.json to the
// status page: those only where the machine is asked for by an address, as localhost or
// by one of the names. The others show no hosts and addresses, and scrapers and probes
// go by any name.
func Handler(metrics prometheus.Gatherer, health Health, status http.Handler, names func() []string) http.Handler {
	mux := http.NewServeMux()
	status = onlyFor(names, status)
	mux.Handle("GET /{$}", status)
	mux.Handle("GET /status.json", status)
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if idle := time.Since(health.Alive()); idle > Hung {
			http.Error(w, fmt.Sprintf("no sign of life for %s", idle.Round(time.Second)), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ok, reason := health.Ready(); !ok {
			http.Error(w, printable.Line(reason), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// Serve answers on the listener until ctx is done.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving metrics: %w", err)
	}
	return nil
}
