package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// origin is where the CDN gets the content of a rule from.
type origin struct {
	// set is the zone name of its address set. It may be known although the set has
	// nothing to lead to now; "": it is not.
	set      string
	port     int
	protocol string   // "http" or "https", unless the Ingress says otherwise
	named    bool     // the set is of what an object names, not of nodes
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
func (r *reading) backend(key model.RuleKey, b kube.Backend) (origin, *verdict) {
	if b.Resource != "" {
		return origin{}, invalid("the backend is the resource %.80s; only Services can be published", b.Resource)
	}
	svc, ok := r.services[kube.Key{Namespace: r.ing.Namespace, Name: b.Service}]
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
	if r.opts.source == "" && o.protocol == "http" && expectsTLS(port) {
		r.warn("port %d of Service %s is asked by http: if it speaks TLS, give that port appProtocol: https, or the Ingress the annotation %s: https; if not, the annotation with http says so",
			port.Port, b.Service, AnnotationSource)
	}
	switch kind {
	case OriginNodePort:
		if port.NodePort == 0 {
			return origin{}, &verdict{state: Pending, reason: fmt.Sprintf("port %d of Service %s has no node port yet", port.Port, b.Service)}
		}
		o.port = int(port.NodePort)
		o.set = r.nodesFor(svc, key)
		o.unsettled = !svc.Local && !o.on.both() && r.Standing.Unread[key.CDN]
		return o, nil
	default:
		set := r.objectSet(svc)
		o.set, o.named = set.name, true
		return o, r.judgeSet(set)
	}
}

// annotated finds the origin that the annotation edgeward/origin names.
func (r *reading) annotated() (origin, *verdict) {
	protocol := cmp.Or(r.opts.source, "http")
	kind := map[string]string{StatusOrigin: OriginStatus, NodesOrigin: OriginNodes}[r.opts.origin]
	switch {
	case kind == "": // another value, of which r.bad tells
		return origin{}, r.bad
	case !r.may.origin(kind):
		return origin{}, denied("annotation %s: an origin of the kind %s %s", AnnotationOrigin, kind, notAllowed)
	case r.opts.port != 0 && !containsPort(r.may.ports(), r.opts.port):
		return origin{}, denied("annotation %s: port %d is not one of %s (clusters[].allow[].ports names others)",
			AnnotationOriginPort, r.opts.port, portList(r.may.ports()))
	}
	if r.opts.origin == NodesOrigin {
		return origin{set: r.nodesName(model.NodesSet), port: r.opts.port, protocol: protocol, on: bothFamilies()}, nil
	}
	set := r.statusSet(r.ing)
	return origin{set: set.name, port: cmp.Or(r.opts.port, model.PublishedPort(protocol)), protocol: protocol, named: true}, r.judgeSet(set)
}

// portList lists ranges of ports for people.
func portList(ranges []PortRange) string {
	var texts []string
	for _, r := range ranges {
		texts = append(texts, r.String())
	}
	return strings.Join(texts, ", ")
}

// judgeSet says why nothing that an object names can be an origin, if so, and
// warns of what only some can reach.
func (r *reading) judgeSet(set namedSet) *verdict {
	if set.Empty() {
		return set.unusable()
	}
	if set.private {
		r.warn("%s has private addresses only (%s): the CDN can ask them only where it reaches that network", set.what(), model.Listed(set.Addresses))
	}
	return nil
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

// serviceSet is the set that a Service makes, if it makes one of its own, whether
// or not a rule names it: one that was released goes on naming its own. Where a
// Service may not lead any more, its set stays as it is for as long as a rule
// names it. Nodes are followed all the same: nobody but the cluster names these.
func (m *mapper) serviceSet(svc kube.Service) (set namedSet, ok bool) {
	switch kind := kindOf(svc); kind {
	case OriginNodePort:
		if !svc.Local {
			return namedSet{}, false
		}
		on := m.endpoints[svc.Key()]
		if on == nil {
			on = map[string]families{}
		}
		set = namedSet{name: m.objectName(model.KindLocal, svc.Namespace, svc.Name), Set: m.nodes.set(m.Name, familiesOf(svc), on,
			"no node that can take traffic has a ready endpoint of Service "+svc.Key().String())}
		set.Namespace = svc.Namespace
		return set, true
	case OriginLoadBalancer, OriginExternalIPs, OriginExternalName:
		if !m.may(svc.Namespace).origin(kind) {
			return namedSet{}, false
		}
		set = m.objectSet(svc)
		return set, !set.Empty()
	}
	return namedSet{}, false
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

// expectsTLS reports whether a port that is asked by http looks as if only TLS
// were spoken there. One whose appProtocol says http is believed.
func expectsTLS(port kube.ServicePort) bool {
	switch strings.ToLower(port.AppProtocol) {
	case "":
		return port.Port == 443 || port.Name == "https" || strings.HasPrefix(port.Name, "https-")
	case "tls", "ssl", "grpcs":
		return true
	}
	return false
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
