package syncer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// TestMergedRules has rules of two CDNs come, change and go: mergedRules they are in order,
// in a new slice only where something has changed.
func TestMergedRules(t *testing.T) {
	compare := func(a, b *model.Rule) int { return a.Compare(*b) }
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		lists := make([][]*model.Rule, 2)
		var all mergedRules
		var before []*model.Rule
		for range 50 {
			changed := false
			for i, cdn := range []model.Provider{fixture.Edgio, fixture.VultrCDN} {
				if rng.IntN(2) == 0 {
					continue
				}
				changed = true
				rule := &model.Rule{ID: fmt.Sprint(rng.IntN(20)), RuleKey: model.RuleKey{CDN: cdn, Host: fmt.Sprint("h", rng.IntN(5))}, SourcePath: fmt.Sprint(rng.IntN(9))}
				rest := slices.DeleteFunc(slices.Clone(lists[i]), func(r *model.Rule) bool { return r.ID == rule.ID })
				if rng.IntN(3) > 0 {
					rest = append(rest, rule)
				}
				slices.SortFunc(rest, compare)
				lists[i] = rest
			}
			got := all.of(lists)
			want := slices.SortedFunc(slices.Values(slices.Concat(lists...)), compare)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v, want %v", seed, got, want)
			}
			if !changed && len(got) > 0 && &got[0] != &before[0] {
				t.Fatalf("seed %d: nothing has changed, and it is another slice", seed)
			}
			before = got
		}
	}
}
