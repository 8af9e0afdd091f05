package addresses

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/ordered"
)

// NodeCounts says how many nodes of a cluster can take traffic, and why the others
// cannot.
type NodeCounts struct {
	Ready, NotReady, Excluded, NoAddress int
	// Panic: fewer than half of the nodes that could take traffic are ready. It is
	// likelier that the control plane has lost sight of them than that they are down,
	// so all of them stand in DNS.
	Panic bool
}

// Nodes are the nodes of a cluster that can take traffic from outside.
type Nodes struct {
	want []usableNode // those whose addresses shall stand
	keep []usableNode // those whose addresses may stay where they stand, but are not added

	Has    Families // of the addresses that any node has, whether or not it is usable now
	Counts NodeCounts
	Until  time.Time // when time alone changes which nodes are usable; zero: never

	// mixed: private addresses stand beside public ones, since the configuration asks
	// for them.
	mixed bool
}

// usableNode is a node that can take traffic. It has an address of at least one family;
// that of the other may be "".
type usableNode struct {
	name, v4, v6       string
	private4, private6 bool
}

// internalIP is the type of a node's address inside its network. To name it in the
// configuration is to ask for private addresses. Where it is not named, a private
// address stands only in a set that has no public one of either family.
const internalIP = "InternalIP"

// UsableNodes picks the nodes that can take traffic from outside, with their addresses
// of the first type that each has. A node that has been NotReady for less than the delay
// counts as ready where its addresses stand already, but one that joins NotReady is not
// added before it is ready.
func UsableNodes(nodes []kube.Node, types []string, delay time.Duration, now time.Time) Nodes {
	usable := Nodes{mixed: slices.Contains(types, internalIP)}
	var ready, leaving, down []usableNode
	for _, n := range nodes {
		v4, v6 := nodeAddresses(n.Addresses, types)
		node := usableNode{name: n.Name, private4: reachOf(v4) == Private, private6: reachOf(v6) == Private}
		if v4.IsValid() {
			node.v4, usable.Has.V4 = v4.String(), true
		}
		if v6.IsValid() {
			node.v6, usable.Has.V6 = v6.String(), true
		}
		switch {
		case n.Excluded != "":
			usable.Counts.Excluded++
		case node.v4 == "" && node.v6 == "":
			usable.Counts.NoAddress++
		case n.Ready:
			usable.Counts.Ready++
			ready = append(ready, node)
		case now.Before(leavesAt(n, delay)):
			usable.Counts.Ready++
			leaving = append(leaving, node)
			if at := leavesAt(n, delay); usable.Until.IsZero() || at.Before(usable.Until) {
				usable.Until = at
			}
		default:
			usable.Counts.NotReady++
			down = append(down, node)
		}
	}
	switch {
	case usable.Counts.Ready < usable.Counts.NotReady:
		usable.Counts.Panic = true
		usable.want = slices.Concat(ready, leaving, down)
	case len(ready) == 0:
		usable.want = leaving
	default:
		usable.want, usable.keep = ready, leaving
	}
	return usable
}

// leavesAt is when a node that is not ready is left out.
func leavesAt(n kube.Node, delay time.Duration) time.Time {
	return cmp.Or(n.Since, n.Changed).Add(delay)
}

// OnEveryNode says that something answers in the same families on every node.
func OnEveryNode(f Families) func(node string) Families { return func(string) Families { return f } }

// Set returns the addresses of the nodes in the families in which something answers
// there. Lacks says why there are none, if there are none.
func (n Nodes) Set(cluster string, answers func(node string) Families, lacks string) Set {
	want, wantPrivate := n.addressesOf(n.want, answers)
	keep, keepPrivate := n.addressesOf(n.keep, answers)
	if len(want) == 0 {
		want, keep = wantPrivate, append(keep, keepPrivate...)
	}
	s := Set{Cluster: cluster, Addresses: ordered.Distinct(want), Keep: ordered.Distinct(keep)}
	s.preferAny()
	if s.Empty() {
		s.Lacks = lacks
	}
	return s
}

// preferAny has addresses that may only stay where they stand be wanted where there are
// no others: they are better than none.
func (s *Set) preferAny() {
	if len(s.Addresses) == 0 {
		s.Addresses, s.Keep = s.Keep, nil
	}
}

// addressesOf returns the addresses of some nodes, apart the private ones that stand
// only where there are no public ones.
func (n Nodes) addressesOf(nodes []usableNode, answers func(node string) Families) (first, private []string) {
	for _, node := range nodes {
		on := answers(node.name)
		for _, a := range []struct {
			ip       string
			private  bool
			answered bool
		}{{node.v4, node.private4, on.V4}, {node.v6, node.private6, on.V6}} {
			switch {
			case a.ip == "" || !a.answered:
			case a.private && !n.mixed:
				private = append(private, a.ip)
			default:
				first = append(first, a.ip)
			}
		}
	}
	return first, private
}

// Notice says what an operator should know of private addresses among those of the
// nodes of a cluster; "" if there is nothing to say.
func (n Nodes) Notice(cluster string) string {
	var private usableNode // the first by name that has no public address
	anyPublic := false
	for _, node := range slices.Concat(n.want, n.keep) {
		switch public := node.v4 != "" && !node.private4 || node.v6 != "" && !node.private6; {
		case public:
			anyPublic = true
		case private.name == "" || node.name < private.name:
			private = node
		}
	}
	text := fmt.Sprintf("cluster %s: node %s has no public address but %s, ", cluster, private.name, cmp.Or(private.v4, private.v6))
	switch {
	case private.name == "" || n.mixed && !anyPublic:
		return ""
	case n.mixed:
		return text + "which stands in DNS beside public ones (clusters[].node_address_types names InternalIP): a CDN that does not reach that network fails there"
	case anyPublic:
		return text + "and is left out, since others have public ones (InternalIP in clusters[].node_address_types would add it)"
	}
	return text + "nor has another node: a CDN that does not reach that network fails there"
}

// nodeAddresses picks an IPv4 and an IPv6 address of a node, each of the first type that
// has one. An IPv6 address of a later type than that of the IPv4 address is left out,
// since a later type only stands in for what a node lacks. Of several addresses of one
// type the first public one goes before the first private one, unless private ones are
// asked for.
func nodeAddresses(addresses []kube.NodeAddress, types []string) (v4, v6 netip.Addr) {
	for _, t := range types {
		found := v4.IsValid()
		if !found {
			v4 = firstOfType(addresses, t, netip.Addr.Is4)
		}
		if !v6.IsValid() && !found {
			v6 = firstOfType(addresses, t, netip.Addr.Is6)
		}
	}
	return v4, v6
}

// firstOfType returns the address of a type and a family that is to be used; the zero
// Addr if there is none.
func firstOfType(addresses []kube.NodeAddress, t string, inFamily func(netip.Addr) bool) (private netip.Addr) {
	for _, a := range addresses {
		if a.Type != t {
			continue
		}
		switch ip, reach := Parse(a.Address); {
		case reach < Private || !inFamily(ip):
		case reach == Public || t == internalIP:
			return ip
		case !private.IsValid():
			private = ip
		}
	}
	return private
}
