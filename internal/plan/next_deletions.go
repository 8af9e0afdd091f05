package plan

import "time"

// deletion is an object that nobody wants. It goes at due, if it is safe then
// and not more are to go than Settings.MaxDelete allows.
type deletion[T Object[T]] struct {
	op       Op[T]
	due      time.Time
	reported bool
	safe     bool
}

// unwanted returns since when nobody wants the object, and remembers it.
// Reported says that the watch told so.
func (p *planner) unwanted(cluster, id string, reported bool) absence {
	a, ok := p.Memory.absent[id]
	if !ok {
		a = absence{since: p.Now}
	}
	a.reported = a.reported || reported || p.AllowDelete && !p.Memory.compared[cluster]
	p.absent[id] = a
	return a
}

// planDeletions applies sync.max_delete, cluster by cluster: what a start or a
// resync found to be unwanted, without the watch having said so, may be a
// mistake of the configuration or of the API server.
func (p *planner) planDeletions() {
	for name, c := range p.clusters.of {
		for cdn, deletions := range c.ruleDeletions {
			p.step.Rules = append(p.step.Rules, releaseDeletions(p, cdn, name, deletions, c.rules[cdn])...)
		}
		p.step.Records = append(p.step.Records, releaseDeletions(p, Vultr, name, c.recordDeletions, c.records)...)
		p.step.Records = append(p.step.Records, releaseDeletions(p, Vultr, name, c.publicationDeletions, p.publications(name))...)
	}
}

// releaseDeletions returns the deletions of one cluster that may happen now,
// out of total objects that it has at the target.
func releaseDeletions[T Object[T]](p *planner, target Target, cluster string, deletions []deletion[T], total int) []Op[T] {
	inferred := 0
	for _, d := range deletions {
		if !d.reported {
			inferred++
		}
	}
	tooMany := inferred > 0 && (inferred >= total || float64(inferred) > p.Settings.MaxDelete*float64(total))
	refused := 0
	var ops []Op[T]
	for _, d := range deletions {
		gone := p.absent[d.op.Old().Identity()]
		switch {
		case !d.reported && (tooMany || gone.refused):
			refused++
			// An address only goes when others stand: there the share is that of
			// the new set.
			gone.refused = target != Vultr
			p.absent[d.op.Old().Identity()] = gone
		case !d.safe:
		case p.Now.Before(d.due):
			p.wakeAt(d.due)
		default:
			ops = append(ops, d.op)
		}
	}
	if refused > 0 {
		p.step.Blocked = append(p.step.Blocked, Blocked{target, cluster, refused, total})
	}
	return ops
}
