// Package syncer brings the providers to what the clusters' Ingresses want and
// keeps them there. One goroutine, the loop in Run, holds what is desired (from
// the watches) and what stands (from the providers), asks package plan for the
// operations that are safe now, and runs them within each provider's rate
// limit. Everything else only hands things to that loop.
package syncer

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/table"
)

const (
	// beat is how often the loop shows that it is alive when nothing happens.
	beat = 5 * time.Second
	// finish is how long the calls under way may take to end at a stop.
	finish = 10 * time.Second
)

// Options configure a Syncer.
type Options struct {
	Settings model.Settings
	Clusters []desired.Cluster // without their objects, not ready

	CDNs       []CDN // in the order of Settings.CDNs
	DNS        DNS
	DNSAccount *httpapi.Account

	ResyncInterval time.Duration
	Once           bool // converge, then end
	DryRun         bool // write nothing
	AllowDelete    bool // the first comparison may exceed Settings.MaxDelete

	Metrics *metrics.Metrics
	Log     *slog.Logger
}

// CDN is one CDN of a Syncer. Clients that share a limit share an account.
type CDN struct {
	Target   model.Provider
	Provider Provider[model.Rule]
	Account  *httpapi.Account
}

// Syncer is described at the package.
type Syncer struct {
	opts Options
	log  *slog.Logger
	in   *intake
	cdns []*target[model.Rule]
	all  together // rules
	dns  *target[model.Record]
	// turns are the targets, the one first that has begun nothing for longest.
	turns []anyTarget

	beat     time.Duration
	results  chan func()
	started  time.Time
	want     desired.Want
	memory   plan.Memory
	step     plan.Step
	mapped   bool // want was computed at least once
	mappedOn int  // the targets that were read by then
	shared   bool // see share
	accounts *accounts
	told     map[string]bool
	nodes    map[string][]kube.Node   // of the ready clusters, as want knows them
	begun    bool                     // the CDN was read, so that found is known
	found    map[model.IngressID]bool // the Ingresses that had rules then
	vigil    vigil

	alive  atomic.Pointer[time.Time] // when the loop last turned
	state  atomic.Pointer[string]    // what is awaited; see Ready
	status atomic.Pointer[string]

	overview atomic.Pointer[Overview]
	planned  chan struct{} // see Planned
}

// New returns a Syncer that does nothing before Run.
func New(opts Options) *Syncer {
	s := &Syncer{
		opts: opts, log: opts.Log, in: newIntake(opts.Clusters),
		dns:     newDNS(opts.Settings.DNS.Name, opts.DNS, opts.DNSAccount),
		beat:    beat,
		results: make(chan func(), 2*maxInFlight),
		told:    make(map[string]bool),
		planned: make(chan struct{}, 1),
	}
	s.accounts = newAccounts(opts.Metrics, opts.Settings.DNS.Name)
	for _, c := range opts.CDNs {
		t := newTarget(c.Target, c.Provider, c.Account)
		equip(s, t)
		s.cdns = append(s.cdns, t)
	}
	equip(s, s.dns)
	s.turns = s.targets()
	s.alive.Store(new(time.Now()))
	s.setState("starting")
	return s
}

// equip gives a target what it needs of the syncer.
func equip[T model.Object[T]](s *Syncer, t *target[T]) {
	t.log = s.log.With("target", string(t.name))
	t.dryRun, t.once, t.settings = s.opts.DryRun, s.opts.Once, s.opts.Settings
	t.results = s.results
	t.repaired = s.opts.Metrics.DriftRepaired.WithLabelValues(string(t.name)).Inc
	t.interval = s.opts.ResyncInterval
	t.picture.concerns = func(o T) bool { return table.Concerns(s.opts.Settings, o) }
	t.reread = func() { s.accounts.resynced(t.name, s.step.Routes, time.Now()) }
	t.failed = func(op model.Op[T]) { s.accounts.failed(t.name, op.Ingress, s.step.Open) }
}

