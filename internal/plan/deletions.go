package plan

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// deletion is an object that nobody wants. The guard lets it go at due, and then it goes
// if that is safe, from safeFrom on.
type deletion[T model.Object[T]] struct {
	op       model.Op[T]
	due      time.Time
	safe     bool
	safeFrom time.Time
}

// losses are the deletions of one cluster, as the guard judges them.
type losses struct {
	rules map[model.Provider]*ruleLoss
	sets  map[string]*setLoss      // by zone name
	hosts []deletion[model.Record] // of published hosts
}

// ruleLoss is what a cluster loses at a CDN.
type ruleLoss struct {
	deletions []deletion[model.Rule]
	condemned int // rules that are not among the deletions, since an operation on them is under way
}

// setLoss is what an address set loses.
type setLoss struct {
	stood     []string // see Memory.stood
	left      int
	deletions []deletion[model.Record]
}

func (l *losses) at(cdn model.Provider) *ruleLoss {
	if l.rules == nil {
		l.rules = make(map[model.Provider]*ruleLoss)
	}
	if l.rules[cdn] == nil {
		l.rules[cdn] = new(ruleLoss)
	}
	return l.rules[cdn]
}

func (l *losses) of(set string) *setLoss {
	if l.sets == nil {
		l.sets = make(map[string]*setLoss)
	}
	if l.sets[set] == nil {
		l.sets[set] = new(setLoss)
	}
	return l.sets[set]
}

// planRuleDeletions lets rules go that nobody wants, as far as the guard does, and notes
// the hosts of those that are held back: their DNS stays for as long.
func (p *planner) planRuleDeletions() {
	for name, c := range p.clusters.of {
		for cdn, lost := range c.lost.rules {
			condemned, waiting := lost.condemned, 0
			for _, d := range lost.deletions {
				if p.absent[d.op.From.ID].condemned {
					condemned++
				} else {
					waiting++
				}
			}
			had := c.rules[cdn] - condemned
			p.step.Rules = append(p.step.Rules, judge(p, Blocked{Provider: cdn, Cluster: name}, Loss{had, had - waiting}, lost.deletions)...)
			for _, d := range lost.deletions { // again: judge has condemned those that it let go
				if p.absent[d.op.From.ID].condemned {
					p.letGo[d.op.From.Host] = true
				} else {
					p.heldBack[d.op.From.Host] = true
				}
			}
		}
	}
}

// planRecordDeletions lets records go that nobody wants, as far as the guard does.
func (p *planner) planRecordDeletions() {
	for name, c := range p.clusters.of {
		for set, lost := range c.lost.sets {
			blocked := Blocked{Provider: p.Settings.DNS.Name, Cluster: name, Set: set + "." + p.Settings.Domain}
			p.step.Records = append(p.step.Records, judge(p, blocked, Loss{len(lost.stood), lost.left}, lost.deletions)...)
		}
		had, waiting := p.ownedAliases(name), 0
		for _, d := range c.lost.hosts {
			if p.absent[d.op.From.ID].condemned {
				had--
			} else {
				waiting++
			}
		}
		p.step.Records = append(p.step.Records, judge(p, Blocked{Provider: p.Settings.DNS.Name, Cluster: name}, Loss{had, had - waiting}, c.lost.hosts)...)
	}
}

// noteSetLoss notes what a set loses by inference: what it had when the first of it was
// lost, and how many of it, and of those that came since, are left.
func (p *planner) noteSetLoss(c *clusterState, name string, records []*model.Record, left int) {
	lost := func(r *model.Record) bool {
		gone, ok := p.absent[r.ID]
		return ok && !gone.condemned
	}
	if len(p.absent) == 0 || !slices.ContainsFunc(records, lost) {
		return
	}
	stood := p.Memory.stood[name]
	if stood == nil {
		for _, r := range records {
			stood = append(stood, r.ID)
		}
	}
	of := c.lost.of(name)
	of.left, of.stood = left, slices.DeleteFunc(slices.Clone(stood), func(id string) bool { return p.absent[id].condemned })
	p.stood[name] = of.stood
}
