package desired

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// What an object names as its address may be a host that is published itself.
// Then the CDN asks the CDN, which is all right for as long as it ends: at a set
// that has addresses, or a name of which nothing is published. The rule:
//
//	A host leads to all that the Ingresses lead to which claim it. A set may not
//	lead to a host from which one can come into a circle, or to a set that leads
//	nowhere.
//
// It does not matter which of the claims on a host goes first. So neither a new
// Ingress nor one that changes can close a circle that others left open: nothing in
// it is published that way, and the rules that stand keep what they last led to.
// Of a cluster that is not read nothing is known; the circle is found once it is.

// chase follows host names from set to set.
type chase struct {
	want  *Want
	named map[string]*namedSet // those that host names can be followed from
	sets  map[string]trace
	seen  map[model.IngressID]trace
}

// trace is what is known of a place where the chase has been.
type trace int

const (
	unseen  trace = iota
	open          // the way from here is being followed
	ends          // every way from here ends well
	circles       // some way does not
)

// loops finds the sets that name hosts to which they may not lead, and returns them
// without these hosts.
func (w *Want) loops(all []*namedSet) []*namedSet {
	c := chase{want: w, named: make(map[string]*namedSet), sets: make(map[string]trace), seen: make(map[model.IngressID]trace)}
	for _, s := range all {
		if s.lost() || slices.ContainsFunc(s.names, func(name string) bool { return len(w.claimsOn(name)) > 0 }) {
			c.named[s.name] = s
		}
	}
	var found []*namedSet
	for _, s := range c.named {
		if c.set(s.name) != circles || s.lost() {
			continue
		}
		rest := *s
		rest.names, rest.refused = nil, slices.Clone(s.refused)
		for _, name := range s.names {
			if by, bad := c.host(name); bad {
				rest.refuse(name, fmt.Sprintf("is published by Ingress %s, and so leads back to the CDN", by))
				rest.astray = true
			} else {
				rest.names = append(rest.names, name)
			}
		}
		found = append(found, &rest)
	}
	return found
}

// set follows the ways from a set.
func (c *chase) set(name string) trace {
	s := c.named[name]
	switch at := c.sets[name]; {
	case s == nil:
		return ends
	case s.lost() || at == open:
		return circles
	case at != unseen:
		return at
	}
	c.sets[name] = open
	at := ends
	for _, host := range s.names {
		if _, bad := c.host(host); bad {
			at = circles
		}
	}
	c.sets[name] = at
	return at
}

// host follows the ways from a host, and says which Ingress takes it astray.
func (c *chase) host(name string) (by model.IngressID, bad bool) {
	for _, claim := range c.want.claimsOn(name) {
		if c.ingress(claim.route.Ingress) == circles {
			return claim.route.Ingress, true
		}
	}
	return model.IngressID{}, false
}

// ingress follows the ways from all that an Ingress claims.
func (c *chase) ingress(id model.IngressID) trace {
	switch at := c.seen[id]; at {
	case open:
		return circles
	case ends, circles:
		return at
	}
	c.seen[id] = open
	at := ends
	for _, claim := range c.want.ingress(id).candidates {
		if c.set(claim.leads) == circles {
			at = circles
		}
	}
	c.seen[id] = at
	return at
}

// claimsOn are all claims on a host.
func (w *Want) claimsOn(host string) []*candidate {
	from, _ := slices.BinarySearchFunc(w.candidates, host, func(c *candidate, host string) int { return strings.Compare(c.route.Key.Host, host) })
	to := from
	for to < len(w.candidates) && w.candidates[to].route.Key.Host == host {
		to++
	}
	return w.candidates[from:to]
}

// withoutLoops are the claims as they are where these sets may not lead to all
// that they name. A set that nothing is left for is known no more, so that what
// stands of it stays, as where a status is lost.
func (w *Want) withoutLoops(found []*namedSet, mappers map[string]*mapper) []*candidate {
	problems := make(map[string]*verdict)
	for _, s := range found {
		if len(s.names) > 0 {
			set := w.Sets[s.name]
			set.CNAME = s.names[0]
			w.Sets[s.name] = set
			continue
		}
		delete(w.Sets, s.name)
		problems[s.name] = s.unusable()
	}
	claims := slices.Clone(w.candidates)
	for i, c := range claims {
		v := problems[c.leads]
		if v == nil || c.problem != nil || c.route.Release {
			continue
		}
		barred, id := *c, c.route.Ingress
		hold := mappers[id.Cluster].hold(id, c.leads)
		barred.problem, barred.hold, barred.route.Set, barred.route.Rule = v, &hold, "", model.Rule{}
		claims[i] = &barred
	}
	return claims
}
