package desired

import (
	"cmp"
	"maps"
	"slices"
)

// candidate is one host and path that one Ingress asks for.
type candidate struct {
	route   Route    // what it leads to if no other goes before
	problem *verdict // why it cannot be published; nil: it can
	hold    *Hold    // where there is a problem
	nth     int      // of the Ingress's claims
	leads   string   // the zone name of the set that its backend leads to, as far as that is known, whatever the problem
	parts   []part   // of a host that the CDN publishes as a whole: all that the Ingress asks for there
}

// rank orders the claims of one host and path: the lower goes first.
type rank int

const (
	rankAlone rank = iota // Exact, where the CDN publishes nothing below the path
	rankExact             // where it does
	rankPrefix
	rankDefault // for the sake of spec.defaultBackend
	rankRest    // of a host that the CDN publishes as a whole: for other paths than /
)

// among is the rank of a claim among those of other Ingresses. All that publish what
// lies below a path ask for the same there: then age decides, or anybody could take
// a host from who has it by writing Exact.
func (r rank) among() rank {
	if r == rankAlone || r == rankRest {
		return r
	}
	return rankPrefix
}

// compareCandidates orders claims by their keys, and those of one key by who goes
// first: Exact before Prefix where that is something else, then the older Ingress,
// then by name. Within an Ingress all ranks count.
func compareCandidates(a, b *candidate) int {
	if c := a.route.Key.Compare(b.route.Key); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.route.rank.among(), b.route.rank.among()), a.route.created.Compare(b.route.created),
		a.route.Ingress.Compare(b.route.Ingress), cmp.Compare(a.route.rank, b.route.rank), cmp.Compare(a.nth, b.nth))
}

// settlement is what claims come to.
type settlement struct {
	routes   []*Route
	problems []Problem
	warnings []Warning
}

// settle decides, key by key, what all claims, in their order, lead to.
func settle(claims []*candidate, sets map[string]Set) settlement {
	s := settlement{routes: make([]*Route, 0, len(claims))}
	for len(claims) > 0 {
		first, n := claims[0], 1
		for n < len(claims) && claims[n].route.Key == first.route.Key {
			n++
		}
		if n == 1 && first.problem == nil { // as most are
			s.routes = append(s.routes, &first.route)
		} else {
			route := s.decide(claims[:n])
			s.routes = append(s.routes, route)
			s.divide(route, claims[:n], sets)
		}
		claims = claims[n:]
	}
	return s
}

// decide gives a key to the first of its claims that can be published, and says why
// the others are not.
func (s *settlement) decide(claims []*candidate) *Route {
	route := &Route{Key: claims[0].route.Key}
	var holds []Hold
	problem := func(r *Route, state State, reason string) {
		s.problems = append(s.problems, Problem{r.Ingress, r.Key, state, reason})
	}
	for _, c := range claims {
		taken := route.Wanted() || route.Release
		switch r := &c.route; {
		case r.rank == rankRest: // see divide
		case c.problem != nil:
			problem(r, c.problem.state, c.problem.reason)
			if !taken {
				holds = append(holds, *c.hold)
			}
		case !taken:
			*route = *r
		case route.Ingress == r.Ingress && (route.rank < r.rank || r.Rule.Equal(route.Rule)):
			// Within an Ingress, Exact goes before Prefix (the Ingress
			// specification), and the same thing said twice is no conflict.
		case route.Ingress == r.Ingress:
			problem(r, Invalid, "claimed by an earlier path of this Ingress already, for another backend: leave one of the two")
		default:
			problem(r, Conflict, "claimed by Ingress "+route.Ingress.String()+" already")
		}
	}
	// What an Ingress says clearly goes before what it says unclearly.
	route.Holds = slices.DeleteFunc(holds, func(h Hold) bool { return route.Wanted() && h.Ingress == route.Ingress })
	return route
}

// sortedKeys are the keys of a map, which is mostly empty: that costs nothing.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
