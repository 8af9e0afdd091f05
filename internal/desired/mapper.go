package desired

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// mapper maps the objects of one cluster.
type mapper struct {
	Cluster
	set model.Settings
	now time.Time

	nodes     nodeSet
	stands    nodeNames
	services  map[kube.Key]kube.Service
	endpoints map[kube.Key]map[string]families // by Service: the nodes with a ready endpoint
	names     map[string]string                // of the sets of nodes, by what they are called
	live      map[string]map[Origin]bool       // by namespace, see alive
	hosts     map[string]string                // by set, see sourceHost
	allows    map[string]Allow                 // by namespace, see may
	nothing   *asked                           // what Ingresses of unknown class ask for

	tlsSecrets map[kube.Key]kube.TLSSecret
	certified  map[kube.Key]nameSet // see namesIn
}

func newMapper(c Cluster, set model.Settings, now time.Time) *mapper {
	m := &mapper{
		Cluster: c, set: set, now: now, tlsSecrets: make(map[kube.Key]kube.TLSSecret, len(c.TLSSecrets)), certified: make(map[kube.Key]nameSet),
		nodes:    usableNodes(c.Nodes, c.AddressTypes, c.NotReadyDelay, now),
		services: make(map[kube.Key]kube.Service, len(c.Services)), endpoints: make(map[kube.Key]map[string]families),
		names: make(map[string]string), live: make(map[string]map[Origin]bool), hosts: make(map[string]string), allows: make(map[string]Allow),
		nothing: &asked{undecided: true},
	}
	for _, name := range []string{model.NodesSet, model.NodesIPv4Set, model.NodesIPv6Set} {
		m.names[name] = model.SetName(name, c.Name, set.Owner)
	}
	m.stands = m.standingNames()
	for _, s := range c.Services {
		m.services[s.Key()] = s
	}
	for _, s := range c.TLSSecrets {
		m.tlsSecrets[s.Meta.Key()] = s
	}
	for _, slice := range c.EndpointSlices {
		service := kube.Key{Namespace: slice.Namespace, Name: slice.Service}
		if !m.services[service].Local {
			continue
		}
		if m.endpoints[service] == nil {
			m.endpoints[service] = make(map[string]families)
		}
		for _, node := range slice.Nodes {
			f := m.endpoints[service][node]
			m.endpoints[service][node] = f.or(families{v4: !slice.IPv6, v6: slice.IPv6})
		}
	}
	return m
}

// may is what a namespace is allowed.
func (m *mapper) may(namespace string) Allow {
	may, ok := m.allows[namespace]
	if !ok {
		may = allowed(m.Allow, namespace)
		m.allows[namespace] = may
	}
	return may
}

// addServiceSets adds the sets that the Services make.
func (m *mapper) addServiceSets(sets map[string]Set) {
	for _, svc := range m.Services {
		if set, ok := m.serviceSet(svc); ok {
			sets[set.name] = set.Set
		}
	}
}

// readings are what the Ingresses of one cluster ask for, and what of the
// cluster decided that.
type readings struct {
	allow     []Allow
	services  []kube.Service
	secrets   []kube.TLSSecret
	refused   []string
	families  families // of the nodes' addresses
	stands    nodeNames
	hosts     []*namedSet // of the services that name hosts
	ingresses []*kube.Ingress
	asked     []*asked // of each
}

// find returns where an Ingress is among them.
func (r readings) find(key kube.Key) (i int, ok bool) {
	return slices.BinarySearchFunc(r.ingresses, key, func(ing *kube.Ingress, key kube.Key) int { return ing.Key().Compare(key) })
}

// of is what an Ingress asks for; the zero asked if it is not there.
func (r readings) of(key kube.Key) *asked {
	i, ok := r.find(key)
	if !ok {
		return new(asked)
	}
	return r.asked[i]
}

// difference is the claims that are in one answer but not in another, and the Ingresses
// of unknown class that have gone, or changed.
type difference struct {
	gone, come []*candidate
	undecided  []model.IngressID
}

func (d *difference) lose(all ...*asked) {
	for _, a := range all {
		for i := range a.candidates {
			d.gone = append(d.gone, &a.candidates[i])
		}
	}
}

func (d *difference) gain(a *asked) {
	for i := range a.candidates {
		d.come = append(d.come, &a.candidates[i])
	}
}

// readAll reads all Ingresses, but for those that were read before and would be
// found to ask for the same. It finds these where both lists are in order.
func (m *mapper) readAll(before readings, changed *difference) readings {
	now := readings{m.Allow, m.Services, m.TLSSecrets, m.TLSRefused, m.nodes.has, m.stands, before.hosts, m.Ingresses, make([]*asked, 0, len(m.Ingresses))}
	if !identical(before.services, m.Services) {
		now.hosts = m.hostSets()
	}
	valid := before.validFor(now)
	for _, ing := range m.Ingresses {
		for len(before.ingresses) > 0 && before.ingresses[0] != ing && before.ingresses[0].Key().Compare(ing.Key()) <= 0 {
			before.skip(m.Name, changed)
		}
		var a *asked
		if len(before.ingresses) > 0 && before.ingresses[0] == ing {
			if a = before.asked[0]; valid && (a.until.IsZero() || m.now.Before(a.until)) {
				before.ingresses, before.asked = before.ingresses[1:], before.asked[1:]
				now.asked = append(now.asked, a)
				continue
			}
			before.skip(m.Name, changed)
		}
		a = m.read(ing)
		changed.gain(a)
		now.asked = append(now.asked, a)
	}
	for len(before.ingresses) > 0 {
		before.skip(m.Name, changed)
	}
	return now
}

// skip notes that what the first Ingress asks for holds no more.
func (r *readings) skip(cluster string, changed *difference) {
	changed.lose(r.asked[0])
	if r.asked[0].undecided {
		changed.undecided = append(changed.undecided, model.IngressID{Cluster: cluster, Namespace: r.ingresses[0].Namespace, Name: r.ingresses[0].Name})
	}
	r.ingresses, r.asked = r.ingresses[1:], r.asked[1:]
}

// validFor reports whether what the Ingresses were found to ask for is still so where
// the rest of the cluster is as in now.
func (r readings) validFor(now readings) bool {
	return identical(r.services, now.services) && identical(r.secrets, now.secrets) &&
		slices.Equal(r.refused, now.refused) && r.families == now.families && r.stands == now.stands
}

// identical reports whether two slices are the same one.
func identical[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// nodesName is the zone name of one of the sets of nodes.
func (m *mapper) nodesName(set string) string { return m.names[set] }

// isNodes reports whether a zone name is that of a set of nodes.
func (m *mapper) isNodes(set string) bool {
	return set != "" && (set == m.names[model.NodesSet] || set == m.names[model.NodesIPv4Set] || set == m.names[model.NodesIPv6Set])
}

// objectName is the zone name of the set of a kind for one object.
func (m *mapper) objectName(kind, namespace, name string) string {
	room := model.MaxName - len("."+model.Subtree(m.Name, m.set.Owner)+"."+m.set.Domain)
	return model.SetName(model.ObjectSet(kind, namespace, name, room), m.Name, m.set.Owner)
}
