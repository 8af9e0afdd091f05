// Package watcher keeps a small copy of a cluster's Ingresses, Services and
// Nodes, and tells handlers what changes in it. It lists and watches by itself,
// without informers: a Loop per resource (and namespace), the loops of one
// cluster in a Cluster. It knows nothing of CDNs.
//
// The copy is what the API server said last. Losing the API server changes
// nothing in it; only a complete snapshot, or an event of a watch, does.
package watcher

import "github.com/edgeward/edgeward/internal/kube"

// Object is what a Loop keeps of a Kubernetes object: one of the types of
// package kube.
type Object[T any] interface {
	// Identity names the object and its version.
	Identity() kube.Meta
	// Equal compares all but the resource version.
	Equal(T) bool
}

// Handler is told of changes, after the copy has them. The calls for one object
// come in order; several loops may call at once. A handler must return at once
// (put a key in a queue): while it runs no event is read, and the API server
// cuts off a watch that does not keep up.
type Handler[T any] interface {
	Added(obj T)
	// Modified is called where at least one kept field differs. With seen the
	// watch reported it, otherwise a new snapshot showed it.
	Modified(old, obj T, seen bool)
	// Deleted gets the object as it was kept. With seen the watch reported it:
	// the object was deleted, no longer matches the selection or was replaced
	// by one of another UID. Otherwise a new snapshot lacked it, or had another
	// UID under its name.
	Deleted(old T, seen bool)
}

// Metrics are called as things happen; a nil func is not called.
type Metrics struct {
	// Events counts what was learned, selected or not: each event of a watch
	// (type "added", "modified", "deleted" or "bookmark") and each difference
	// that a snapshot showed (the first three).
	Events func(resource, eventType string)
	// Restarts counts ended watches and failed lists. The reason is "closed",
	// "expired", "timeout", "unauthorized", "forbidden", "throttled" or "error".
	Restarts func(resource, reason string)
}

func (m Metrics) event(resource, eventType string) {
	if m.Events != nil {
		m.Events(resource, eventType)
	}
}

func (m Metrics) restart(resource, reason string) {
	if m.Restarts != nil {
		m.Restarts(resource, reason)
	}
}
