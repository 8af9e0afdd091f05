package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// families are those in which something can be reached.
type families struct{ v4, v6 bool }

func familiesOf(svc kube.Service) families {
	return families{v4: !svc.Families.OnlyIPv6, v6: !svc.Families.OnlyIPv4}
}

func (f families) none() bool { return !f.v4 && !f.v6 }

func (f families) both() bool { return f.v4 && f.v6 }

func (f families) meets(o families) bool { return f.v4 && o.v4 || f.v6 && o.v6 }

func (f families) or(o families) families { return families{f.v4 || o.v4, f.v6 || o.v6} }

func (f families) except(o families) families { return families{f.v4 && !o.v4, f.v6 && !o.v6} }

// bothFamilies are IPv4 and IPv6.
func bothFamilies() families { return families{v4: true, v6: true} }

// others are those that are not among f.
func (f families) others() families { return bothFamilies().except(f) }

// alone is the set of nodes for a Service that answers on nothing but f.
func (f families) alone() string {
	if f.v4 {
		return model.NodesIPv4Set
	}
	return model.NodesIPv6Set
}

// nodeNames is what stands at the names of the sets of nodes.
type nodeNames struct {
	// all are the families of all addresses at NodesSet. Now are those of the
	// addresses that the nodes have as they are now, if there are some: others are
	// on their way out, or somebody put them there.
	all, now families
	alone    families // the sets of one family that have addresses
}

// standingNames finds out what stands at the names of the sets of nodes.
func (m *mapper) standingNames() nodeNames {
	var stands nodeNames
	nodes := m.nodes.set(m.Name, bothFamilies(), nil, "")
	for _, r := range m.recordsAt(m.nodesName(model.NodesSet)) {
		is := families{v4: r.Type == "A", v6: r.Type == "AAAA"}
		stands.all = stands.all.or(is)
		if Contains(nodes.Addresses, r.Data) || Contains(nodes.Keep, r.Data) {
			stands.now = stands.now.or(is)
		}
	}
	if stands.now.none() {
		stands.now = stands.all
	}
	stands.alone = families{len(m.recordsAt(m.nodesName(model.NodesIPv4Set))) > 0, len(m.recordsAt(m.nodesName(model.NodesIPv6Set))) > 0}
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
	if on.both() {
		return m.nodesName(model.NodesSet)
	}
	shared := true // NodesSet serves it, too
	switch {
	case m.standsFrom(on.alone(), key), m.stands.now.meets(on.others()):
		shared = false
	case m.standsFrom(model.NodesSet, key):
	case m.stands.alone.meets(on), m.stands.all.meets(on.others()): // a new one goes where others are
		shared = false
	case m.stands.all.none():
		shared = !m.nodes.has.meets(on.others())
	}
	if shared {
		return m.nodesName(model.NodesSet)
	}
	return m.nodesName(on.alone())
}

// standsFrom reports whether a rule stands at key whose origin is this one of the sets
// of nodes.
func (m *mapper) standsFrom(set string, key model.RuleKey) bool {
	host := m.sourceHost(m.nodesName(set))
	return slices.ContainsFunc(model.RulesAt(m.Standing.Rules[key.CDN], key), func(r *model.Rule) bool { return r.SourceHost == host })
}

// sharing is what an Ingress leads to NodesSet.
type sharing struct {
	lacks families // on which a Service there does not answer
	both  bool     // something there answers on both
}

func (s sharing) or(o sharing) sharing { return sharing{s.lacks.or(o.lacks), s.both || o.both} }

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
	come := m.nodes.has.except(m.stands.now).except(shared.lacks)
	because := ""
	if !come.none() && (shared.both || !m.stands.all.none()) {
		var lacks families
		if lacks, because = m.lackedBehind(come); !lacks.none() {
			shared.lacks = shared.lacks.or(lacks)
			want.wake(m.now.Add(lookAgain))
		}
	}
	has := shared.lacks.except(m.stands.now).others()
	if has.none() {
		has = bothFamilies()
	}
	for name, f := range map[string]families{model.NodesSet: has, model.NodesIPv4Set: {v4: true}, model.NodesIPv6Set: {v6: true}} {
		want.Sets[m.nodesName(name)] = m.nodes.set(m.Name, f, nil, "no node is left that can take traffic")
	}
	missing := m.nodes.has.except(has)
	if !shared.both || missing.none() {
		return
	}
	if because == "" {
		because = "Ingress " + ingress(slices.IndexFunc(all, func(a *asked) bool { return a.nodes.lacks.meets(missing) })).String()
	}
	text := m.withheld(missing, because)
	for i, a := range all {
		if a.nodes.both {
			want.Warnings = append(want.Warnings, Warning{ingress(i), text})
		}
	}
}

// withheld says that NodesSet lacks a family for somebody's sake.
func (m *mapper) withheld(missing families, because string) string {
	family, other, records := "IPv6", "IPv4", "AAAA"
	if missing.v4 {
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
func (m *mapper) lackedBehind(of families) (lacks families, because string) {
	lacking, any := make(map[int]families), families{} // by node port
	for _, svc := range m.Services {
		if lacks := of.except(familiesOf(svc)); !lacks.none() {
			for _, p := range svc.Ports {
				lacking[int(p.NodePort)] = lacks
			}
			any = any.or(lacks)
		}
	}
	delete(lacking, 0)
	if len(lacking) == 0 {
		return families{}, ""
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
		if unread := m.set.Unread(said); len(unread) > 0 && !m.stands.all.none() {
			return any, "perhaps a rule of " + model.Joined(unread, " or ") + ", which is not in the configuration"
		}
	}
	return families{}, ""
}
