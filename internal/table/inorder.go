package table

import (
	"iter"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// keyed are the elements of lists in the order of their keys.
type keyed interface {
	*desired.Route | *model.Rule | *Row
	Where() *model.RuleKey
}

// differ returns the keys at which two lists have not the same elements.
func differ[T keyed](a, b []T) (keys []*model.RuleKey) {
	if len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) {
		return nil // the same list
	}
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0].Where().Compare(*b[0].Where()) < 0:
			keys, a = append(keys, a[0].Where()), a[1:]
		default:
			keys, b = append(keys, b[0].Where()), b[1:]
		}
	}
	for _, e := range slices.Concat(a, b) {
		keys = append(keys, e.Where())
	}
	return keys
}

// inOrder yields the keys of two lists, each key once.
func inOrder(a, b []*model.RuleKey) iter.Seq[*model.RuleKey] {
	return func(yield func(*model.RuleKey) bool) {
		for len(a)+len(b) > 0 {
			var key *model.RuleKey
			if len(b) == 0 || len(a) > 0 && a[0].Compare(*b[0]) <= 0 {
				key = a[0]
			} else {
				key = b[0]
			}
			for len(a) > 0 && *a[0] == *key {
				a = a[1:]
			}
			for len(b) > 0 && *b[0] == *key {
				b = b[1:]
			}
			if !yield(key) {
				return
			}
		}
	}
}

// at returns what a list has at a key and what comes after it. Where all of a list is gone
// through, each is the first of what is left: that is a tenth of a first plan.
func at[T keyed](list []T, key *model.RuleKey) (here, rest []T) {
	from := 0
	if len(list) > 0 && *list[0].Where() != *key {
		from, _ = slices.BinarySearchFunc(list, key, func(e T, key *model.RuleKey) int { return e.Where().Compare(*key) })
	}
	to := from
	for to < len(list) && *list[to].Where() == *key {
		to++
	}
	return list[from:to], list[to:]
}
