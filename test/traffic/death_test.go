package traffic

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edge"
)

// TestNodeDeathWithoutRetry has a node die while requests come in to an edge that
// does not try a second address. Some fail, but none after the daemon has taken
// the address out of DNS and its TTL has passed.
func TestNodeDeathWithoutRetry(t *testing.T) {
	for _, tc := range []struct {
		name  string
		found func(w *world) // how the cluster finds out
	}{
		{"its Node is deleted", func(w *world) { w.deleteNode(1) }},
		{"its Node is not ready", func(w *world) { must(w.t, server.SetNodeReady(w.t.Context(), nodeName(1), false)) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, edge.Options{NoRetry: true}, "", nil)
			w.nodes(4)
			w.pods(2, 3)
			w.inDNS(1, 2, 3, 4)
			w.forgotten()
			var mu sync.Mutex
			var removed time.Time // from DNS
			w.Changes.OnChange(func() {
				mu.Lock()
				defer mu.Unlock()
				if removed.IsZero() && !slices.Contains(w.published(), address(1)) {
					removed = time.Now()
				}
			})
			died := time.Now()
			w.workload.Kill(nodeName(1))
			tc.found(w)
			w.inDNS(2, 3, 4)
			w.forgotten()
			w.goOn(ttl / 2)
			report := w.load.Stop()

			mu.Lock()
			defer mu.Unlock()
			last := died
			for _, f := range report.Failures {
				last = f.Sent
			}
			t.Logf("TRAFFIC without a second try: of %d requests %d failed, the last %s after the node's death; its address left DNS after %s, the TTL is %s",
				report.Sent, len(report.Failures), last.Sub(died).Round(time.Millisecond), removed.Sub(died).Round(time.Millisecond), ttl)
			if len(report.Failures) == 0 {
				t.Error("no request failed: the node was not used")
			}
			// A request may be under way when the node dies, or a question to the name
			// server when the address goes, and the machine may be busy.
			const underWay = 500 * time.Millisecond
			begin, end := died.Add(-underWay), removed.Add(ttl+underWay)
			for _, f := range report.Failures {
				if f.Sent.Before(begin) || f.Sent.After(end) {
					t.Fatalf("a request failed before the death or after the TTL: %s", report)
				}
			}
		})
	}
}

// TestNodePortInPlace changes the node port of a Service, which the cluster does
// at once and at every node: what fails then, fails until the rule is known at
// the edge, and no longer.
func TestNodePortInPlace(t *testing.T) {
	w := newWorld(t, edge.Options{}, "", nil)
	var mu sync.Mutex
	var updated time.Time // the last rule
	w.Changes.OnChange(func() {
		mu.Lock()
		defer mu.Unlock()
		updated = time.Now()
	})
	w.goOn(ttl / 4)
	changed := time.Now()
	w.apply(nodePort("Cluster", "{name: http, port: 8080, nodePort: 30082}"))
	w.serves(url, ":30082")
	w.forgotten()
	report := w.load.Stop()

	mu.Lock()
	defer mu.Unlock()
	last := changed
	for _, f := range report.Failures {
		last = f.Sent
	}
	t.Logf("TRAFFIC over a change of the node port in place: of %d requests %d failed, the last %s after the change; the rules stood after %s, and the edge has them %s later",
		report.Sent, len(report.Failures), last.Sub(changed).Round(time.Millisecond), updated.Sub(changed).Round(time.Millisecond), propagation)
	const underWay = 500 * time.Millisecond
	if last.After(updated.Add(propagation + underWay)) {
		t.Errorf("a request failed after the edge had the rules: %s", report)
	}
}
