package desired

import (
	"slices"

	"github.com/edgeward/edgeward/internal/model"
)

// Standing is what stands at the providers, as far as it was read. A Service of
// one family may stand behind NodesSet or behind the set of its family alone, and
// nodes that come and go must not move its rules from the one to the other. So
// what stands decides: a rule stays with its name as long as that serves it.
type Standing struct {
	Rules   map[model.Provider][]*model.Rule // of each CDN, in the order that Compare makes
	Unread  map[model.Provider]bool          // the CDNs of which that is not known yet
	Records []*model.Record                  // in the order that Compare makes
}

// NewStanding is what stands where these lists, in any order, are all of it.
func NewStanding(rules []*model.Rule, records []*model.Record) Standing {
	s := Standing{Rules: make(map[model.Provider][]*model.Rule), Records: slices.SortedFunc(slices.Values(records), func(a, b *model.Record) int { return a.Compare(*b) })}
	for _, r := range slices.SortedFunc(slices.Values(rules), func(a, b *model.Rule) int { return a.Compare(*b) }) {
		s.Rules[r.CDN] = append(s.Rules[r.CDN], r)
	}
	return s
}
