package table

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

// TestRows has random routes and rules come, change and go, few and many at a time:
// what was taken over from before must be what the lists make. Places that only others
// have are none.
func TestRows(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 3))
		key := func() model.RuleKey {
			return model.RuleKey{CDN: fixture.Edgio, Host: fmt.Sprintf("h%d.example.com", rng.IntN(300)), Path: "/"}
		}
		routes, rules := map[model.RuleKey]*desired.Route{}, map[string]*model.Rule{}
		var now Rows
		for range 30 {
			for range 1 << rng.IntN(9) {
				switch k := key(); rng.IntN(4) {
				case 0:
					delete(routes, k)
				case 1:
					r := fixture.Labelled(model.Rule{RuleKey: k, SourceHost: fixture.NodesHost}, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})
					routes[k] = &desired.Route{Key: k, Rule: r, Ingress: fixture.ShopID(), Set: fixture.NodesHost}
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
						r = fixture.Labelled(r, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})
					}
					rules[id] = &r
				}
			}
			wanted := slices.SortedFunc(maps.Values(routes), func(a, b *desired.Route) int { return a.Key.Compare(b.Key) })
			standing := slices.SortedFunc(maps.Values(rules), func(a, b *model.Rule) int { return a.Compare(*b) })
			ours, others, keys := map[model.RuleKey][]*model.Rule{}, map[model.RuleKey][]*model.Rule{}, map[model.RuleKey]bool{}
			var usingOurs []*model.Rule
			for _, r := range standing {
				if r.Labelled() {
					ours[r.RuleKey], keys[r.RuleKey] = append(ours[r.RuleKey], r), true
					continue
				}
				others[r.RuleKey] = append(others[r.RuleKey], r)
				if r.SourceHost != "" {
					usingOurs = append(usingOurs, r)
				}
			}
			for k := range routes {
				keys[k] = true
			}

			now = now.Updated(wanted, standing, fixture.Settings())
			if len(now.All) != len(keys) || !slices.IsSortedFunc(now.All, func(a, b *Row) int { return a.Where().Compare(*b.Where()) }) {
				t.Fatalf("seed %d: %d rows, want %d, in order", seed, len(now.All), len(keys))
			}
			inSync := 0
			for _, row := range now.All {
				if row.InSync {
					inSync++
				}
				route := routes[*row.Where()]
				if route == nil {
					route = &desired.Route{}
				}
				var owned []*model.Rule
				for _, r := range row.Ours {
					owned = append(owned, r.Rule)
				}
				if row.Route.Key != route.Key || route.Wanted() && row.Route != route || !slices.Equal(owned, ours[*row.Where()]) || !slices.Equal(row.Others, others[*row.Where()]) {
					t.Fatalf("seed %d: at %s the route %p and %v and %v, want %p and %v and %v", seed, row.Where(), row.Route, owned, row.Others, route, ours[*row.Where()], others[*row.Where()])
				}
			}
			if group := (Group{"main", fixture.Edgio, fixture.NodesHost}); now.InSync[group] != inSync || len(now.InSync) > 1 {
				t.Fatalf("seed %d: %v in sync, want %d", seed, now.InSync, inSync)
			}
			if !slices.Equal(now.UsingOurs, usingOurs) {
				t.Fatalf("seed %d: %d rules of others have origins of ours, want %d", seed, len(now.UsingOurs), len(usingOurs))
			}
		}
	}
}
