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
	// CNAMEs of published hosts, and Marks, which make them ours.
	CNAMEs, Marks []Record
	// Kept are records whose names rules of others use: they cannot go.
	Kept []Record
}

// AllHoldings sorts out what of an owner stands at the providers, by cluster.
func AllHoldings(rules []*Rule, records []*Record, owner, domain string) map[string]*Holdings {
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
			of(m.Cluster).Rules = append(of(m.Cluster).Rules, *r)
		} else if name, ok := relative(r.SourceHost, domain); ok {
			named[name] = true
		}
	}
	claimed := make(map[string]bool)
	for _, r := range records {
		if cluster, ok := clusterOf(r, owner); ok && isClaim(r, cluster, owner) {
			claimed[cluster] = true
			of(cluster).Claims = append(of(cluster).Claims, *r)
		}
	}
	for _, r := range records {
		cluster, ok := clusterOf(r, owner)
		switch {
		case !ok || !claimed[cluster] || isClaim(r, cluster, owner):
		case named[r.Name]:
			of(cluster).Kept = append(of(cluster).Kept, *r)
		default:
			of(cluster).Records = append(of(cluster).Records, *r)
		}
	}
	marked := make(map[string]string) // cluster, by zone and name of a published host
	for _, r := range records {
		name, below := strings.CutPrefix(r.Name, markLabel)
		if cluster, ours := strings.CutPrefix(r.Data, publishMark(owner)); below && ours && r.Type == "TXT" {
			marked[r.Zone+" "+name] = cluster
			of(cluster).Marks = append(of(cluster).Marks, *r)
		}
	}
	for _, r := range records {
		if cluster, ours := marked[r.Zone+" "+r.Name]; ours && r.Type == "CNAME" {
			of(cluster).CNAMEs = append(of(cluster).CNAMEs, *r)
		}
	}
	for _, h := range all {
		slices.SortFunc(h.Rules, func(a, b Rule) int { return a.RuleKey.Compare(b.RuleKey) })
		for _, list := range [][]Record{h.Records, h.Claims, h.CNAMEs, h.Marks, h.Kept} {
			slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Key(), b.Key()) })
		}
	}
	return all
}
