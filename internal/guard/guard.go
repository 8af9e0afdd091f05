// Package guard protects against a wrong view of a cluster (sync.max_delete): a wrong
// selector, a list that is empty or in part, a restored backup. It looks at what is lost
// by inference: objects that nobody wants any more, although nobody said that they should
// go. Such a loss is believed where it is small, where the user allows it
// (--allow-delete), or where it is still there after sync.confirm_after.
//
// It is said that an object shall go when the watch reported what it was there for as
// deleted or changed, when the configuration denies it (clusters[].allow), and when
// something else has taken its place. Once the guard lets an object go that is said, too:
// it is not judged again halfway.
//
// docs/guard.md has a table of cases.
package guard

import (
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// Guard is the guard of one plan. What it learns and decides is in Blocked, Relist and
// Wake, and in the memory for the next plan.
type Guard struct {
	policy   Policy
	clusters map[string]Cluster
	now      time.Time
	before   Memory
	unwanted map[string]Unwanted // by the provider's ID
	sets     map[string][]string // see Memory

	// Blocked are the losses that the guard does not believe. Relist asks for new
	// snapshots of these clusters that begin at that time or later: they may confirm them.
	Blocked []Blocked
	Relist  map[string]time.Time
	// Wake is when the first deletion that waits may go; zero: none waits.
	Wake time.Time
}

// Policy is what the configuration says of losses.
type Policy struct {
	MaxDelete    float64       // see Loss.Exceeds
	ConfirmAfter time.Duration // 0: time confirms nothing
}

// Cluster is what the guard has to know of a cluster.
type Cluster struct {
	// Selection is a hash of what the configuration selects in it now, LastInSync what that
	// was when all was well, "" if that is not known.
	Selection, LastInSync string
	Listed                time.Time // when the oldest of its latest snapshots began
	AllowDelete           bool      // whatever nobody wants may go
}

// Unchanged reports whether the configuration selects what it did when all was well.
func (c Cluster) Unchanged() bool { return c.LastInSync != "" && c.LastInSync == c.Selection }

// New returns the guard of a plan, which remembers what that of the plan before did.
func New(policy Policy, clusters map[string]Cluster, before Memory, now time.Time) *Guard {
	return &Guard{
		policy: policy, clusters: clusters, before: before, now: now,
		unwanted: make(map[string]Unwanted), sets: make(map[string][]string),
	}
}

// Memory is what a guard remembers from one plan to the next. The zero value is that of a
// start.
type Memory struct {
	unwanted map[string]Unwanted // by the provider's ID
	// sets are the IDs that an address set had when it began to lose some by inference,
	// without those that may go since.
	sets map[string][]string
}

// Unwanted is an object that nobody wants.
type Unwanted struct {
	Since    time.Time // when that was first seen
	cluster  string
	provider model.Provider
	// lost is since when that is so under one selection, which is this.
	lost      time.Time
	selection string
	// MayGo says that it may go, however many do: somebody said so, or the guard let it go.
	MayGo bool
	// held says that it was one of too many. That new rules dilute the share does not
	// excuse it.
	held bool
}

// Grounds are how it is known that nobody wants an object.
type Grounds int

const (
	Inferred Grounds = iota // nothing that it could be for is left
	Said                    // somebody said so
)

// SaidIf is Said where somebody said so.
func SaidIf(somebody bool) Grounds {
	if somebody {
		return Said
	}
	return Inferred
}

// NoteUnwanted notes that nobody wants an object of a cluster at a provider.
func (g *Guard) NoteUnwanted(provider model.Provider, cluster, id string, why Grounds) Unwanted {
	c := g.clusters[cluster]
	u, known := g.before.unwanted[id]
	if !known {
		u = Unwanted{cluster: cluster, provider: provider, Since: g.now}
	}
	if !known || u.selection != c.Selection {
		u.lost, u.selection = g.now, c.Selection
	}
	u.MayGo = u.MayGo || why == Said || c.AllowDelete || g.confirmed(c, u.lost)
	g.unwanted[id] = u
	return u
}

// Unchanged reports whether the configuration selects in a cluster what it did when all was
// well.
func (g *Guard) Unchanged(cluster string) bool { return g.clusters[cluster].Unchanged() }

// confirmed reports whether a loss is believed because it has lasted: the configuration
// selects what it did when all was well, and a snapshot that began sync.confirm_after
// later says the same as the one that showed the loss.
func (g *Guard) confirmed(c Cluster, lost time.Time) bool {
	return c.Unchanged() && g.policy.ConfirmAfter > 0 && !c.Listed.Before(lost.Add(g.policy.ConfirmAfter))
}

// Remember keeps what is known of an object as long as it cannot be told whether anybody
// wants it. It is not ok for one that nobody missed.
func (g *Guard) Remember(id string) (u Unwanted, ok bool) {
	if u, ok = g.before.unwanted[id]; ok {
		g.unwanted[id] = u
	}
	return u, ok
}

// RememberSet does so for the loss of an address set.
func (g *Guard) RememberSet(name string) {
	if ids, ok := g.before.sets[name]; ok {
		g.sets[name] = ids
	}
}

// MayGo reports whether an object may go, as far as was decided by now.
func (g *Guard) MayGo(id string) bool { return g.unwanted[id].MayGo }

// Waited reports whether an object was unwanted at the plan before, and could not go yet.
func (g *Guard) Waited(id string) bool {
	u, unwanted := g.before.unwanted[id]
	return unwanted && !u.MayGo
}

// Memory returns what to remember, with all that was known of objects which nobody looked
// at this time.
func (g *Guard) Memory(lookedAt func(cluster string, at model.Provider) bool) Memory {
	for id, u := range g.before.unwanted {
		if _, again := g.unwanted[id]; !again && !lookedAt(u.cluster, u.provider) {
			g.unwanted[id] = u
		}
	}
	return Memory{g.unwanted, g.sets}
}
