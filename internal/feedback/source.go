package feedback

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/syncer"
)

// originAnnotation with the value "status" makes the Ingress's own status the
// origin: the address there is another controller's to write.
const originAnnotation = "edgeward/origin"

// Source is where the outcomes of one cluster come from.
type Source struct {
	Cluster string
	// Settings are those of the plan.
	Settings model.Settings
	// Ours reports whether the Ingress's class is ours. Of one that is selected
	// by its label another controller writes the status.
	Ours func(*kube.Ingress) bool
}

// Known reports whether an overview knows what stands for the cluster. Before
// that there are no outcomes: nothing was compared yet.
func (s Source) Known(o *syncer.Overview) bool {
	return o != nil && o.Want.Clusters[s.Cluster] != nil &&
		!slices.ContainsFunc(o.Targets, func(t syncer.TargetState) bool { return t.Read.IsZero() })
}

// Outcomes yields what the last plan found for each of the cluster's Ingresses,
// in no particular order. An Ingress that the plan has not seen yet says nothing.
// The outcomes of ten thousand, all at once, would be megabytes.
func (s Source) Outcomes(o *syncer.Overview, ingresses []*kube.Ingress) iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		about := s.gather(o, len(ingresses))
		targets := s.targets(about, o.Want)
		for _, in := range ingresses {
			var outcome Outcome
			known := true
			if in.ClassUnknown {
				outcome, known = s.undecided(o, in, about)
			} else {
				outcome = s.outcome(o, in, about, targets)
			}
			if known && !yield(outcome) {
				return
			}
		}
		for id, a := range about {
			if !a.present && (len(a.live) > 0 || o.Found[id]) &&
				!yield(Outcome{Ingress: id, Absent: true, Hostnames: distinct(targets, a.live)}) {
				return
			}
		}
	}
}

// outcome is what the last plan found for one Ingress, which is marked as present.
func (s Source) outcome(o *syncer.Overview, in *kube.Ingress, about map[model.IngressID]*about, targets map[model.RuleKey]string) Outcome {
	id := model.IngressID{Cluster: s.Cluster, Namespace: in.Namespace, Name: in.Name}
	outcome := Outcome{Ingress: id, UID: in.UID, Version: in.ResourceVersion, Published: in.Published, Found: o.Found[id]}
	if a := about[id]; a != nil {
		a.present = true
		outcome.Messages = s.words(a.findings, a.notes, targets, o.Step.NoDNS)
		if len(a.findings) == 0 && len(a.notes) > 0 && o.Want.PublishedByOthers(id) {
			outcome.Messages = []Message{served(a.notes)}
		}
		if s.Ours(in) && strings.TrimSpace(in.Annotations[originAnnotation]) != "status" {
			outcome.Hostnames = distinct(targets, a.live)
		}
	}
	return outcome
}

// undecided is the outcome of an Ingress whose class is unknown; it is not known of
// one of which nothing was ever published.
func (s Source) undecided(o *syncer.Overview, in *kube.Ingress, about map[model.IngressID]*about) (outcome Outcome, known bool) {
	id := model.IngressID{Cluster: s.Cluster, Namespace: in.Namespace, Name: in.Name}
	a := about[id]
	if a == nil {
		return Outcome{}, false
	}
	a.present = true
	return Outcome{Ingress: id, UID: in.UID, Found: o.Found[id], Undecided: true}, true
}

// about is what an overview says of one Ingress.
type about struct {
	live     []*model.Rule // rules that stand for it
	findings []finding
	notes    []string
	present  bool // it is among the selected ones
}

// finding is one thing that the plan says of an Ingress.
type finding struct {
	state  desired.State
	key    model.RuleKey // zero: it concerns no single host and path
	reason string
	waits  bool // pending for want of an object in the cluster
}

