package desired

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Allow says what the Ingresses of some namespaces may ask for (in the configuration,
// clusters[].allow). An empty list does not restrict, except Origins, Addresses and
// Ports: each of these has a default, which a list replaces. Namespaces and Hosts may
// be patterns, in which * stands for any number of any characters.
type Allow struct {
	Namespaces  []string
	Hosts       []string
	Origins     []string // of the kinds below
	Annotations []string // full names
	// Addresses are those that Services and Ingresses may name as their own; with a
	// list they may name no host names. By default they may name host names, and all
	// addresses of hosts but those on a machine's own link (addresses.OwnLink).
	Addresses []netip.Prefix
	// Ports are those that the annotation edgeward/origin-port may name.
	Ports []PortRange

	nothing bool // nothing of the namespace may be published
}

// PortRange is the ports from First to Last.
type PortRange struct{ First, Last int }

// String is the range as the configuration has it: "80" or "8000-8999".
func (r PortRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(r.First)
	}
	return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last)
}

// Kinds of origins, in the words of clusters[].allow. OriginStatus and OriginNodes are
// also the values of the annotation edgeward/origin.
const (
	OriginNodePort     = "NodePort"
	OriginLoadBalancer = "LoadBalancer"
	OriginStatus       = "status" // the addresses in the Ingress's own status
	OriginNodes        = "nodes"  // all nodes, for a controller on host ports
	OriginExternalIPs  = "externalIPs"
	OriginExternalName = "ExternalName"
)

// defaultOrigins returns the kinds that lead to the cluster's own machines only. The
// others let whoever may write a Service aim the CDN anywhere.
func defaultOrigins() []string {
	return []string{OriginNodePort, OriginLoadBalancer, OriginStatus, OriginNodes}
}

// defaultPorts returns the ports on which Ingress controllers listen, and Kubernetes'
// node ports. On others a node has its kubelet, etcd, SSH and whatever runs beside.
func defaultPorts() []PortRange {
	return []PortRange{{80, 80}, {443, 443}, {8080, 8080}, {8443, 8443}, {30000, 32767}}
}

// allowedIn returns what a list allows a namespace.
func allowedIn(list []Allow, namespace string) Allow {
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
		origins = defaultOrigins()
	}
	return !a.nothing && slices.Contains(origins, kind)
}

// ports returns those that the annotation edgeward/origin-port may name.
func (a Allow) ports() []PortRange {
	if len(a.Ports) == 0 {
		return defaultPorts()
	}
	return a.Ports
}

// containsPort reports whether a port is in one of the ranges.
func containsPort(ranges []PortRange, port int) bool {
	return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}

// portList lists ranges of ports for people.
func portList(ranges []PortRange) string {
	var texts []string
	for _, r := range ranges {
		texts = append(texts, r.String())
	}
	return strings.Join(texts, ", ")
}

// fits reports whether s matches a pattern of the list, or the list is empty. The
// configuration has checked the patterns. Neither names nor hosts hold a slash, which *
// would not match; annotations are compared as they are written.
func fits(patterns []string, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, s)
		return p == s || matched && err == nil
	})
}
