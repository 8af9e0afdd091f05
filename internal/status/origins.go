package status

import "github.com/edgeward/edgeward/internal/outcome"

func shownOrigins(origins []outcome.Origin) []Origin {
	all := make([]Origin, 0, len(origins))
	for _, o := range origins {
		shown := Origin{Name: o.Name, Cluster: o.Cluster, Used: o.Used, Addresses: []Address{}}
		for _, a := range o.Addresses {
			shown.Addresses = append(shown.Addresses, Address{
				Type: a.Type, Address: a.Address, State: a.State, Nodes: shownNodes(a.Nodes), Failure: shownFailure(a.Failure),
			})
		}
		all = append(all, shown)
	}
	return all
}

func shownNodes(nodes []outcome.Node) (shown []Node) {
	for _, n := range nodes {
		shown = append(shown, Node(n))
	}
	return shown
}
