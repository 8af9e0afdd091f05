package desired

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
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
	// mixed: private addresses stand beside public ones, since the configuration
	// asks for them.
	mixed bool
}

// usableNode is a node that can take traffic, with an address of a family, or "".
type usableNode struct {
	name, v4, v6       string
	private4, private6 bool
}

// internalIP is the type of a node's addresses inside its network. To name it is
// to ask for private addresses: each node gets the first type that it has one of,
// whatever the others have. Where it is not named, a private address is used only
// where a set has no public one, of either family.
const internalIP = "InternalIP"

// usableNodes picks the nodes that may take traffic from outside (docs/ingress.md,
// "Nodes"). A node that has been NotReady for less than the delay counts as
// ready where it stands already; a node that joins not ready is not added
// before it is ready.
func usableNodes(nodes []kube.Node, types []string, delay time.Duration, now time.Time) nodeSet {
	set := nodeSet{mixed: slices.Contains(types, internalIP)}
	var ready, fading, down []usableNode
	for _, n := range nodes {
		v4, v6 := nodeAddresses(n.Addresses, types)
		usable := usableNode{name: n.Name, private4: reachOf(v4) == private, private6: reachOf(v6) == private}
		if v4.IsValid() {
			usable.v4, set.has.v4 = v4.String(), true
		}
		if v6.IsValid() {
			usable.v6, set.has.v6 = v6.String(), true
		}
		switch {
		case n.Excluded != "":
			set.count.Excluded++
		case usable.v4 == "" && usable.v6 == "":
			set.count.NoAddress++
		case n.Ready:
			set.count.Ready++
			ready = append(ready, usable)
		case now.Before(leaves(n, delay)):
			set.count.Ready++
			fading = append(fading, usable)
			if end := leaves(n, delay); set.until.IsZero() || end.Before(set.until) {
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

// leaves is when a node that is not ready is left out.
func leaves(n kube.Node, delay time.Duration) time.Time { return cmp.Or(n.Since, n.Changed).Add(delay) }

// set is the address set of the nodes, of those families in which something
// answers on them: the same on all nodes, or, with on, by node.
// Lacks is what to say where no node is left.
func (n nodeSet) set(cluster string, all families, on map[string]families, lacks string) Set {
	addresses := func(nodes []usableNode) (public, private []string) {
		add := func(ip string, inside bool) {
			switch {
			case ip == "":
			case inside && !n.mixed:
				private = append(private, ip)
			default:
				public = append(public, ip)
			}
		}
		for _, node := range nodes {
			f := all
			if on != nil {
				f = families{f.v4 && on[node.name].v4, f.v6 && on[node.name].v6}
			}
			if f.v4 {
				add(node.v4, node.private4)
			}
			if f.v6 {
				add(node.v6, node.private6)
			}
		}
		return public, private
	}
	want, wantInside := addresses(n.want)
	keep, keepInside := addresses(n.keep)
	if len(want) == 0 {
		want, keep = wantInside, slices.Concat(keep, keepInside)
	}
	s := Set{Cluster: cluster, Addresses: model.SortedSet(want), Keep: model.SortedSet(keep)}
	if len(s.Addresses) == 0 {
		s.Addresses, s.Keep = s.Keep, nil // better than none
	}
	if len(s.Addresses) == 0 {
		s.Lacks = lacks
	}
	return s
}

// notice says what an operator should know of private addresses among those of
// the nodes; "": nothing.
func (n nodeSet) notice(cluster string) string {
	var inside usableNode // the first by name that has no public address
	among := false        // those that have one
	for _, node := range slices.Concat(n.want, n.keep) {
		switch outside := node.v4 != "" && !node.private4 || node.v6 != "" && !node.private6; {
		case outside:
			among = true
		case inside.name == "" || node.name < inside.name:
			inside = node
		}
	}
	text := fmt.Sprintf("cluster %s: node %s has no public address but %s, ", cluster, inside.name, cmp.Or(inside.v4, inside.v6))
	switch {
	case inside.name == "" || n.mixed && !among:
		return ""
	case n.mixed:
		return text + "which stands in DNS beside public ones (clusters[].node_address_types names InternalIP): a CDN that does not reach that network fails there"
	case among:
		return text + "and is left out, since others have public ones (InternalIP in clusters[].node_address_types would add it)"
	}
	return text + "nor has another node: a CDN that does not reach that network fails there"
}

// nodeAddresses picks a node's IPv4 and its IPv6 address: of the first type
// that has one. An IPv6 address of a later type than the IPv4 one is left out,
// since a later type stands in for what a node lacks. Kubernetes does not check
// what a cloud writes there, so it is parsed. Of several of one type the first
// public one goes before the first private one, unless these are asked for.
func nodeAddresses(addresses []kube.NodeAddress, types []string) (v4, v6 netip.Addr) {
	first := func(t string, is func(netip.Addr) bool) (inside netip.Addr) {
		for _, a := range addresses {
			if a.Type != t {
				continue
			}
			switch ip, from := originAddress(a.Address); {
			case from < private || !is(ip):
			case from == public || t == internalIP:
				return ip
			case !inside.IsValid():
				inside = ip
			}
		}
		return inside
	}
	for _, t := range types {
		found := v4.IsValid()
		if !found {
			v4 = first(t, netip.Addr.Is4)
		}
		if !v6.IsValid() && !found {
			v6 = first(t, netip.Addr.Is6)
		}
	}
	return v4, v6
}
