// Package addresses has the sets of addresses that stand in DNS as the origins of
// rules: which addresses can be an origin at all, which of them a cluster's nodes
// have, and how many fit into one answer.
package addresses

import (
	"github.com/edgeward/edgeward/internal/model"
)

// Set is what stands at one name in DNS: an address record for each element of
// Addresses, or one CNAME. A set with neither has no addresses at present, and its last
// known ones stay in DNS.
type Set struct {
	Cluster   string
	Namespace string   // of the object that the set is for; "" if everybody shares it
	Addresses []string // IPv4 and IPv6, sorted
	Keep      []string // may stay where they stand, but are not added; sorted
	CNAME     string   // a host name, instead of addresses
	Surplus   []string // addresses that do not stand, since one answer carries no more; sorted
	Lacks     string   // why there are no addresses; "" if there are some
}

// Members returns what the records of the set hold: its addresses or its CNAME.
func (s Set) Members() []string {
	if s.CNAME != "" {
		return []string{s.CNAME}
	}
	return s.Addresses
}

// Empty reports whether the set has neither addresses nor a CNAME.
func (s Set) Empty() bool { return len(s.Members()) == 0 }

// Places returns the places of the set's records, where name is its name in the zone.
func (s Set) Places(name string) []model.Place {
	if s.CNAME != "" {
		return []model.Place{model.Record{Name: name, Type: "CNAME"}.Key()}
	}
	places := make([]model.Place, len(s.Addresses))
	for i, ip := range s.Addresses {
		places[i] = model.AddressRecord(name, ip, 0).Key()
	}
	return places
}
