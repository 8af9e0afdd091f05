package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Usable nodes make three sets: one of all their addresses, which all Services share,
// and one for each family. A Service that answers in one family only needs its origin
// to have no addresses of the other. It shares the set of all nodes while that has none,
// so that the first IPv6 node does not move every rule: then the set goes without IPv6
// for as long as such a Service shares it.

// familiesOf returns the families in which a Service answers.
func familiesOf(svc kube.Service) addresses.Families {
	return addresses.Families{V4: !svc.Families.OnlyIPv6, V6: !svc.Families.OnlyIPv4}
}

// standingNodeSets is what stands at the names of the sets of nodes.
type standingNodeSets struct {
	all addresses.Families // of all addresses in the set of all nodes
	// current are the families of those addresses in the set of all nodes that the nodes
	// have as they are now; others are on their way out, or somebody put them there. If
	// there are none, it is all.
	current addresses.Families
	single  addresses.Families // the families whose own set has addresses
}

// standingNodeSets finds out what stands at the names of the sets of nodes.
func (m *mapper) standingNodeSets() standingNodeSets {
	var s standingNodeSets
	nodes := m.nodes.Set(m.Name, addresses.OnEveryNode(addresses.BothFamilies()), "")
	for _, r := range m.recordsAt(m.nodeSets.all) {
		family := addresses.Families{V4: r.Type == "A", V6: r.Type == "AAAA"}
		s.all = s.all.Or(family)
		if ordered.Contains(nodes.Addresses, r.Data) || ordered.Contains(nodes.Keep, r.Data) {
			s.current = s.current.Or(family)
		}
	}
	if s.current.None() {
		s.current = s.all
	}
	s.single = addresses.Families{V4: len(m.recordsAt(m.nodeSets.v4)) > 0, V6: len(m.recordsAt(m.nodeSets.v6)) > 0}
	return s
}

// recordsAt returns the records at a name in the zone of the origins.
func (m *mapper) recordsAt(name string) []*model.Record {
	list := m.Standing.Records
	from, _ := slices.BinarySearchFunc(list, name, func(r *model.Record, name string) int {
		return cmp.Or(strings.Compare(r.Zone, ""), strings.Compare(r.Name, name))
	})
	to := from
	for to < len(list) && list[to].Zone == "" && list[to].Name == name {
		to++
	}
	return list[from:to]
}

// nodeSetFor returns the zone name of the set of the nodes that answer on a Service's
// node ports, for what is published at key.
func (m *mapper) nodeSetFor(svc kube.Service, key model.RuleKey) string {
	if svc.Local {
		return m.objectSetName(model.KindLocal, svc.Namespace, svc.Name)
	}
	on := familiesOf(svc)
	if on.Both() || m.sharesAllNodes(on, key) {
		return m.nodeSets.all
	}
	return m.nodeSets.only(on)
}

// sharesAllNodes reports whether a Service that answers in one family only shares the
// set of all nodes, for what is published at key.
func (m *mapper) sharesAllNodes(on addresses.Families, key model.RuleKey) bool {
	switch {
	case m.standsFrom(m.nodeSets.only(on), key), m.standing.current.Meets(on.Others()):
		return false
	case m.standsFrom(m.nodeSets.all, key):
		return true
	case m.standing.single.Meets(on), m.standing.all.Meets(on.Others()): // a new rule goes where others are
		return false
	case m.standing.all.None():
		return !m.nodes.Has.Meets(on.Others())
	}
	return true
}

// standsFrom reports whether a rule stands at key whose origin is a set.
func (m *mapper) standsFrom(set string, key model.RuleKey) bool {
	host := m.sourceHosts.Get(set)
	return slices.ContainsFunc(model.RulesAt(m.Standing.Rules[key.CDN], key), func(r *model.Rule) bool { return r.SourceHost == host })
}

// nodesUse is what somebody leads to the set of all nodes.
type nodesUse struct {
	lacks addresses.Families // in which a Service there does not answer
	both  bool               // something there answers in both families
}

func (u nodesUse) or(o nodesUse) nodesUse { return nodesUse{u.lacks.Or(o.lacks), u.both || o.both} }

// lookAgain is how soon the clusters' objects are mapped again while a rule, or an
// Ingress that stays with a rule, keeps addresses out of a set: the rule goes without
// any change in the clusters.
const lookAgain = time.Minute

