package store

import (
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Cluster takes the reports of one cluster's watches.
type Cluster struct {
	Ingresses      *Objects[*kube.Ingress]
	Services       *Objects[kube.Service]
	EndpointSlices *Objects[kube.EndpointSlice]
	Nodes          *Objects[kube.Node]
	TLSSecrets     *Objects[kube.TLSSecret]

	// Renew has all of the cluster listed anew; nil: that cannot be asked for.
	Renew func()

	store   *Store
	opts    desired.Cluster
	refused map[string]bool // the namespaces whose TLS Secrets may not be read; "": all
	uid     string          // not empty: each resource has had a complete snapshot
	listed  time.Time       // see Listed
}

func newCluster(st *Store, opts desired.Cluster) *Cluster {
	c := &Cluster{store: st, opts: opts, refused: make(map[string]bool)}
	c.Ingresses = newObjects[*kube.Ingress](st)
	c.Ingresses.note = func(i *kube.Ingress, event string) {
		st.events[model.IngressID{Cluster: opts.Name, Namespace: i.Namespace, Name: i.Name}] = event
	}
	c.Services = newObjects[kube.Service](st)
	c.EndpointSlices = newObjects[kube.EndpointSlice](st)
	c.Nodes = newObjects[kube.Node](st)
	c.Nodes.date = dateNode
	c.TLSSecrets = newObjects[kube.TLSSecret](st)
	return c
}

// Ready tells that each resource of the cluster has had a complete snapshot.
// uid is that of its namespace kube-system.
func (c *Cluster) Ready(uid string) {
	c.store.update(neutral, func() { c.uid = uid })
}

// Listed tells that all of the cluster was listed anew. The oldest of these lists
// began at the given time.
func (c *Cluster) Listed(began time.Time) {
	c.store.update(neutral, func() { c.listed = began })
}

// TLSRefused tells whether the cluster refuses to show the TLS Secrets of a
// namespace, or with "" those of all namespaces. Such Secrets are done without.
func (c *Cluster) TLSRefused(namespace string, refused bool) {
	c.store.update(neutral, func() {
		if refused {
			c.refused[namespace] = true
		} else {
			delete(c.refused, namespace)
		}
	})
}

// snapshot is the cluster as it is now.
func (c *Cluster) snapshot() desired.Cluster {
	now := c.opts
	now.Ready, now.UID, now.Listed = c.uid != "", c.uid, c.listed
	if now.Ready {
		now.Ingresses = c.Ingresses.kept.List()
		now.Services = c.Services.kept.List()
		now.EndpointSlices = c.EndpointSlices.kept.List()
		now.Nodes = c.Nodes.kept.List()
		now.TLSSecrets = c.TLSSecrets.kept.List()
		now.TLSRefused = slices.Sorted(maps.Keys(c.refused))
	}
	return now
}

// Objects is a copy of one resource. It is a watcher.Handler.
type Objects[T interface{ Identity() kube.Meta }] struct {
	store *Store
	kept  *ordered.Map[kube.Key, T]
	note  func(T, string)                        // is told of each event; nil: nobody asks
	date  func(before *T, now T, how evidence) T // sets since when an object is as it is; nil: nobody asks
}

func newObjects[T interface{ Identity() kube.Meta }](st *Store) *Objects[T] {
	return &Objects[T]{store: st, kept: ordered.NewMap[kube.Key](func(a, b T) int {
		return a.Identity().Key().Compare(b.Identity().Key())
	})}
}

// Added takes an object that is new.
func (o *Objects[T]) Added(obj T) {
	o.update(obj, "added", neutral, func() { o.put(obj, seen) })
}

// Modified takes the new state of an object. If no watch reported it, it was inferred from
// a new snapshot, and the deletions that it leads to count for sync.max_delete.
func (o *Objects[T]) Modified(_, obj T, reported bool) {
	how := evidenceOf(reported)
	o.update(obj, "modified", how, func() { o.put(obj, how) })
}

// Deleted takes an object away. Reported is as for Modified.
func (o *Objects[T]) Deleted(old T, reported bool) {
	o.update(old, "deleted", evidenceOf(reported), func() { o.kept.Delete(old.Identity().Key()) })
}

func (o *Objects[T]) update(obj T, event string, kind evidence, change func()) {
	o.store.update(kind, func() {
		change()
		if o.note != nil {
			o.note(obj, event)
		}
	})
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
