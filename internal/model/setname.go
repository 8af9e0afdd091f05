package model

import "strings"

// Names in the zone of the origins, relative to its domain:
//
//	<set>.<cluster>.<owner>             an address set
//	_edgeward.<cluster>.<owner>  TXT    whose all names below <cluster>.<owner> are, see Ownership
//
// A set is called "nodes", or "<object>.<namespace>.<kind>" after the Service or Ingress
// that it is for.

// The address sets of all usable nodes, which all Services share. NodesSet has their
// addresses of both families, unless a Service behind it answers in one only. The other
// two are for such Services where NodesSet has addresses of both.
const (
	NodesSet     = "nodes"
	NodesIPv4Set = "nodes-v4"
	NodesIPv6Set = "nodes-v6"
)

// Kinds of sets that are for one object. A set that is a CNAME has CNAMEKind appended to
// its kind, since a CNAME cannot share its name with addresses (RFC 1034, section 3.6.2).
const (
	KindLocal    = "local"  // the nodes with an endpoint of a Service
	KindBalancer = "lb"     // the addresses of a Service's load balancer
	KindExternal = "ext"    // a Service's externalIPs or externalName
	KindStatus   = "status" // the addresses in an Ingress's status
	CNAMEKind    = "-cname"
)

// Subtree returns the name below which all sets of a cluster lie.
func Subtree(cluster, owner string) string { return cluster + "." + owner }

// SetName returns the name of an address set in the zone of the origins.
func SetName(set, cluster, owner string) string { return set + "." + Subtree(cluster, owner) }

// ObjectSet returns what the set of a kind for one object is called, in at most room
// characters. Too long a name is cut, and a hash keeps it apart from others: one of 64
// bits, so that nobody finds a name that shares its set with another's. The hash alone
// fits wherever an ownership record does; where there is no more room it is cut, too.
func ObjectSet(kind, namespace, name string, room int) string {
	object := name + "." + namespace
	full := object + "." + kind
	if len(full) <= room && longestLabel(full) <= MaxLabel {
		return full
	}
	tag := Hash(full)
	space := min(room-len(kind)-len(tag)-2, MaxLabel-len(tag)-1) // "<cut>-<tag>.<kind>"
	if space < 1 {
		return "h" + tag[:min(len(tag), room-1)]
	}
	cut := strings.ReplaceAll(object[:min(space, len(object))], ".", "-")
	return cut + "-" + tag + "." + kind
}

func longestLabel(name string) int {
	longest := 0
	for label := range strings.SplitSeq(name, ".") {
		longest = max(longest, len(label))
	}
	return longest
}

// ClusterOf returns the cluster to whose subtree a record belongs. It is not ok for a
// record that is not the owner's. <cluster>.<owner> itself is nobody's, since edgeward
// makes nothing there.
func ClusterOf(r *Record, owner string) (cluster string, ok bool) {
	rest, ok := strings.CutSuffix(r.Name, "."+owner)
	i := strings.LastIndexByte(rest, '.')
	return rest[i+1:], ok && i > 0 && r.Zone == ""
}
