package syncer

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
)

// Overview is what the last plan saw and found, for those who show it. Nothing
// in it ever changes but what LastSync answers, so it may be read at any time and
// kept; it must not be written to either, since the loop goes on using most of it.
type Overview struct {
	At       time.Time // of the plan
	Settings model.Settings
	DryRun   bool
	Awaited  string // what the first comparison waits for; "": it was made

	Want desired.Want
	// Step lacks the operations, which the loop takes away as it begins them,
	// and the memory.
	Step    plan.Step
	Rules   []*model.Rule   // all at the CDN, ours or not, as far as known
	Records []*model.Record // all in the zone, likewise
	// Found are the Ingresses that had rules when the CDNs were first read.
	Found map[model.IngressID]bool

	Nodes    map[string][]kube.Node // by cluster; of ready clusters
	Targets  []TargetState
	Failures []Failure // ordered by target and place
	// LastSync is when both targets last became exact for an Ingress that is
	// published; zero: it is not, or they have not since the start.
	LastSync func(model.IngressID) time.Time
}

// TargetState is how things are with one provider.
type TargetState struct {
	Target    model.Provider
	Reachable bool      // the last readings succeeded
	Read      time.Time // when the last complete reading began; zero: none yet
	NextRead  time.Time // when the next one is due
	ReadError string    // of the last readings; "": they succeeded
	Waiting   int       // operations to do, those under way included
}

// Failure is an operation that failed when it was last tried, and is tried
// again while it is wanted.
type Failure struct {
	Target  model.Provider
	Verb    model.Verb
	Place   model.Place
	Ingress model.IngressID // whom it serves; zero for searches and for what many may share, as addresses
	Error   string          // of the last try
	Times   int             // how often it was tried in vain, one after the other
	Since   time.Time       // when the first of these tries failed
	Next    time.Time       // when it may be tried again; zero: that is under way
}

// Overview returns what the last plan saw and found; nil before the first one.
func (s *Syncer) Overview() *Overview { return s.overview.Load() }

// Planned holds one element once there is a new Overview. It is for a single
// listener.
func (s *Syncer) Planned() <-chan struct{} { return s.planned }

// publish makes the overview of the plan that was just made from the views.
func (s *Syncer) publish(rules []*model.Rule, records []*model.Record, now time.Time) {
	if !s.begun && s.cdnsKnown() {
		s.begun, s.found = true, served(rules, s.opts.Settings.Owner)
	}
	step := s.step
	step.Rules, step.Records, step.Memory = nil, nil, plan.Memory{}
	var failures []Failure
	var states []TargetState
	for _, t := range s.targets() {
		failures, states = append(failures, t.failing()...), append(states, t.state())
	}
	slices.SortFunc(failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), a.Place.Compare(b.Place))
	})
	s.overview.Store(&Overview{
		At: now, Settings: s.opts.Settings, DryRun: s.opts.DryRun, Awaited: *s.state.Load(),
		Want: s.want, Step: step, Rules: rules, Records: records, Found: s.found, Nodes: s.nodes,
		Targets:  states,
		Failures: failures, LastSync: s.syncs.times.at,
	})
	select {
	case s.planned <- struct{}{}:
	default:
	}
}

// served are the Ingresses that rules of an owner are for.
func served(rules []*model.Rule, owner string) map[model.IngressID]bool {
	ids := make(map[model.IngressID]bool)
	for _, r := range rules {
		if m, ok := r.OwnerLabel(); ok && m.Owner == owner {
			ids[m.IngressID] = true
		}
	}
	return ids
}

// failing are the operations whose last try failed.
func (t *target[T]) failing() []Failure {
	var list []Failure
	for key, a := range t.attempts.at {
		if a.count > 0 {
			list = append(list, Failure{
				Target: t.name, Verb: a.Verb, Place: key, Ingress: a.Ingress,
				Error: a.err.Error(), Times: a.count, Since: a.since, Next: a.retryAt,
			})
		}
	}
	return list
}

// state is how things are with the provider.
func (t *target[T]) state() TargetState {
	s := TargetState{
		Target: t.name, Reachable: t.reachable(), Read: t.main().began, NextRead: t.main().due,
		Waiting: t.queue.size + t.attempts.inFlight,
	}
	if err := t.listErr(); err != nil {
		s.ReadError = err.Error()
	}
	return s
}
