package table

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Rows are all hosts and paths that are wanted or have a rule of ours, in the order of
// their keys, and the lists that say so. The CDN may have many more rules of others:
// those are looked up where a host is published.
type Rows struct {
	routes []*desired.Route
	rules  []*model.Rule
	All    []*Row
	// InSync is how many rows are in sync, by what they have in common.
	InSync map[Group]int
	// UsingOurs are the rules of others whose origins have names of ours: while they
	// stand the addresses stay.
	UsingOurs []*model.Rule
}

// Updated returns the rows of other lists. What both lists have in common keeps its rows:
// of ten thousand only those are made anew that have changed.
func (r Rows) Updated(routes []*desired.Route, rules []*model.Rule, set model.Settings) Rows {
	now := Rows{routes: routes, rules: rules, InSync: make(map[Group]int)}
	maps.Copy(now.InSync, r.InSync)
	var gone, come []*Row
	var left, joined []*model.Rule // of those that use ours
	var here []*Row
	var wanted []*desired.Route
	var stood, standing []*model.Rule
	rest, old := r.All, r.rules
	for key := range inOrder(differ(r.routes, routes), differ(r.rules, rules)) {
		here, rest = at(rest, key)
		wanted, routes = at(routes, key)
		stood, old = at(old, key)
		standing, rules = at(rules, key)
		for _, row := range here {
			gone = append(gone, row)
			now.count(row, -1)
		}
		var route *desired.Route
		if len(wanted) > 0 {
			route = wanted[0]
		}
		row := newRow(route, standing, set.Owner)
		if route != nil || len(row.Ours) > 0 {
			come = append(come, row)
			now.count(row, +1)
		}
		left = append(left, usingOurs(set, stood)...)
		joined = append(joined, usingOurs(set, row.Others)...)
	}
	now.All = ordered.Patch(r.All, gone, come, func(a, b *Row) int { return a.Where().Compare(*b.Where()) })
	now.UsingOurs = ordered.Patch(r.UsingOurs, left, joined, func(a, b *model.Rule) int { return a.Compare(*b) })
	return now
}

func (r Rows) count(row *Row, n int) {
	if !row.InSync {
		return
	}
	if r.InSync[row.Group] += n; r.InSync[row.Group] == 0 {
		delete(r.InSync, row.Group)
	}
}

// OutOfSync is how many rows are not in sync.
func (r Rows) OutOfSync() int {
	n := len(r.All)
	for _, inSync := range r.InSync {
		n -= inSync
	}
	return n
}

// usingOurs are those of some rules that are not ours though their origins have names of
// ours.
func usingOurs(s model.Settings, rules []*model.Rule) (others []*model.Rule) {
	if len(rules) == 0 {
		return nil
	}
	own := s.Owner + "." + s.Domain
	for _, r := range rules {
		if _, ok := model.Relative(r.SourceHost, own); ok && ingressOf(r, new(desired.Route), s.Owner) == nil {
			others = append(others, r)
		}
	}
	return others
}

// Row is what is wanted and what stands at a host and path; nil if nothing stands and
// nobody wants anything.
func (r Rows) Row(key model.RuleKey) *Row {
	if here, _ := at(r.All, &key); len(here) > 0 {
		return here[0]
	}
	return nil
}

// OfHost are the rows of a host.
func (r Rows) OfHost(host string) []*Row { return ofHost(r.All, host) }

// Rules are all rules that stand, whosever they are.
func (r Rows) Rules() []*model.Rule { return r.rules }

// RulesOf are all rules of a host, whosever they are.
func (r Rows) RulesOf(host string) []*model.Rule { return ofHost(r.rules, host) }

// RulesAt are all rules at a host and path, whosever they are.
func (r Rows) RulesAt(key *model.RuleKey) []*model.Rule {
	here, _ := at(r.rules, key)
	return here
}

// Concerning are all rules in the rows, those of others that use our names, and all of
// these hosts. One rule may come several times.
func (r Rows) Concerning(hosts []string) iter.Seq[*model.Rule] {
	return func(yield func(*model.Rule) bool) {
		for _, row := range r.All {
			for _, own := range row.Ours {
				if !yield(own.Rule) {
					return
				}
			}
			for _, other := range row.Others {
				if !yield(other) {
					return
				}
			}
		}
		lists := [][]*model.Rule{r.UsingOurs}
		for _, host := range hosts {
			lists = append(lists, r.RulesOf(host))
		}
		for _, rule := range slices.Concat(lists...) {
			if !yield(rule) {
				return
			}
		}
	}
}

func ofHost[T keyed](list []T, host string) []T {
	from, _ := slices.BinarySearchFunc(list, host, func(e T, host string) int { return strings.Compare(e.Where().Host, host) })
	to := from
	for to < len(list) && list[to].Where().Host == host {
		to++
	}
	return list[from:to:to]
}
