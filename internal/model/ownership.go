package model

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// OwnerPrefix begins the names of the TXT records that say what is ours in a zone.
const OwnerPrefix = "_edgeward."

// heritage begins their texts.
const heritage = "heritage=edgeward,"

// OwnershipName returns the name of a cluster's ownership record in the zone of the
// origins.
func OwnershipName(cluster, owner string) string { return OwnerPrefix + Subtree(cluster, owner) }

// Ownership is what the ownership record of a cluster says, the TXT record at
// OwnershipName, by which the names below are the owner's for that cluster:
//
//	heritage=edgeward,edgeward/owner=<owner>,edgeward/cluster=<UID>,edgeward/cdns=<CDN>+<CDN>,edgeward/config=<hash>,edgeward/zones=<tag><tag>
//
// The last three are left out where they would be empty. They tell a daemon that starts
// with another configuration what it cannot read, and whether the selection has changed,
// which may be why something is not wanted any more.
type Ownership struct {
	Owner string
	UID   string // of the namespace kube-system, which lives as long as the cluster does
	// CDNs are those at which rules of the cluster stand or are about to, sorted.
	CDNs []Provider
	// Config is a hash of what the configuration selects in the cluster, see
	// desired.Cluster.
	Config string
	// Zones are the tags of the zones in which hosts of the cluster are led to a CDN, or
	// may be, sorted; see ZoneTag.
	Zones []string
}

// maxText is how many characters one string of a TXT record holds (RFC 1035, section
// 3.3).
const maxText = 255

// String returns the text of the record. Zones that do not fit stand as anyZone.
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

// ParseOwnership reads the text of an ownership record. It is not ok for any other text.
// Fields that a later version may have added are passed over.
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

// And returns the ownership with the CDNs and zones of both.
func (o Ownership) And(also Ownership) Ownership {
	o.CDNs = union(o.CDNs, also.CDNs)
	o.Zones = union(o.Zones, also.Zones)
	return o
}

// union holds each element of both lists once, sorted.
func union[S ~string](a, b []S) []S {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// anyZone stands for zones that are too many for one record.
const anyZone = "*"

// ListsCDN reports whether the record says that there may be rules at a CDN.
func (o Ownership) ListsCDN(cdn Provider) bool { return slices.Contains(o.CDNs, cdn) }

// ListsZone reports whether it says that hosts may be led to a CDN in a zone.
func (o Ownership) ListsZone(zone string) bool {
	return slices.Contains(o.Zones, ZoneTag(zone)) || slices.Contains(o.Zones, anyZone)
}

// ZoneTag returns what stands for a zone in an ownership record, where there is little
// room: 18 bits of a SHA-256, in base64url. Two zones with one tag do no harm: at worst
// something is kept for the other's sake.
func ZoneTag(zone string) string {
	sum := sha256.Sum256([]byte(zone))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:zoneTagSize]
}

const zoneTagSize = 3 // characters

// IsOwnership reports whether r is the ownership record of the cluster's name for the
// owner, whichever cluster had that name.
func IsOwnership(r *Record, cluster, owner string) bool {
	o, ok := ParseOwnership(r.Data)
	return ok && o.Owner == owner && r.Type == "TXT" && r.Name == OwnershipName(cluster, owner)
}

// AliasLabel returns the text of the TXT record that says whose the CNAME of a published
// host is. It stands at RecordName.OwnerName.
func AliasLabel(owner, cluster string) string {
	return heritage + "edgeward/owner=" + owner + ",edgeward/publisher=" + cluster
}

// ParseAliasLabel returns the cluster for which an owner led a published host to a CDN. It
// is not ok for any other record.
func ParseAliasLabel(r *Record, owner string) (cluster string, ok bool) {
	if r.Type != "TXT" || !strings.HasPrefix(r.Name, OwnerPrefix) {
		return "", false
	}
	return strings.CutPrefix(r.Data, AliasLabel(owner, ""))
}
