package desired_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
)

// TestUntil has two clusters: the answer changes when the first node of any
// has been NotReady for its cluster's delay.
func TestUntil(t *testing.T) {
	main, west := fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.NotReady(fixture.Node("n2", "192.0.2.2"), 0)), fixture.Cluster("west", fixture.NotReady(fixture.Node("n3", "192.0.2.3"), 0))
	main.NotReadyDelay, west.NotReadyDelay = 40*time.Second, 20*time.Second
	for name, test := range map[string]struct {
		clusters []desired.Cluster
		want     time.Time
	}{
		"the earlier comes first": {[]desired.Cluster{west, main}, fixture.Start().Add(20 * time.Second)},
		"the earlier comes last":  {[]desired.Cluster{main, west}, fixture.Start().Add(20 * time.Second)},
		"none waits":              {[]desired.Cluster{fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"))}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := desired.Desired(test.clusters, fixture.Settings(), fixture.Start()).Until; !got.Equal(test.want) {
				t.Errorf("until %s, want %s", got, test.want)
			}
		})
	}
}

// TestNotReadyCluster has one that contributes nothing but its name.
func TestNotReadyCluster(t *testing.T) {
	c := fixture.Cluster("main", fixture.Usual()...)
	c.Ready = false
	want := desired.Desired([]desired.Cluster{c}, fixture.Settings(), fixture.Start())
	expect := desired.Want{Routes: []*desired.Route{}, Sets: map[string]addresses.Set{}, Clusters: map[string]*desired.ClusterWant{"main": nil}}
	if diff := cmp.Diff(expect, want, cmpopts.IgnoreUnexported(desired.Want{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
