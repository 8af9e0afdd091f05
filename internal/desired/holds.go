package desired

import (
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// Hold keeps a live rule of Ingress as it is while it leads where the Ingress may
// lead now: each of its origins is one of Origins, or one of Sets on any port, or
// one of Annotated, which edgeward/origin names, on one of its ports.
type Hold struct {
	Ingress   model.IngressID
	Origins   map[Origin]bool
	Sets      []string
	Annotated map[string][]PortRange
}

// Covers reports whether all of a rule's origins still stand, and may be led to.
func (h Hold) Covers(r model.Rule, domain string) bool {
	set, ok := model.Relative(r.SourceHost, domain)
	if !ok {
		return false
	}
	return slices.Contains(h.Sets, set) || !slices.ContainsFunc(r.Protocols, func(p model.Protocol) bool {
		return !h.Origins[Origin{set, p.SourcePort}] && !containsPort(h.Annotated[set], p.SourcePort)
	})
}

// hold is what of the Ingress may stay while it cannot be understood: from is
// what it leads to, as far as that is known.
func (r *reading) hold(from origin) Hold {
	set := ""
	if from.named {
		set = from.set
	}
	h := r.mapper.hold(r.id, set)
	if r.opts.origin == NodesOrigin && r.may.origin(OriginNodes) {
		h.Annotated[r.nodesName(model.NodesSet)] = r.may.ports()
	}
	return h
}

// hold lets a live rule of an Ingress stay from where its namespace or its status
// leads, or from this set, which may be led to.
func (m *mapper) hold(id model.IngressID, set string) Hold {
	may := m.may(id.Namespace)
	h := Hold{Ingress: id, Origins: m.alive(id.Namespace), Annotated: make(map[string][]PortRange)}
	// These two ports a status has without edgeward/origin-port.
	ports := append(slices.Clone(may.ports()), PortRange{80, 80}, PortRange{443, 443})
	if may.origin(OriginStatus) {
		for _, kind := range []string{model.KindStatus, model.KindStatus + model.CNAMEKind} {
			h.Annotated[m.objectName(kind, id.Namespace, id.Name)] = ports
		}
	}
	if _, annotated := h.Annotated[set]; !annotated && set != "" {
		h.Sets = []string{set}
	}
	return h
}

// alive are the origins that stand in a namespace and may be led to, whatever
// Ingress they are for: a live rule that uses one of them may stay although its
// Ingress cannot be understood.
func (m *mapper) alive(namespace string) map[Origin]bool {
	if known, ok := m.live[namespace]; ok {
		return known
	}
	live, may := make(map[Origin]bool), m.may(namespace)
	for _, svc := range m.Services {
		if svc.Namespace != namespace {
			continue
		}
		var onNodes, onAddresses []string
		kind := kindOf(svc)
		for _, of := range setKinds(kind) {
			if may.origin(originOf(of)) && !m.objectSet(svc).keptOut() {
				onAddresses = append(onAddresses, m.objectName(of, namespace, svc.Name))
			}
		}
		if (kind == OriginNodePort || kind == OriginLoadBalancer) && may.origin(OriginNodePort) { // both have node ports
			onNodes = []string{m.nodesName(model.NodesSet), m.nodesName(model.NodesIPv4Set), m.nodesName(model.NodesIPv6Set), m.objectName(model.KindLocal, namespace, svc.Name)}
		}
		for _, p := range svc.Ports {
			for _, set := range onAddresses {
				live[Origin{set, int(p.Port)}] = true
			}
			for _, set := range onNodes {
				if p.NodePort != 0 {
					live[Origin{set, int(p.NodePort)}] = true
				}
			}
		}
	}
	m.live[namespace] = live
	return live
}

// MayStay reports whether a rule may stay as it is that stands for an Ingress of which
// nobody knows for which CDN it is: whether its host and its origin are allowed now.
func (w Want) MayStay(r model.Rule, of model.IngressID, set model.Settings) bool {
	may := allowed(w.readings[of.Cluster].allow, of.Namespace)
	name, _ := strings.CutSuffix(r.SourceHost, "."+model.Subtree(of.Cluster, set.Owner)+"."+set.Domain)
	origin := originOf(name[strings.LastIndexByte(name, '.')+1:])
	return !may.nothing && may.host(r.Host) && (origin == "" || may.origin(origin))
}
