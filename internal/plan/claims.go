package plan

import (
	"cmp"
	"maps"
	"slices"
)

// claim is one host and path that one Ingress asks for.
type claim struct {
	route   Route    // what it leads to if no other goes before
	problem *verdict // why it cannot be published; nil: it can
	hold    *Hold    // where there is a problem
	nth     int      // of the Ingress's claims
}

// rank orders the claims of one host and path: the lower goes first.
type rank int

const (
	rankExact rank = iota
	rankPrefix
	rankDefault // for the sake of spec.defaultBackend
)

// compareClaims orders claims by their keys, and those of one key by who goes
// first: Exact before Prefix, then the older Ingress, then by name.
func compareClaims(a, b *claim) int {
	if c := a.route.Key.Compare(b.route.Key); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.route.rank, b.route.rank), a.route.created.Compare(b.route.created),
		a.route.Ingress.Compare(b.route.Ingress), cmp.Compare(a.nth, b.nth))
}

// settle decides, key by key, what all claims, in their order, lead to.
func settle(claims []*claim) (routes []*Route, problems []Problem) {
	routes = make([]*Route, 0, len(claims))
	for len(claims) > 0 {
		first, n := claims[0], 1
		for n < len(claims) && claims[n].route.Key == first.route.Key {
			n++
		}
		if n == 1 && first.problem == nil { // as most are
			routes = append(routes, &first.route)
		} else {
			route, more := decide(claims[:n])
			routes, problems = append(routes, route), append(problems, more...)
		}
		claims = claims[n:]
	}
	return routes, problems
}

// decide gives a key to the first of its claims that can be published.
func decide(claims []*claim) (*Route, []Problem) {
	route := &Route{Key: claims[0].route.Key}
	var holds []Hold
	var problems []Problem
	for _, c := range claims {
		taken := route.Wanted() || route.Release
		switch r := c.route; {
		case c.problem != nil:
			problems = append(problems, Problem{r.Ingress, r.Key, c.problem.state, c.problem.reason})
			if !taken {
				holds = append(holds, *c.hold)
			}
		case !taken:
			*route = r
		case route.Ingress == r.Ingress && (route.rank < r.rank || r.Rule.Equal(route.Rule)):
			// Within an Ingress, Exact goes before Prefix (the Ingress
			// specification), and the same thing said twice is no conflict.
		case route.Ingress == r.Ingress:
			problems = append(problems, Problem{r.Ingress, r.Key, Conflict, "claimed by an earlier path of this Ingress already"})
		default:
			problems = append(problems, Problem{r.Ingress, r.Key, Conflict,
				"claimed by Ingress " + route.Ingress.String() + " already"})
		}
	}
	// What an Ingress says clearly goes before what it says unclearly.
	route.Holds = slices.DeleteFunc(holds, func(h Hold) bool { return route.Wanted() && h.Ingress == route.Ingress })
	return route, problems
}

// sortedKeys are the keys of a map, which is mostly empty: that costs nothing.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
