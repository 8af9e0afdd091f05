package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// origin is where the CDN gets the content of a rule from.
type origin struct {
	// set is the zone name of its address set. It may be known although the set leads
	// nowhere now; "" if it is not known.
	set      string
	port     int
	protocol string             // "http" or "https", unless the Ingress says otherwise
	named    bool               // an object names the addresses of the set; they are not those of nodes
	on       addresses.Families // in which it answers, where that is known
	// unsettled: what stands at the CDN decides between two sets, and was not read.
	unsettled bool
}

// Origin is an address set with a port.
type Origin struct {
	Set  string // zone name
	Port int
}

// found is what a backend comes to.
type found struct {
	origin
	refused  *refusal // why it can be no origin; nil if it can
	warnings []string // for the author of the Ingress
}

func (f *found) warn(format string, a ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, a...))
}

// find finds where the content for a backend comes from, for what is published at key.
// Where the Ingress as a whole is refused, the origin counts all the same, since a live
// rule may lead there.
func (m *ingressMapper) find(key model.RuleKey, backend kube.Backend) (f found) {
	if m.opts.origin != "" {
		f = m.findAnnotated()
	} else {
		f = m.findBackend(key, backend)
	}
	if m.refused != nil {
		f.warnings = nil
		if f.refused == nil || !f.refused.denied || m.refused.denied {
			f.refused = m.refused
		}
	}
	return f
}

// findBackend finds the origin that a backend leads to, for what is published at key.
func (m *ingressMapper) findBackend(key model.RuleKey, b kube.Backend) (f found) {
	if b.Resource != "" {
		f.refused = invalid("the backend is the resource %.80s; only Services can be published", b.Resource)
		return f
	}
	svc, ok := m.services[kube.Key{Namespace: m.ing.Namespace, Name: b.Service}]
	if !ok {
		f.refused = pending("Service %s does not exist", b.Service)
		return f
	}
	kind := originKindOf(svc)
	switch {
	case kind == "":
		f.refused = invalid("Service %s is of type %s, which cannot be reached from outside; NodePort and LoadBalancer Services can be published", b.Service, svc.Type)
		return f
	case !m.allow.origin(kind):
		f.refused = denied("Service %s leads to an origin of the kind %s, which %s", b.Service, kind, notAllowed)
		return f
	}
	port, warning, refused := servicePort(b, svc)
	if warning != "" {
		f.warn("%s", warning)
	}
	if refused != nil {
		f.refused = refused
		return f
	}
	f.origin = origin{port: int(port.Port), protocol: sourceProtocol(port.AppProtocol), on: familiesOf(svc)}
	if m.opts.source == "" && f.protocol == "http" && expectsTLS(port) {
		f.warn("port %d of Service %s is asked by http: if it speaks TLS, give that port appProtocol: https, or the Ingress the annotation %s: https; if not, the annotation with http says so",
			port.Port, b.Service, AnnotationSource)
	}
	switch {
	case kind != OriginNodePort:
		f.lead(m.serviceNames(svc))
	case port.NodePort == 0:
		f.origin = origin{}
		f.refused = pending("port %d of Service %s has no node port yet", port.Port, b.Service)
	default:
		f.port = int(port.NodePort)
		f.set = m.nodeSetFor(svc, key)
		f.unsettled = !svc.Local && !f.on.Both() && m.Standing.Unread[key.CDN]
	}
	return f
}

// findAnnotated finds the origin that the annotation edgeward/origin names.
func (m *ingressMapper) findAnnotated() (f found) {
	kind := m.opts.origin
	switch {
	case kind != OriginStatus && kind != OriginNodes: // the annotation was refused
		f.refused = m.refused
		return f
	case !m.allow.origin(kind):
		f.refused = denied("annotation %s: an origin of the kind %s %s", AnnotationOrigin, kind, notAllowed)
		return f
	case m.opts.port != 0 && !containsPort(m.allow.ports(), m.opts.port):
		f.refused = denied("annotation %s: port %d is not one of %s (clusters[].allow[].ports names others)",
			AnnotationOriginPort, m.opts.port, portList(m.allow.ports()))
		return f
	}
	f.protocol = cmp.Or(m.opts.source, "http")
	if kind == OriginNodes {
		f.set, f.port, f.on = m.nodeSets.all, m.opts.port, addresses.BothFamilies()
		return f
	}
	f.port = cmp.Or(m.opts.port, model.PublishedPort(f.protocol))
	f.lead(m.statusNames(m.ing))
	return f
}

