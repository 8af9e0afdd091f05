package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSites has random routes and rules come, change and go, few and many at a time:
// what was taken over from before must be what the lists make. Places that only others
// have are none.
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
					r := Rule{ID: id, RuleKey: k}
					if rng.IntN(2) == 0 {
						r.SourceHost = nodesHost
					}
					if rng.IntN(3) == 0 {
						r.Protocols = []Protocol{{}}
						r = marked(r, Mark{testOwner, shopID()})
					}
					rules[id] = &r
				}
			}
			wanted := slices.SortedFunc(maps.Values(routes), func(a, b *Route) int { return a.Key.Compare(b.Key) })
			standing := slices.SortedFunc(maps.Values(rules), func(a, b *Rule) int { return a.Compare(*b) })
			ours, others, keys := map[RuleKey][]*Rule{}, map[RuleKey][]*Rule{}, map[RuleKey]bool{}
			var naming []*Rule
			for _, r := range standing {
				if r.Marked() {
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

			now = now.after(wanted, standing, testSettings())
			if len(now.all) != len(keys) || !slices.IsSortedFunc(now.all, func(a, b *site) int { return a.key().Compare(*b.key()) }) {
				t.Fatalf("seed %d: %d sites, want %d, in order", seed, len(now.all), len(keys))
			}
			for _, s := range now.all {
				route := routes[*s.key()]
				if route == nil {
					route = &Route{}
				}
				var owned []*Rule
				for _, r := range s.ours {
					owned = append(owned, r.Rule)
				}
				if s.route.Key != route.Key || route.Wanted() && s.route != route || !slices.Equal(owned, ours[*s.key()]) || !slices.Equal(s.others, others[*s.key()]) {
					t.Fatalf("seed %d: at %s the route %p and %v and %v, want %p and %v and %v", seed, s.key(), s.route, owned, s.others, route, ours[*s.key()], others[*s.key()])
				}
			}
			if !slices.Equal(now.naming, naming) {
				t.Fatalf("seed %d: %d rules of others have origins of ours, want %d", seed, len(now.naming), len(naming))
			}
		}
	}
}
