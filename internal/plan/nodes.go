package plan

import (
	"net/netip"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// NodeCounts says what became of a cluster's nodes. Panic is set when fewer
// than half of the nodes that could serve are ready, so that all of them
// stand in DNS: a partition is likelier than that.
type NodeCounts struct {
	Ready, NotReady, Excluded, NoAddress int
	Panic                                bool
}

// nodeSet is the outcome of usableNodes.
type nodeSet struct {
	want  []usableNode // those whose addresses shall stand
	keep  []usableNode // those whose addresses may stay where they stand, but are not added
	has   families     // of the addresses that any node has, usable now or not
	count NodeCounts
	until time.Time // when time alone changes the outcome; zero: never
}

// usableNode is a node that can take traffic, with an address of a family, or "".
type usableNode struct{ name, v4, v6 string }

// usableNodes picks the nodes that may take traffic from outside (CONTRACT:
// "Nodes"). A node that has been NotReady for less than the delay counts as
// ready where it stands already; a node that joins not ready is not added
// before it is ready.
func usableNodes(nodes []kube.Node, types []string, delay time.Duration, now time.Time) nodeSet {
	var set nodeSet
	var ready, fading, down []usableNode
	for _, n := range nodes {
		v4, v6 := nodeAddresses(n.Addresses, types)
		usable := usableNode{n.Name, v4, v6}
		set.has.v4, set.has.v6 = set.has.v4 || v4 != "", set.has.v6 || v6 != ""
		switch {
		case n.Excluded != "":
			set.count.Excluded++
		case v4 == "" && v6 == "":
			set.count.NoAddress++
		case n.Ready:
			set.count.Ready++
			ready = append(ready, usable)
		case now.Before(n.Changed.Add(delay)):
			set.count.Ready++
			fading = append(fading, usable)
			if end := n.Changed.Add(delay); set.until.IsZero() || end.Before(set.until) {
				set.until = end
			}
		default:
			set.count.NotReady++
			down = append(down, usable)
		}
	}
	switch {
	case 2*set.count.Ready < set.count.Ready+set.count.NotReady:
		set.count.Panic = true
		set.want = slices.Concat(ready, fading, down)
	case len(ready) == 0:
		set.want = fading
	default:
		set.want, set.keep = ready, fading
	}
	return set
}

// set is the address set of the nodes, of those families in which something
// answers on them: the same on all nodes, or, with on, by node.
// Lacks is what to say where no node is left.
func (n nodeSet) set(cluster string, all families, on map[string]families, lacks string) Set {
	addresses := func(nodes []usableNode) []string {
		var list []string
		for _, node := range nodes {
			f := all
			if on != nil {
				f = families{f.v4 && on[node.name].v4, f.v6 && on[node.name].v6}
			}
			if f.v4 && node.v4 != "" {
				list = append(list, node.v4)
			}
			if f.v6 && node.v6 != "" {
				list = append(list, node.v6)
			}
		}
		return sortedSet(list)
	}
	s := Set{Cluster: cluster, Addresses: addresses(n.want), Keep: addresses(n.keep)}
	if len(s.Addresses) == 0 {
		s.Addresses, s.Keep = s.Keep, nil // better than none
	}
	if len(s.Addresses) == 0 {
		s.Lacks = lacks
	}
	return s
}

// nodeAddresses picks a node's IPv4 and its IPv6 address: of the first type
// that has one. An IPv6 address of a later type than the IPv4 one is left out,
// since a later type stands in for what a node lacks. Kubernetes does not check
// what a cloud writes there, so it is parsed.
func nodeAddresses(addresses []kube.NodeAddress, types []string) (v4, v6 string) {
	first := func(t string, is func(netip.Addr) bool) string {
		for _, a := range addresses {
			if a.Type != t {
				continue
			}
			if ip, ok := publicAddress(a.Address); ok && is(ip) {
				return ip.String()
			}
		}
		return ""
	}
	for _, t := range types {
		found := v4 != ""
		if v4 == "" {
			v4 = first(t, netip.Addr.Is4)
		}
		if v6 == "" && !found {
			v6 = first(t, netip.Addr.Is6)
		}
	}
	return v4, v6
}

func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
