package syncer

import (
	"slices"
	"testing"
	"time"
)

// TestRelist has sync.max_delete hold back a deletion that only a snapshot led to: the
// cluster is listed anew once, as soon as that may confirm it.
func TestRelist(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.Settings.ConfirmAfter = time.Hour
		r.opts.Clusters[0].Selection = "all"
		r.opts.ResyncInterval = 24 * time.Hour
		var at []time.Duration
		r.tune = func(s *Syncer) {
			s.heartbeat = 24 * time.Hour // nothing else wakes the loop
			s.Cluster("main").Renew = func() { at = append(at, time.Since(r.begun).Round(time.Second)) }
		}
		r.ready(ingress("shop"), web(), node(1))
		r.Cluster("main").Listed(time.Now())
		r.pass(time.Minute)
		r.miss(ingress("shop"))
		r.pass(3 * time.Hour)
		if want := []time.Duration{time.Hour + time.Minute + time.Second}; !slices.Equal(at, want) {
			t.Errorf("listed anew after %s, want %s", at, want)
		}
	})
}
