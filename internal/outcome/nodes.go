package outcome

import (
	"cmp"
	"slices"

	"github.com/edgeward/edgeward/internal/kube"
)

// Node is a node with why it takes no traffic; "" if it does.
type Node struct{ Name, Trouble string }

// nodeAddress is an address of a cluster's node, as it stands in DNS.
type nodeAddress struct{ cluster, address string }

// nodesByAddress tells which nodes have an address, of whatever type it is.
func nodesByAddress(clusters map[string][]kube.Node) map[nodeAddress][]Node {
	index := make(map[nodeAddress][]Node)
	for cluster, nodes := range clusters {
		for _, n := range nodes {
			for _, a := range n.Addresses {
				at, node := nodeAddress{cluster, canonical(a.Address)}, Node{n.Name, trouble(n)}
				if !slices.Contains(index[at], node) {
					index[at] = append(index[at], node)
				}
			}
		}
	}
	for _, list := range index {
		sortNodes(list)
	}
	return index
}

// LeftOut returns the nodes of a cluster none of whose addresses stands at any of the
// origins, or shall stand there.
func LeftOut(nodes []kube.Node, cluster string, origins []Origin) (list []Node) {
	in := make(map[string]bool)
	for _, o := range origins {
		if o.Cluster == cluster {
			for _, a := range o.Addresses {
				in[a.Address] = in[a.Address] || a.State != Removing
			}
		}
	}
	for _, n := range nodes {
		if !slices.ContainsFunc(n.Addresses, func(a kube.NodeAddress) bool { return in[canonical(a.Address)] }) {
			list = append(list, Node{n.Name, cmp.Or(trouble(n), "no address of the configured types")})
		}
	}
	sortNodes(list)
	return list
}

func sortNodes(list []Node) {
	slices.SortFunc(list, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
}

// trouble is why a node should take no traffic; "" if it may.
func trouble(n kube.Node) string {
	if n.Excluded == "" && !n.Ready {
		return "not ready"
	}
	return n.Excluded
}
