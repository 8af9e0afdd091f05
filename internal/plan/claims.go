package plan

import (
	"cmp"
	"maps"
	"slices"
)

// claim is one host and path that one Ingress asks for.
type claim struct {
	key     RuleKey
	route   Route    // what it leads to if no other goes before
	problem *verdict // why it cannot be published; nil: it can
	hold    *Hold    // where there is a problem
}

// rank orders the claims of one host and path: the lower goes first.
type rank int

const (
	rankExact rank = iota
	rankPrefix
	rankDefault // for the sake of spec.defaultBackend
)

// contest are the claims that cannot be published, and those of a host and path
// that several claim: most have one claim, which needs no decision.
type contest map[RuleKey][]*claim

// add enters a claim, and at the first time the one that was alone so far, which
// leads to first; nil: there was none.
func (c contest) add(new *claim, first *Route) {
	if c[new.key] == nil && first != nil {
		c[new.key] = []*claim{{key: new.key, route: *first}}
	}
	c[new.key] = append(c[new.key], new)
}

// settle decides all.
func (c contest) settle(want *Want) {
	for key, claims := range c {
		route, problems := settle(claims)
		want.Routes[key] = &route
		want.Problems = append(want.Problems, problems...)
	}
}

// settle decides between the claims of one key: Exact before Prefix, then the
// older Ingress, then by name. The first one that can be published gets it.
func settle(claims []*claim) (Route, []Problem) {
	slices.SortStableFunc(claims, compareClaims)
	var route Route
	var holds []Hold
	var problems []Problem
	for _, c := range claims {
		taken := route.Wanted() || route.Release
		switch r := c.route; {
		case c.problem != nil:
			problems = append(problems, Problem{r.Ingress, c.key, c.problem.state, c.problem.reason})
			if !taken {
				holds = append(holds, *c.hold)
			}
		case !taken:
			route = r
		case route.Ingress == r.Ingress && (route.rank < r.rank || r.Rule.Equal(route.Rule)):
			// Within an Ingress, Exact goes before Prefix (the Ingress
			// specification), and the same thing said twice is no conflict.
		case route.Ingress == r.Ingress:
			problems = append(problems, Problem{r.Ingress, c.key, Conflict, "claimed by an earlier path of this Ingress already"})
		default:
			problems = append(problems, Problem{r.Ingress, c.key, Conflict,
				"claimed by Ingress " + route.Ingress.String() + " already"})
		}
	}
	// What an Ingress says clearly goes before what it says unclearly.
	route.Holds = slices.DeleteFunc(holds, func(h Hold) bool { return route.Wanted() && h.Ingress == route.Ingress })
	return route, problems
}

func compareClaims(a, b *claim) int {
	return cmp.Or(cmp.Compare(a.route.rank, b.route.rank), a.route.created.Compare(b.route.created), a.route.Ingress.Compare(b.route.Ingress))
}

// sortedKeys are the keys of a map, which is mostly empty: that costs nothing.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
