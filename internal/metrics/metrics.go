// Package metrics holds the Prometheus metrics of edgeward; docs/metrics.md has a
// table of them. The values of every label come from small fixed sets and the
// configuration, never from what users write into Ingresses.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are all metrics of the daemon. The label order of each is in its
// variable's comment.
type Metrics struct {
	Syncs             *prometheus.CounterVec   // cluster, target, event, result
	SyncDuration      *prometheus.HistogramVec // target, event; seconds
	Events            *prometheus.CounterVec   // cluster, resource, type
	WatchRestarts     *prometheus.CounterVec   // cluster, resource, reason
	requests          *prometheus.CounterVec   // provider, method, code
	requestDuration   *prometheus.HistogramVec // provider, method; seconds
	Routes            *prometheus.GaugeVec     // cluster, state
	QueueDepth        prometheus.Gauge
	LastSuccess       *prometheus.GaugeVec   // target; Unix seconds
	OwnedObjects      *prometheus.GaugeVec   // target, kind
	DriftRepaired     *prometheus.CounterVec // target
	DeletionsBlocked  *prometheus.GaugeVec   // target
	Nodes             *prometheus.GaugeVec   // cluster, state
	NodePanic         *prometheus.GaugeVec   // cluster
	LastKnownAddress  *prometheus.GaugeVec   // cluster
	ProviderReachable *prometheus.GaugeVec   // target
	KeyAccepted       *prometheus.GaugeVec   // target
	Reloaded          prometheus.Gauge
}

// Build is what the program knows of its own build.
type Build struct{ Version, Revision, GoVersion string }

// New registers all metrics with r, and the Go runtime's and the process's.
func New(r prometheus.Registerer, b Build) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "edgeward", Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "edgeward", Name: name, Help: help}, labels)
		r.MustRegister(g)
		return g
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "edgeward", Name: name, Help: help, Buckets: buckets}, labels)
		r.MustRegister(h)
		return h
	}
	m := &Metrics{
		Syncs: counter("sync_total", "Completed attempts to bring an Ingress to a target, by the latest event.",
			"cluster", "target", "event", "result"),
		SyncDuration: histogram("sync_duration_seconds", "Time from an Ingress's event until the target was exact.",
			prometheus.ExponentialBuckets(0.025, 2, 16), "target", "event"),
		Events: counter("events_total", "Watch events received, by resource and type.",
			"cluster", "resource", "type"),
		WatchRestarts: counter("watch_restarts_total", "Watches that ended and lists that failed, by reason.",
			"cluster", "resource", "reason"),
		requests: counter("api_requests_total", "Calls to the providers' APIs, by status code or error.",
			"provider", "method", "code"),
		requestDuration: histogram("api_request_duration_seconds", "Duration of calls to the providers' APIs.",
			prometheus.DefBuckets, "provider", "method"),
		Routes: gauge("routes", "Hosts and paths that Ingresses claim, by what became of them.",
			"cluster", "state"),
		LastSuccess: gauge("last_success_timestamp_seconds", "When the target was last known to be exact.",
			"target"),
		OwnedObjects: gauge("owned_objects", "Objects at the target that are ours.",
			"target", "kind"),
		DriftRepaired: counter("drift_repaired_total", "Objects of ours that somebody else had changed or removed, repaired.",
			"target"),
		DeletionsBlocked: gauge("deletions_blocked", "Deletions that sync.max_delete forbids now.",
			"target"),
		Nodes: gauge("nodes", "Nodes that the node selector admits, by their use as origins.",
			"cluster", "state"),
		NodePanic: gauge("nodes_panic", "1 while fewer than half of the usable nodes are ready, so that all stand in DNS.",
			"cluster"),
		LastKnownAddress: gauge("last_known_addresses", "1 while no node is left and the last known addresses stay in DNS.",
			"cluster"),
		ProviderReachable: gauge("provider_reachable", "1 if the last reading of the provider's state succeeded.",
			"target"),
		KeyAccepted: gauge("provider_key_accepted", "1 if the provider takes our key, 0 if it refused it when last asked.",
			"target"),
	}
	m.QueueDepth = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "edgeward", Name: "queue_depth", Help: "Operations that are safe now and wait for their turn or their back-off.",
	})
	m.Reloaded = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "edgeward", Name: "config_last_reload_successful",
		Help: "1 if the configuration read last, at the start or by SIGHUP, is in force; 0 if it was faulty.",
	})
	m.Reloaded.Set(1)
	r.MustRegister(m.QueueDepth, m.Reloaded, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge("build_info", "1, with the build's version as labels.", "version", "revision", "goversion").
		WithLabelValues(b.Version, b.Revision, b.GoVersion).Set(1)
	return m
}

// Forget drops what was measured of clusters: after a change of configuration
// some of them may be gone.
func (m *Metrics) Forget() {
	for _, g := range []*prometheus.GaugeVec{m.Routes, m.Nodes, m.NodePanic, m.LastKnownAddress} {
		g.Reset()
	}
}

// Request counts one call to a provider, in the form that package transport
// reports it.
func (m *Metrics) Request(provider string) func(method, code string, took time.Duration) {
	return func(method, code string, took time.Duration) {
		m.requests.WithLabelValues(provider, method, code).Inc()
		m.requestDuration.WithLabelValues(provider, method).Observe(took.Seconds())
	}
}
