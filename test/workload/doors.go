package workload

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// door is where requests for a port of a Service come in.
type door struct {
	name string // "node-1" or "load balancer", for the answers
	// machine is the name of the node, "" for a load balancer.
	machine string
	secure  bool
	pods    []pod // that requests are handed to, at least one
}

// pod is one that serves.
type pod struct{ name, node string }

// machine is a node that runs, whether or not there is a Node object for it.
type machine struct {
	name      string
	addresses []netip.Addr
}

// cluster is all that decides where there are doors.
type cluster struct {
	machines []machine
	services []*corev1.Service
	slices   []*discoveryv1.EndpointSlice
	// hosts are the addresses of the load balancers that are known by a name.
	hosts map[string]netip.Addr
}

// doors returns where a cluster's kube-proxies and load balancers take
// connections: at every node port of each node that has, or with the policy
// Cluster may reach, a pod of the Service, and at every address of a load
// balancer that finds such a node. All other ports refuse connections.
func (c cluster) doors() map[netip.AddrPort]door {
	all := make(map[netip.AddrPort]door)
	for _, s := range c.services {
		if s.Spec.Type != corev1.ServiceTypeNodePort && s.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		for _, port := range s.Spec.Ports {
			secure := port.AppProtocol != nil && *port.AppProtocol == "https"
			for _, m := range c.machines {
				for _, address := range m.addresses {
					pods := c.pods(s, port, address)
					if s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
						pods = slices.DeleteFunc(pods, func(p pod) bool { return p.node != m.name })
					}
					if port.NodePort > 0 && len(pods) > 0 {
						at := netip.AddrPortFrom(address, uint16(port.NodePort))
						all[at] = door{name: m.name, machine: m.name, secure: secure, pods: pods}
					}
				}
			}
			for _, address := range c.balancers(s) {
				// Whatever the policy, it finds the nodes that can serve.
				if pods := c.pods(s, port, address); len(pods) > 0 {
					at := netip.AddrPortFrom(address, uint16(port.Port))
					all[at] = door{name: fmt.Sprintf("the load balancer of %s/%s", s.Namespace, s.Name), secure: secure, pods: pods}
				}
			}
		}
	}
	return all
}

// balancers returns the addresses of a Service's load balancer.
func (c cluster) balancers(s *corev1.Service) []netip.Addr {
	var addresses []netip.Addr
	for _, ingress := range s.Status.LoadBalancer.Ingress {
		address, err := netip.ParseAddr(ingress.IP)
		if err != nil {
			address = c.hosts[ingress.Hostname]
		}
		if address.IsValid() {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// pods returns those of running machines that serve a port by the protocol of an
// address: the ready ones or, if there is none, those that still serve while
// they terminate, as kube-proxy does.
func (c cluster) pods(s *corev1.Service, port corev1.ServicePort, address netip.Addr) []pod {
	family, kind := corev1.IPv4Protocol, discoveryv1.AddressTypeIPv4
	if address.Is6() {
		family, kind = corev1.IPv6Protocol, discoveryv1.AddressTypeIPv6
	}
	if !slices.Contains(s.Spec.IPFamilies, family) {
		return nil
	}
	var ready, leaving []pod
	for _, slice := range c.slices {
		if slice.Namespace != s.Namespace || slice.Labels[discoveryv1.LabelServiceName] != s.Name ||
			slice.AddressType != kind || !serves(slice, port.Name) {
			continue
		}
		for _, e := range slice.Endpoints {
			p := podOf(e)
			switch {
			case !c.runs(p.node):
			case isTrue(e.Conditions.Ready, true):
				ready = append(ready, p)
			case isTrue(e.Conditions.Serving, false) && isTrue(e.Conditions.Terminating, false):
				leaving = append(leaving, p)
			}
		}
	}
	if len(ready) > 0 {
		return ready
	}
	return leaving
}

func serves(slice *discoveryv1.EndpointSlice, port string) bool {
	return slices.ContainsFunc(slice.Ports, func(p discoveryv1.EndpointPort) bool {
		return p.Name == nil && port == "" || p.Name != nil && *p.Name == port
	})
}

func podOf(e discoveryv1.Endpoint) pod {
	var p pod
	if e.NodeName != nil {
		p.node = *e.NodeName
	}
	if e.TargetRef != nil {
		p.name = e.TargetRef.Name
	} else if len(e.Addresses) > 0 {
		p.name = e.Addresses[0]
	}
	return p
}

func (c cluster) runs(node string) bool {
	return slices.ContainsFunc(c.machines, func(m machine) bool { return m.name == node })
}

func isTrue(b *bool, absent bool) bool {
	if b == nil {
		return absent
	}
	return *b
}
