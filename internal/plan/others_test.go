package plan

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// TestOthersCostNothing has events with and without a hundred thousand rules and
// records of others: they take as much memory.
func TestOthersCostNothing(t *testing.T) {
	cost := func(others int) uint64 {
		c := fixture.Cluster("main", fixture.Service("web", 30080), fixture.Node("n1", "192.0.2.1"))
		for i := range 1000 {
			ing := fixture.Ingress(fmt.Sprint("ing", i), fmt.Sprintf("h%d.example.com", i), "Exact", "/a")
			c.Ingresses = append(c.Ingresses, &ing)
		}
		in := standing(c, true)
		in.Settings.PublishZones = []string{"example.org"}
		in.Rules.Objects, in.Records.Objects = append(in.Rules.Objects, othersRules(others)...), append(in.Records.Objects, othersRecords(others)...)
		slices.SortFunc(in.Rules.Objects, func(a, b *model.Rule) int { return a.Compare(*b) })
		slices.SortFunc(in.Records.Objects, func(a, b *model.Record) int { return a.Compare(*b) })
		in.Want = desired.Desired([]desired.Cluster{c}, in.Settings, in.Now)
		in.Memory = Next(in).Memory
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range 10 {
			changed := *c.Ingresses[i]
			c.Ingresses[i] = &changed
			want := desired.DesiredAfter(in.Want, []desired.Cluster{c}, in.Settings, in.Now)
			in.Memory = Next(in).Memory.Follow(in.Want, want, true)
			in.Want = want
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	alone, beside := cost(0), cost(100_000)
	if beside > alone+alone/5 {
		t.Errorf("ten events take %d bytes beside others' rules and records, %d without them", beside, alone)
	}
}
