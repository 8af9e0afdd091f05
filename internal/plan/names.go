package plan

import (
	"fmt"
	"strings"
)

// Zone names are relative to the domain:
//
//	<set>.<cluster>.<owner>             an address set
//	_edgeward.<cluster>.<owner>  TXT    the claim of everything under <cluster>.<owner>
//
// (CONTRACT: "Names").

// NodesSet is the address set of all usable nodes, shared by all Services.
const NodesSet = "nodes"

func subtree(cluster, owner string) string { return cluster + "." + owner }

// SetName is the zone name of an address set.
func SetName(set, cluster, owner string) string { return set + "." + subtree(cluster, owner) }

// ClaimName is the zone name of a cluster's claim.
func ClaimName(cluster, owner string) string { return "_edgeward." + subtree(cluster, owner) }

const heritage = "heritage=edgeward,"

// ClaimData is the text of a cluster's claim; uid is that of its namespace
// kube-system, which lives as long as the cluster does.
func ClaimData(owner, uid string) string {
	return fmt.Sprintf("%sedgeward/owner=%s,edgeward/cluster=%s", heritage, owner, uid)
}

// claimedBy reads the cluster UID out of a claim's text; it is not ok for a
// text that is not a claim.
func claimedBy(data string) (uid string, ok bool) {
	if !strings.HasPrefix(data, heritage) {
		return "", false
	}
	_, uid, ok = strings.Cut(data, ",edgeward/cluster=")
	return uid, ok
}

// isClaim reports whether r claims the cluster's subtree for the owner, for
// whatever cluster it was that had this name.
func isClaim(r Record, cluster, owner string) bool {
	return r.Name == ClaimName(cluster, owner) && r.Type == "TXT" && strings.HasPrefix(r.Data, ClaimData(owner, ""))
}

// clusterOf returns the cluster to whose subtree a zone name belongs; it is not
// ok for a name that is not the owner's. <cluster>.<owner> itself is nobody's:
// edgeward makes nothing there.
func clusterOf(name, owner string) (cluster string, ok bool) {
	rest, ok := strings.CutSuffix(name, "."+owner)
	i := strings.LastIndexByte(rest, '.')
	return rest[i+1:], ok && i > 0
}
