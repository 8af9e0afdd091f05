package plan

import (
	"cmp"
	"strings"

	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
)

// shareTurns says of each operation on records whose turn it takes: that of the
// Ingress whose host it leads to a CDN, of the namespace whose object names the
// addresses, or, where nobody asks for it any more, that of nobody in a cluster.
func shareTurns(d *draft, found hostalias.Aliases, aliases aliasPlan) {
	for i := range d.records.Ops {
		op := &d.records.Ops[i]
		r := cmp.Or(op.From, op.To)
		cluster, ours := model.ClusterOf(r, d.Settings.Owner)
		set, wanted := d.Want.Sets[r.Name]
		alias := found.Of[d.Settings.HostAt(model.RecordName{Zone: r.Zone, Name: strings.TrimPrefix(r.Name, model.OwnerPrefix)})]
		switch {
		case op.Verb == model.LookUp, ours && r.Name == model.OwnershipName(cluster, d.Settings.Owner):
		case alias != nil:
			op.Ingress, op.Turn = aliases.ingress[alias.Host], model.Tenant{Cluster: alias.Cluster}
		case ours && !wanted:
			op.Turn = model.Tenant{Cluster: cluster}
		case ours && set.Namespace != "":
			op.Turn = model.Tenant{Cluster: cluster, Namespace: set.Namespace}
		}
	}
}
