package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/recordset"
)

// draft is the answer in the making: each stage adds to it.
type draft struct {
	*facts
	records recordset.Changes
	out     Step
}

func newDraft(f *facts) *draft {
	d := &draft{facts: f, records: recordset.Changes{View: f.Records, Places: f.places}}
	d.out.Notices = slices.Clone(f.Want.Notices)
	d.out.Owned.Rules = make(map[model.Provider]int)
	d.out.Open = make(map[model.IngressID]Open, f.rows.OutOfSync())
	d.out.Reread = make(map[model.Provider]bool)
	d.out.Held = make(map[model.RuleKey]model.IngressID)
	d.out.Stale = make(map[string]Stale)
	return d
}

func (d *draft) notice(format string, a ...any) {
	d.out.Notices = append(d.out.Notices, model.Notice{Text: fmt.Sprintf(format, a...)})
}

// alarm is a notice of what has to be mended before a cluster is served.
func (d *draft) alarm(text string) {
	d.out.Notices = append(d.out.Notices, model.Notice{Fatal: true, Text: text})
}

func (d *draft) warn(id model.IngressID, format string, a ...any) {
	d.out.Warnings = append(d.out.Warnings, desired.Warning{Ingress: id, Message: fmt.Sprintf(format, a...)})
}

// wakeAt makes sure that Next is asked again at t, when one of our own waits is over.
func (d *draft) wakeAt(t time.Time) { d.out.Wake = earliest(d.out.Wake, t) }

// askAgain makes sure that Next is asked again at t, for what others have to do first.
func (d *draft) askAgain(t time.Time) { d.out.Poll = earliest(d.out.Poll, t) }

// earliest is the earlier of two times; the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// rereadZone asks for a reading of a zone.
func (d *draft) rereadZone(zone string) {
	if d.out.RereadZones == nil {
		d.out.RereadZones = make(map[string]bool)
	}
	d.out.RereadZones[zone] = true
}

func (d *draft) rule(op model.Op[model.Rule]) { d.out.Rules = append(d.out.Rules, op) }

// openFor notes that an Ingress has work outstanding.
func (d *draft) openFor(id model.IngressID, o Open) {
	was := d.out.Open[id]
	d.out.Open[id] = Open{Rules: was.Rules || o.Rules, Records: was.Records || o.Records}
}

// result notes what became of a route.
func (d *draft) result(route *desired.Route, s desired.State, reason string) {
	d.out.Routes = append(d.out.Routes, RouteState{route, s, reason})
}

// conflict notes that something which is not to be touched has the place of a route.
func (d *draft) conflict(route *desired.Route, reason string) {
	d.out.Problems = append(d.out.Problems, desired.Problem{Ingress: route.Ingress, Key: route.Key, State: desired.Conflict, Reason: reason})
}

// keep says of a rule that nobody wants why it stays.
func (d *draft) keep(r *model.Rule, why string) {
	if d.out.Kept == nil {
		d.out.Kept = make(map[string]string)
	}
	d.out.Kept[r.ID] = fmt.Sprintf("no Ingress wants the rule %s any more, but %s may still lead to it: %s", r.RuleKey, r.Host, why)
}

// finish returns the answer, sorted, so that it does not depend on the order of maps.
func (d *draft) finish() Step {
	d.out.Rules = oneAPlace(d.out.Rules)
	d.out.Records = oneAPlace(d.records.Ops)
	if d.Settings.DNS.WholeSets {
		d.out.Records = oneAPlace(recordset.Whole(d.out.Records, d.directory.At, d.places))
	}
	slices.SortFunc(d.out.Notices, func(a, b model.Notice) int { return cmp.Compare(a.Text, b.Text) })
	d.out.Compared = len(d.out.Memory.compared) >= len(d.Want.Clusters)
	return d.out
}

// oneAPlace sorts operations by their urgency and keeps the first at each
// place: what else is to be done there, such as removing the second of two
// duplicates, waits until it has ended.
func oneAPlace[T model.Object[T]](ops []model.Op[T]) []model.Op[T] {
	if len(ops) < 2 {
		return ops
	}
	// Their keys are made anew each time: what is sorted holds them.
	type place struct {
		urgency int
		key     model.Place
		op      int
	}
	places, inOrder := make([]place, len(ops)), true
	for i := range ops {
		places[i] = place{ops[i].Urgency, ops[i].Key(), i}
		inOrder = inOrder && (i == 0 || places[i-1].urgency == places[i].urgency && places[i-1].key.Compare(places[i].key) < 0)
	}
	if inOrder {
		return ops // ten thousand rules to be made, say: to sort them takes 15 % of the plan
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.urgency != b.urgency {
			return cmp.Compare(a.urgency, b.urgency)
		}
		if c := a.key.Compare(b.key); c != 0 {
			return c
		}
		return strings.Compare(ops[a.op].Old().Identity(), ops[b.op].Old().Identity())
	})
	taken := make(map[model.Place]bool, len(ops))
	sorted := make([]model.Op[T], 0, len(ops))
	for _, p := range places {
		if !taken[p.key] {
			taken[p.key] = true
			sorted = append(sorted, ops[p.op])
		}
	}
	return sorted
}
