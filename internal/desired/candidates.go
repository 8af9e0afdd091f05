package desired

import (
	"cmp"
	"slices"
	"strings"
)

// candidate is one host and path that one Ingress asks for. Where several Ingresses ask
// for the same, the first of their candidates gets it.
type candidate struct {
	route     Route      // what becomes of the host and path if this candidate gets it
	refused   *refusal   // why it cannot be published; nil if it can
	retention *Retention // which live rule may stay although it is refused
	nth       int        // of the Ingress's candidates
	leadsTo   string     // the zone name of the set that its backend leads to, as far as that is known, refused or not
	parts     []part     // of a host that is published as a whole: all paths that the Ingress has there
}

// precedence orders the candidates of one host and path: the lower goes first.
type precedence int

const (
	exactObject    precedence = iota // Exact, where the CDN publishes nothing below the path
	exactTree                        // Exact, where it does
	prefix                           // Prefix or ImplementationSpecific
	defaultBackend                   // for the sake of spec.defaultBackend
	withoutRoot                      // of a host that is published as a whole: the Ingress has no path / there
)

// among is the precedence of a candidate among those of other Ingresses. All that
// publish what lies below a path ask for the same there, so that age decides: otherwise
// anybody could take a host from who has it by writing Exact.
func (p precedence) among() precedence {
	if p == exactObject || p == withoutRoot {
		return p
	}
	return prefix
}

// compareCandidates orders candidates by their keys, and those of one key by who goes
// first: Exact before Prefix where that is something else, then the older Ingress, then
// by name. Within an Ingress every precedence counts.
func compareCandidates(a, b *candidate) int {
	if c := a.route.Key.Compare(b.route.Key); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.route.precedence.among(), b.route.precedence.among()), a.route.created.Compare(b.route.created),
		a.route.Ingress.Compare(b.route.Ingress), cmp.Compare(a.route.precedence, b.route.precedence), cmp.Compare(a.nth, b.nth))
}

// candidatesOf returns those of a list, in the order of compareCandidates, that ask for
// a host.
func candidatesOf(list []*candidate, host string) []*candidate {
	from, _ := slices.BinarySearchFunc(list, host, func(c *candidate, host string) int { return strings.Compare(c.route.Key.Host, host) })
	to := from
	for to < len(list) && list[to].route.Key.Host == host {
		to++
	}
	return list[from:to]
}
