package desired

import (
	"cmp"
	"fmt"
	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/ordered"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

func familiesOf(svc kube.Service) addresses.Families {
	return addresses.Families{V4: !svc.Families.OnlyIPv6, V6: !svc.Families.OnlyIPv4}
}

// alone is the set of nodes for a Service that answers on nothing but f.
func alone(f addresses.Families) string {
	if f.V4 {
		return model.NodesIPv4Set
	}
	return model.NodesIPv6Set
}

// nodeNames is what stands at the names of the sets of nodes.
type nodeNames struct {
	// all are the families of all addresses at NodesSet. Now are those of the
	// addresses that the nodes have as they are now, if there are some: others are
	// on their way out, or somebody put them there.
	all, now addresses.Families
	alone    addresses.Families // the sets of one family that have addresses
}

// standingNames finds out what stands at the names of the sets of nodes.
func (m *mapper) standingNames() nodeNames {
	var stands nodeNames
	nodes := m.nodes.Set(m.Name, addresses.OnEveryNode(addresses.BothFamilies()), "")
	for _, r := range m.recordsAt(m.nodesName(model.NodesSet)) {
		is := addresses.Families{V4: r.Type == "A", V6: r.Type == "AAAA"}
		stands.all = stands.all.Or(is)
		if ordered.Contains(nodes.Addresses, r.Data) || ordered.Contains(nodes.Keep, r.Data) {
			stands.now = stands.now.Or(is)
		}
	}
	if stands.now.None() {
		stands.now = stands.all
	}
	stands.alone = addresses.Families{V4: len(m.recordsAt(m.nodesName(model.NodesIPv4Set))) > 0, V6: len(m.recordsAt(m.nodesName(model.NodesIPv6Set))) > 0}
	return stands
}

// recordsAt are the records at a name of the origins' zone.
func (m *mapper) recordsAt(name string) []*model.Record {
	all := m.Standing.Records
	from, _ := slices.BinarySearchFunc(all, name, func(r *model.Record, name string) int {
		return cmp.Or(strings.Compare(r.Zone, ""), strings.Compare(r.Name, name))
	})
	to := from
	for to < len(all) && all[to].Zone == "" && all[to].Name == name {
		to++
	}
	return all[from:to]
}

// nodesFor is the set of the nodes that answer on a Service's node ports, for what
// is published at key.
func (m *mapper) nodesFor(svc kube.Service, key model.RuleKey) string {
	if svc.Local {
		return m.objectName(model.KindLocal, svc.Namespace, svc.Name)
	}
	on := familiesOf(svc)
	if on.Both() {
		return m.nodesName(model.NodesSet)
	}
	shared := true // NodesSet serves it, too
	switch {
	case m.standsFrom(alone(on), key), m.stands.now.Meets(on.Others()):
		shared = false
	case m.standsFrom(model.NodesSet, key):
	case m.stands.alone.Meets(on), m.stands.all.Meets(on.Others()): // a new one goes where others are
		shared = false
	case m.stands.all.None():
		shared = !m.nodes.Has.Meets(on.Others())
	}
	if shared {
		return m.nodesName(model.NodesSet)
	}
	return m.nodesName(alone(on))
}

// standsFrom reports whether a rule stands at key whose origin is this one of the sets
// of nodes.
func (m *mapper) standsFrom(set string, key model.RuleKey) bool {
	host := m.sourceHost(m.nodesName(set))
	return slices.ContainsFunc(model.RulesAt(m.Standing.Rules[key.CDN], key), func(r *model.Rule) bool { return r.SourceHost == host })
}

// sharing is what an Ingress leads to NodesSet.
type sharing struct {
	lacks addresses.Families // on which a Service there does not answer
	both  bool               // something there answers on both
}

func (s sharing) or(o sharing) sharing { return sharing{s.lacks.Or(o.lacks), s.both || o.both} }

// lookAgain is how soon the clusters' objects are mapped again while a rule, or an
// Ingress that stays with a rule, is in the way of addresses: the rule goes without a
// word from the clusters.
const lookAgain = time.Minute

// addNodeSets adds the sets of the nodes, and what is to be said of NodesSet. It
// has the addresses of both families, but for one on which a Service does not
// answer that shares the name: all others do without it. Shared is what all Ingresses
// of the cluster lead there.
func (m *mapper) addNodeSets(want *Want, shared sharing) {
	all := want.readings[m.Name].asked
	ingress := func(i int) model.IngressID {
		return model.IngressID{Cluster: m.Name, Namespace: m.Ingresses[i].Namespace, Name: m.Ingresses[i].Name}
	}
	come := m.nodes.Has.Except(m.stands.now).Except(shared.lacks)
	because := ""
	if !come.None() && (shared.both || !m.stands.all.None()) {
		var lacks addresses.Families
		if lacks, because = m.lackedBehind(come); !lacks.None() {
			shared.lacks = shared.lacks.Or(lacks)
			want.wake(m.now.Add(lookAgain))
		}
	}
	has := shared.lacks.Except(m.stands.now).Others()
	if has.None() {
		has = addresses.BothFamilies()
	}
	for name, f := range map[string]addresses.Families{model.NodesSet: has, model.NodesIPv4Set: {V4: true}, model.NodesIPv6Set: {V6: true}} {
		want.Sets[m.nodesName(name)] = m.nodes.Set(m.Name, addresses.OnEveryNode(f), "no node is left that can take traffic")
	}
	missing := m.nodes.Has.Except(has)
	if !shared.both || missing.None() {
		return
	}
	if because == "" {
		because = "Ingress " + ingress(slices.IndexFunc(all, func(a *asked) bool { return a.nodes.lacks.Meets(missing) })).String()
	}
	text := m.withheld(missing, because)
	for i, a := range all {
		if a.nodes.both {
			want.Warnings = append(want.Warnings, Warning{ingress(i), text})
		}
	}
}

// withheld says that NodesSet lacks a family for somebody's sake.
func (m *mapper) withheld(missing addresses.Families, because string) string {
	family, other, records := "IPv6", "IPv4", "AAAA"
	if missing.V4 {
		family, other, records = "IPv4", "IPv6", "A"
	}
	return fmt.Sprintf("its origin %s gets no %s records although nodes have %s addresses, since a Service that answers on %s alone shares the name (%s); "+
		"give the Services behind it both families (spec.ipFamilyPolicy: PreferDualStack)",
		m.sourceHost(m.nodesName(model.NodesSet)), records, family, other, because)
}

// lackedBehind tells on which of these families a Service does not answer to which a
// rule leads, whosever, that has NodesSet for its origin, and which rule that is. Its
// Ingress may be gone, let go of, or not understood. At a CDN that nobody reads there
// may be such a rule.
func (m *mapper) lackedBehind(of addresses.Families) (lacks addresses.Families, because string) {
	lacking, any := make(map[int]addresses.Families), addresses.Families{} // by node port
	for _, svc := range m.Services {
		if lacks := of.Except(familiesOf(svc)); !lacks.None() {
			for _, p := range svc.Ports {
				lacking[int(p.NodePort)] = lacks
			}
			any = any.Or(lacks)
		}
	}
	delete(lacking, 0)
	if len(lacking) == 0 {
		return addresses.Families{}, ""
	}
	host := m.sourceHost(m.nodesName(model.NodesSet))
	for _, cdn := range m.set.CDNs {
		for _, r := range m.Standing.Rules[cdn.Name] {
			if r.SourceHost != host {
				continue
			}
			for _, p := range r.Protocols {
				if lacks, ok := lacking[p.SourcePort]; ok {
					return lacks, "rule " + r.RuleKey.String()
				}
			}
		}
	}
	for _, r := range m.recordsAt(model.OwnershipName(m.Name, m.set.Owner)) {
		said, _ := model.ParseOwnership(r.Data)
		if unread := m.set.Unread(said); len(unread) > 0 && !m.stands.all.None() {
			return any, "perhaps a rule of " + model.Joined(unread, " or ") + ", which is not in the configuration"
		}
	}
	return addresses.Families{}, ""
}
