package desired

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// namedSet is an address set with its zone name. Where an object names the
// addresses, what else it names is known too.
type namedSet struct {
	name string
	Set
	sources
	kind, object string // of what names them
}

// sources are what the text of an object names as its addresses, sorted out.
type sources struct {
	ips     []string // the public ones or, where there are none, the private ones; sorted
	private bool     // they are private
	names   []string // where there are no addresses: host names, in their order
	refused []string // what can be no origin, and why: "127.0.0.1 is no host's address"
	astray  bool     // a name is among these
	denied  bool     // an address is among these that clusters[].allow keeps out
}

// sortOut tells what can be an origin from what cannot. A private address beside
// a public one is another way to the same machine, which the CDN has not. Where a
// list says which addresses may be named, names may not, which lead to any: but an
// externalName is nothing else, and has been allowed as such.
func sortOut(s model.Settings, kind string, list []kube.Address, may Allow) sources {
	var of [public + 1][]string
	var out sources
	for _, a := range list {
		switch ip, from := originAddress(a.IP); {
		case a.IP == "":
		case from == nowhere:
			out.refuse(a.IP, "is no host's address")
		case may.address(ip, from):
			from = max(from, private)
			of[from] = append(of[from], ip.String())
		case len(may.Addresses) == 0:
			out.refuse(a.IP, "is no host's address, but one where each machine finds itself or its cloud (clusters[].allow[].addresses would let it in)")
			out.denied = true
		default:
			out.refuse(a.IP, "is not among those that this namespace may name (clusters[].allow[].addresses)")
			out.denied = true
		}
	}
	out.ips, out.private = of[public], len(of[public]) == 0 && len(of[private]) > 0
	if out.private {
		out.ips = of[private]
	}
	out.ips = model.SortedSet(out.ips)
	for _, a := range list {
		switch name := strings.ToLower(strings.TrimSuffix(a.Hostname, ".")); {
		case name == "" || len(out.ips) > 0:
		case len(may.Addresses) > 0 && kind != model.KindExternal:
			out.refuse(name, "is a name, and this namespace may name some addresses only (clusters[].allow[].addresses)")
			out.denied = true
		case whyNoOrigin(s, name) != "":
			out.refuse(name, whyNoOrigin(s, name))
			out.astray = true
		case !slices.Contains(out.names, name):
			out.names = append(out.names, name)
		}
	}
	return out
}

// refuse notes what can be no origin. Most text has been checked by nobody.
func (s *sources) refuse(text, why string) {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.:-") != "" || len(text) > 253 {
		text = fmt.Sprintf("%.80q", text)
	}
	s.refused = append(s.refused, text+" "+why)
}

// objectSet is the set of what a Service names as its addresses.
func (m *mapper) objectSet(svc kube.Service) namedSet {
	switch kindOf(svc) {
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

// statusSet is the set of what others wrote into the status of an Ingress.
func (m *mapper) statusSet(ing *kube.Ingress) namedSet {
	return m.namedSet(model.KindStatus, ing.Namespace, ing.Name, ing.Status)
}

// namedSet is the set of the addresses that an object names. One of addresses and
// one of a host name, which becomes a CNAME, have different names, since A and
// CNAME cannot share one.
func (m *mapper) namedSet(kind, namespace, object string, list []kube.Address) namedSet {
	s := namedSet{kind: kind, object: object, sources: sortOut(m.set, kind, list, m.may(namespace)), Set: Set{Cluster: m.Name, Namespace: namespace}}
	if s.Addresses = s.ips; len(s.names) > 0 {
		s.CNAME = s.names[0]
	}
	if s.namesHosts() {
		kind += model.CNAMEKind
	}
	s.name = m.objectName(kind, namespace, object)
	return s
}

// hostSets are the sets of the Services that name hosts.
func (m *mapper) hostSets() []*namedSet {
	var list []*namedSet
	for _, svc := range m.Services {
		kind := kindOf(svc)
		if kind != OriginExternalName && (kind != OriginLoadBalancer || !slices.ContainsFunc(svc.Balancers, func(a kube.Address) bool { return a.Hostname != "" })) ||
			!m.may(svc.Namespace).origin(kind) {
			continue
		}
		if set := m.objectSet(svc); set.namesHosts() {
			list = append(list, &set)
		}
	}
	return list
}

// namesHosts reports whether it is by host names where an object leads.
func (s *namedSet) namesHosts() bool { return len(s.names) > 0 || s.lost() }

// lost reports whether an object names nothing but what leads nowhere, host
// names among it.
func (s *sources) lost() bool { return s.astray && len(s.ips)+len(s.names) == 0 }

// keptOut reports whether nothing but what clusters[].allow keeps out is named.
func (s namedSet) keptOut() bool { return s.denied && s.Empty() }

// what names the set's addresses, to be followed by "has".
func (s *namedSet) what() string {
	switch s.kind {
	case model.KindBalancer:
		return "the load balancer of Service " + s.object
	case model.KindStatus:
		return "the status"
	}
	return "Service " + s.object
}

// unusable says why an object names nothing that can be an origin, and what to
// do. A status is somebody else's to write, so more of it may come.
func (s *namedSet) unusable() *verdict {
	v := &verdict{state: Invalid, denied: s.denied}
	switch {
	case s.kind == model.KindBalancer:
		v.reason = "Service " + s.object + " has no load balancer's address in its status"
		if !s.astray {
			v.state = Pending
		}
	case s.kind == model.KindStatus:
		v.reason, v.state = "its status has no address of another controller yet", Pending
	case s.astray:
		v.reason = "Service " + s.object + " has no externalName"
	default:
		v.reason = "Service " + s.object + " has no address among its externalIPs"
	}
	if len(s.refused) > 0 {
		v.reason += " that can be an origin: " + strings.Join(model.Few(s.refused), "; ")
	}
	if s.astray && s.kind != model.KindStatus {
		v.reason += ". Let it name the origin's own host name or address, which leads to no CDN"
	}
	return v
}
