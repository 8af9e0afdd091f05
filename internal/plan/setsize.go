package plan

import (
	"github.com/edgeward/edgeward/internal/addresses"
)

// noteSize warns of a set, of which these addresses shall stand, that is too large for
// one answer.
func (p *planner) noteSize(name string, set addresses.Set, addresses []string) {
	if notice, ok := set.TooLarge(name+"."+p.Settings.Domain, addresses); ok {
		p.step.Notices = append(p.step.Notices, notice)
	}
}
