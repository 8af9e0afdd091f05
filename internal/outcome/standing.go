package outcome

import (
	"cmp"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// standing is a rule of ours that stands.
type standing struct {
	rule     *model.Rule
	ingress  model.IngressID
	hostname string // the CDN's name for what is served at its host and path; "": not known (yet)
	routed   bool   // a route accounts for it
}

// findStanding returns the rules of ours that stand for the clusters of the configuration,
// in the order of their keys.
func findStanding(o *Overview) (all []standing) {
	for _, r := range o.Rules {
		label, ok := r.OwnerLabel()
		if _, configured := o.Want.Clusters[label.Cluster]; ok && configured && label.Owner == o.Settings.Owner {
			all = append(all, standing{rule: r, ingress: label.IngressID})
		}
	}
	for rest := all; len(rest) > 0; {
		here := firstKey(rest)
		rest = rest[len(here):]
		name := hostname(o, here)
		for i := range here {
			here[i].hostname = name
		}
	}
	return all
}

// hostname is the CDN's name at which the rules of one host and path are served. Of two
// rules, while one takes over from the other, it is that of the wanted one.
func hostname(o *Overview, here []standing) (first string) {
	for _, s := range here {
		name := o.Settings.CDN(s.rule.CDN).HostOf(s.rule)
		if name == "" || s.rule.Pending {
			continue
		}
		if len(here) > 1 && o.Want.Route(s.rule.RuleKey).Rule.SameAs(s.rule) {
			return name
		}
		first = cmp.Or(first, name)
	}
	return first
}

// firstKey returns those at the beginning of a list that have the key of the first.
func firstKey(all []standing) []standing {
	n := 0
	for n < len(all) && all[n].rule.RuleKey == all[0].rule.RuleKey {
		n++
	}
	return all[:n]
}

// at returns those of a list, in the order of their keys, that have a key.
func at(all []standing, key model.RuleKey) []standing {
	i, ok := slices.BinarySearchFunc(all, key, func(s standing, key model.RuleKey) int { return s.rule.RuleKey.Compare(key) })
	if !ok {
		return nil
	}
	return firstKey(all[i:])
}

// serving chooses among the rules at one host and path the one that serves a route which is
// wanted there: the one that is as it shall be, or else the first. It is nil if there is none.
func serving(here []standing, want *desired.Route) *standing {
	for i := range here {
		if want.Rule.SameAs(here[i].rule) {
			return &here[i]
		}
	}
	if len(here) == 0 {
		return nil
	}
	return &here[0]
}

// standingFor is the first of the rules at one host and path that stands for an Ingress;
// nil if none does.
func standingFor(here []standing, id model.IngressID) *standing {
	for i := range here {
		if here[i].ingress == id {
			return &here[i]
		}
	}
	return nil
}
