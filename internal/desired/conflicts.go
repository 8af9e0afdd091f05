package desired

import (
	"slices"

	"github.com/edgeward/edgeward/internal/addresses"
)

// settlement is what candidates come to.
type settlement struct {
	routes   []*Route
	problems []Problem
	warnings []Warning
}

// settle decides, key by key, what all candidates, in their order, come to. The sets are
// those that they may lead to.
func settle(candidates []*candidate, sets map[string]addresses.Set) settlement {
	s := settlement{routes: make([]*Route, 0, len(candidates))}
	for len(candidates) > 0 {
		first, n := candidates[0], 1
		for n < len(candidates) && candidates[n].route.Key == first.route.Key {
			n++
		}
		if n == 1 && first.refused == nil { // as most are
			s.routes = append(s.routes, &first.route)
		} else {
			route := s.decide(candidates[:n])
			s.routes = append(s.routes, route)
			s.divide(route, candidates[:n], sets)
		}
		candidates = candidates[n:]
	}
	return s
}

// decide gives a key to the first of its candidates that can be published, and says why
// the others are not.
func (s *settlement) decide(candidates []*candidate) *Route {
	route := &Route{Key: candidates[0].route.Key}
	var retained []Retention
	for _, c := range candidates {
		taken := route.Wanted() || route.Release
		switch r := &c.route; {
		case r.precedence == withoutRoot: // see divide
		case c.refused != nil:
			s.addProblem(r, c.refused.state, c.refused.reason)
			if !taken {
				retained = append(retained, *c.retention)
			}
		case !taken:
			*route = *r
		case route.Ingress == r.Ingress && (route.precedence < r.precedence || r.Rule.Equal(route.Rule)):
			// Within an Ingress, Exact goes before Prefix (the Ingress specification), and
			// to say the same thing twice is no conflict.
		case route.Ingress == r.Ingress:
			s.addProblem(r, Invalid, "claimed by an earlier path of this Ingress already, for another backend: leave one of the two")
		default:
			s.addProblem(r, Conflict, "claimed by Ingress "+route.Ingress.String()+" already")
		}
	}
	// What an Ingress says clearly goes before what it says unclearly.
	route.Retained = slices.DeleteFunc(retained, func(r Retention) bool { return route.Wanted() && r.Ingress == route.Ingress })
	return route
}

func (s *settlement) addProblem(r *Route, state State, reason string) {
	s.problems = append(s.problems, Problem{r.Ingress, r.Key, state, reason})
}
