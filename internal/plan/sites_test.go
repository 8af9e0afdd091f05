package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSites has random routes and rules come, change and go, few and many at a time:
// what was taken over from before must be what the lists make.
func TestSites(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 3))
		key := func() RuleKey { return RuleKey{Edgio, fmt.Sprintf("h%d.example.com", rng.IntN(300)), "/"} }
		routes, rules := map[RuleKey]*Route{}, map[string]*Rule{}
		var now sites
		for range 30 {
			for range 1 << rng.IntN(9) {
				switch k := key(); rng.IntN(4) {
				case 0:
					delete(routes, k)
				case 1:
					routes[k] = &Route{Key: k, Rule: Rule{RuleKey: k}}
				case 2:
					delete(rules, k.Host+fmt.Sprint(rng.IntN(3)))
				default:
					id := k.Host + fmt.Sprint(rng.IntN(3)) // up to three at one place
					rules[id] = &Rule{ID: id, RuleKey: k}
				}
			}
			wanted := slices.SortedFunc(maps.Values(routes), func(a, b *Route) int { return a.Key.Compare(b.Key) })
			standing := slices.SortedFunc(maps.Values(rules), func(a, b *Rule) int { return a.Compare(*b) })
			at, keys := map[RuleKey][]*Rule{}, map[RuleKey]bool{}
			for _, r := range standing {
				at[r.RuleKey], keys[r.RuleKey] = append(at[r.RuleKey], r), true
			}
			for k := range routes {
				keys[k] = true
			}

			now = now.after(wanted, standing, testOwner)
			if len(now.all) != len(keys) || !slices.IsSortedFunc(now.all, func(a, b *site) int { return a.key().Compare(*b.key()) }) {
				t.Fatalf("seed %d: %d sites, want %d, in order", seed, len(now.all), len(keys))
			}
			for _, s := range now.all {
				route := routes[*s.key()]
				if route == nil {
					route = &Route{}
				}
				if s.route.Key != route.Key || route.Wanted() && s.route != route || !slices.Equal(s.others, at[*s.key()]) {
					t.Fatalf("seed %d: at %s the route %p and %d rules, want %p and %d", seed, s.key(), s.route, len(s.others), route, len(at[*s.key()]))
				}
			}
		}
	}
}
