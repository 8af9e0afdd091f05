// Package store keeps what the watches of the clusters report until the syncer
// takes it.
package store

import (
	"sync"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// Store is what the watches of all clusters have reported. An object and the evidence
// for its change are written under one lock, so that nobody takes a change that was
// only inferred without being told so.
type Store struct {
	mu       sync.Mutex
	clusters []*Cluster
	events   map[model.IngressID]string // the latest of each Ingress since the last Take
	earlier  []Stage                    // not taken yet, each followed by a change of another kind
	kind     evidence                   // of the changes since then
	news     bool                       // anything changed since the last Take
	changed  chan struct{}              // see Changed
}

// evidence is how a change became known.
type evidence int

const (
	neutral evidence = iota // it leads to no deletion
	seen                    // a watch reported it
	missed                  // a snapshot showed that a watch missed something
)

// evidenceOf is seen where a watch reported a change.
func evidenceOf(reported bool) evidence {
	if reported {
		return seen
	}
	return missed
}

// Stage is the clusters as they were after changes of one kind.
type Stage struct {
	Clusters []desired.Cluster
	Missed   bool // the changes were inferred: a snapshot showed that a watch missed them
}

// maxStages bounds how many changes of kind are kept apart. Beyond that, what was
// seen counts as missed too.
const maxStages = 8

// New returns a Store for the clusters, of which it knows no objects.
func New(clusters []desired.Cluster) *Store {
	st := &Store{events: make(map[model.IngressID]string), changed: make(chan struct{}, 1)}
	for _, opts := range clusters {
		st.clusters = append(st.clusters, newCluster(st, opts))
	}
	return st
}

// Cluster returns the taker of the named cluster's reports.
func (st *Store) Cluster(name string) *Cluster {
	for _, c := range st.clusters {
		if c.opts.Name == name {
			return c
		}
	}
	panic("store: no cluster " + name)
}

// Changed holds one element while there may be something to take.
func (st *Store) Changed() <-chan struct{} { return st.changed }

// update makes a change and tells of it.
func (st *Store) update(kind evidence, change func()) {
	st.mu.Lock()
	if kind != neutral {
		st.keepApart(kind)
	}
	change()
	st.news = true
	st.mu.Unlock()
	select {
	case st.changed <- struct{}{}:
	default:
	}
}

// Waiting reports whether there is a change that was not taken yet.
func (st *Store) Waiting() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.news
}

// keepApart begins another stage where the next change is of another kind than
// those before it.
func (st *Store) keepApart(next evidence) {
	switch {
	case st.kind == neutral:
		st.kind = next
	case st.kind == next:
	case len(st.earlier)+1 < maxStages:
		st.earlier = append(st.earlier, st.stage())
		st.kind = next
	default:
		st.kind = missed
	}
}

// stage is the clusters as they are now.
func (st *Store) stage() Stage {
	s := Stage{Missed: st.kind == missed}
	for _, c := range st.clusters {
		s.Clusters = append(s.Clusters, c.snapshot())
	}
	return s
}

// Take returns the clusters as they were after each kind of change since the last
// Take, the last of them as they are now, and what happened to Ingresses.
func (st *Store) Take() (stages []Stage, events map[model.IngressID]string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	stages = append(st.earlier, st.stage())
	events, st.events = st.events, make(map[model.IngressID]string)
	st.earlier, st.kind, st.news = nil, neutral, false
	return stages, events
}
