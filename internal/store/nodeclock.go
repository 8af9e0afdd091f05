package store

import (
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// dateNode says since when a node is not ready, see kube.Node.Since. Before is the
// node as it was last reported; nil: it is new. A node that was not ready then is so
// since that time, unless it may have been ready meanwhile: where the watch missed
// something, and the cluster says that it changed.
//
// The cluster's clock and this machine's are only compared here, and the result goes by
// the monotonic one: a step of either changes nothing afterwards.
func dateNode(before *kube.Node, node kube.Node, how evidence) kube.Node {
	switch {
	case node.Ready:
		node.Since = time.Time{}
	case before != nil && before.UID == node.UID && !before.Ready && (how == seen || before.Changed.Equal(node.Changed)):
		node.Since = before.Since
	default:
		now := time.Now()
		node.Since = now.Add(-max(0, now.Sub(node.Changed)))
	}
	return node
}
