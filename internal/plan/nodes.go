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

// nodeSet is the outcome of nodeAddresses.
type nodeSet struct {
	want  []string // addresses that shall stand, sorted
	keep  []string // addresses that may stay where they stand, but are not added
	count NodeCounts
	until time.Time // when time alone changes the outcome; zero: never
}

// nodeAddresses picks one IPv4 address for each node that may take traffic
// from outside (CONTRACT: "Nodes"). A node that has been NotReady for less
// than the delay counts as ready where it stands already; a node that joins
// not ready is not added before it is ready.
func nodeAddresses(nodes []kube.Node, types []string, delay time.Duration, now time.Time) nodeSet {
	var set nodeSet
	var ready, fading, down []string
	for _, n := range nodes {
		address, ok := nodeAddress(n.Addresses, types)
		switch {
		case n.Excluded != "":
			set.count.Excluded++
		case !ok:
			set.count.NoAddress++
		case n.Ready:
			set.count.Ready++
			ready = append(ready, address)
		case now.Before(n.Changed.Add(delay)):
			set.count.Ready++
			fading = append(fading, address)
			if end := n.Changed.Add(delay); set.until.IsZero() || end.Before(set.until) {
				set.until = end
			}
		default:
			set.count.NotReady++
			down = append(down, address)
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
	set.want = sortedSet(set.want)
	set.keep = sortedSet(set.keep)
	return set
}

// nodeAddress is the first IPv4 address of the first type that has one.
// Kubernetes does not check what a cloud writes there, so it is parsed.
func nodeAddress(addresses []kube.NodeAddress, types []string) (string, bool) {
	for _, t := range types {
		for _, a := range addresses {
			if a.Type != t {
				continue
			}
			ip, err := netip.ParseAddr(a.Address)
			if err == nil && ip.Is4() && !ip.IsUnspecified() && !ip.IsMulticast() {
				return ip.String(), true
			}
		}
	}
	return "", false
}

func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