// nodeSetsResult is what the sets of nodes come to.
type nodeSetsResult struct {
	sets     map[string]addresses.Set // by zone name
	warnings []Warning
	until    time.Time // when time alone changes it; zero: never
}

// mapNodeSets returns the sets of nodes where these are the mappings of the cluster's
// Ingresses. The set of all nodes has addresses of both families, but for a family in
// which a Service that shares it does not answer: then all others do without it.
func (m *mapper) mapNodeSets(mappings []*mapping) nodeSetsResult {
	out := nodeSetsResult{sets: make(map[string]addresses.Set)}
	var use nodesUse
	for _, a := range mappings {
		use = use.or(a.allNodes)
	}
	because := ""
	added := m.nodes.Has.Except(m.standing.current).Except(use.lacks)
	if !added.None() && (use.both || !m.standing.all.None()) {
		var lacks addresses.Families
		if lacks, because = m.lackedByRules(added); !lacks.None() {
			use.lacks = use.lacks.Or(lacks)
			out.until = m.now.Add(lookAgain)
		}
	}
	has := use.lacks.Except(m.standing.current).Others()
	if has.None() {
		has = addresses.BothFamilies()
	}
	for name, f := range map[string]addresses.Families{m.nodeSets.all: has, m.nodeSets.v4: {V4: true}, m.nodeSets.v6: {V6: true}} {
		out.sets[name] = m.nodes.Set(m.Name, addresses.OnEveryNode(f), "no node is left that can take traffic")
	}
	missing := m.nodes.Has.Except(has)
	if !use.both || missing.None() {
		return out
	}
	if because == "" {
		i := slices.IndexFunc(mappings, func(a *mapping) bool { return a.allNodes.lacks.Meets(missing) })
		because = "Ingress " + m.idOf(m.Ingresses[i]).String()
	}
	text := m.withheld(missing, because)
	for i, a := range mappings {
		if a.allNodes.both {
			out.warnings = append(out.warnings, Warning{m.idOf(m.Ingresses[i]), text})
		}
	}
	return out
}

// withheld says that the set of all nodes lacks a family for somebody's sake.
func (m *mapper) withheld(missing addresses.Families, because string) string {
	family, other, records := "IPv6", "IPv4", "AAAA"
	if missing.V4 {
		family, other, records = "IPv4", "IPv6", "A"
	}
	return fmt.Sprintf("its origin %s gets no %s records although nodes have %s addresses, since a Service that answers on %s alone shares the name (%s); "+
		"give the Services behind it both families (spec.ipFamilyPolicy: PreferDualStack)",
		m.sourceHosts.Get(m.nodeSets.all), records, family, other, because)
}

// lackedByRules returns in which of some families a Service does not answer that a rule
// leads to, whosever it is, from the set of all nodes; and which rule that is. The
// rule's Ingress may be gone, released or not understood. At a CDN that is not read
// there may be such a rule.
func (m *mapper) lackedByRules(of addresses.Families) (lacks addresses.Families, because string) {
	byPort, anywhere := make(map[int]addresses.Families), addresses.Families{} // by node port
	for _, svc := range m.Services {
		if lacks := of.Except(familiesOf(svc)); !lacks.None() {
			for _, p := range svc.Ports {
				byPort[int(p.NodePort)] = lacks
			}
			anywhere = anywhere.Or(lacks)
		}
	}
	delete(byPort, 0)
	if len(byPort) == 0 {
		return addresses.Families{}, ""
	}
	host := m.sourceHosts.Get(m.nodeSets.all)
	for _, cdn := range m.settings.CDNs {
		for _, r := range m.Standing.Rules[cdn.Name] {
			if r.SourceHost != host {
				continue
			}
			for _, p := range r.Protocols {
				if lacks, ok := byPort[p.SourcePort]; ok {
					return lacks, "rule " + r.RuleKey.String()
				}
			}
		}
	}
	for _, r := range m.recordsAt(model.OwnershipName(m.Name, m.settings.Owner)) {
		said, _ := model.ParseOwnership(r.Data)
		if unread := m.settings.Unread(said); len(unread) > 0 && !m.standing.all.None() {
			return anywhere, "perhaps a rule of " + model.Joined(unread, " or ") + ", which is not in the configuration"
		}
	}
	return addresses.Families{}, ""
}
