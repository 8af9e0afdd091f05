package plan

import (
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// row is a host and path at a CDN: what shall be published there, and what is.
// It is not changed once made.
type row struct {
	route  *desired.Route // the zero Route: nobody claims it
	ours   []ownedRule
	others []*model.Rule // that are not ours
	// plain says that one rule stands there, of ours and just as wanted, and is
	// served: as it is nearly everywhere at any time. Then it belongs to the group.
	plain bool
	group group
	one   [1]ownedRule // mostly all of ours
}

// ownedRule is a rule of ours with whom it is for.
type ownedRule struct {
	*model.Rule
	of *model.IngressID
}

// group is what many rules have in common: the cluster, the CDN, and the zone name
// of the origin.
type group struct {
	cluster string
	cdn     model.Provider
	set     string
}

func (s *row) Where() *model.RuleKey {
	switch {
	case len(s.ours) > 0:
		return &s.ours[0].RuleKey
	case len(s.others) > 0:
		return &s.others[0].RuleKey
	}
	return &s.route.Key
}

// rowOf is what a route, if there is one, and the rules at its key make.
func rowOf(route *desired.Route, rules []*model.Rule, owner string) *row {
	s := &row{route: route}
	if route == nil {
		s.route = new(desired.Route)
	}
	s.ours = s.one[:0]
	for _, r := range rules {
		if of := ownerOf(r, s.route, owner); of != nil {
			s.ours = append(s.ours, ownedRule{r, of})
		} else {
			s.others = append(s.others, r)
		}
	}
	s.plain = route.Wanted() && len(s.ours) == 1 && len(s.others) == 0 && !s.ours[0].Pending && s.ours[0].SameAs(&route.Rule)
	if s.plain {
		s.group = group{route.Ingress.Cluster, route.Rule.CDN, route.Set}
	}
	return s
}

// ownerOf returns for which Ingress a rule is, nil if it is not the owner's. A
// mark's hash is what costs most in planning: one that is as wanted need not be
// read.
func ownerOf(r *model.Rule, wanted *desired.Route, owner string) *model.IngressID {
	if r.SharesLabels(&wanted.Rule) {
		return &wanted.Ingress
	}
	if m, ok := r.OwnerLabel(); ok && m.Owner == owner {
		return &m.IngressID
	}
	return nil
}

// rows are all hosts and paths that somebody claims or that have a rule of ours, in
// the order of their keys, and the lists that say so. The CDN may have many more rules
// of others: those are looked up where a host is published.
type rows struct {
	routes []*desired.Route
	rules  []*model.Rule
	all    []*row
	// naming are the rules of others whose origins have names of ours.
	naming []*model.Rule
}

// after returns the sites that other lists lead to. Where both have the same
// elements as before the sites are the same: of ten thousand only those that have
// changed are looked at.
func (before rows) after(routes []*desired.Route, rules []*model.Rule, set model.Settings) rows {
	now := rows{routes: routes, rules: rules}
	var gone, come []*row
	var left, named []*model.Rule // of others, whose origins have names of ours
	var here []*row
	var wanted []*desired.Route
	var stood, standing []*model.Rule
	rest, old := before.all, before.rules
	for key := range inOrder(differ(before.routes, routes), differ(before.rules, rules)) {
		here, rest = at(rest, key)
		wanted, routes = at(routes, key)
		stood, old = at(old, key)
		standing, rules = at(rules, key)
		gone = append(gone, here...)
		var route *desired.Route
		if len(wanted) > 0 {
			route = wanted[0]
		}
		s := rowOf(route, standing, set.Owner)
		if route != nil || len(s.ours) > 0 {
			come = append(come, s)
		}
		left = append(left, naming(set, stood)...)
		named = append(named, naming(set, s.others)...)
	}
	now.all = ordered.Patch(before.all, gone, come, func(a, b *row) int { return a.Where().Compare(*b.Where()) })
	now.naming = ordered.Patch(before.naming, left, named, func(a, b *model.Rule) int { return a.Compare(*b) })
	return now
}

// naming are those of some rules that are not ours though their origins have names of
// ours: while they stand the addresses stay.
func naming(s model.Settings, rules []*model.Rule) (others []*model.Rule) {
	if len(rules) == 0 {
		return nil
	}
	own := s.Owner + "." + s.Domain
	for _, r := range rules {
		if _, ok := model.Relative(r.SourceHost, own); ok && ownerOf(r, new(desired.Route), s.Owner) == nil {
			others = append(others, r)
		}
	}
	return others
}

// rulesOf are all rules of a host.
func (s rows) rulesOf(host string) []*model.Rule {
	from, _ := slices.BinarySearchFunc(s.rules, host, func(r *model.Rule, host string) int { return strings.Compare(r.Host, host) })
	to := from
	for to < len(s.rules) && s.rules[to].Host == host {
		to++
	}
	return s.rules[from:to]
}

// row is what there is at a host and path; nil if nothing stands and nobody
// claims it.
func (p *planner) row(key model.RuleKey) *row {
	if here, _ := at(p.rows.all, &key); len(here) > 0 {
		return here[0]
	}
	return nil
}

// concernedRules are all rules at our sites, those of others that rest on our
// addresses, and those of published hosts.
func (p *planner) concernedRules(yield func(*model.Rule) bool) {
	for _, s := range p.rows.all {
		for _, r := range s.ours {
			if !yield(r.Rule) {
				return
			}
		}
		for _, r := range s.others {
			if !yield(r) {
				return
			}
		}
	}
	hosts := [][]*model.Rule{p.rows.naming}
	for _, host := range p.hosts {
		hosts = append(hosts, p.rows.rulesOf(host))
	}
	for _, r := range slices.Concat(hosts...) {
		if !yield(r) {
			return
		}
	}
}

// hasRule reports whether a rule stands or is on its way somewhere.
func (p *planner) hasRule(key model.RuleKey) bool {
	_, trying := p.writes[key]
	return trying || len(model.RulesAt(p.Rules.Objects, key)) > 0
}

// noteWrites finds out how far the writes to rules are.
func (p *planner) noteWrites() {
	for _, a := range p.Rules.Attempts {
		switch a.Verb {
		case model.LookUp, model.Verify:
		case model.Create:
			p.writes.Note(a.New().RuleKey, a.Status)
		default:
			p.writes.Note(a.Old().RuleKey, a.Status)
		}
	}
	for key, status := range p.writes {
		if s := p.row(key); s != nil {
			p.written.Note(s, status)
		}
	}
}
