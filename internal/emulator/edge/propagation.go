package edge

import (
	"sync"
	"time"
)

// propagation is the way of the rules to the edge: each change takes effect some
// time after it was made.
type propagation struct {
	delay time.Duration
	now   func() time.Time

	mu    sync.Mutex
	steps []step // oldest first, never empty
}

// step is what the edge serves from some time on.
type step struct {
	from  time.Time
	rules rules
}

// change takes the rules that stand from now on, and forgets those that no
// longer count.
func (p *propagation) change(all rules) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.steps = append(p.steps[p.current(now):], step{now.Add(p.delay), all})
}

// find finds what the edge serves at a URL now.
func (p *propagation) find(scheme, host, path string) (found Rule, sourcePath string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	return p.steps[p.current(now)].rules.find(scheme, host, path, now)
}

// current is the index of the step that counts.
func (p *propagation) current(now time.Time) int {
	i := 0
	for i+1 < len(p.steps) && !p.steps[i+1].from.After(now) {
		i++
	}
	return i
}
