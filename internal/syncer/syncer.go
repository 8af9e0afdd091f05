// Package syncer brings the providers to what the clusters' Ingresses want and
// keeps them there. One goroutine, the loop in Run, holds what is desired (from
// the watches) and what stands (from the providers), asks package plan for the
// operations that are safe now, and runs them within each provider's rate
// limit. Everything else only hands things to that loop.
package syncer

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/store"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

// Options configure a Syncer.
type Options struct {
	Settings model.Settings
	Clusters []desired.Cluster // without their objects, not ready

	CDNs       []CDN // in the order of Settings.CDNs
	DNS        provider.Records
	DNSAccount *httpapi.Account

	ResyncInterval time.Duration
	Once           bool // converge, then end
	DryRun         bool // write nothing
	AllowDelete    bool // the first comparison may exceed Settings.MaxDelete

	Metrics *metrics.Metrics
	Log     *slog.Logger

	jitter func(time.Duration) time.Duration // see target.Config
}

// CDN is one CDN of a Syncer. Clients that share a limit share an account.
type CDN struct {
	Target   model.Provider
	Provider provider.Objects[model.Rule]
	Account  *httpapi.Account
}

// Syncer is described at the package.
type Syncer struct {
	opts  Options
	log   *slog.Logger
	store *store.Store

	cdns   []*target.Target[model.Rule]
	merged mergedRules
	dns    *target.Target[model.Record]
	// turns are the targets, the one first that has begun nothing for longest.
	turns   []anyTarget
	results chan target.Result // of calls

	started    time.Time
	heartbeat  time.Duration // see the constant
	debounce   debounce
	remapAt    time.Time // when to map the clusters, since they have changed; zero: they have not
	remapped   bool      // the clusters were mapped since the last plan
	callsEnded bool      // calls have ended since the last plan

	want     desired.Want
	mappedOn int // how many targets were known when want was made
	memory   plan.Memory
	step     plan.Step
	shared   bool                 // see shareTexts
	relisted map[string]time.Time // when the plan last had each cluster listed anew

	syncs        *syncMetrics
	progress     progress
	preparations preparations
	remarks      remarks
	nodes        map[string][]kube.Node   // of the ready clusters, as want knows them
	begun        bool                     // every CDN was listed, so that found is known
	found        map[model.IngressID]bool // the Ingresses that had rules then

	alive    atomic.Pointer[time.Time] // when the loop last turned
	state    atomic.Pointer[string]    // what is awaited; see Ready
	status   atomic.Pointer[string]
	overview atomic.Pointer[outcome.Overview]
	planned  chan struct{} // see Planned
}

// New returns a Syncer that does nothing before Run.
func New(opts Options) *Syncer {
	s := &Syncer{
		opts:      opts,
		log:       opts.Log,
		store:     store.New(opts.Clusters),
		results:   make(chan target.Result, 2*target.MaxInFlight),
		heartbeat: heartbeat,
		syncs:     newSyncMetrics(opts.Metrics, opts.Settings.DNS.Name),
		relisted:  make(map[string]time.Time),
		remarks:   remarks{log: opts.Log},
		planned:   make(chan struct{}, 1),
	}
	for _, cdn := range opts.CDNs {
		s.cdns = append(s.cdns, target.New(cdn.Provider, configure[model.Rule](s, cdn.Target, cdn.Account)))
	}
	s.dns = target.NewDNS(opts.DNS, configure[model.Record](s, opts.Settings.DNS.Name, opts.DNSAccount))
	s.turns = s.targets()
	s.alive.Store(new(time.Now()))
	s.setState("starting")
	return s
}

// configure returns the configuration of one target.
func configure[T model.Object[T]](s *Syncer, name model.Provider, account *httpapi.Account) target.Config[T] {
	return target.Config[T]{
		Name:      name,
		Account:   account,
		Settings:  s.opts.Settings,
		Interval:  s.opts.ResyncInterval,
		Once:      s.opts.Once,
		DryRun:    s.opts.DryRun,
		Jitter:    s.opts.jitter,
		Results:   s.results,
		Log:       s.log.With("target", string(name)),
		OnRepair:  s.opts.Metrics.DriftRepaired.WithLabelValues(string(name)).Inc,
		OnRelist:  func() { s.syncs.resynced(name, s.step.Routes, time.Now()) },
		OnFailure: func(op model.Op[T]) { s.syncs.failed(name, op.Ingress, s.step.Open) },
	}
}

// Cluster returns the taker of the named cluster's reports.
func (s *Syncer) Cluster(name string) *store.Cluster { return s.store.Cluster(name) }

// Ready reports whether each cluster's snapshots are complete and the
// providers' state was read; if not, it says what is awaited.
func (s *Syncer) Ready() (ok bool, reason string) {
	reason = *s.state.Load()
	return reason == "", reason
}

// Status says in a line what the syncer is at.
func (s *Syncer) Status() string { return *s.status.Load() }

// Alive returns when the loop last turned. It does so every few seconds.
func (s *Syncer) Alive() time.Time { return *s.alive.Load() }

// setState takes what is awaited, "" if nothing, and tells what the plan found.
func (s *Syncer) setState(awaited string) {
	status := awaited
	if awaited == "" {
		status = fmt.Sprintf("%d rules, %d addresses; %d operations to do",
			s.ownedRules(), s.step.Owned.Addresses, s.queued())
	}
	s.state.Store(&awaited)
	s.status.Store(&status)
}

// ownedRules is how many rules are ours, at all CDNs.
func (s *Syncer) ownedRules() (n int) {
	for _, rules := range s.step.Owned.Rules {
		n += rules
	}
	return n
}

// Memory is what is to be remembered over a reload of the configuration. It may be asked
// for once Run has returned, and the watches have ended: what they reported last is in it.
func (s *Syncer) Memory() plan.Memory {
	if s.store.Waiting() {
		s.mapClusters(time.Now())
	}
	return s.memory.Reloaded()
}

// Remember takes the Memory of the Syncer before, in the same process and with the same
// accounts, before Run.
func (s *Syncer) Remember(m plan.Memory) { s.memory = m }
