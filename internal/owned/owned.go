// Package owned sorts out which objects at the providers are ours, and of which cluster.
package owned

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Objects are the objects of one cluster at the providers that are ours,
// whether or not the configuration still names the cluster. Records below a
// name that nobody claimed for us are not ours.
type Objects struct {
	Rules   []model.Rule
	Records []model.Record // all below the cluster's name but the ownership record
	Claims  []model.Record // the ownership record, a TXT; only duplicates make it more
	// CNAMEs of published hosts, and Marks, the owner labels that make them ours.
	CNAMEs, Marks []model.Record
	// Unmarked are rules that nobody marked and whose origin is a name of the cluster:
	// they were let go of, or made by others, and hold these names. Only an adoption makes
	// them ours.
	Unmarked []model.Rule
	// Kept are those of all these that something else may rest on, by their IDs, each
	// with what that is: they cannot go.
	Kept map[string]string
}

// All sorts out what of an owner stands at the providers, by cluster.
func All(rules []*model.Rule, records observed.View[model.Record], set model.Settings) map[string]*Objects {
	all := make(map[string]*Objects)
	of := func(cluster string) *Objects {
		if all[cluster] == nil {
			all[cluster] = &Objects{Kept: make(map[string]string)}
		}
		return all[cluster]
	}
	named := make(map[string]string) // by what cannot go
	for _, r := range rules {
		if m, ok := r.OwnerLabel(); ok && m.Owner == set.Owner {
			of(m.Cluster).Rules = append(of(m.Cluster).Rules, *r)
		} else if name, ok := model.Relative(r.SourceHost, set.Domain); ok {
			named[name] = "rules of others use them"
		}
	}
	claims := make(map[string]model.Ownership)
	for _, r := range records.Objects {
		if cluster, ok := model.ClusterOf(r, set.Owner); ok && model.IsOwnership(r, cluster, set.Owner) {
			said, _ := model.ParseOwnership(r.Data)
			claims[cluster] = said.And(claims[cluster])
			of(cluster).Claims = append(of(cluster).Claims, *r)
		}
	}
	marked := make(map[model.RecordName]string) // cluster
	for _, r := range records.Objects {
		if cluster, ours := model.ParseAliasLabel(r, set.Owner); ours {
			marked[model.RecordName{Zone: r.Zone, Name: strings.TrimPrefix(r.Name, model.OwnerPrefix)}] = cluster
			of(cluster).Marks = append(of(cluster).Marks, *r)
		}
	}
	for _, r := range records.Objects {
		if cluster, ours := marked[model.RecordName{Zone: r.Zone, Name: r.Name}]; ours && r.Type == "CNAME" {
			of(cluster).CNAMEs = append(of(cluster).CNAMEs, *r)
		}
	}
	for cluster, h := range all {
		if said := claims[cluster]; len(said.CDNs) == 0 && h.restsOnOthers(cluster, rules, records, set) {
			said.CDNs = set.UnknownCDNs()
			claims[cluster] = said
		}
		h.keep(claims[cluster], rules, records, set, named)
	}
	for _, r := range rules {
		name, _ := model.Relative(r.SourceHost, set.Domain)
		if cluster, ok := model.ClusterOf(&model.Record{Name: name}, set.Owner); ok && !r.Labelled() && all[cluster] != nil && len(all[cluster].Claims) > 0 {
			h := of(cluster)
			h.Unmarked = append(h.Unmarked, *r)
			h.Kept[r.ID] = "nobody marked them: edgeward let go of them, or somebody else made them"
		}
	}
	for _, r := range records.Objects {
		cluster, ok := model.ClusterOf(r, set.Owner)
		claimed := ok && all[cluster] != nil && len(all[cluster].Claims) > 0
		_, mark := model.ParseAliasLabel(r, set.Owner)
		if !ok || !claimed || mark || model.IsOwnership(r, cluster, set.Owner) {
			continue
		}
		h := of(cluster)
		h.Records = append(h.Records, *r)
		if why, ok := named[r.Name]; ok {
			h.Kept[r.ID] = why
		} else if unread := set.Unread(claims[cluster]); len(unread) > 0 {
			h.Kept[r.ID] = unreadCDN(unread)
		}
	}
	for _, h := range all {
		if len(h.Kept) > 0 {
			for _, r := range h.Claims {
				h.Kept[r.ID] = "it protects what is kept"
			}
		}
		for _, list := range [][]model.Rule{h.Rules, h.Unmarked} {
			slices.SortFunc(list, func(a, b model.Rule) int { return a.RuleKey.Compare(b.RuleKey) })
		}
		for _, list := range [][]model.Record{h.Records, h.Claims, h.CNAMEs, h.Marks} {
			slices.SortFunc(list, func(a, b model.Record) int { return a.Key().Compare(b.Key()) })
		}
	}
	return all
}

