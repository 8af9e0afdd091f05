package outcome

import (
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
	"github.com/edgeward/edgeward/internal/plan"
)

// join brings together what an overview says of each Ingress.
type join struct {
	*Overview
	ingresses map[model.IngressID]*Ingress
	standing  []standing // in the order of their keys
	failures  failures
	// problems are what the plan says is not published, and where.
	problems []desired.Problem
}

// Of returns what became of each Ingress that asks for something, or for which a rule
// stands.
func Of(o *Overview) map[model.IngressID]*Ingress {
	j := newJoin(o)
	j.standing, j.failures = findStanding(o), findFailures(o.Failures)
	j.addPlanned()
	j.addUnpublished()
	j.addUncompared()
	j.addReleased()
	j.addStanding() // after all routes: it takes what they leave over
	j.addWarnings()
	return j.ingresses
}

// Troubled returns the Ingresses that have something unpublished, or a warning, in order:
// no more than that of each, and nothing of what stands and what fails. Unlike Of it costs
// nothing where all is well.
func Troubled(want desired.Want, step plan.Step) []*Ingress {
	j := newJoin(&Overview{Want: want, Step: step})
	j.addUnpublished()
	j.addWarnings()
	return slices.SortedFunc(maps.Values(j.ingresses), func(a, b *Ingress) int { return a.ID.Compare(b.ID) })
}

func newJoin(o *Overview) *join {
	return &join{Overview: o, ingresses: make(map[model.IngressID]*Ingress), problems: plan.Problems(o.Want, o.Step)}
}

// ingress returns the outcome of an Ingress, to add to.
func (j *join) ingress(id model.IngressID) *Ingress {
	in := j.ingresses[id]
	if in == nil {
		in = &Ingress{ID: id}
		j.ingresses[id] = in
	}
	return in
}

func (j *join) add(id model.IngressID, r Route) {
	in := j.ingress(id)
	in.Routes = append(in.Routes, r)
}

// addPlanned adds the routes that are wanted and were compared with what stands.
func (j *join) addPlanned() {
	for _, r := range j.Step.Routes {
		j.addWanted(r.Route, Route{Kind: Planned, Key: r.Key, State: r.State, Reason: r.Reason})
	}
}

// addUnpublished adds what is not published, and why.
func (j *join) addUnpublished() {
	for _, p := range j.problems {
		r := Route{Kind: Unpublished, Key: p.Key, State: p.State, Reason: p.Reason}
		want := j.Want.Route(p.Key)
		if want.Wanted() && want.Ingress == p.Ingress && p.State == desired.Pending {
			j.addWanted(want, r)
			continue
		}
		if s := standingFor(at(j.standing, p.Key), p.Ingress); s != nil {
			s.routed, r.Stands = true, s.rule
		}
		r.Failure = j.failures.keeping(r, want, j.Settings.Owner)
		j.add(p.Ingress, r)
	}
}

// addUncompared adds the routes that are wanted and of which the plan says nothing.
func (j *join) addUncompared() {
	type asked struct {
		id  model.IngressID
		key model.RuleKey
	}
	unpublished := make(map[asked]bool, len(j.problems))
	for _, p := range j.problems {
		unpublished[asked{p.Ingress, p.Key}] = true
	}
	planned := j.Step.Routes // in the order of their keys, as those of Want are
	for _, r := range j.Want.Routes {
		for len(planned) > 0 && planned[0].Key.Compare(r.Key) < 0 {
			planned = planned[1:]
		}
		compared := len(planned) > 0 && planned[0].Key == r.Key
		if r.Wanted() && !compared && !unpublished[asked{r.Ingress, r.Key}] {
			j.addWanted(r, Route{Kind: Uncompared, Key: r.Key, State: desired.Pending, Reason: "not compared with the providers yet"})
		}
	}
}

// addWanted adds a route that is wanted, with the rule that serves it meanwhile, whosever
// that is.
func (j *join) addWanted(want *desired.Route, r Route) {
	r.Wanted = &want.Rule
	if s := serving(at(j.standing, r.Key), want); s != nil {
		s.routed = true
		r.Stands, r.Hostname = s.rule, s.hostname
	}
	r.Failure = j.failures.keeping(r, want, j.Settings.Owner)
	j.add(want.Ingress, r)
}

// addReleased adds the routes whose rules were let go of.
func (j *join) addReleased() {
	released := make(map[model.IngressID]bool)
	for _, id := range j.Step.Released {
		released[id] = true
	}
	for _, r := range j.Want.Routes {
		if r.Release && released[r.Ingress] {
			j.add(r.Ingress, Route{Kind: Released, Key: r.Key, State: desired.Released})
		}
	}
}

// addStanding adds the rules that stand: those that no route accounts for are left over.
func (j *join) addStanding() {
	blocked := j.blockedRules()
	for _, s := range j.standing {
		in := j.ingress(s.ingress)
		in.Stands = true
		if n := len(in.Hostnames); s.hostname != "" && (n == 0 || in.Hostnames[n-1] != s.hostname) {
			in.Hostnames = append(in.Hostnames, s.hostname)
		}
		if !s.routed {
			in.Routes = append(in.Routes, j.leftOver(s.rule, s.ingress.Cluster, blocked))
		}
	}
	for _, in := range j.ingresses {
		in.Hostnames = ordered.Distinct(in.Hostnames)
	}
}

// addWarnings adds what is to be said of Ingresses although they are published.
func (j *join) addWarnings() {
	known := make(map[desired.Warning]bool)
	for _, w := range slices.Concat(j.Want.Warnings, j.Step.Warnings) {
		if !known[w] {
			known[w] = true
			in := j.ingress(w.Ingress)
			in.Warnings = append(in.Warnings, w.Message)
		}
	}
}