// gather brings together what an overview says of each of the cluster's
// Ingresses; there are about n.
func (s Source) gather(o *syncer.Overview, n int) map[model.IngressID]*about {
	all, block := make(map[model.IngressID]*about, n), make([]about, 0, n)
	of := func(id model.IngressID) *about {
		a := all[id]
		switch {
		case a != nil:
			return a
		case id.Cluster != s.Cluster:
			return new(about) // somebody else's
		case len(block) == cap(block):
			block = make([]about, 0, 64)
		}
		block = append(block, about{})
		a = &block[len(block)-1]
		all[id] = a
		return a
	}
	for _, r := range o.Rules {
		if m, ok := r.OwnerLabel(); ok && m.Owner == o.Settings.Owner {
			a := of(m.IngressID)
			a.live = append(a.live, r)
		}
	}
	for id := range o.Found { // by now its rule may be gone
		of(id)
	}
	add := func(id model.IngressID, f finding) {
		a := of(id)
		a.findings = append(a.findings, f)
	}
	for _, p := range plan.Problems(o.Want, o.Step) {
		add(p.Ingress, finding{p.State, p.Key, p.Reason, p.State == desired.Pending})
	}
	failed := answersOf(o.Failures)
	for _, r := range o.Step.Routes {
		reason := r.Reason
		if r.State == desired.Failed {
			reason += failed.of(r, o.Want.Route(r.Key).Set)
		}
		add(r.Ingress, finding{r.State, r.Key, reason, false})
	}
	if len(o.Step.Released) > 0 {
		for _, r := range o.Want.Routes {
			if r.Release && slices.Contains(o.Step.Released, r.Ingress) {
				add(r.Ingress, finding{state: desired.Released, key: r.Key})
			}
		}
	}
	noted := make(map[desired.Warning]bool)
	for _, w := range slices.Concat(o.Want.Warnings, o.Step.Warnings) {
		if a := of(w.Ingress); !noted[w] {
			noted[w] = true
			a.notes = append(a.notes, w.Message)
		}
	}
	return all
}

// targets returns the CDN's host for each host and path that it serves, where
// that is known. Of two rules at one place, while one takes over from the other,
// it is that of the wanted one.
func (s Source) targets(about map[model.IngressID]*about, want desired.Want) map[model.RuleKey]string {
	chosen := make(map[model.RuleKey]*model.Rule)
	targets := make(map[model.RuleKey]string)
	for _, a := range about {
		for _, r := range a.live {
			host := s.Settings.CDN(r.CDN).HostOf(r)
			other, two := chosen[r.RuleKey]
			wanted := want.Route(r.RuleKey).Rule
			if host == "" || r.Pending || two && (wanted.Equal(*other) || !wanted.Equal(*r) && other.ID < r.ID) {
				continue
			}
			chosen[r.RuleKey], targets[r.RuleKey] = r, host
		}
	}
	return targets
}

// distinct are the targets of the rules, each once, sorted; nil if there are none.
func distinct(targets map[model.RuleKey]string, rules []*model.Rule) []string {
	var list []string
	for _, r := range rules {
		if host := targets[r.RuleKey]; host != "" {
			list = append(list, host)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// answers are what providers answered when they were last asked for something.
type answers struct {
	rules map[rulePlace]string
	sets  map[string]string // by the zone name: for one of the addresses
}

// rulePlace is the place of a rule and for whom it is.
type rulePlace struct {
	ingress model.IngressID
	place   model.Place
}

// answersOf finds the answers among the failures, of several at one place the first.
func answersOf(failures []syncer.Failure) answers {
	a := answers{make(map[rulePlace]string), make(map[string]string)}
	for _, f := range failures {
		rule := rulePlace{f.Ingress, f.Place}
		a.rules[rule] = cmp.Or(a.rules[rule], f.Error)
		if f.Place.IsRecord() {
			a.sets[f.Place.Name] = cmp.Or(a.sets[f.Place.Name], f.Error)
		}
	}
	return a
}

// of is what a provider answered for what a route needs: its rule, or else an address
// of its set.
func (a answers) of(r plan.RouteState, set string) string {
	text := cmp.Or(a.rules[rulePlace{r.Ingress, r.Key.Place()}], a.sets[set])
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}
