package e2e

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/test/lab"
)

// TestMetricsAndHealth follows a daemon from a start without access to its
// cluster to one where everything has happened once, and looks at each metric.
func TestMetricsAndHealth(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080))
	kubeconfig, err := server.TokenKubeconfig("unknown")
	must(t, err)
	d := b.start(b.config(sections{"clusters": "- name: main\n  kubeconfig: " + kubeconfig, "sync": "resync_interval: 1s"}))

	b.until(d.running)
	b.until(func() error {
		return d.atLeast(3, "edgeward_watch_restarts_total", `cluster="main"`, `reason="unauthorized"`)
	})
	if err := d.ready(); err == nil || !strings.Contains(err.Error(), "503 cluster main") {
		t.Errorf("readiness without access to the cluster: %v", err)
	}
	renewed, err := lab.Kubeconfig(t.Context(), server)
	must(t, err)
	text, err := os.ReadFile(renewed)
	must(t, err)
	replaceFile(t, kubeconfig, text)
	b.until(d.ready)

	one := ingress("one", "www.example.com/one")
	b.apply(one, ingress("two", "www.example.com/two"), annotated(ingress("refused", "www.example.com/refused"), "edgeward/service-profile", "Nonesuch"))
	b.until(func() error { return d.routes(map[string]float64{"synced": 2, "error": 1}) })
	b.apply(annotated(one, "edgeward/source-path", "strip"))
	b.until(func() error { return d.shows(1, "edgeward_sync_total", `target="edgio"`, `event="modified"`) })
	b.delete(one)
	b.until(func() error { return d.routes(map[string]float64{"synced": 1, "error": 1}) })
	b.Edgio.Remove(b.uuid("www.example.com/two"))

	for _, m := range []struct {
		least  float64
		name   string
		labels []string
	}{
		{3, "edgeward_sync_total", []string{`cluster="main"`, `target="vultr"`, `event="added"`, `result="success"`}},
		{2, "edgeward_sync_total", []string{`cluster="main"`, `target="edgio"`, `event="added"`, `result="success"`}},
		{1, "edgeward_sync_total", []string{`cluster="main"`, `target="edgio"`, `event="added"`, `result="error"`}},
		{1, "edgeward_sync_total", []string{`cluster="main"`, `target="edgio"`, `event="modified"`, `result="success"`}},
		{1, "edgeward_sync_total", []string{`cluster="main"`, `target="edgio"`, `event="deleted"`, `result="success"`}},
		{1, "edgeward_sync_total", []string{`cluster="main"`, `target="edgio"`, `event="resync"`, `result="success"`}},
		{1, "edgeward_sync_total", []string{`cluster="main"`, `target="vultr"`, `event="resync"`, `result="success"`}},
		{2, "edgeward_sync_duration_seconds_count", []string{`target="edgio"`, `event="added"`}},
		{3, "edgeward_events_total", []string{`cluster="main"`, `resource="ingresses"`, `type="added"`}},
		{1, "edgeward_events_total", []string{`cluster="main"`, `resource="ingresses"`, `type="modified"`}},
		{1, "edgeward_events_total", []string{`cluster="main"`, `resource="ingresses"`, `type="deleted"`}},
		{2, "edgeward_api_requests_total", []string{`provider="edgio"`, `method="POST"`, `code="200"`}},
		{1, "edgeward_api_requests_total", []string{`provider="edgio"`, `method="POST"`, `code="400"`}},
		{2, "edgeward_api_requests_total", []string{`provider="vultr"`, `method="POST"`, `code="201"`}},
		{1, "edgeward_api_request_duration_seconds_count", []string{`provider="edgio"`, `method="PUT"`}},
		{1, "edgeward_owned_objects", []string{`target="edgio"`, `kind="rule"`}},
		{1, "edgeward_owned_objects", []string{`target="vultr"`, `kind="address"`}},
		{1, "edgeward_owned_objects", []string{`target="vultr"`, `kind="claim"`}},
		{1, "edgeward_drift_repaired_total", []string{`target="edgio"`}},
		{1, "edgeward_nodes", []string{`cluster="main"`, `state="ready"`}},
		{1, "edgeward_last_success_timestamp_seconds", []string{`target="vultr"`}},
		{1, "edgeward_build_info", []string{`goversion="go1.`}},
	} {
		b.until(func() error { return d.atLeast(m.least, m.name, m.labels...) })
	}
	must(t, errors.Join(d.running(), d.ready()))

	_, body, err := d.Get(t.Context(), "/metrics")
	must(t, err)
	got := labelNames(body)
	want := map[string]string{
		"edgeward_sync_total":                     "cluster event result target",
		"edgeward_sync_duration_seconds":          "event target",
		"edgeward_events_total":                   "cluster resource type",
		"edgeward_watch_restarts_total":           "cluster reason resource",
		"edgeward_api_requests_total":             "code method provider",
		"edgeward_api_request_duration_seconds":   "method provider",
		"edgeward_routes":                         "cluster state",
		"edgeward_queue_depth":                    "",
		"edgeward_last_success_timestamp_seconds": "target",
		"edgeward_owned_objects":                  "kind target",
		"edgeward_drift_repaired_total":           "target",
		"edgeward_deletions_blocked":              "target",
		"edgeward_nodes":                          "cluster state",
		"edgeward_build_info":                     "goversion revision version",
		"go_goroutines":                           "",
		"process_resident_memory_bytes":           "",
	}
	maps.DeleteFunc(got, func(name, _ string) bool { _, asked := want[name]; return !asked })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics and their labels (-want +got):\n%s", diff)
	}
}

// labelNames returns the label names, sorted, of each metric in the text that
// Prometheus scrapes.
func labelNames(text string) map[string]string {
	label := regexp.MustCompile(`([a-z_]+)="`)
	names := make(map[string]string)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sample, _, _ := cutLast(strings.TrimSpace(line), " ")
		name, rest, _ := strings.Cut(sample, "{")
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
		var labels []string
		for _, match := range label.FindAllStringSubmatch(rest, -1) {
			if match[1] != "le" { // of a histogram's buckets
				labels = append(labels, match[1])
			}
		}
		slices.Sort(labels)
		names[name] = strings.Join(labels, " ")
	}
	return names
}
