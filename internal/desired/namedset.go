package desired

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// namedSet is the address set of an object that names its own addresses: a Service with
// a load balancer, externalIPs or an externalName, or an Ingress by its status.
type namedSet struct {
	addresses.Set
	sources
	name         string // in the zone
	kind, object string // of what names the addresses
}

// sources is the text of an object's addresses, sorted out.
type sources struct {
	ips     []string // the public ones or, where there are none, the private ones; sorted
	private bool     // they are private
	hosts   []string // where there are no addresses: host names, in their order
	refused []string // what can be no origin, and why: "127.0.0.1 is no host's address"
	astray  bool     // a host name is among these
	denied  bool     // something is among these that clusters[].allow keeps out
}

// sortOut tells what can be an origin from what cannot. A private address beside a
// public one is left out: it is another way to the same machine, which the CDN does not
// have. Where a list says which addresses may be named, host names may not, since they
// lead to any; but an externalName is nothing else, and has been allowed as such.
func sortOut(settings model.Settings, kind string, list []kube.Address, allow Allow) sources {
	var out sources
	var public, private []string
	for _, a := range list {
		switch ip, reach := addresses.Parse(a.IP); {
		case a.IP == "":
		case reach == addresses.Nowhere:
			out.refuse(a.IP, "is no host's address")
		case allow.address(ip, reach) && reach == addresses.Public:
			public = append(public, ip.String())
		case allow.address(ip, reach):
			private = append(private, ip.String())
		case len(allow.Addresses) == 0:
			out.deny(a.IP, "is no host's address, but one where each machine finds itself or its cloud (clusters[].allow[].addresses would let it in)")
		default:
			out.deny(a.IP, "is not among those that this namespace may name (clusters[].allow[].addresses)")
		}
	}
	out.ips = ordered.Distinct(public)
	if len(public) == 0 {
		out.ips, out.private = ordered.Distinct(private), len(private) > 0
	}
	for _, a := range list {
		switch host := strings.ToLower(strings.TrimSuffix(a.Hostname, ".")); {
		case host == "" || len(out.ips) > 0:
		case len(allow.Addresses) > 0 && kind != model.KindExternal:
			out.deny(host, "is a name, and this namespace may name some addresses only (clusters[].allow[].addresses)")
		case whyNoOrigin(settings, host) != "":
			out.leadAstray(host, whyNoOrigin(settings, host))
		case !slices.Contains(out.hosts, host):
			out.hosts = append(out.hosts, host)
		}
	}
	return out
}

// refuse notes what can be no origin. Nobody has checked most of the text.
func (s *sources) refuse(text, why string) {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.:-") != "" || len(text) > model.MaxName {
		text = fmt.Sprintf("%.80q", text)
	}
	s.refused = append(s.refused, text+" "+why)
}

// deny notes what the configuration does not let be an origin.
func (s *sources) deny(text, why string) {
	s.refuse(text, why)
	s.denied = true
}

// leadAstray notes a host name that can be no origin.
func (s *sources) leadAstray(host, why string) {
	s.refuse(host, why)
	s.astray = true
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
	s := namedSet{
		kind: kind, object: object, sources: sortOut(m.settings, kind, list, m.allowed.of(namespace)),
		Set: addresses.Set{Cluster: m.Name, Namespace: namespace},
	}
	s.Addresses = s.ips
	if len(s.hosts) > 0 {
		s.CNAME = s.hosts[0]
	}
	if s.namesHosts() {
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
		if !mayName || !m.allowed.of(svc.Namespace).origin(kind) {
			continue
		}
		if set := m.serviceNames(svc); set.namesHosts() {
			list = append(list, &set)
		}
	}
	return list
}

// namesHosts reports whether the object leads somewhere by host names.
func (s *namedSet) namesHosts() bool { return len(s.hosts) > 0 || s.lost() }

// lost reports whether the object names nothing but what leads nowhere, a host name
// among it.
func (s *sources) lost() bool { return s.astray && len(s.ips)+len(s.hosts) == 0 }

// keptOut reports whether clusters[].allow keeps out all that the object names.
func (s namedSet) keptOut() bool { return s.denied && s.Empty() }

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
	r := &refusal{state: Invalid, denied: s.denied}
	switch {
	case s.kind == model.KindBalancer:
		r.reason = "Service " + s.object + " has no load balancer's address in its status"
		if !s.astray {
			r.state = Pending
		}
	case s.kind == model.KindStatus:
		r.reason, r.state = "its status has no address of another controller yet", Pending
	case s.astray:
		r.reason = "Service " + s.object + " has no externalName"
	default:
		r.reason = "Service " + s.object + " has no address among its externalIPs"
	}
	if len(s.refused) > 0 {
		r.reason += " that can be an origin: " + model.Listed(s.refused, "; ")
	}
	if s.astray && s.kind != model.KindStatus {
		r.reason += ". Let it name the origin's own host name or address, which leads to no CDN"
	}
	return r
}
