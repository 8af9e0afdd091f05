package store

import (
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestClockIsMonotonic: when a node turned not ready has a reading of the monotonic
// clock, so that a step of the wall clock does not change it.
func TestClockIsMonotonic(t *testing.T) {
	nodes := New([]desired.Cluster{{Name: "main"}}).Cluster("main").Nodes
	nodes.Added(kube.Node{Meta: kube.Meta{Name: "n"}, Changed: time.Now().Add(-time.Minute).UTC()})
	down, _ := nodes.kept.Get(kube.Key{Name: "n"})
	if !strings.Contains(down.Since.String(), " m=") {
		t.Errorf("%s has none", down.Since)
	}
	if ago := time.Since(down.Since); ago < time.Minute || ago > 2*time.Minute {
		t.Errorf("the node turned %s ago, want a minute", ago)
	}
}