// lead has the origin be what an object names, if that can be an origin.
func (f *found) lead(set namedSet) {
	f.set, f.named = set.name, true
	switch {
	case set.Empty():
		f.refused = set.unusable()
	case set.Private:
		f.warn("%s has private addresses only (%s): the CDN can ask them only where it reaches that network", set.subject(), model.Listed(set.Addresses, ", "))
	}
}

// originKindOf returns the kind of origin that a Service makes; "" if it makes none.
func originKindOf(svc kube.Service) string {
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

// serviceSet returns the set that a Service makes of its own, if it makes one, whether
// or not a rule uses it: a released rule goes on using its own. Where a Service may not
// be an origin any more, its set stays as it is for as long as a rule uses it. Nodes are
// followed all the same, since nobody but the cluster names their addresses.
func (m *mapper) serviceSet(svc kube.Service) (set namedSet, ok bool) {
	switch kind := originKindOf(svc); kind {
	case OriginNodePort:
		if !svc.Local {
			return namedSet{}, false
		}
		endpoints, on := m.endpoints[svc.Key()], familiesOf(svc)
		set.name = m.objectSetName(model.KindLocal, svc.Namespace, svc.Name)
		set.Set = m.nodes.Set(m.Name, func(node string) addresses.Families { return on.And(endpoints[node]) },
			"no node that can take traffic has a ready endpoint of Service "+svc.Key().String())
		set.Namespace = svc.Namespace
		return set, true
	case OriginLoadBalancer, OriginExternalIPs, OriginExternalName:
		if !m.allowed.Get(svc.Namespace).origin(kind) {
			return namedSet{}, false
		}
		set = m.serviceNames(svc)
		return set, !set.Empty()
	}
	return namedSet{}, false
}

// servicePort finds the port that a backend names, and checks that the CDN can speak to
// it. Where the Service has no port of that name but just one port, that is taken, with
// a warning.
func servicePort(b kube.Backend, svc kube.Service) (port kube.ServicePort, warning string, refused *refusal) {
	isNamed := func(p kube.ServicePort) bool {
		return b.PortName != "" && p.Name == b.PortName || b.PortName == "" && p.Port == b.PortNumber
	}
	// One number may stand for TCP and for UDP.
	i := slices.IndexFunc(svc.Ports, func(p kube.ServicePort) bool { return isNamed(p) && p.Protocol == "TCP" })
	if i < 0 {
		i = slices.IndexFunc(svc.Ports, isNamed)
	}
	switch {
	case i < 0 && svc.Type == "ExternalName" && b.PortName == "" && b.PortNumber > 0:
		return kube.ServicePort{Protocol: "TCP", Port: b.PortNumber}, "", nil // such a Service needs no ports
	case i < 0 && b.PortName != "" && len(svc.Ports) == 1:
		i = 0
		warning = fmt.Sprintf("Service %s has no port named %s; its only port, %d, is used", b.Service, b.PortName, svc.Ports[0].Port)
	case i < 0 && b.PortName != "":
		return port, "", invalid("Service %s has no port named %s", b.Service, b.PortName)
	case i < 0:
		return port, "", invalid("Service %s has no port %d", b.Service, b.PortNumber)
	}
	port = svc.Ports[i]
	if port.Protocol != "TCP" {
		return port, warning, invalid("port %d of Service %s is %s; the CDN speaks HTTP over TCP", port.Port, b.Service, port.Protocol)
	}
	return port, warning, nil
}

// expectsTLS reports whether a port that is asked by http looks as if only TLS were
// spoken there. One whose appProtocol says http is believed.
func expectsTLS(port kube.ServicePort) bool {
	switch strings.ToLower(port.AppProtocol) {
	case "":
		return port.Port == 443 || port.Name == "https" || strings.HasPrefix(port.Name, "https-")
	case "tls", "ssl", "grpcs":
		return true
	}
	return false
}

// sourceProtocol reads a Service port's appProtocol: IANA's names of services and those
// that Kubernetes defines (KEP-3726).
func sourceProtocol(appProtocol string) string {
	switch strings.ToLower(appProtocol) {
	case "https", "kubernetes.io/wss":
		return "https"
	}
	return "http"
}
