package model

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

const OwnerPrefix = "_edgeward."

const heritage = "heritage=edgeward,"

// OwnershipName is the zone name of a cluster's claim.
func OwnershipName(cluster, owner string) string { return OwnerPrefix + Subtree(cluster, owner) }

// Ownership is what the claim of a cluster says, the text of the TXT record at
// ClaimName:
//
//	heritage=edgeward,edgeward/owner=<owner>,edgeward/cluster=<UID>,edgeward/cdns=<CDN>+<CDN>,edgeward/config=<hash>,edgeward/zones=<tag><tag>
//
// The last three are left out where they would be empty. They are there for a start
// with another configuration: it knows by them what it cannot read, and whether another
// selection may be why something is not wanted any more.
type Ownership struct {
	Owner string
	UID   string // of the namespace kube-system, which lives as long as the cluster does
	// CDNs are those at which rules of the cluster stand or are about to, sorted.
	CDNs []Provider
	// Config is a hash of what the configuration selects in the cluster; see
	// Cluster.Selection.
	Config string
	// Zones are the tags of the zones in which hosts of the cluster are led to a CDN, or
	// may be, sorted; see zoneTag.
	Zones []string
}

// maxText is how many characters one string of a TXT record holds (RFC 1035,
// section 3.3).
const maxText = 255

// String is the claim's text. Zones that do not fit are anyZone together.
func (o Ownership) String() string {
	text := heritage + "edgeward/owner=" + o.Owner + ",edgeward/cluster=" + o.UID
	if len(o.CDNs) > 0 {
		text += ",edgeward/cdns=" + Joined(o.CDNs, "+")
	}
	if o.Config != "" {
		text += ",edgeward/config=" + o.Config
	}
	if len(o.Zones) == 0 {
		return text
	}
	zones := ",edgeward/zones=" + strings.Join(o.Zones, "")
	if len(text)+len(zones) > maxText || slices.Contains(o.Zones, anyZone) {
		zones = ",edgeward/zones=" + anyZone
	}
	return text + zones
}

// ParseOwnership reads a claim's text; it is not ok for one that is none. What a
// later version may have added is passed over.
func ParseOwnership(text string) (o Ownership, ok bool) {
	rest, ok := strings.CutPrefix(text, heritage)
	if !ok {
		return Ownership{}, false
	}
	for field := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "edgeward/owner":
			o.Owner = value
		case "edgeward/cluster":
			o.UID = value
		case "edgeward/cdns":
			for name := range strings.SplitSeq(value, "+") {
				if name != "" {
					o.CDNs = append(o.CDNs, Provider(name))
				}
			}
		case "edgeward/config":
			o.Config = value
		case "edgeward/zones":
			if value == anyZone {
				o.Zones = []string{anyZone}
				continue
			}
			for tag := range slices.Chunk([]byte(value), zoneTagSize) {
				if len(tag) == zoneTagSize {
					o.Zones = append(o.Zones, string(tag))
				}
			}
		}
	}
	return o, o.Owner != "" && o.UID != ""
}

// And is what both say together of CDNs and zones.
func (o Ownership) And(also Ownership) Ownership {
	o.CDNs = union(o.CDNs, also.CDNs)
	o.Zones = union(o.Zones, also.Zones)
	return o
}

// union holds each element of both lists once, sorted.
func union[S ~string](a, b []S) []S {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// anyZone stands for zones that are too many to be told.
const anyZone = "*"

// ListsCDN reports whether the claim says that there may be rules at a CDN.
func (o Ownership) ListsCDN(cdn Provider) bool { return slices.Contains(o.CDNs, cdn) }

// ListsZone reports whether it says that hosts may be led to a CDN in a zone.
func (o Ownership) ListsZone(zone string) bool {
	return slices.Contains(o.Zones, ZoneTag(zone)) || slices.Contains(o.Zones, anyZone)
}

// ZoneTag is a zone in a claim: 18 bits of its hash, as there is room for little. Two
// zones of one tag do no harm: at worst something is kept for the other's sake.
func ZoneTag(zone string) string {
	sum := sha256.Sum256([]byte(zone))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:zoneTagSize]
}

const zoneTagSize = 3 // characters

// IsOwnership reports whether r claims the cluster's subtree for the owner, for
// whatever cluster it was that had this name.
func IsOwnership(r *Record, cluster, owner string) bool {
	o, ok := ParseOwnership(r.Data)
	return ok && o.Owner == owner && r.Type == "TXT" && r.Name == OwnershipName(cluster, owner)
}

// AliasLabel is the text of the TXT record that marks a published host's name as an
// owner's: below _edgeward, beside the CNAME.
func AliasLabel(owner, cluster string) string {
	return heritage + "edgeward/owner=" + owner + ",edgeward/publisher=" + cluster
}

// ParseAliasLabel reads the cluster out of the mark of a published host; it is not ok for
// any other record.
func ParseAliasLabel(r *Record, owner string) (cluster string, ok bool) {
	if r.Type != "TXT" || !strings.HasPrefix(r.Name, OwnerPrefix) {
		return "", false
	}
	return strings.CutPrefix(r.Data, AliasLabel(owner, ""))
}
