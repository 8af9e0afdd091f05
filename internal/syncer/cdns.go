package syncer

import (
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

// standing is what stands at the targets that were listed.
func (s *Syncer) standing() desired.Standing {
	standing := desired.Standing{
		Rules:   make(map[model.Provider][]*model.Rule, len(s.cdns)),
		Unread:  make(map[model.Provider]bool),
		Records: s.dns.Objects(),
	}
	for _, t := range s.cdns {
		standing.Rules[t.Name], standing.Unread[t.Name] = t.Objects(), !t.Known()
	}
	return standing
}

// rules is what the plan looks at of all CDNs.
func (s *Syncer) rules() observed.View[model.Rule] {
	if len(s.cdns) == 1 {
		return s.cdns[0].View()
	}
	all := observed.View[model.Rule]{
		Known:    true,
		Objects:  s.allRules(),
		Missing:  make(map[string]bool),
		Rejected: make(map[model.Place]bool),
		Taken:    make(map[model.Place]bool),
		Written:  make(map[string]observed.Written[model.Rule]),
		Parts:    make(map[string]observed.Part),
	}
	for i, t := range s.cdns {
		v := t.View()
		all.Known = all.Known && v.Known
		all.Parts[string(t.Name)] = v.Whole()
		all.Took = max(all.Took, v.Took)
		if i == 0 || v.Read.Before(all.Read) {
			all.Read = v.Read
		}
		all.Attempts = append(all.Attempts, v.Attempts...)
		maps.Copy(all.Missing, v.Missing)
		maps.Copy(all.Rejected, v.Rejected)
		maps.Copy(all.Taken, v.Taken)
		maps.Copy(all.Written, v.Written)
	}
	return all
}

// allRules are those that stand at all CDNs, in order: the same slice, not to be written
// to, as long as nothing has changed.
func (s *Syncer) allRules() []*model.Rule {
	var lists [][]*model.Rule
	for _, t := range s.cdns {
		lists = append(lists, t.Objects())
	}
	if len(lists) == 1 {
		return lists[0]
	}
	return s.merged.of(lists)
}

// mergedRules is one list of what several CDNs have, in order.
type mergedRules struct {
	lists [][]*model.Rule // of each CDN, as they were
	all   []*model.Rule
}

// of returns what is in all of the lists, each of which is in order: the same slice as
// before if they are the same.
func (m *mergedRules) of(lists [][]*model.Rule) []*model.Rule {
	compare := func(a, b *model.Rule) int { return a.Compare(*b) }
	m.lists = append(m.lists, make([][]*model.Rule, len(lists)-len(m.lists))...)
	var gone, come []*model.Rule
	for i, list := range lists {
		less, more := ordered.Changes(m.lists[i], list, compare)
		gone, come = append(gone, less...), append(come, more...)
		m.lists[i] = list
	}
	if len(gone)+len(come) > 0 {
		m.all = ordered.Patch(m.all, gone, come, compare)
	}
	return m.all
}

// byCDN parts the planned operations by the CDN that they are for, in their order.
func (s *Syncer) byCDN(ops []model.Op[model.Rule]) map[model.Provider][]model.Op[model.Rule] {
	if len(s.cdns) == 1 {
		return map[model.Provider][]model.Op[model.Rule]{s.cdns[0].Name: ops}
	}
	parted := make(map[model.Provider][]model.Op[model.Rule])
	for _, op := range ops {
		rule := op.To
		if op.Verb == model.Delete {
			rule = op.From
		}
		parted[rule.CDN] = append(parted[rule.CDN], op)
	}
	return parted
}

// cdnsKnown reports whether every CDN was listed.
func (s *Syncer) cdnsKnown() bool {
	return !slices.ContainsFunc(s.cdns, func(t *target.Target[model.Rule]) bool { return !t.Known() })
}
