package emulator

import (
	"sync"
	"time"
)

// propagation hands on what is published some time after it changed.
type propagation struct {
	delay time.Duration
	now   func() time.Time

	mu    sync.Mutex
	steps []propagationStep // oldest first, never empty
}

// propagationStep is what is published from some time on.
type propagationStep struct {
	from         time.Time
	publications publications
}

// note takes what is published now.
func (p *propagation) note(all publications) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.forget(now)
	p.steps = append(p.steps, propagationStep{now.Add(p.delay), all})
}

// current returns what the edge serves now.
func (p *propagation) current() publications {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(p.now())
	return p.steps[0].publications
}

// forget drops the steps that others have taken the place of.
func (p *propagation) forget(now time.Time) {
	for len(p.steps) > 1 && !p.steps[1].from.After(now) {
		p.steps = p.steps[1:]
	}
}
