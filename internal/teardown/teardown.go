// Package teardown removes what is ours. It has a plan towards nothing carried out, and
// again, until nothing is left to do: so the order is the one that the daemon keeps.
package teardown

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
	"github.com/edgeward/edgeward/internal/plan"
)

// Providers are those from which things are removed.
type Providers interface {
	// Read returns all rules and records, ours or not.
	Read(context.Context) ([]model.Rule, observed.View[model.Record], error)
	DeleteRule(context.Context, model.Rule) error
	// WriteRecords carries out an operation on records.
	WriteRecords(context.Context, model.Op[model.Record]) error
}

// Teardown removes the objects of some clusters of an owner, whether or not the
// configuration names them: the published hosts' CNAMEs, after their TTL the rules, then,
// after the linger and if no rule at all uses them any more, the addresses, and last what
// says whose all that is. What something else may rest on stays.
type Teardown struct {
	Settings  model.Settings
	Providers Providers
	// Say is told what is done; Wait waits until caches and edges have let go of names.
	Say  func(format string, a ...any)
	Wait func(context.Context, time.Duration) error
	// Covers tells whether the objects of a cluster go.
	Covers func(cluster string) bool

	now      time.Time // moves when it waits, so that what it says are the settings' times
	rules    observed.View[model.Rule]
	records  observed.View[model.Record]
	memory   plan.Memory
	clusters map[string]*desired.ClusterWant
	known    map[string]bool // IDs of what stood at the beginning
	failed   map[model.Place]bool
	errs     []error
}

// maxSteps bounds a teardown. Each step does all that is safe, so that a few lead to the
// end.
const maxSteps = 1000

// Run removes it. What fails stays, with all that it rests on, while the rest goes.
func (t *Teardown) Run(ctx context.Context) error {
	t.now, t.clusters, t.failed = time.Now(), make(map[string]*desired.ClusterWant), make(map[model.Place]bool)
	t.Settings.DeletionGrace = 0
	if err := t.read(ctx); err != nil {
		return err
	}
	for range maxSteps {
		step := t.plan(t.now)
		t.memory = step.Memory
		rules, records, last := t.due(step)
		switch {
		case len(rules)+len(records) > 0:
			t.remove(ctx, rules, records)
		case len(step.Reread)+len(step.RereadZones) > 0:
			if err := t.read(ctx); err != nil {
				return t.failure(err)
			}
		case !step.Wake.IsZero():
			if err := t.wait(ctx, step.Wake); err != nil {
				return t.failure(err)
			}
		case len(last) > 0:
			t.remove(ctx, nil, last)
		default:
			return t.failure(nil)
		}
	}
	return t.failure(fmt.Errorf("it does not come to an end after %d steps", maxSteps))
}

func (t *Teardown) failure(err error) error { return errors.Join(append(t.errs, err)...) }

// Left is what is ours and still stands, by cluster.
func (t *Teardown) Left() map[string]*owned.Objects {
	all := owned.All(t.rules.Objects, t.records, t.Settings)
	for cluster := range all {
		if !t.Covers(cluster) {
			delete(all, cluster)
		}
	}
	return all
}

// plan is the plan towards nothing of a time.
func (t *Teardown) plan(now time.Time) plan.Step {
	return plan.Next(plan.Input{
		Want: desired.Want{Clusters: t.clusters}, Rules: t.rules, Records: t.records,
		Memory: t.memory, Settings: t.Settings, Now: now,
	})
}

// due sorts out the removals of a plan, without those that have failed before. What says
// whose the other records are goes last.
func (t *Teardown) due(step plan.Step) (rules []model.Op[model.Rule], records, last []model.Op[model.Record]) {
	for _, op := range step.Rules {
		if op.Verb == model.Delete && !t.failed[op.Key()] {
			rules = append(rules, op)
		}
	}
	for _, op := range step.Records {
		switch {
		case op.Verb.Reads() || t.failed[op.Key()]:
		case op.Old().Type == "TXT":
			last = append(last, op)
		default:
			records = append(records, op)
		}
	}
	return rules, records, last
}

// remove carries out removals.
func (t *Teardown) remove(ctx context.Context, rules []model.Op[model.Rule], records []model.Op[model.Record]) {
	for _, op := range rules {
		if t.done(op.Key(), t.Providers.DeleteRule(ctx, op.Old())) {
			t.Say("removed rule %s", op.Old().RuleKey)
			t.rules.Objects = without(t.rules.Objects, op.Touched())
		}
	}
	for _, op := range records {
		if !t.done(op.Key(), t.Providers.WriteRecords(ctx, op)) {
			continue
		}
		for _, r := range op.Touched() {
			t.Say("removed %s", r.Key())
		}
		t.records.Objects = without(t.records.Objects, op.Touched())
	}
	if len(rules) > 0 { // a reading of before does not show who uses their addresses by now
		t.readAt(t.now.Add(-1))
	}
}

// done reports whether a removal was done, and notes one that was not.
func (t *Teardown) done(at model.Place, err error) bool {
	if err != nil {
		t.failed[at] = true
		t.errs = append(t.errs, err)
	}
	return err == nil
}

func without[T model.Object[T]](list, gone []*T) (left []*T) {
	ids := make(map[string]bool)
	for _, o := range gone {
		ids[(*o).Identity()] = true
	}
	for _, o := range list {
		if !ids[(*o).Identity()] {
			left = append(left, o)
		}
	}
	return left
}
