package desired

import (
	"slices"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// namedSet is the address set of an object that names its own addresses: a Service with
// a load balancer, externalIPs or an externalName, or an Ingress by its status.
type namedSet struct {
	addresses.Set
	addresses.Sources
	name         string // in the zone
	kind, object string // of what names the addresses
}

// serviceNames returns the set of what a Service names as its addresses.
func (m *mapper) serviceNames(svc kube.Service) namedSet {
	switch originKindOf(svc) {
	case OriginLoadBalancer:
		return m.namedSet(model.KindBalancer, svc.Namespace, svc.Name, svc.Balancers)
	case OriginExternalName:
		return m.namedSet(model.KindExternal, svc.Namespace, svc.Name, []kube.Address{{Hostname: svc.ExternalName}})
	}
	var list []kube.Address
	for _, ip := range svc.ExternalIPs {
		list = append(list, kube.Address{IP: ip})
	}
	return m.namedSet(model.KindExternal, svc.Namespace, svc.Name, list)
}

// statusNames returns the set of what another controller wrote into the status of an
// Ingress.
func (m *mapper) statusNames(ing *kube.Ingress) namedSet {
	return m.namedSet(model.KindStatus, ing.Namespace, ing.Name, ing.Status)
}

// namedSet returns the set of the addresses that an object names. A set of addresses and
// one of a host name, which becomes a CNAME, have different names in the zone, since A
// and CNAME cannot share one.
func (m *mapper) namedSet(kind, namespace, object string, list []kube.Address) namedSet {
	// An externalName is nothing but a host name, and has been allowed as such.
	may := addresses.Restriction{Prefixes: m.allowed.Get(namespace).Addresses, HostsAllowed: kind == model.KindExternal}
	s := namedSet{
		kind: kind, object: object, Sources: addresses.SortOut(m.settings, list, may),
		Set: addresses.Set{Cluster: m.Name, Namespace: namespace},
	}
	s.Addresses = s.IPs
	if len(s.Hosts) > 0 {
		s.CNAME = s.Hosts[0]
	}
	if s.NameHosts() {
		kind += model.CNAMEKind
	}
	s.name = m.objectSetName(kind, namespace, object)
	return s
}

// hostSets returns the sets of the Services that name hosts.
func (m *mapper) hostSets() []*namedSet {
	var list []*namedSet
	for _, svc := range m.Services {
		kind := originKindOf(svc)
		mayName := kind == OriginExternalName ||
			kind == OriginLoadBalancer && slices.ContainsFunc(svc.Balancers, func(a kube.Address) bool { return a.Hostname != "" })
		if !mayName || !m.allowed.Get(svc.Namespace).origin(kind) {
			continue
		}
		if set := m.serviceNames(svc); set.NameHosts() {
			list = append(list, &set)
		}
	}
	return list
}

// keptOut reports whether clusters[].allow keeps out all that the object names.
func (s namedSet) keptOut() bool { return s.Denied && s.Empty() }

// subject is what names the addresses, to be followed by "has".
func (s *namedSet) subject() string {
	switch s.kind {
	case model.KindBalancer:
		return "the load balancer of Service " + s.object
	case model.KindStatus:
		return "the status"
	}
	return "Service " + s.object
}

// unusable says why the object names nothing that can be an origin, and what to do. A
// load balancer's address and a status are others' to write, so more of them may come.
func (s *namedSet) unusable() *refusal {
	r := &refusal{state: Invalid, denied: s.Denied}
	switch {
	case s.kind == model.KindBalancer:
		r.reason = "Service " + s.object + " has no load balancer's address in its status"
		if !s.Astray {
			r.state = Pending
		}
	case s.kind == model.KindStatus:
		r.reason, r.state = "its status has no address of another controller yet", Pending
	case s.Astray:
		r.reason = "Service " + s.object + " has no externalName"
	default:
		r.reason = "Service " + s.object + " has no address among its externalIPs"
	}
	if len(s.Refused) > 0 {
		r.reason += " that can be an origin: " + model.Listed(s.Refused, "; ")
	}
	if s.Astray && s.kind != model.KindStatus {
		r.reason += ". Let it name the origin's own host name or address, which leads to no CDN"
	}
	return r
}
