package desired

import (
	"slices"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// Retention lets a live rule of an Ingress that cannot be understood stay as it is, for
// as long as the rule leads where the Ingress may lead now: each origin of the rule is
// one of Origins, or one of Sets on any port, or one of Annotated on one of its ports.
type Retention struct {
	Ingress   model.IngressID
	Origins   map[Origin]bool
	Sets      []string               // zone names
	Annotated map[string][]PortRange // by the zone names of the sets that the annotation edgeward/origin leads to
}

// Covers reports whether a rule may stay, where domain is the zone of the origins.
func (r Retention) Covers(rule model.Rule, domain string) bool {
	set, ok := model.Relative(rule.SourceHost, domain)
	if !ok {
		return false
	}
	return slices.Contains(r.Sets, set) || !slices.ContainsFunc(rule.Protocols, func(p model.Protocol) bool {
		return !r.Origins[Origin{set, p.SourcePort}] && !containsPort(r.Annotated[set], p.SourcePort)
	})
}

// retention returns what of the Ingress may stay while it cannot be understood, where
// from is what it leads to, as far as that is known.
func (m *ingressMapper) retention(from origin) Retention {
	set := ""
	if from.named {
		set = from.set
	}
	r := m.mapper.retention(m.id, set)
	if m.opts.origin == OriginNodes && m.allow.origin(OriginNodes) {
		r.Annotated[m.nodeSets.all] = m.allow.ports()
	}
	return r
}

// retention lets a live rule of an Ingress stay if its origin is one of the Ingress's
// namespace, or the Ingress's status, or this set, which may be an origin; "" is none.
func (m *mapper) retention(id model.IngressID, set string) Retention {
	allow := m.allowed.Get(id.Namespace)
	r := Retention{Ingress: id, Origins: m.origins.Get(id.Namespace), Annotated: make(map[string][]PortRange)}
	if allow.origin(OriginStatus) {
		// A status has one of these two ports without the annotation edgeward/origin-port.
		ports := append(slices.Clone(allow.ports()), PortRange{80, 80}, PortRange{443, 443})
		for _, kind := range []string{model.KindStatus, model.KindStatus + model.CNAMEKind} {
			r.Annotated[m.objectSetName(kind, id.Namespace, id.Name)] = ports
		}
	}
	if _, annotated := r.Annotated[set]; !annotated && set != "" {
		r.Sets = []string{set}
	}
	return r
}

// originsOf returns the origins that a namespace's Services make and that may be used,
// whatever Ingress they are for. A live rule from one of them may stay although its
// Ingress cannot be understood.
func (m *mapper) originsOf(namespace string) map[Origin]bool {
	origins, allow := make(map[Origin]bool), m.allowed.Get(namespace)
	for _, svc := range m.Services {
		if svc.Namespace != namespace {
			continue
		}
		onNodes, onPorts := m.nodeSetsOf(svc, allow), m.namedSetsOf(svc, allow)
		for _, p := range svc.Ports {
			for _, set := range onPorts {
				origins[Origin{set, int(p.Port)}] = true
			}
			for _, set := range onNodes {
				if p.NodePort != 0 {
					origins[Origin{set, int(p.NodePort)}] = true
				}
			}
		}
	}
	return origins
}

// namedSetsOf returns the zone names of the sets that a Service may have for the
// addresses that it names.
func (m *mapper) namedSetsOf(svc kube.Service, allow Allow) (names []string) {
	for _, kind := range setKinds(originKindOf(svc)) {
		if allow.origin(originKind(kind)) && !m.serviceNames(svc).keptOut() {
			names = append(names, m.objectSetName(kind, svc.Namespace, svc.Name))
		}
	}
	return names
}

// nodeSetsOf returns the zone names of the sets of nodes that may answer on a Service's
// node ports, which a Service of type LoadBalancer has, too.
func (m *mapper) nodeSetsOf(svc kube.Service, allow Allow) []string {
	kind := originKindOf(svc)
	if kind != OriginNodePort && kind != OriginLoadBalancer || !allow.origin(OriginNodePort) {
		return nil
	}
	return []string{m.nodeSets.all, m.nodeSets.v4, m.nodeSets.v6, m.objectSetName(model.KindLocal, svc.Namespace, svc.Name)}
}
