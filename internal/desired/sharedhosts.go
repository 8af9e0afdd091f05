package desired

import (
	"fmt"
	"slices"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/model"
)

// divide tells what becomes of the paths of a host that a CDN publishes as a whole,
// where several Ingresses have some; route is what was decided for the host. All paths
// go to the backend of the Ingress in front: that which is published, or else the first
// that has a path "/".
func (s *settlement) divide(route *Route, candidates []*candidate, sets map[string]addresses.Set) {
	if len(candidates[0].parts) == 0 {
		return
	}
	front, root := inFront(route, candidates)
	same := func(o origin) bool {
		members := sets[o.set].Members()
		return o == root || o.port == root.port && o.protocol == root.protocol && len(members) > 0 && slices.Equal(members, sets[root.set].Members())
	}
	var others []string // Ingresses that ask for another backend, and for which paths
	for _, c := range candidates {
		id, host := c.route.Ingress, c.route.Key.Host
		switch {
		case c == front:
			continue
		case c.route.precedence != withoutRoot:
			// It is refused, or in conflict for its path "/". Either is said already.
			paths := slices.DeleteFunc(pathsElsewhere(c.parts, same), func(p string) bool { return p == "/" })
			if c.refused == nil && len(paths) > 0 {
				others = append(others, fmt.Sprintf("%s for %s", id, model.Listed(paths, ", ")))
			}
			continue
		case front == nil || c.refused == c.parts[0].refused: // alone, or not understood anyway
			s.addProblem(&c.route, c.refused.state, c.refused.reason)
			continue
		}
		paths := pathsElsewhere(c.parts, same)
		if len(paths) == 0 {
			s.warnings = append(s.warnings, Warning{id, fmt.Sprintf("%s is published as a whole by Ingress %s, from the same backend, so that the paths of this Ingress are served too",
				host, front.route.Ingress)})
			continue
		}
		s.addProblem(&c.route, Invalid, fmt.Sprintf("Ingress %s has %s, which the CDN publishes as a whole from one origin, so that path %s cannot lead to another backend: %s",
			front.route.Ingress, host, model.Listed(paths, ", "), adviceOn(paths)))
		others = append(others, fmt.Sprintf("%s for %s", id, model.Listed(paths, ", ")))
	}
	if len(others) > 0 && !route.Release {
		s.warnings = append(s.warnings, Warning{front.route.Ingress, fmt.Sprintf(
			"the CDN publishes %s as a whole, so that all of it goes to the backend of this Ingress, though others ask for another one: Ingress %s",
			route.Key.Host, model.Listed(others, "; "))})
	}
}

// inFront returns the candidate of the Ingress in front, and the origin of its path "/".
// There is none where no Ingress has that path.
func inFront(route *Route, candidates []*candidate) (front *candidate, root origin) {
	decided := route.Wanted() || route.Release
	i := slices.IndexFunc(candidates, func(c *candidate) bool {
		if decided {
			return c.route.Ingress == route.Ingress
		}
		return c.route.precedence != withoutRoot
	})
	if i < 0 {
		return nil, origin{}
	}
	front = candidates[i]
	return front, front.parts[slices.IndexFunc(front.parts, func(p part) bool { return p.path == "/" })].from
}
