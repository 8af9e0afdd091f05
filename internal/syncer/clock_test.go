package syncer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

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

// TestAliveIsMonotonic: when the loop last showed itself has a reading of the monotonic
// clock, so that a step of the wall clock does not change it.
func TestAliveIsMonotonic(t *testing.T) {
	r := newRig(t)
	r.opts.Metrics = metrics.New(prometheus.NewRegistry(), metrics.Build{})
	if at := New(r.opts).Alive(); !strings.Contains(at.String(), " m=") {
		t.Errorf("%s has none", at)
	}
}
