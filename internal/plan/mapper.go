package plan

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// mapper maps the objects of one cluster.
type mapper struct {
	Cluster
	set Settings
	now time.Time

	nodes     nodeSet
	services  map[kube.Key]kube.Service
	endpoints map[kube.Key]map[string]families // by Service: the nodes with a ready endpoint
	names     map[string]string                // of the sets of nodes, by what they are called
	live      map[string]map[Origin]bool       // by namespace, see alive
	hosts     map[string]string                // by set, see sourceHost

	tlsSecrets map[kube.Key]kube.TLSSecret
}

func newMapper(c Cluster, set Settings, now time.Time) *mapper {
	m := &mapper{
		Cluster: c, set: set, now: now, tlsSecrets: make(map[kube.Key]kube.TLSSecret, len(c.TLSSecrets)),
		nodes:    usableNodes(c.Nodes, c.AddressTypes, c.NotReadyDelay, now),
		services: make(map[kube.Key]kube.Service, len(c.Services)), endpoints: make(map[kube.Key]map[string]families),
		names: make(map[string]string), live: make(map[string]map[Origin]bool), hosts: make(map[string]string),
	}
	for _, name := range []string{NodesSet, NodesIPv4Set, NodesIPv6Set} {
		m.names[name] = SetName(name, c.Name, set.Owner)
	}
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
			m.endpoints[service][node] = families{f.v4 || !slice.IPv6, f.v6 || slice.IPv6}
		}
	}
	return m
}

// addSets adds the sets of the nodes, and those that the Services make.
func (m *mapper) addSets(sets map[string]Set) {
	for name, f := range map[string]families{NodesSet: {true, true}, NodesIPv4Set: {v4: true}, NodesIPv6Set: {v6: true}} {
		sets[m.nodesName(name)] = m.nodes.set(m.Name, f, nil, "no node is left that can take traffic")
	}
	for _, svc := range m.Services {
		if set, ok := m.serviceSet(svc); ok {
			sets[set.name] = set.Set
		}
	}
}

// readings are what the Ingresses of one cluster ask for, and what of the
// cluster decided that.
type readings struct {
	services []kube.Service
	secrets  []kube.TLSSecret
	refused  []string
	families families // of the nodes' addresses
	of       map[*kube.Ingress]*asked
}

// readAll reads all Ingresses, but for those that were read before and would be
// found to ask for the same, and hands on what each asks for.
func (m *mapper) readAll(before readings, add func(*asked)) readings {
	now := readings{m.Services, m.TLSSecrets, m.TLSRefused, m.nodes.has, make(map[*kube.Ingress]*asked, len(m.Ingresses))}
	if !before.hold(now) {
		before.of = nil
	}
	for _, ing := range m.Ingresses {
		a := before.of[ing]
		if a == nil || !a.until.IsZero() && !m.now.Before(a.until) {
			a = m.read(ing)
		}
		now.of[ing] = a
		add(a)
	}
	return now
}

// hold reports whether readings hold for a cluster as it is now.
func (r readings) hold(now readings) bool {
	return identical(r.services, now.services) && identical(r.secrets, now.secrets) &&
		slices.Equal(r.refused, now.refused) && r.families == now.families
}

// identical reports whether two slices are the same one.
func identical[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// nodesName is the zone name of one of the sets of nodes.
func (m *mapper) nodesName(set string) string { return m.names[set] }

// objectName is the zone name of the set of a kind for one object.
func (m *mapper) objectName(kind, namespace, name string) string {
	room := maxName - len("."+subtree(m.Name, m.set.Owner)+"."+m.set.Domain)
	return SetName(objectSet(kind, namespace, name, room), m.Name, m.set.Owner)
}