// restsOnOthers reports whether an address of the cluster stands that no rule names, or
// one of its hosts is led to a name that no rule has. Where no ownership record says at which CDNs
// it has rules that may be for one that is not in the configuration.
func (h *Objects) restsOnOthers(cluster string, rules []*model.Rule, records observed.View[model.Record], set model.Settings) bool {
	used := make(map[string]bool)
	for _, r := range rules {
		used[strings.ToLower(r.SourceHost)] = true
		used[set.CDN(r.CDN).HostOf(r)] = true
	}
	return slices.ContainsFunc(h.CNAMEs, func(r model.Record) bool { return !used[r.Data] }) ||
		slices.ContainsFunc(records.Objects, func(r *model.Record) bool {
			in, ok := model.ClusterOf(r, set.Owner)
			return ok && in == cluster && r.Resolves() && !used[r.Name+"."+set.Domain]
		})
}

// keep finds the rules to which a host may be led in a zone that is not read, and the
// hosts that may be led to a CDN that is not. The origins' names that have to stay for
// that are added to named.
func (h *Objects) keep(said model.Ownership, rules []*model.Rule, records observed.View[model.Record], set model.Settings, named map[string]string) {
	for _, r := range h.Rules {
		why := ""
		at, ok := set.ZoneOf(r.Host)
		if zone := set.UnlistedZone(said, r.Host); zone != "" {
			why = fmt.Sprintf("their hosts may be led to them in zone %s, which is not in %s any more (list it there, or in sync.forget)", zone, set.DNS.Key("publish_zones"))
		} else if fault := records.Part(at.Zone).Fault; ok && fault != "" {
			why = "their hosts may be led to them in a zone that cannot be read: " + fault
		}
		if why == "" {
			continue
		}
		h.Kept[r.ID] = why
		if name, ok := model.Relative(r.SourceHost, set.Domain); ok {
			named[name] = "the rule " + r.RuleKey.String() + " is kept, which uses them"
		}
	}
	unread := set.Unread(said)
	if len(unread) == 0 {
		return
	}
	read := make(map[string]bool) // names at the CDNs that were read
	for _, cdn := range set.CDNs {
		read[cdn.Host] = true
	}
	for _, r := range rules {
		read[set.CDN(r.CDN).HostOf(r)] = true
	}
	for _, r := range h.CNAMEs {
		if read[r.Data] {
			continue
		}
		h.Kept[r.ID] = unreadCDN(unread)
		for _, rule := range h.Rules { // by a CDN's one name, that is not known any more
			cdn := set.CDN(rule.CDN)
			if cdn.OneName && cdn.Host == "" && r.Name+"."+cmp.Or(r.Zone, set.Domain) == rule.Host {
				h.Kept[rule.ID] = "their hosts may be led to them, which " + cdn.HostKey + " does not say any more"
			}
		}
		for _, mark := range h.Marks {
			if mark.Zone == r.Zone && mark.Name == model.OwnerPrefix+r.Name {
				h.Kept[mark.ID] = unreadCDN(unread)
			}
		}
	}
}

// unreadCDN says why something stays for the sake of CDNs that the configuration lacks.
func unreadCDN(cdns []model.Provider) string {
	return fmt.Sprintf("rules of %s may use them, which is not in the configuration (put its section back, or list it in sync.forget)", model.Joined(cdns, " and "))
}
