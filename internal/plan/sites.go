package plan

import (
	"slices"
	"strings"
)

// site is a host and path at a CDN: what shall be published there, and what is.
type site struct {
	route  *Route // the zero Route: nobody claims it
	ours   []ourRule
	others []*Rule // that are not ours
}

// ourRule is a rule of ours with whom it is for.
type ourRule struct {
	*Rule
	of *IngressID
}

func (s *site) key() RuleKey {
	switch {
	case len(s.ours) > 0:
		return s.ours[0].RuleKey
	case len(s.others) > 0:
		return s.others[0].RuleKey
	}
	return s.route.Key
}

// sitesOf are all that somebody claims or that has a rule, in the order of their
// keys. Routes are in order; rules cost less if they are.
func sitesOf(routes []*Route, rules []*Rule, owner string) []site {
	standing := rules
	if !slices.IsSortedFunc(rules, compareRules) {
		standing = slices.SortedFunc(slices.Values(rules), compareRules)
	}
	sites, unclaimed := make([]site, 0, max(len(routes), len(rules))), new(Route)
	ours, others := make([]ourRule, 0, len(rules)), []*Rule(nil) // in one block each; a site has some in a row
	for len(routes)+len(standing) > 0 {
		s := site{route: unclaimed}
		var key RuleKey
		if len(standing) == 0 || len(routes) > 0 && routes[0].Key.Compare(standing[0].RuleKey) <= 0 {
			s.route, routes = routes[0], routes[1:]
			key = s.route.Key
		} else {
			key = standing[0].RuleKey
		}
		firstOurs, firstOther := len(ours), len(others)
		for ; len(standing) > 0 && standing[0].RuleKey == key; standing = standing[1:] {
			if of := standing[0].owned(s.route, owner); of != nil {
				ours = append(ours, ourRule{standing[0], of})
			} else {
				others = append(others, standing[0])
			}
		}
		s.ours, s.others = ours[firstOurs:len(ours):len(ours)], others[firstOther:len(others):len(others)]
		sites = append(sites, s)
	}
	return sites
}

// compareRules is Rule.Compare without copies: every plan looks at all rules.
func compareRules(a, b *Rule) int {
	if c := a.RuleKey.Compare(b.RuleKey); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// owned returns for which Ingress a rule is, nil if it is not the owner's. A
// mark's hash is what costs most in planning: one that is as wanted need not be
// read.
func (r *Rule) owned(wanted *Route, owner string) *IngressID {
	if r.sameMarks(&wanted.Rule) {
		return &wanted.Ingress
	}
	if m, ok := r.Mark(); ok && m.Owner == owner {
		return &m.IngressID
	}
	return nil
}

// site is what there is at a host and path.
func (p *planner) site(key RuleKey) *site {
	if i, ok := slices.BinarySearchFunc(p.sites, key, func(s site, key RuleKey) int { return s.key().Compare(key) }); ok {
		return &p.sites[i]
	}
	return &site{route: &Route{Key: key}}
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
		case LookUp, Verify:
		case Create:
			writes.note(a.New().RuleKey, a.Status)
		default:
			writes.note(a.Old().RuleKey, a.Status)
		}
	}
	return writes
}
