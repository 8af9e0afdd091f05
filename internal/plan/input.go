package plan

import (
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/table"
)

// Input is everything that Next looks at.
type Input struct {
	Want     desired.Want
	Rules    observed.View[model.Rule]
	Records  observed.View[model.Record]
	Memory   Memory
	Settings model.Settings
	Now      time.Time
	// AllowDelete lets what the first comparison of each cluster finds to be
	// unwanted exceed Settings.MaxDelete.
	AllowDelete bool
}

// facts are what one plan rests on: the input, and what is wanted beside what stands.
// They do not change while it is made.
type facts struct {
	Input
	rows      table.Rows
	directory table.Directory
	places    observed.Index[model.Record] // of the records that concern us
	// How far the writes to rules are: all of them, and those at rows.
	ruleWrites observed.Statuses[model.RuleKey]
	rowWrites  observed.Statuses[*table.Row]
}

func gather(in Input) *facts {
	directory := in.Memory.directory.Updated(in.Records.Objects, in.Settings.Owner)
	f := &facts{
		Input:      in,
		rows:       in.Memory.rows.Updated(in.Want.Routes, in.Rules.Objects, in.Settings),
		directory:  directory,
		places:     observed.NewIndex(in.Records, directory.Ours),
		ruleWrites: make(observed.Statuses[model.RuleKey]),
		rowWrites:  make(observed.Statuses[*table.Row]),
	}
	for _, a := range in.Rules.Attempts {
		switch a.Verb {
		case model.LookUp, model.Verify:
		case model.Create:
			f.ruleWrites.Note(a.New().RuleKey, a.Status)
		default:
			f.ruleWrites.Note(a.Old().RuleKey, a.Status)
		}
	}
	for key, status := range f.ruleWrites {
		if row := f.rows.Row(key); row != nil {
			f.rowWrites.Note(row, status)
		}
	}
	return f
}

// configured reports whether a cluster is in the configuration.
func (f *facts) configured(cluster string) bool {
	_, ok := f.Want.Clusters[cluster]
	return ok
}

// hasRule reports whether a rule stands or is on its way somewhere.
func (f *facts) hasRule(key model.RuleKey) bool {
	return f.ruleWrites.Has(key) || len(f.rows.RulesAt(&key)) > 0
}

// missing reports whether a rule of a row was not to be seen at the last reading, so that
// it is unknown what stands there.
func (f *facts) missing(row *table.Row) bool {
	if len(f.Rules.Missing) == 0 {
		return false
	}
	for _, r := range row.Ours {
		if f.Rules.Missing[r.ID] {
			return true
		}
	}
	for _, r := range row.Others {
		if f.Rules.Missing[r.ID] {
			return true
		}
	}
	return false
}

// taken reports whether a route cannot be published because its place belongs to others,
// or to a cluster that is not in the configuration.
func (f *facts) taken(row *table.Row) bool {
	for _, r := range row.Ours {
		if !f.configured(r.Ingress.Cluster) {
			return true
		}
	}
	return len(row.Ours) == 0 && len(row.Others) > 0 && !adoptable(row.Route, row.Others)
}

// adoptable reports whether a route may take over the rule that stands in its
// way: a single one that nobody labelled.
func adoptable(route *desired.Route, others []*model.Rule) bool {
	return route.Adopt && len(others) == 1 && !others[0].Labelled()
}

// heldFor finds the Ingress whose live rule stays although what it asks for cannot be
// understood, or its class not be looked up.
func (f *facts) heldFor(row *table.Row) (id model.IngressID, held bool) {
	if len(row.Route.Retained) == 0 && !f.Want.SomeUndecided {
		return model.IngressID{}, false
	}
	for _, r := range row.Ours {
		if f.Want.Undecided(*r.Ingress) && f.Want.MayStay(*r.Rule, *r.Ingress, f.Settings) {
			return *r.Ingress, true
		}
		for _, h := range row.Route.Retained {
			if h.Ingress == *r.Ingress && h.Covers(*r.Rule, f.Settings.Domain) {
				return h.Ingress, true
			}
		}
	}
	return model.IngressID{}, false
}

// idle reports whether a record stands for certain, and nothing is being done to it.
func (f *facts) idle(r *model.Record) bool {
	return !f.places.Doubtful(r.Key()) && !f.places.Is(r.Key(), observed.InFlight)
}

// freshReading is how long ago a reading may be that shows a name to be in nobody's use.
// What sync.max_delete held back may be due for long.
const freshReading = 15 * time.Minute

// readSince reports whether a reading began at t or later, and ended not long ago.
func (f *facts) readSince(of observed.Part, t time.Time) bool {
	return !of.Read.Before(t) && f.Now.Sub(of.Read) <= of.Took+freshReading
}
