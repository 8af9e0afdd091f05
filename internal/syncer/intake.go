package syncer

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// intake takes what the watches report, in the words of watcher.Handler, and
// keeps it until the loop asks. The objects and what was said of them change
// under one lock, so that a change that was only inferred is never taken
// without the word that it was.
type intake struct {
	mu       sync.Mutex
	clusters []*Cluster
	events   map[model.IngressID]string // the latest since they were last taken
	earlier  []stage                    // changes of another kind than the latest, not taken yet
	kind     evidence                   // of the changes since then
	news     bool                       // anything changed since then
	changed  chan struct{}              // holds one element while there is something to take
}

// evidence is how a change became known.
type evidence int

const (
	neutral evidence = iota // it leads to no deletion
	seen                    // a watch reported it
	missed                  // a snapshot showed that something was missed
)

// known is seen where a watch reported a change.
func known(reported bool) evidence {
	if reported {
		return seen
	}
	return missed
}

// stage is the clusters as they were after changes of one kind.
type stage struct {
	clusters []desired.Cluster
	missed   bool
}

// maxStages bounds how many changes of kind are kept apart. Where there are more, what
// was seen counts as missed, too.
const maxStages = 8

// Cluster takes the reports of one cluster's watches.
type Cluster struct {
	Ingresses      *Objects[*kube.Ingress]
	Services       *Objects[kube.Service]
	EndpointSlices *Objects[kube.EndpointSlice]
	Nodes          *Objects[kube.Node]
	TLSSecrets     *Objects[kube.TLSSecret]

	// Renew has all of the cluster listed anew; nil: that cannot be asked for.
	Renew func()

	in      *intake
	opts    desired.Cluster
	refused map[string]bool // namespaces, "": all
	uid     string          // not empty: each resource has had a complete snapshot
	listed  time.Time       // see Listed
	renewed time.Time       // when it was last asked for; belongs to the loop
}

// Ready tells that each resource of the cluster has had a complete snapshot.
// uid is that of its namespace kube-system.
func (c *Cluster) Ready(uid string) {
	c.in.update(neutral, func() { c.uid = uid })
}

// Listed tells that all of the cluster was listed anew; the oldest of these snapshots
// began at a time.
func (c *Cluster) Listed(began time.Time) {
	c.in.update(neutral, func() { c.listed = began })
}

// TLSRefused tells whether the TLS Secrets of a namespace, or with "" of all, are
// done without, since they may not be read.
func (c *Cluster) TLSRefused(namespace string, refused bool) {
	c.in.update(neutral, func() {
		if refused {
			c.refused[namespace] = true
		} else {
			delete(c.refused, namespace)
		}
	})
}

// Objects is the syncer's copy of one resource. It is a watcher.Handler.
type Objects[T interface{ Identity() kube.Meta }] struct {
	in   *intake
	kept *ordered.Map[kube.Key, T]
	note func(T, string)                        // tells of an event; nil where nobody asks
	date func(before *T, now T, how evidence) T // says since when an object is as it is; nil where nobody asks
}

func newObjects[T interface{ Identity() kube.Meta }](in *intake, note func(T, string)) *Objects[T] {
	return &Objects[T]{in, ordered.NewMap[kube.Key](func(a, b T) int {
		return a.Identity().Key().Compare(b.Identity().Key())
	}), note, nil}
}

// put keeps the new state of an object.
func (o *Objects[T]) put(obj T, how evidence) {
	if o.date != nil {
		var before *T
		if kept, ok := o.kept.Get(obj.Identity().Key()); ok {
			before = &kept
		}
		obj = o.date(before, obj, how)
	}
	o.kept.Put(obj.Identity().Key(), obj)
}

// Added takes an object that is new.
func (o *Objects[T]) Added(obj T) {
	o.update(obj, "added", neutral, func() { o.put(obj, seen) })
}

// Modified takes the new state of an object. If no watch reported it, it was inferred from
// a new snapshot, and the deletions that it leads to count for sync.max_delete.
func (o *Objects[T]) Modified(_, obj T, reported bool) {
	how := known(reported)
	o.update(obj, "modified", how, func() { o.put(obj, how) })
}

// Deleted takes an object away. Reported is as for Modified.
func (o *Objects[T]) Deleted(old T, reported bool) {
	o.update(old, "deleted", known(reported), func() { o.kept.Delete(old.Identity().Key()) })
}

func (o *Objects[T]) update(obj T, event string, kind evidence, change func()) {
	o.in.update(kind, func() {
		change()
		if o.note != nil {
			o.note(obj, event)
		}
	})
}

func newIntake(clusters []desired.Cluster) *intake {
	in := &intake{events: make(map[model.IngressID]string), changed: make(chan struct{}, 1)}
	for _, opts := range clusters {
		c := &Cluster{in: in, opts: opts, refused: make(map[string]bool)}
		c.Ingresses = newObjects(in, func(i *kube.Ingress, event string) {
			in.events[model.IngressID{Cluster: opts.Name, Namespace: i.Namespace, Name: i.Name}] = event
		})
		c.Services = newObjects[kube.Service](in, nil)
		c.EndpointSlices = newObjects[kube.EndpointSlice](in, nil)
		c.Nodes = newObjects[kube.Node](in, nil)
		c.Nodes.date = dateNode
		c.TLSSecrets = newObjects[kube.TLSSecret](in, nil)
		in.clusters = append(in.clusters, c)
	}
	return in
}

func (in *intake) update(kind evidence, change func()) {
	in.mu.Lock()
	if kind != neutral {
		in.keepApart(kind)
	}
	change()
	in.news = true
	in.mu.Unlock()
	select {
	case in.changed <- struct{}{}:
	default:
	}
}

// waiting reports whether there is a change that was not taken yet.
func (in *intake) waiting() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.news
}

// keepApart begins another stage where the next change is of another kind than those
// before.
func (in *intake) keepApart(next evidence) {
	switch {
	case in.kind == neutral:
		in.kind = next
	case in.kind == next:
	case len(in.earlier)+1 < maxStages:
		in.earlier = append(in.earlier, in.stage())
		in.kind = next
	default:
		in.kind = missed
	}
}

// stage is the clusters as they are now.
func (in *intake) stage() stage {
	s := stage{missed: in.kind == missed}
	for _, c := range in.clusters {
		p := c.opts
		p.Ready, p.UID, p.Listed = c.uid != "", c.uid, c.listed
		if p.Ready {
			p.Ingresses = c.Ingresses.kept.List()
			p.Services = c.Services.kept.List()
			p.EndpointSlices = c.EndpointSlices.kept.List()
			p.Nodes = c.Nodes.kept.List()
			p.TLSSecrets = c.TLSSecrets.kept.List()
			p.TLSRefused = slices.Sorted(maps.Keys(c.refused))
		}
		s.clusters = append(s.clusters, p)
	}
	return s
}

// take returns the clusters as they were after each kind of change since the last call,
// last as they are now, and what happened to Ingresses.
func (in *intake) take() (stages []stage, events map[model.IngressID]string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	stages = append(in.earlier, in.stage())
	events, in.events = in.events, make(map[model.IngressID]string)
	in.earlier, in.kind, in.news = nil, neutral, false
	return stages, events
}
