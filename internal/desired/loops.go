package desired

import (
	"fmt"
	"slices"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// What an object names as its address may be a host that is published itself. Then the
// CDN asks the CDN, which is all right for as long as it ends: at a set that has
// addresses, or at a name for which nothing is published. The rule:
//
//	A host leads to all that the Ingresses lead to which ask for it. A set may not lead
//	to a host from which one can come into a loop, or to a set that leads nowhere.
//
// It does not matter which Ingress gets the host. So neither a new Ingress nor one that
// changes can close a loop that others left open: nothing in it is published that way,
// and the rules that stand keep what they last led to. Of a cluster that is not read
// nothing is known; a loop through it is found once it is.

// loopFinder follows host names from set to set.
type loopFinder struct {
	candidates []*candidate
	mapped     map[string]mappings  // by cluster
	sets       map[string]*namedSet // by zone name, those from which host names can be followed
	setTrace   map[string]trace
	idTrace    map[model.IngressID]trace
}

// trace is what is known of the ways from a place.
type trace int

const (
	unknown trace = iota
	open          // they are being followed
	ends          // all of them end well
	loops         // some of them do not
)

// findLoops finds, among the sets that name hosts, those that name hosts to which they
// may not lead, and returns them without these hosts.
func findLoops(all []*namedSet, candidates []*candidate, mapped map[string]mappings) (found []*namedSet) {
	f := loopFinder{candidates: candidates, mapped: mapped, sets: make(map[string]*namedSet), setTrace: make(map[string]trace), idTrace: make(map[model.IngressID]trace)}
	for _, s := range all {
		if s.Lost() || slices.ContainsFunc(s.Hosts, func(host string) bool { return len(f.askFor(host)) > 0 }) {
			f.sets[s.name] = s
		}
	}
	for _, s := range f.sets {
		if f.fromSet(s.name) != loops || s.Lost() {
			continue
		}
		rest := *s
		rest.Hosts, rest.Refused = nil, slices.Clone(s.Refused)
		for _, host := range s.Hosts {
			if by, bad := f.fromHost(host); bad {
				rest.LeadAstray(host, fmt.Sprintf("is published by Ingress %s, and so leads back to the CDN", by))
			} else {
				rest.Hosts = append(rest.Hosts, host)
			}
		}
		found = append(found, &rest)
	}
	return found
}

// askFor returns the candidates for a host, or for the wildcard that covers it.
func (f *loopFinder) askFor(host string) []*candidate {
	exact, wildcard := candidatesOf(f.candidates, host), candidatesOf(f.candidates, model.WildcardOf(host))
	if len(wildcard) == 0 {
		return exact
	}
	return slices.Concat(exact, wildcard)
}

// fromSet follows the ways from a set.
func (f *loopFinder) fromSet(name string) trace {
	s := f.sets[name]
	switch at := f.setTrace[name]; {
	case s == nil:
		return ends
	case s.Lost() || at == open:
		return loops
	case at != unknown:
		return at
	}
	f.setTrace[name] = open
	at := ends
	for _, host := range s.Hosts {
		if _, bad := f.fromHost(host); bad {
			at = loops
		}
	}
	f.setTrace[name] = at
	return at
}

// fromHost follows the ways from a host, and says which Ingress takes it into a loop.
func (f *loopFinder) fromHost(host string) (by model.IngressID, bad bool) {
	for _, c := range f.askFor(host) {
		if f.fromIngress(c.route.Ingress) == loops {
			return c.route.Ingress, true
		}
	}
	return model.IngressID{}, false
}

// fromIngress follows the ways from all that an Ingress asks for.
func (f *loopFinder) fromIngress(id model.IngressID) trace {
	switch at := f.idTrace[id]; at {
	case open:
		return loops
	case ends, loops:
		return at
	}
	f.idTrace[id] = open
	at := ends
	for _, c := range f.mapped[id.Cluster].of(kube.Key{Namespace: id.Namespace, Name: id.Name}).candidates {
		if f.fromSet(c.leadsTo) == loops {
			at = loops
		}
	}
	f.idTrace[id] = at
	return at
}

// breakLoops has the sets lead to the hosts that they may lead to, and returns the
// candidates as they are then. A set that no host is left for is not known any more, so
// that what stands of it stays, as where a status is lost.
func breakLoops(found []*namedSet, candidates []*candidate, sets map[string]addresses.Set, mappers map[string]*mapper) []*candidate {
	if len(found) == 0 {
		return candidates
	}
	refused := make(map[string]*refusal)
	for _, s := range found {
		if len(s.Hosts) == 0 {
			delete(sets, s.name)
			refused[s.name] = s.unusable()
			continue
		}
		set := sets[s.name]
		set.CNAME = s.Hosts[0]
		sets[s.name] = set
	}
	candidates = slices.Clone(candidates)
	for i, c := range candidates {
		r := refused[c.leadsTo]
		if r == nil || c.refused != nil || c.route.Release {
			continue
		}
		barred, id := *c, c.route.Ingress
		retention := mappers[id.Cluster].retention(id, c.leadsTo)
		barred.refused, barred.retention, barred.route.Set, barred.route.Rule = r, &retention, "", model.Rule{}
		candidates[i] = &barred
	}
	return candidates
}
