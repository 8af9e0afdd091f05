package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// TestSites has random routes and rules come, change and go, few and many at a time:
// what was taken over from before must be what the lists make. Places that only others
// have are none.
func TestSites(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 3))
		key := func() model.RuleKey {
			return model.RuleKey{CDN: model.Edgio, Host: fmt.Sprintf("h%d.example.com", rng.IntN(300)), Path: "/"}
		}
		routes, rules := map[model.RuleKey]*desired.Route{}, map[string]*model.Rule{}
		var now rows
		for range 30 {
			for range 1 << rng.IntN(9) {
				switch k := key(); rng.IntN(4) {
				case 0:
					delete(routes, k)
				case 1:
					routes[k] = &desired.Route{Key: k, Rule: model.Rule{RuleKey: k}}
				case 2:
					delete(rules, k.Host+fmt.Sprint(rng.IntN(3)))
				default:
					id := k.Host + fmt.Sprint(rng.IntN(3)) // up to three at one place
					r := model.Rule{ID: id, RuleKey: k}
					if rng.IntN(2) == 0 {
						r.SourceHost = fixture.NodesHost
					}
					if rng.IntN(3) == 0 {
						r.Protocols = []model.Protocol{{}}
						r = marked(r, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})
					}
					rules[id] = &r
				}
			}
			wanted := slices.SortedFunc(maps.Values(routes), func(a, b *desired.Route) int { return a.Key.Compare(b.Key) })
			standing := slices.SortedFunc(maps.Values(rules), func(a, b *model.Rule) int { return a.Compare(*b) })
			ours, others, keys := map[model.RuleKey][]*model.Rule{}, map[model.RuleKey][]*model.Rule{}, map[model.RuleKey]bool{}
			var naming []*model.Rule
			for _, r := range standing {
				if r.Labelled() {
					ours[r.RuleKey], keys[r.RuleKey] = append(ours[r.RuleKey], r), true
					continue
				}
				others[r.RuleKey] = append(others[r.RuleKey], r)
				if r.SourceHost != "" {
					naming = append(naming, r)
				}
			}
			for k := range routes {
				keys[k] = true
			}

			now = now.after(wanted, standing, fixture.Settings())
			if len(now.all) != len(keys) || !slices.IsSortedFunc(now.all, func(a, b *row) int { return a.Where().Compare(*b.Where()) }) {
				t.Fatalf("seed %d: %d sites, want %d, in order", seed, len(now.all), len(keys))
			}
			for _, s := range now.all {
				route := routes[*s.Where()]
				if route == nil {
					route = &desired.Route{}
				}
				var owned []*model.Rule
				for _, r := range s.ours {
					owned = append(owned, r.Rule)
				}
				if s.route.Key != route.Key || route.Wanted() && s.route != route || !slices.Equal(owned, ours[*s.Where()]) || !slices.Equal(s.others, others[*s.Where()]) {
					t.Fatalf("seed %d: at %s the route %p and %v and %v, want %p and %v and %v", seed, s.Where(), s.route, owned, s.others, route, ours[*s.Where()], others[*s.Where()])
				}
			}
			if !slices.Equal(now.naming, naming) {
				t.Fatalf("seed %d: %d rules of others have origins of ours, want %d", seed, len(now.naming), len(naming))
			}
		}
	}
}
