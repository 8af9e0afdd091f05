package plan

import (
	"slices"

	"github.com/edgeward/edgeward/internal/guard"
)

// clustersInSync are the clusters that were compared with all that stands, of which no loss
// waits, and no set of which has its last known addresses for want of any node. Their
// record of ownership is to say what the configuration selects.
func clustersInSync(d *draft, clusters map[string]*cluster, rules rulePlan) map[string]bool {
	inSync := make(map[string]bool)
	if len(rules.undecided) > 0 {
		return inSync // what their rules come to is not known
	}
	for name, c := range clusters {
		waits := slices.ContainsFunc(d.out.Blocked, func(b guard.Blocked) bool { return b.Cluster == name })
		read := d.Rules.Complete() && d.Records.Complete() && len(d.Settings.Unread(c.says)) == 0
		if !read || !c.owned || c.leaving || waits || lacksNodes(d, name) {
			continue
		}
		inSync[name] = true
		if !d.Memory.inSync[name] && c.says.Config != d.Want.Clusters[name].Selection {
			d.wakeAt(d.Now) // for the record of ownership
		}
	}
	return inSync
}

// lacksNodes reports whether a set of a cluster has its last known addresses, and no node
// is there that could take their place.
func lacksNodes(d *draft, cluster string) bool {
	nodes := d.Want.Clusters[cluster].Nodes
	return nodes.Ready+nodes.NotReady == 0 && d.out.StaleIn(cluster)
}
