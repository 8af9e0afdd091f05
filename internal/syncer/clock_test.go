package syncer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/metrics"
)

// turned is a node that is not ready, since a time by the cluster's clock.
func turned(n int, at time.Time) kube.Node {
	down := node(n)
	down.UID, down.Ready, down.Changed = "uid", false, at
	return down
}

// TestNodeDelayByAnotherClock has the cluster's clock go before or after this
// machine's: a node that is not ready goes after the delay, counted by this machine's,
// at the latest.
func TestNodeDelayByAnotherClock(t *testing.T) {
	const delay = 30 * time.Second
	ready := node(2)
	ready.UID = "uid"
	for name, test := range map[string]struct {
		report func(r *rig)
		stays  time.Duration // since the report; then it goes
	}{
		"this machine's is an hour behind": {func(r *rig) { r.modify(turned(2, time.Now().Add(time.Hour))) }, delay},
		"it is five seconds behind":        {func(r *rig) { r.modify(turned(2, time.Now().Add(5*time.Second))) }, delay},
		"it is right":                      {func(r *rig) { r.modify(turned(2, time.Now().Add(-20*time.Second))) }, 10 * time.Second},
		"it is ten seconds before":         {func(r *rig) { r.modify(turned(2, time.Now().Add(-10*time.Second))) }, 20 * time.Second},
		"behind, and another reason is given while it is down": {func(r *rig) {
			r.modify(turned(2, time.Now().Add(time.Hour)))
			r.pass(20 * time.Second)
			r.modify(turned(2, time.Now().Add(time.Hour)))
		}, 10 * time.Second},
		"behind, and the nodes are listed anew": {func(r *rig) {
			down := turned(2, time.Now().Add(time.Hour))
			r.modify(down)
			r.pass(20 * time.Second)
			r.find(down)
		}, 10 * time.Second},
		"behind, and it was ready meanwhile": {func(r *rig) {
			r.modify(turned(2, time.Now().Add(time.Hour)))
			r.pass(20 * time.Second)
			r.modify(ready)
			r.modify(turned(2, time.Now().Add(time.Hour)))
		}, delay},
		"behind, and it was ready meanwhile, unseen": {func(r *rig) {
			r.modify(turned(2, time.Now().Add(time.Hour)))
			r.pass(20 * time.Second)
			r.find(turned(2, time.Now().Add(time.Hour)))
		}, delay},
		"behind, and another node has its name": {func(r *rig) {
			r.modify(turned(2, time.Now().Add(time.Hour)))
			r.pass(20 * time.Second)
			other := turned(2, time.Now().Add(time.Hour))
			other.UID = "other"
			r.modify(other)
		}, delay},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1), ready)
				test.report(r)
				r.pass(test.stays - time.Second)
				if got := r.writes(); got != nil {
					t.Errorf("writes a second before: %q", got)
				}
				r.pass(2 * time.Second)
				if diff := cmp.Diff([]string{"dns delete " + addr2}, r.writes()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestClockIsMonotonic: what is measured while the process runs has a reading of the
// monotonic clock, so that a step of the wall clock changes none of it.
func TestClockIsMonotonic(t *testing.T) {
	in := newIntake([]desired.Cluster{{Name: "main"}})
	nodes := in.clusters[0].Nodes
	nodes.Added(turned(2, time.Now().Add(-time.Minute).UTC()))
	down, _ := nodes.kept.Get(kube.Key{Name: "n2"})
	r := newRig(t)
	r.opts.Metrics = metrics.New(prometheus.NewRegistry(), metrics.Build{})
	for name, at := range map[string]time.Time{
		"when a node turned not ready":     down.Since,
		"when the loop last showed itself": New(r.opts).Alive(),
	} {
		if !strings.Contains(at.String(), " m=") {
			t.Errorf("%s: %s has none", name, at)
		}
	}
	if ago := time.Since(down.Since); ago < time.Minute || ago > 2*time.Minute {
		t.Errorf("the node turned %s ago, want a minute", ago)
	}
}
