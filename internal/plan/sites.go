package plan

import (
	"cmp"
	"slices"
)

// site is a host and path at a CDN: what shall be published there, and what is.
type site struct {
	key    RuleKey
	route  *Route // the zero Route: nobody claims it
	ours   []ourRule
	others []Rule // that are not ours
}

// ourRule is a rule of ours with whom it is for.
type ourRule struct {
	*Rule
	of IngressID
}

// sitesOf are all that somebody claims or that has a rule, in the order of their
// keys. Routes are in order; rules cost less if they are.
func sitesOf(routes []*Route, rules []Rule, owner string) []site {
	standing := make([]*Rule, len(rules))
	for i := range rules {
		standing[i] = &rules[i]
	}
	slices.SortFunc(standing, func(a, b *Rule) int {
		if c := a.RuleKey.Compare(b.RuleKey); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	sites, unclaimed := make([]site, 0, max(len(routes), len(rules))), new(Route)
	ours := make([]ourRule, 0, len(rules)) // in one block; a site has some in a row
	for len(routes)+len(standing) > 0 {
		s := site{route: unclaimed}
		if len(standing) == 0 || len(routes) > 0 && routes[0].Key.Compare(standing[0].RuleKey) <= 0 {
			s.route, routes = routes[0], routes[1:]
			s.key = s.route.Key
		} else {
			s.key = standing[0].RuleKey
		}
		first := len(ours)
		for ; len(standing) > 0 && standing[0].RuleKey == s.key; standing = standing[1:] {
			if of, ok := standing[0].owned(s.route, owner); ok {
				ours = append(ours, ourRule{standing[0], of})
			} else {
				s.others = append(s.others, *standing[0])
			}
		}
		s.ours = ours[first:len(ours):len(ours)]
		sites = append(sites, s)
	}
	return sites
}

// owned reports whether a rule is the owner's, and for which Ingress. A mark's
// hash is what costs most in planning: one that is as wanted need not be read.
func (r *Rule) owned(wanted *Route, owner string) (IngressID, bool) {
	if r.sameMarks(&wanted.Rule) {
		return wanted.Ingress, true
	}
	m, ok := r.Mark()
	return m.IngressID, ok && m.Owner == owner
}

// site is what there is at a host and path.
func (p *planner) site(key RuleKey) *site {
	if i, ok := slices.BinarySearchFunc(p.sites, key, func(s site, key RuleKey) int { return s.key.Compare(key) }); ok {
		return &p.sites[i]
	}
	return &site{key: key, route: &Route{}}
}

// hasRule reports whether a rule stands or is on its way somewhere.
func (p *planner) hasRule(key RuleKey) bool {
	s := p.site(key)
	_, trying := p.writes[key]
	return trying || len(s.ours)+len(s.others) > 0
}

// writesOf are how far the writes to rules are.
func writesOf(attempts []Attempt[Rule]) statuses[RuleKey] {
	writes := make(statuses[RuleKey], len(attempts))
	for _, a := range attempts {
		switch a.Verb {
		case LookUp:
		case Create:
			writes.note(a.New.RuleKey, a.Status)
		default:
			writes.note(a.Old.RuleKey, a.Status)
		}
	}
	return writes
}
