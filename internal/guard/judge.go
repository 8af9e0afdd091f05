package guard

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// Deletion is the deletion of an object that nobody wants. The guard lets it go at Due,
// and then it goes if that is Safe, from SafeFrom on.
type Deletion[T model.Object[T]] struct {
	Op       model.Op[T]
	Due      time.Time
	Safe     bool
	SafeFrom time.Time
}

// Group is what a loss is measured against: the rules of a cluster at a CDN, the published
// hosts that are labelled as the cluster's, or one address set.
type Group struct {
	Provider model.Provider
	Cluster  string
	Set      string // the full name of an address set; "": rules, or the records of hosts
}

// Judge applies the guard to the deletions of one group, and returns those that may be
// done now.
func Judge[T model.Object[T]](g *Guard, group Group, loss Loss, deletions []Deletion[T]) (ops []model.Op[T]) {
	tooMany := loss.Exceeds(g.policy.MaxDelete)
	blocked := Blocked{Provider: group.Provider, Cluster: group.Cluster, Set: group.Set, Total: loss.Had}
	for _, d := range deletions {
		id := d.Op.Old().Identity()
		u := g.unwanted[id]
		switch {
		case !u.MayGo && (tooMany || u.held):
			// Not so in an address set: its loss shrinks as other addresses come.
			u.held = group.Set == ""
			g.hold(&blocked, u)
		case g.now.Before(d.Due):
			g.wakeAt(d.Due)
		default:
			u.MayGo = true
			switch {
			case !d.Safe:
			case g.now.Before(d.SafeFrom):
				g.wakeAt(d.SafeFrom)
			default:
				ops = append(ops, d.Op)
			}
		}
		g.unwanted[id] = u
	}
	if blocked.Count > 0 {
		g.Blocked = append(g.Blocked, blocked)
	}
	return ops
}

// hold notes that one more of a group stays, and has its cluster listed anew when that
// may confirm the loss.
func (g *Guard) hold(b *Blocked, u Unwanted) {
	b.Count++
	c := g.clusters[b.Cluster]
	switch {
	case g.policy.ConfirmAfter == 0:
	case c.Unchanged():
		due := u.lost.Add(g.policy.ConfirmAfter)
		if due.After(b.Until) {
			b.Until = due
		}
		if g.Relist == nil {
			g.Relist = make(map[string]time.Time)
		}
		if at, ok := g.Relist[b.Cluster]; !ok || due.Before(at) {
			g.Relist[b.Cluster] = due
		}
	default:
		b.Changed = c.LastInSync != ""
	}
}

func (g *Guard) wakeAt(t time.Time) {
	if g.Wake.IsZero() || t.Before(g.Wake) {
		g.Wake = t
	}
}

// LossOf is the loss of some deletions, of a group of which this many stand.
func LossOf[T model.Object[T]](g *Guard, standing int, deletions []Deletion[T]) Loss {
	had, waiting := standing, 0
	for _, d := range deletions {
		if g.MayGo(d.Op.Old().Identity()) {
			had--
		} else {
			waiting++
		}
	}
	return Loss{had, had - waiting}
}

// LossOfSet is what an address set loses by inference: what it had when the first of it was
// lost, and how many of it, and of those that came since, are left. IDs are those of its
// records that stand, of which nobody has to miss any.
func (g *Guard) LossOfSet(name string, ids []string, left int) Loss {
	missed := func(id string) bool {
		u, ok := g.unwanted[id]
		return ok && !u.MayGo
	}
	if len(g.unwanted) == 0 || !slices.ContainsFunc(ids, missed) {
		return Loss{}
	}
	had := g.before.sets[name]
	if had == nil {
		had = ids
	}
	g.sets[name] = slices.DeleteFunc(slices.Clone(had), g.MayGo)
	return Loss{len(g.sets[name]), left}
}
