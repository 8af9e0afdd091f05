package status

import (
	"cmp"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/owned"
	"github.com/edgeward/edgeward/internal/plan"
	"net/netip"
	"slices"
)

// addOrigins lists the names in the zone that shall have addresses or have
// some. The routes are known.
func (c *catalog) addOrigins(holdings map[string]*owned.Objects) {
	all := make(map[string]*Origin) // by zone name
	of := func(cluster, name string) *Origin {
		if all[name] == nil {
			all[name] = &Origin{Name: name + "." + c.o.Settings.Domain, Cluster: cluster, Addresses: []Address{}}
		}
		return all[name]
	}
	nodes := make(map[string]map[string][]Node)
	for cluster := range c.o.Want.Clusters {
		nodes[cluster] = c.nodesByAddress(cluster)
		if h := holdings[cluster]; h != nil {
			for _, r := range h.Records {
				o := of(cluster, r.Name)
				o.Addresses = append(o.Addresses, c.address(cluster, r, c.fate(cluster, r), nodes[cluster]))
			}
		}
	}
	used := make(map[string]bool)
	for _, i := range c.Ingresses {
		for _, r := range i.Routes {
			used[r.Origin] = true
		}
	}
	for name, set := range c.o.Want.Sets {
		if all[name] == nil && !used[name+"."+c.o.Settings.Domain] {
			continue
		}
		o := of(set.Cluster, name)
		for _, a := range set.Members() {
			if !slices.ContainsFunc(o.Addresses, func(have Address) bool { return have.Address == a }) {
				missing := model.Record{Name: name, Type: recordType(a), Data: a}
				o.Addresses = append(o.Addresses, c.address(set.Cluster, missing, Adding, nodes[set.Cluster]))
			}
		}
	}
	c.Origins = []Origin{}
	for _, o := range all {
		o.Used = used[o.Name]
		slices.SortFunc(o.Addresses, func(a, b Address) int {
			return cmp.Or(order(a.Address).Compare(order(b.Address)), cmp.Compare(a.Address, b.Address))
		})
		if len(o.Addresses) > 0 || o.Used {
			c.Origins = append(c.Origins, *o)
		}
	}
	slices.SortFunc(c.Origins, func(a, b Origin) int { return cmp.Compare(a.Name, b.Name) })
}

// fate is what is to become of a record of ours that stands.
func (c *catalog) fate(cluster string, r model.Record) AddressState {
	set, wanted := c.o.Want.Sets[r.Name]
	switch {
	case c.o.Want.Clusters[cluster] == nil, c.o.Step.Stale[r.Name] != plan.Stale{}:
		return Standing
	case wanted && (slices.Contains(set.Members(), r.Data) || slices.Contains(set.Keep, r.Data)):
		return Standing
	}
	return Removing
}

func (c *catalog) address(cluster string, r model.Record, s AddressState, nodes map[string][]Node) Address {
	return Address{Type: r.Type, Address: r.Data, State: s, Nodes: nodes[canonical(r.Data)], Failure: c.failures[r.Key()]}
}

// nodesByAddress tells which nodes of a cluster have an address, of whatever
// type it is.
func (c *catalog) nodesByAddress(cluster string) map[string][]Node {
	index := make(map[string][]Node)
	for _, n := range c.o.Nodes[cluster] {
		for _, a := range n.Addresses {
			ip, node := canonical(a.Address), Node{n.Name, trouble(n)}
			if !slices.Contains(index[ip], node) {
				index[ip] = append(index[ip], node)
			}
		}
	}
	for _, list := range index {
		slices.SortFunc(list, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	}
	return index
}

// canonical is an IP address as it stands in DNS; anything else stays.
func canonical(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		return ip.String()
	}
	return address
}

// order makes addresses comparable by number; names have the zero one.
func order(address string) netip.Addr {
	ip, _ := netip.ParseAddr(address)
	return ip
}

// recordType is the type of the record that holds an address or name.
func recordType(address string) string {
	switch ip := order(address); {
	case ip.Is4():
		return "A"
	case ip.Is6():
		return "AAAA"
	}
	return "CNAME"
}
