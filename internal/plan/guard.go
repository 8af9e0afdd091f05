package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// The guard (sync.max_delete) protects against a wrong view of a cluster: a wrong
// selector, a list that is empty or in part, a restored backup. It looks at what is
// lost by inference: objects that nobody wants any more, although nobody said that they
// should go. Such a loss is believed where it is small, where the user allows it
// (--allow-delete), or where it is still there after sync.confirm_after, see confirmed.
//
// It has been said that an object shall go when the watch reported what it was there for
// as deleted or changed, when the configuration denies it (clusters[].allow), and when
// something else has taken its place. Once the guard lets an object go that is said, too:
// it is not judged again halfway.
//
// docs/guard.md has a table of cases.

// Loss is what one group of objects loses by inference: the rules of a cluster at a CDN,
// the published hosts that are marked as the cluster's, or one address set.
type Loss struct {
	// Had is how many the group had, without those that were said to go.
	Had int
	// Left is how many of these stay, and in a set those that have come instead.
	Left int
}

// Exceeds reports whether the loss is more than the share (sync.max_delete, 0 to 1) of
// what the group had, or all of it.
func (l Loss) Exceeds(share float64) bool {
	lost := l.Had - l.Left
	return lost > 0 && (l.Left == 0 || float64(lost) > share*float64(l.Had))
}

// absence is since when nobody wants an object.
type absence struct {
	cluster  string
	provider model.Provider
	since    time.Time
	// lost is since when that is so under one selection; see Cluster.Selection.
	lost      time.Time
	selection string
	// condemned: it may go, however many do. Somebody said so, or the guard let it go.
	condemned bool
	// refused: it was one of too many. That new rules dilute the share does not excuse it.
	refused bool
}

// grounds is how it is known that nobody wants an object.
type grounds int

const (
	inferred grounds = iota // nothing that it could be for is left
	said                    // somebody said so
)

// saidIf is said where somebody said so.
func saidIf(somebody bool) grounds {
	if somebody {
		return said
	}
	return inferred
}

// unwanted returns since when nobody wants an object of a cluster at a target, and
// remembers it.
func (p *planner) unwanted(target model.Provider, cluster, id string, why grounds) absence {
	a, ok := p.Memory.absent[id]
	if !ok {
		a = absence{cluster: cluster, provider: target, since: p.Now}
	}
	if want := p.Want.Clusters[cluster]; want != nil && (!ok || a.selection != want.Selection) {
		a.lost, a.selection = p.Now, want.Selection
	}
	a.condemned = a.condemned || why == said || p.AllowDelete && !p.Memory.compared[cluster] || p.confirmed(cluster, a.lost)
	p.absent[id] = a
	return a
}

// confirmed reports whether a loss is believed because it has lasted: the configuration
// selects what it did when all was well, and a snapshot that began sync.confirm_after
// later says the same as the one that showed the loss.
func (p *planner) confirmed(cluster string, lost time.Time) bool {
	c := p.clusters.get(cluster)
	return c != nil && c.unchanged && p.Settings.ConfirmAfter > 0 && !c.listed.Before(lost.Add(p.Settings.ConfirmAfter))
}

// judge applies the guard to the deletions of one group: each object stays, or goes when
// it is due. Blocked says which group it is.
func judge[T model.Object[T]](p *planner, blocked Blocked, loss Loss, deletions []deletion[T]) (ops []model.Op[T]) {
	tooMany := loss.Exceeds(p.Settings.MaxDelete)
	for _, d := range deletions {
		id := d.op.Old().Identity()
		gone := p.absent[id]
		switch {
		case !gone.condemned && (tooMany || gone.refused):
			// Not so in an address set: its loss shrinks as other addresses come.
			gone.refused = blocked.Set == ""
			p.refuse(&blocked, gone)
		case p.Now.Before(d.due):
			p.wakeAt(d.due)
		default:
			gone.condemned = true
			switch {
			case !d.safe:
			case p.Now.Before(d.safeFrom):
				p.wakeAt(d.safeFrom)
			default:
				ops = append(ops, d.op)
			}
		}
		p.absent[id] = gone
	}
	if blocked.Count > 0 {
		blocked.Total = loss.Had
		p.step.Blocked = append(p.step.Blocked, blocked)
	}
	return ops
}