// Cluster returns the taker of the named cluster's reports.
func (s *Syncer) Cluster(name string) *Cluster {
	for _, c := range s.in.clusters {
		if c.opts.Name == name {
			return c
		}
	}
	panic("syncer: no cluster " + name)
}

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

// Run works until ctx is done or, with Options.Once, until nothing is left to
// do. At the end it lets the calls under way finish, for ten seconds at most.
func (s *Syncer) Run(ctx context.Context) error {
	defer logPanic(s.log)
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	for _, t := range s.targets() {
		t.start(calls)
	}
	s.started = time.Now()
	s.vigil = vigil{said: s.started, told: make(map[reason]bool), first: make(map[ruleID]time.Time)}
	stale := true   // something changed since the last plan
	changed := true // the clusters' objects did
	var planAt time.Time
	var pace rhythm
	for {
		now := time.Now()
		s.alive.Store(&now)
		for _, t := range s.targets() {
			t.readAll(ctx, now)
		}

		if due(s.want.Until, now) || s.mapped && s.mappedOn != s.readTargets() {
			changed = true
		}
		desired := changed && !now.Before(planAt)
		if desired {
			s.desire(now)
			changed, stale = false, true
		}
		again, wanting := s.dispatch()
		replanAt := pace.forOutcomes(wanting)
		if stale && (desired || due(replanAt, now)) && s.mapped || due(s.step.Wake, now) || due(s.step.Poll, now) {
			rules, records := s.plan(now)
			pace.planned(now, time.Since(now), desired && s.queued() > 0)
			stale = false
			again, _ = s.dispatch()
			s.report(now)
			s.publish(rules, records, now)
		}
		if !changed && !stale {
			if err, over := s.over(now); over {
				return err
			}
		}
		wake := earliest(now.Add(s.beat), s.renewClusters(now))
		for _, t := range []time.Time{again, s.step.Wake, s.step.Poll, s.tellNext(now)} {
			wake = earliest(wake, t)
		}
		for _, t := range s.targets() {
			wake = earliest(wake, t.nextReading())
		}
		if changed {
			wake = earliest(wake, planAt)
		} else {
			wake = earliest(wake, s.want.Until)
		}
		if stale && s.mapped {
			wake = earliest(wake, replanAt)
		}
		timer := time.NewTimer(time.Until(wake))
		select {
		case <-ctx.Done():
			timer.Stop()
			s.drain(cancel)
			return nil
		case <-s.in.changed:
			if !changed && s.in.waiting() {
				changed, planAt = true, pace.forEvents()
			}
		case apply := <-s.results:
			apply()
			s.applyAll()
			stale = true
		case <-timer.C:
		}
		timer.Stop()
	}
}

func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// applyAll takes the outcomes that have come in meanwhile.
func (s *Syncer) applyAll() {
	for {
		select {
		case apply := <-s.results:
			apply()
		default:
			return
		}
	}
}

// desire maps the clusters' objects anew. What was mapped before a target was read
// is of no use: what stands there has a say.
func (s *Syncer) desire(now time.Time) {
	stages, events := s.in.take()
	before, standing, read := s.want, s.stands(), s.readTargets()
	if s.mappedOn != read {
		before, s.mappedOn = desired.Want{}, read
	}
	s.accounts.opened(events, s.published, now)
	for _, stage := range stages {
		for i := range stage.clusters {
			stage.clusters[i].Standing = standing
		}
		want := desired.DesiredAfter(before, stage.clusters, s.opts.Settings, now)
		s.memory = s.memory.Follow(s.want, want, !stage.missed)
		s.want, before, s.nodes = want, want, nodesOf(stage.clusters)
	}
	s.mapped = true
}

// published is where an Ingress is published, as the last plan found; "": nowhere.
func (s *Syncer) published(id model.IngressID) model.Provider {
	return plan.Published(s.want, s.step, id)
}

