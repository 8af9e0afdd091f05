package plan

import "github.com/edgeward/edgeward/internal/ordered"

// site is a host and path at a CDN: what shall be published there, and what is.
// It is not changed once made.
type site struct {
	route  *Route // the zero Route: nobody claims it
	ours   []ourRule
	others []*Rule // that are not ours
	// plain says that one rule stands there, of ours and just as wanted, and is
	// served: as it is nearly everywhere at any time. Then it belongs to the group.
	plain bool
	group group
	one   [1]ourRule // mostly all of ours
}

// ourRule is a rule of ours with whom it is for.
type ourRule struct {
	*Rule
	of *IngressID
}

// group is what many rules have in common: the cluster, the CDN, and the zone name
// of the origin.
type group struct {
	cluster string
	cdn     Target
	set     string
}

func (s *site) key() *RuleKey {
	switch {
	case len(s.ours) > 0:
		return &s.ours[0].RuleKey
	case len(s.others) > 0:
		return &s.others[0].RuleKey
	}
	return &s.route.Key
}

// siteOf is what a route, if there is one, and the rules at its key make.
func siteOf(route *Route, rules []*Rule, owner string) *site {
	s := &site{route: route}
	if route == nil {
		s.route = new(Route)
	}
	s.ours = s.one[:0]
	for _, r := range rules {
		if of := r.owned(s.route, owner); of != nil {
			s.ours = append(s.ours, ourRule{r, of})
		} else {
			s.others = append(s.others, r)
		}
	}
	s.plain = route.Wanted() && len(s.ours) == 1 && len(s.others) == 0 && !s.ours[0].Pending && s.ours[0].equal(&route.Rule)
	if s.plain {
		s.group = group{route.Ingress.Cluster, route.Rule.CDN, route.Set}
	}
	return s
}

// owned returns for which Ingress a rule is, nil if it is not the owner's. A
// mark's hash is what costs most in planning: one that is as wanted need not be
// read.
func (r *Rule) owned(wanted *Route, owner string) *IngressID {
	if r.markedAs(&wanted.Rule) {
		return &wanted.Ingress
	}
	if m, ok := r.Mark(); ok && m.Owner == owner {
		return &m.IngressID
	}
	return nil
}

// sites are all hosts and paths that somebody claims or that have a rule, in the
// order of their keys, and the lists that say so.
type sites struct {
	routes []*Route
	rules  []*Rule
	all    []*site
}

// after returns the sites that other lists lead to. Where both have the same
// elements as before the sites are the same: of ten thousand only those that have
// changed are looked at.
func (before sites) after(routes []*Route, rules []*Rule, owner string) sites {
	now := sites{routes: routes, rules: rules}
	var gone, come []*site
	var here []*site
	var wanted []*Route
	var standing []*Rule
	rest := before.all
	for key := range inOrder(differ(before.routes, routes), differ(before.rules, rules)) {
		here, rest = at(rest, key)
		wanted, routes = at(routes, key)
		standing, rules = at(rules, key)
		gone = append(gone, here...)
		switch {
		case len(wanted) > 0:
			come = append(come, siteOf(wanted[0], standing, owner))
		case len(standing) > 0:
			come = append(come, siteOf(nil, standing, owner))
		}
	}
	now.all = ordered.Patch(before.all, gone, come, func(a, b *site) int { return a.key().Compare(*b.key()) })
	return now
}

// site is what there is at a host and path; nil if nothing stands and nobody
// claims it.
func (p *planner) site(key RuleKey) *site {
	if here, _ := at(p.sites.all, &key); len(here) > 0 {
		return here[0]
	}
	return nil
}

// hasRule reports whether a rule stands or is on its way somewhere.
func (p *planner) hasRule(key RuleKey) bool {
	_, trying := p.writes[key]
	s := p.site(key)
	return trying || s != nil && len(s.ours)+len(s.others) > 0
}

// noteWrites finds out how far the writes to rules are.
func (p *planner) noteWrites() {
	for _, a := range p.Rules.Attempts {
		switch a.Verb {
		case LookUp, Verify:
		case Create:
			p.writes.note(a.New().RuleKey, a.Status)
		default:
			p.writes.note(a.Old().RuleKey, a.Status)
		}
	}
	for key, status := range p.writes {
		if s := p.site(key); s != nil {
			p.written.note(s, status)
		}
	}
}