// replaced reports whether another CDN publishes what a rule did, so that it is not missed.
// That is only believed where nothing else has changed than the cluster: a class that was
// mistyped in the configuration leads to another CDN, too.
func (p *planner) replaced(r ownedRule) bool {
	if !p.clusters.get(r.of.Cluster).unchanged {
		return false
	}
	return slices.ContainsFunc(p.Settings.CDNs, func(cdn model.CDN) bool {
		key := r.RuleKey
		if key.CDN = cdn.Name; cdn.Paths == model.WholeHosts {
			key.Path = "/"
		}
		s := p.row(key)
		return s != nil && cdn.Name != r.CDN && s.route.Wanted() &&
			slices.ContainsFunc(s.ours, func(o ownedRule) bool { return !o.Pending && o.SameAs(&s.route.Rule) })
	})
}

// noteSettled notes of each cluster whether it was compared with all that stands, no loss
// waits, and no set has its last known addresses for want of any node: then its claim is
// to say what the configuration selects.
func (p *planner) noteSettled() {
	if len(p.undecided) > 0 {
		return // what their rules come to is not known
	}
	for name, c := range p.clusters.of {
		waits := slices.ContainsFunc(p.step.Blocked, func(b Blocked) bool { return b.Cluster == name })
		read := p.Rules.Complete() && p.Records.Complete() && len(p.Settings.Unread(c.said)) == 0
		if !read || !c.claimed || waits || p.lacksNodes(name) {
			continue
		}
		p.settled[name] = true
		if !p.Memory.settled[name] && c.said.Config != p.Want.Clusters[name].Selection {
			p.wakeAt(p.Now) // for the claim
		}
	}
}

// lacksNodes reports whether a set of a cluster has its last known addresses, and no node
// is there that could take their place.
func (p *planner) lacksNodes(cluster string) bool {
	nodes := p.Want.Clusters[cluster].Nodes
	return nodes.Ready+nodes.NotReady == 0 && p.step.StaleIn(cluster)
}

// refuse notes that one more of a group stays, and has its cluster listed anew when that
// may confirm the loss.
func (p *planner) refuse(b *Blocked, gone absence) {
	b.Count++
	c := p.clusters.get(b.Cluster)
	switch {
	case p.Settings.ConfirmAfter == 0:
	case c.unchanged:
		due := gone.lost.Add(p.Settings.ConfirmAfter)
		if due.After(b.Until) {
			b.Until = due
		}
		if p.step.Relist == nil {
			p.step.Relist = make(map[string]time.Time)
		}
		if at, ok := p.step.Relist[b.Cluster]; !ok || due.Before(at) {
			p.step.Relist[b.Cluster] = due
		}
	default:
		b.Changed = c.said.Config != ""
	}
}

// Blocked is a loss that the guard does not believe.
type Blocked struct {
	Provider model.Provider
	Cluster  string
	Set      string // the zone name of an address set; "": rules, or the records of hosts
	// Count objects stay, of Total that the group had without those that were said to go.
	Count, Total int
	// Until is when they go if the cluster still says the same; zero: that does not help.
	Until time.Time
	// Changed: it is not believed in time, as the configuration selects otherwise than
	// when all was well.
	Changed bool
}

// String says what is refused and what to do.
func (b Blocked) String() string {
	what := "objects"
	if b.Set != "" {
		what = "records of " + b.Set
	}
	text := fmt.Sprintf("refusing to delete %d of %d %s of cluster %s at %s that no Ingress wants any more (sync.max_delete); ",
		b.Count, b.Total, what, b.Cluster, b.Provider)
	switch {
	case b.Changed:
		text += "the configuration selects otherwise than when the cluster was last in sync: correct it if that is a mistake; "
	case !b.Until.IsZero():
		text += fmt.Sprintf("they go at %s if the cluster still says so then (sync.confirm_after); ", b.Until.UTC().Format(time.RFC3339))
	}
	return text + "if that is right, restart once with --allow-delete"
}
