package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
)

// origin is where the CDN gets the content of a rule from.
type origin struct {
	set      string // zone name
	port     int
	protocol string   // "http" or "https", unless the Ingress says otherwise
	on       families // on which it answers, where that is known
	// unsettled: what stands at the CDN decides between two sets, and was not read.
	unsettled bool
}

// Origin is an address set with a port.
type Origin struct {
	Set  string // zone name
	Port int
}

// backend finds the origin that a backend leads to, for what is published at key.
func (r *reading) backend(key RuleKey, b kube.Backend) (origin, *verdict) {
	m, namespace := r.mapper, r.ing.Namespace
	if b.Resource != "" {
		return origin{}, invalid("the backend is the resource %s; only Services can be published", b.Resource)
	}
	svc, ok := m.services[kube.Key{Namespace: namespace, Name: b.Service}]
	if !ok {
		return origin{}, &verdict{state: Pending, reason: fmt.Sprintf("Service %s does not exist", b.Service)}
	}
	kind := kindOf(svc)
	switch {
	case kind == "":
		return origin{}, invalid("Service %s is of type %s, which cannot be reached from outside; NodePort and LoadBalancer Services can be published", b.Service, svc.Type)
	case !r.may.origin(kind):
		return origin{}, denied("Service %s leads to an origin of the kind %s, which %s", b.Service, kind, notAllowed)
	}
	port, v := servicePort(b, svc, r.warn)
	if v != nil {
		return origin{}, v
	}
	o := origin{port: int(port.Port), protocol: sourceProtocol(port.AppProtocol), on: familiesOf(svc)}
	switch kind {
	case OriginNodePort:
		if port.NodePort == 0 {
			return origin{}, &verdict{state: Pending, reason: fmt.Sprintf("port %d of Service %s has no node port yet", port.Port, b.Service)}
		}
		o.port = int(port.NodePort)
		o.set = m.nodesFor(svc, key)
		o.unsettled = !svc.Local && !o.on.both() && m.Standing.Unread[key.CDN]
	case OriginLoadBalancer:
		if o.set, ok = m.named(kindBalancer, namespace, svc.Name, svc.Balancers); !ok {
			return origin{}, &verdict{state: Pending, reason: fmt.Sprintf("Service %s has no load balancer's address in its status", b.Service)}
		}
	case OriginExternalIPs:
		if o.set, ok = m.named(kindExternal, namespace, svc.Name, externalIPs(svc)); !ok {
			return origin{}, invalid("none of the externalIPs of Service %s is an address that can stand in DNS", b.Service)
		}
	case OriginExternalName:
		if o.set, ok = m.named(kindExternal, namespace, svc.Name, externalName(svc)); !ok {
			return origin{}, invalid("the externalName of Service %s is not a fully qualified domain name", b.Service)
		}
	}
	return o, nil
}

// annotated finds the origin that the annotation edgeward/origin names.
func (m *mapper) annotated(ing *kube.Ingress, o options, may Allow) (origin, *verdict) {
	protocol := cmp.Or(o.source, "http")
	kind := map[string]string{originStatus: OriginStatus, originNodes: OriginNodes}[o.origin]
	if !may.origin(kind) {
		return origin{}, denied("annotation %s: an origin of the kind %s %s", annotationOrigin, kind, notAllowed)
	}
	if o.origin == originNodes {
		return origin{set: m.nodesName(NodesSet), port: o.port, protocol: protocol, on: families{true, true}}, nil
	}
	set, ok := m.named(kindStatus, ing.Namespace, ing.Name, m.foreignStatus(ing))
	if !ok {
		return origin{}, &verdict{state: Pending, reason: "its status has no address of another controller yet"}
	}
	return origin{set: set, port: cmp.Or(o.port, PublishedPort(protocol)), protocol: protocol}, nil
}

// kindOf is the kind of origin that a Service makes, "" if it makes none.
func kindOf(svc kube.Service) string {
	switch {
	case svc.Type == "NodePort":
		return OriginNodePort
	case svc.Type == "LoadBalancer":
		return OriginLoadBalancer
	case svc.Type == "ExternalName":
		return OriginExternalName
	case len(svc.ExternalIPs) > 0:
		return OriginExternalIPs
	}
	return ""
}

// namedSet is an address set with its zone name.
type namedSet struct {
	name string
	Set
}

// serviceSet is the set that a Service makes, if it makes one of its own, whether
// or not a rule names it: one that was released goes on naming its own.
func (m *mapper) serviceSet(svc kube.Service) (set namedSet, ok bool) {
	switch kindOf(svc) {
	case OriginNodePort:
		if !svc.Local {
			return namedSet{}, false
		}
		on := m.endpoints[svc.Key()]
		if on == nil {
			on = map[string]families{}
		}
		return namedSet{m.objectName(kindLocal, svc.Namespace, svc.Name), m.nodes.set(m.Name, familiesOf(svc), on,
			"no node that can take traffic has a ready endpoint of Service "+svc.Key().String())}, true
	case OriginLoadBalancer:
		return m.namedSet(kindBalancer, svc.Namespace, svc.Name, svc.Balancers)
	case OriginExternalIPs:
		return m.namedSet(kindExternal, svc.Namespace, svc.Name, externalIPs(svc))
	case OriginExternalName:
		return m.namedSet(kindExternal, svc.Namespace, svc.Name, externalName(svc))
	}
	return namedSet{}, false
}

