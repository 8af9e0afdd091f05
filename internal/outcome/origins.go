package outcome

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
)

// Origin is a name in the zone that has addresses, or shall have some.
type Origin struct {
	Name      string // in full
	Cluster   string
	Used      bool // a route names it
	Addresses []Address
}

// Address is one address of an origin.
type Address struct {
	Type    string // of the record: "A", …
	Address string
	State   AddressState
	Nodes   []Node   // that have it
	Failure *Failure // the operation on its record that fails; nil: none
}

// AddressState is what is to become of an address.
type AddressState string

const (
	Standing AddressState = "standing" // in DNS, and stays
	Adding   AddressState = "adding"   // not in DNS yet
	Removing AddressState = "removing" // in DNS, but goes
)

// Origins returns the origins by name, each with its addresses by number. The Ingresses are
// those of the overview, see Of.
func Origins(o *Overview, ingresses map[model.IngressID]*Ingress) []Origin {
	j := originJoin{Overview: o, origins: make(map[string]*Origin), used: make(map[string]bool), nodes: nodesByAddress(o.Nodes), failures: findFailures(o.Failures)}
	for _, in := range ingresses {
		for _, r := range in.Routes {
			if rule := r.Rule(); rule != nil {
				j.used[rule.SourceHost] = true
			}
		}
	}
	j.addStanding()
	j.addWanted()
	var all []Origin
	for _, origin := range j.origins {
		slices.SortFunc(origin.Addresses, func(a, b Address) int {
			return cmp.Or(number(a.Address).Compare(number(b.Address)), cmp.Compare(a.Address, b.Address))
		})
		if len(origin.Addresses) > 0 || origin.Used {
			all = append(all, *origin)
		}
	}
	slices.SortFunc(all, func(a, b Origin) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// originJoin brings together what an overview says of each origin.
type originJoin struct {
	*Overview
	origins  map[string]*Origin // by zone name
	used     map[string]bool    // by full name
	nodes    map[nodeAddress][]Node
	failures failures
}

// origin returns what has a zone name, to add to.
func (j *originJoin) origin(cluster, name string) *Origin {
	origin := j.origins[name]
	if origin == nil {
		full := name + "." + j.Settings.Domain
		origin = &Origin{Name: full, Cluster: cluster, Used: j.used[full]}
		j.origins[name] = origin
	}
	return origin
}

// addStanding adds the addresses that stand below the names of the configuration's clusters.
// Below a name that no cluster of ours owns they are somebody else's.
func (j *originJoin) addStanding() {
	owned := make(map[string]bool)
	for _, r := range j.Records {
		if cluster, ok := model.ClusterOf(r, j.Settings.Owner); ok && model.IsOwnership(r, cluster, j.Settings.Owner) {
			owned[cluster] = true
		}
	}
	for _, r := range j.Records {
		cluster, ok := model.ClusterOf(r, j.Settings.Owner)
		_, configured := j.Want.Clusters[cluster]
		_, alias := model.ParseAliasLabel(r, j.Settings.Owner)
		if ok && configured && owned[cluster] && !alias && !model.IsOwnership(r, cluster, j.Settings.Owner) {
			j.add(cluster, *r, j.future(cluster, r))
		}
	}
}

// addWanted adds the addresses that are missing where something stands or a route leads.
func (j *originJoin) addWanted() {
	for name, set := range j.Want.Sets {
		if j.origins[name] == nil && !j.used[name+"."+j.Settings.Domain] {
			continue
		}
		stands := make(map[string]bool)
		for _, a := range j.origin(set.Cluster, name).Addresses {
			stands[a.Address] = true
		}
		for _, a := range set.Members() {
			if !stands[a] {
				j.add(set.Cluster, model.Record{Name: name, Type: recordType(a), Data: a}, Adding)
			}
		}
	}
}

func (j *originJoin) add(cluster string, r model.Record, s AddressState) {
	origin := j.origin(cluster, r.Name)
	origin.Addresses = append(origin.Addresses, Address{
		Type: r.Type, Address: r.Data, State: s,
		Nodes: j.nodes[nodeAddress{cluster, canonical(r.Data)}], Failure: j.failures.at[r.Key()],
	})
}

// future is what is to become of a record of ours that stands.
func (j *originJoin) future(cluster string, r *model.Record) AddressState {
	set, wanted := j.Want.Sets[r.Name]
	_, stale := j.Step.Stale[r.Name]
	switch {
	case j.Want.Clusters[cluster] == nil, stale:
		return Standing
	case wanted && (slices.Contains(set.Members(), r.Data) || slices.Contains(set.Keep, r.Data)):
		return Standing
	}
	return Removing
}

// canonical is an IP address as it stands in DNS; anything else stays.
func canonical(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return ip.String()
	}
	return address
}

// number makes addresses comparable; names have the zero one.
func number(address string) netip.Addr {
	ip, _ := netip.ParseAddr(address)
	return ip
}

// recordType is the type of the record that holds an address or name.
func recordType(address string) string {
	switch ip := number(address); {
	case ip.Is4():
		return "A"
	case ip.Is6():
		return "AAAA"
	}
	return "CNAME"
}
