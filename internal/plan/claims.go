package plan

import (
	"maps"
	"slices"
)

// claims are all claims by what they are of. Nearly every host and path has one,
// so a claim is chained to the one before it, and they lie in a few large blocks.
type claims struct {
	last  map[RuleKey]*claim
	block []claim
}

// newClaims makes room for n.
func newClaims(n int) *claims {
	return &claims{last: make(map[RuleKey]*claim, n), block: make([]claim, 0, n)}
}

func (c *claims) add(new claim) {
	if len(c.block) == cap(c.block) {
		c.block = make([]claim, 0, 64+len(c.last)/4) // the old one stays where it is
	}
	new.other = c.last[new.key]
	c.block = append(c.block, new)
	c.last[new.key] = &c.block[len(c.block)-1]
}

// all returns a claim and those of the same key, in the order they were made.
func (c *claim) all() []claim {
	var list []claim
	for ; c != nil; c = c.other {
		list = append(list, *c)
	}
	slices.Reverse(list)
	return list
}

// sortedKeys are the keys of a map, which is mostly empty: that costs nothing.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