// plan asks for the operations that are safe now, and returns what stands, on
// which the answer rests.
func (s *Syncer) plan(now time.Time) ([]*model.Rule, []*model.Record) {
	in := s.input(now)
	s.step = plan.Next(in)
	s.memory = s.step.Memory
	if s.step.Compared && !s.shared {
		s.share()
	}
	for _, t := range s.cdns {
		if s.step.Reread[t.name] {
			t.main().soon(now)
		}
	}
	for _, r := range s.dns.readings {
		if len(s.dns.readings) == 1 && len(s.step.RereadZones) > 0 || s.step.RereadZones[r.part] {
			r.soon(now)
		}
	}
	for _, t := range s.cdns {
		t.enqueue(s.rulesAt(t.name))
	}
	s.dns.enqueue(s.step.Records)
	s.log.Debug("planned", "operations", len(s.step.Rules)+len(s.step.Records), "took", time.Since(now))
	return in.Rules.Objects, in.Records.Objects
}

// input is what a plan looks at.
func (s *Syncer) input(now time.Time) plan.Input {
	records := s.dns.view()
	records.Unproven = s.dns.picture.mayBeGone()
	return plan.Input{
		Want: s.want, Rules: s.rules(), Records: records, Memory: s.memory,
		Settings: s.opts.Settings, Now: now, AllowDelete: s.opts.AllowDelete,
	}
}

// renewClusters has those clusters listed anew of which the plan asks that, and returns
// when the next is to be.
func (s *Syncer) renewClusters(now time.Time) (again time.Time) {
	for name, at := range s.step.Relist {
		switch c := s.Cluster(name); {
		case now.Before(at):
			again = earliest(again, at)
		case c.Renew != nil && c.renewed.Before(at):
			c.renewed = now
			s.log.Info("listing the cluster anew, to see whether what sync.max_delete holds back may go", "cluster", name)
			c.Renew()
		}
	}
	return again
}

// Memory is what is to be remembered over a reload of the configuration. It may be asked
// for once Run has returned, and the watches have ended: what they reported last is in it.
func (s *Syncer) Memory() plan.Memory {
	if s.mapped && s.in.waiting() {
		s.desire(time.Now())
	}
	return s.memory.Reloaded()
}

// Remember takes the Memory of the Syncer before, in the same process and with the same
// accounts, before Run.
func (s *Syncer) Remember(m plan.Memory) { s.memory = m }

// share has rules that stand as they are wanted say so in the same texts: those
// of a first reading take as much memory again. Later ones keep the texts.
func (s *Syncer) share() {
	for _, t := range s.cdns {
		for _, r := range t.picture.objects.List() {
			if want := s.want.Route(r.RuleKey); want.Wanted() && want.Rule.Equal(*r) {
				t.picture.objects.Put(r.ID, new(want.Rule.Observed(*r)))
			}
		}
	}
	s.shared = true
}

// dispatch begins what may begin now; see target.dispatch. Targets that share an account
// take turns at it. Wanting says that since the last plan something has ended at a
// target that has nothing left to begin: only a plan can tell how to go on there.
func (s *Syncer) dispatch() (again time.Time, wanting bool) {
	for i := 0; i < len(s.turns); i++ {
		t := s.turns[i]
		began, at, drained := t.dispatch(time.Now()) // a plan may have taken a while
		if began {
			s.turns = append(slices.Delete(s.turns, i, i+1), t)
			i, again, wanting = -1, time.Time{}, false // from the first on
			continue
		}
		again, wanting = earliest(again, at), wanting || drained && t.hasNews()
	}
	return again, wanting
}

// drain waits for the writes under way, so that none is left whose outcome is
// unknown. Readings just end.
func (s *Syncer) drain(cancel context.CancelFunc) {
	limit := time.AfterFunc(finish, cancel)
	defer limit.Stop()
	if n := s.flying(); n > 0 {
		s.log.Info("stopping; calls under way may finish", "calls", n)
	}
	for s.flying() > 0 {
		(<-s.results)()
	}
}

// logPanic logs a panic with its stack and what it was about, and lets it go
// on: main has it end the process by SIGABRT, so that systemd starts it again.
func logPanic(log *slog.Logger, about ...any) {
	if v := recover(); v != nil {
		log.Error("panic", append(about, "panic", v, "stack", string(debug.Stack()))...)
		panic(v)
	}
}
