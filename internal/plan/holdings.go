package plan

import (
	"slices"
	"strings"
)

// Holdings are the objects of one cluster at the providers that are ours,
// whether or not the configuration still names the cluster. Records below a
// name that nobody claimed for us are not ours.
type Holdings struct {
	Rules   []Rule
	Records []Record // all below the cluster's name but the claim and those kept
	Claims  []Record // the TXT record; only duplicates make it more
	// Kept are records whose names rules of others use: they cannot go.
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
	claimed := make(map[string]bool)
	for _, r := range records {
		if cluster, ok := clusterOf(r.Name, owner); ok && isClaim(r, cluster, owner) {
			claimed[cluster] = true
			of(cluster).Claims = append(of(cluster).Claims, r)
		}
	}
	for _, r := range records {
		cluster, ok := clusterOf(r.Name, owner)
		switch {
		case !ok || !claimed[cluster] || isClaim(r, cluster, owner):
		case named[r.Name]:
			of(cluster).Kept = append(of(cluster).Kept, r)
		default:
			of(cluster).Records = append(of(cluster).Records, r)
		}
	}
	for _, h := range all {
		slices.SortFunc(h.Rules, func(a, b Rule) int { return a.RuleKey.Compare(b.RuleKey) })
		for _, list := range [][]Record{h.Records, h.Claims, h.Kept} {
			slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Key(), b.Key()) })
		}
	}
	return all
}
