package plan

import (
	"slices"
	"strings"
)

// Holdings are the objects of one cluster at the providers that are ours,
// whether or not the configuration still names the cluster.
type Holdings struct {
	Rules     []Rule
	Addresses []Record // all below the cluster's name but the claim
	Claims    []Record // the TXT record; only duplicates make it more
	// Kept are addresses whose names rules of others use: they cannot go.
	Kept []Record
}

// AllHoldings sorts out what of an owner stands at the providers, by cluster.
func AllHoldings(rules []Rule, records []Record, owner, domain string) map[string]*Holdings {
	all := make(map[string]*Holdings)
	of := func(cluster string) *Holdings {
		if all[cluster] == nil {
			all[cluster] = new(Holdings)
		}
		return all[cluster]
	}
	named := make(map[string]bool) // by rules that are not ours
	for _, r := range rules {
		if m, ok := r.Mark(); ok && m.Owner == owner {
			of(m.Cluster).Rules = append(of(m.Cluster).Rules, r)
		} else if name, ok := relative(r.SourceHost, domain); ok {
			named[name] = true
		}
	}
	for _, r := range records {
		cluster, ok := clusterOf(r.Name, owner)
		if !ok {
			continue
		}
		switch h := of(cluster); {
		case r.Name == ClaimName(cluster, owner) && r.Type == "TXT":
			h.Claims = append(h.Claims, r)
		case named[r.Name]:
			h.Kept = append(h.Kept, r)
		default:
			h.Addresses = append(h.Addresses, r)
		}
	}
	for _, h := range all {
		slices.SortFunc(h.Rules, func(a, b Rule) int { return a.RuleKey.Compare(b.RuleKey) })
		for _, list := range [][]Record{h.Addresses, h.Claims, h.Kept} {
			slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Key(), b.Key()) })
		}
	}
	return all
}
