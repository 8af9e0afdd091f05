package desired

import (
	"slices"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// mappings are what the Ingresses of one cluster ask for. They are kept from one answer
// to the next, so that an event costs the mapping of the Ingresses that it concerns.
type mappings struct {
	allow     []Allow
	basis     basis
	hostSets  []*namedSet // of the Services that name hosts
	ingresses []*kube.Ingress
	list      []*mapping // one for each Ingress
}

// basis is what of a cluster decides the mappings beside the Ingresses themselves.
type basis struct {
	services []kube.Service
	secrets  []kube.TLSSecret
	refused  []string           // TLSRefused
	families addresses.Families // of the nodes' addresses
	standing standingNodeSets
}

// equal reports whether an Ingress is mapped the same on both.
func (b basis) equal(o basis) bool {
	return identical(b.services, o.services) && identical(b.secrets, o.secrets) && slices.Equal(b.refused, o.refused) &&
		b.families == o.families && b.standing == o.standing
}

// identical reports whether two slices, which are never changed, are the same one.
func identical[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// find returns the index of an Ingress.
func (m mappings) find(key kube.Key) (i int, ok bool) {
	return slices.BinarySearchFunc(m.ingresses, key, func(ing *kube.Ingress, key kube.Key) int { return ing.Key().Compare(key) })
}

// of returns what an Ingress asks for; the zero mapping if it is not there.
func (m mappings) of(key kube.Key) *mapping {
	i, ok := m.find(key)
	if !ok {
		return new(mapping)
	}
	return m.list[i]
}

// difference is what changes from one answer to the next.
type difference struct {
	gone, come []*candidate
	decided    []model.IngressID // Ingresses of unknown class that have gone or changed
}

func (d *difference) add(a *mapping) { d.come = appendCandidates(d.come, a) }

func (d *difference) remove(id model.IngressID, a *mapping) {
	d.gone = appendCandidates(d.gone, a)
	if a.classUnknown {
		d.decided = append(d.decided, id)
	}
}

func appendCandidates(list []*candidate, a *mapping) []*candidate {
	for i := range a.candidates {
		list = append(list, &a.candidates[i])
	}
	return list
}

// mapIngresses maps the Ingresses of the cluster, and adds to diff how their candidates
// differ from those before. An Ingress that was mapped before, and would be mapped the
// same now, is not mapped again.
func (m *mapper) mapIngresses(before mappings, diff *difference) mappings {
	now := mappings{
		allow: m.Allow, hostSets: before.hostSets, ingresses: m.Ingresses, list: make([]*mapping, 0, len(m.Ingresses)),
		basis: basis{m.Services, m.TLSSecrets, m.TLSRefused, m.nodes.Has, m.standing},
	}
	if !identical(before.basis.services, m.Services) {
		now.hostSets = m.hostSets()
	}
	sameBasis := before.basis.equal(now.basis)
	next := 0 // of before: both lists are in the order of the keys
	remove := func() {
		diff.remove(m.idOf(before.ingresses[next]), before.list[next])
		next++
	}
	for _, ing := range m.Ingresses {
		for next < len(before.ingresses) && before.ingresses[next] != ing && before.ingresses[next].Key().Compare(ing.Key()) <= 0 {
			remove()
		}
		if next < len(before.ingresses) && before.ingresses[next] == ing {
			if known := before.list[next]; sameBasis && known.validAt(m.now) {
				now.list = append(now.list, known)
				next++
				continue
			}
			remove()
		}
		mapped := m.mapIngress(ing)
		diff.add(mapped)
		now.list = append(now.list, mapped)
	}
	for next < len(before.ingresses) {
		remove()
	}
	return now
}
