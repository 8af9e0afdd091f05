package syncer

import (
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// preparation is how long a run with Options.Once waits for what a CDN prepares, from
// when it was first seen.
const preparation = 5 * time.Minute

// preparations are the rules that are wanted and that CDNs are preparing, as such a run
// sees them.
type preparations struct {
	hosts     map[model.Provider][]string // their hosts, by CDN
	until     time.Time                   // how long they are worth waiting for
	firstSeen map[ruleID]time.Time
}

// ruleID tells apart the rules of all CDNs.
type ruleID struct {
	cdn model.Provider
	id  string
}

// notePreparations takes note of what CDNs prepare now.
func (s *Syncer) notePreparations(now time.Time) {
	p := &s.preparations
	p.hosts, p.until = make(map[model.Provider][]string), s.started.Add(preparation)
	if s.step.Poll.IsZero() {
		return
	}
	for _, t := range s.cdns {
		for _, r := range t.Objects() {
			if label, ok := r.OwnerLabel(); !r.Pending || !ok || label.Owner != s.opts.Settings.Owner || !s.want.Route(r.RuleKey).Wanted() {
				continue
			}
			p.hosts[t.Name] = append(p.hosts[t.Name], r.Host)
			id := ruleID{t.Name, r.ID}
			if _, seen := p.firstSeen[id]; !seen {
				p.firstSeen[id] = now
			}
			if end := p.firstSeen[id].Add(preparation); end.After(p.until) {
				p.until = end
			}
		}
	}
}