// namedSet is the set of the addresses that an object names, if there are any.
func (m *mapper) namedSet(kind, namespace, name string, addresses []kube.Address) (set namedSet, ok bool) {
	set.name, ok = m.named(kind, namespace, name, addresses)
	if ok {
		ips, hostname := usable(addresses)
		set.Set = Set{Cluster: m.Name, Addresses: ips, CNAME: hostname}
	}
	return set, ok
}

// named is the zone name of the set of the addresses that an object names. One
// of addresses and one of a host name, which becomes a CNAME, have different
// names, since A and CNAME cannot share one. It is not ok if no address is
// usable.
func (m *mapper) named(kind, namespace, name string, addresses []kube.Address) (set string, ok bool) {
	ips, hostname := usable(addresses)
	if len(ips) == 0 && hostname == "" {
		return "", false
	}
	if hostname != "" {
		kind += cnameKind
	}
	return m.objectName(kind, namespace, name), true
}

// usable returns the IP addresses that can stand in DNS, sorted, or, if there
// are none, the first host name.
func usable(addresses []kube.Address) (ips []string, hostname string) {
	for _, a := range addresses {
		if ip, ok := publicAddress(a.IP); ok {
			ips = append(ips, ip.String())
		}
	}
	if len(ips) > 0 {
		return sortedSet(ips), ""
	}
	for _, a := range addresses {
		if name := strings.ToLower(strings.TrimSuffix(a.Hostname, ".")); checkHost(name) == nil {
			return nil, name
		}
	}
	return nil, ""
}

// publicAddress reads an address that a record can hold. Kubernetes does not
// check what others write there.
func publicAddress(s string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(s)
	ok := err == nil && ip.Zone() == "" && !ip.Is4In6() && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.IsLinkLocalUnicast()
	return ip, ok
}

func externalIPs(svc kube.Service) []kube.Address {
	var list []kube.Address
	for _, ip := range svc.ExternalIPs {
		list = append(list, kube.Address{IP: ip})
	}
	return list
}

func externalName(svc kube.Service) []kube.Address {
	return []kube.Address{{Hostname: svc.ExternalName}}
}

// foreignStatus is what others wrote into the status of an Ingress. What leads
// back to the CDN or to an origin of ours would be a loop.
func (m *mapper) foreignStatus(ing *kube.Ingress) []kube.Address {
	return slices.DeleteFunc(slices.Clone(ing.Status), func(a kube.Address) bool {
		name := strings.ToLower(strings.TrimSuffix(a.Hostname, "."))
		return name != "" && (name == m.set.CNAMETarget || strings.HasSuffix(name, "."+m.set.Owner+"."+m.set.Domain) ||
			slices.ContainsFunc(ing.Rules, func(r kube.IngressRule) bool { return r.Host == name }))
	})
}

// servicePort finds the port that a backend names and checks that the CDN can
// speak to it.
func servicePort(b kube.Backend, svc kube.Service, warn func(string, ...any)) (kube.ServicePort, *verdict) {
	none := kube.ServicePort{}
	named := func(p kube.ServicePort) bool {
		return b.PortName != "" && p.Name == b.PortName || b.PortName == "" && p.Port == b.PortNumber
	}
	// One number may stand for TCP and for UDP.
	i := slices.IndexFunc(svc.Ports, func(p kube.ServicePort) bool { return named(p) && p.Protocol == "TCP" })
	if i < 0 {
		i = slices.IndexFunc(svc.Ports, named)
	}
	switch {
	case i < 0 && svc.Type == "ExternalName" && b.PortName == "" && b.PortNumber > 0:
		return kube.ServicePort{Protocol: "TCP", Port: b.PortNumber}, nil // such a Service needs no ports
	case i < 0 && b.PortName != "" && len(svc.Ports) == 1:
		i = 0
		warn("Service %s has no port named %s; its only port, %d, is used", b.Service, b.PortName, svc.Ports[0].Port)
	case i < 0 && b.PortName != "":
		return none, invalid("Service %s has no port named %s", b.Service, b.PortName)
	case i < 0:
		return none, invalid("Service %s has no port %d", b.Service, b.PortNumber)
	}
	port := svc.Ports[i]
	if port.Protocol != "TCP" {
		return none, invalid("port %d of Service %s is %s; the CDN speaks HTTP over TCP", port.Port, b.Service, port.Protocol)
	}
	return port, nil
}

// sourceProtocol reads a Service port's appProtocol: the IANA service names
// and the names that Kubernetes defines (KEP-3726).
func sourceProtocol(appProtocol string) string {
	switch strings.ToLower(appProtocol) {
	case "https", "kubernetes.io/wss":
		return "https"
	}
	return "http"
}

// alive are the origins that stand in a namespace, whatever Ingress they are
// for: a live rule that uses one of them may stay although its Ingress cannot
// be understood.
func (m *mapper) alive(namespace string) map[Origin]bool {
	if known, ok := m.live[namespace]; ok {
		return known
	}
	live := make(map[Origin]bool)
	for _, svc := range m.Services {
		if svc.Namespace != namespace {
			continue
		}
		var onNodes, onAddresses []string
		both := func(kind string) {
			onAddresses = append(onAddresses, m.objectName(kind, namespace, svc.Name), m.objectName(kind+cnameKind, namespace, svc.Name))
		}
		switch kindOf(svc) {
		case OriginLoadBalancer:
			both(kindBalancer)
			fallthrough // it has node ports too
		case OriginNodePort:
			onNodes = []string{m.nodesName(NodesSet), m.nodesName(NodesIPv4Set), m.nodesName(NodesIPv6Set), m.objectName(kindLocal, namespace, svc.Name)}
		case OriginExternalIPs, OriginExternalName:
			both(kindExternal)
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
