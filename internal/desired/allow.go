package desired

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
)

// Allow says what the Ingresses of some namespaces may claim (in the
// configuration, clusters[].allow). An empty list does not restrict, except Origins,
// Addresses and Ports: each of these has what is on by default, and a list
// takes its place. Namespaces and Hosts may be patterns, in which * stands for any
// number of any characters.
type Allow struct {
	Namespaces  []string
	Hosts       []string
	Origins     []string // of the kinds below
	Annotations []string // full names
	// Addresses are those that Services and Ingresses may name as their own, and then
	// no names. By default these are all that a host can have, but for those where
	// each machine finds itself or its cloud (see inward), and names.
	Addresses []netip.Prefix
	// Ports are those that edgeward/origin-port may name.
	Ports []PortRange

	nothing bool // nothing of the namespace may be published
}

// PortRange is the ports from First to Last.
type PortRange struct{ First, Last int }

// String is the range as the configuration has it.
func (r PortRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(r.First)
	}
	return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last)
}

// Kinds of origins, in the words of clusters[].allow.
const (
	OriginNodePort     = "NodePort"
	OriginLoadBalancer = "LoadBalancer"
	OriginStatus       = "status"
	OriginNodes        = "nodes"
	OriginExternalIPs  = "externalIPs"
	OriginExternalName = "ExternalName"
)

// defaultOrigins are those that a list need not name: what leads only to the
// cluster's own machines. The others let whoever may write a Service aim the
// CDN anywhere.
var defaultOrigins = []string{OriginNodePort, OriginLoadBalancer, OriginStatus, OriginNodes}

// defaultPorts are those on which Ingress controllers listen, and Kubernetes' node
// ports. On others a node has its kubelet, etcd, SSH and whatever runs beside.
var defaultPorts = []PortRange{{80, 80}, {443, 443}, {8080, 8080}, {8443, 8443}, {30000, 32767}}

// allowed returns what a list says about a namespace. The first entry for it decides;
// if there are entries and none is for it, nothing is allowed.
func allowed(list []Allow, namespace string) Allow {
	if len(list) == 0 {
		return Allow{}
	}
	i := slices.IndexFunc(list, func(a Allow) bool { return fits(a.Namespaces, namespace) })
	if i < 0 {
		return Allow{nothing: true}
	}
	return list[i]
}

func (a Allow) host(host string) bool { return fits(a.Hosts, host) }

func (a Allow) annotation(name string) bool { return fits(a.Annotations, name) }

func (a Allow) origin(kind string) bool {
	origins := a.Origins
	if len(origins) == 0 {
		origins = defaultOrigins
	}
	return !a.nothing && slices.Contains(origins, kind)
}

// address reports whether an address that a host can have may be named.
func (a Allow) address(ip netip.Addr, from reach) bool {
	if len(a.Addresses) == 0 {
		return from != inward
	}
	return slices.ContainsFunc(a.Addresses, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// ports are those that edgeward/origin-port may name.
func (a Allow) ports() []PortRange {
	if len(a.Ports) == 0 {
		return defaultPorts
	}
	return a.Ports
}

// containsPort reports whether a port is in one of the ranges.
func containsPort(ranges []PortRange, port int) bool {
	return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}

// fits reports whether a pattern of the list matches; an empty list matches
// all. The configuration has checked the patterns. Neither names nor hosts hold
// a slash, which * would not match; annotations are taken to the letter.
func fits(patterns []string, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, s)
		return p == s || matched && err == nil
	})
}
