package feedback

import (
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/syncer"
)

// originAnnotation with the value "status" makes the Ingress's own status the
// origin: the address there is another controller's to write.
const originAnnotation = "edgeward/origin"

// Source is where the outcomes of one cluster come from.
type Source struct {
	Cluster string
	// Target is the host of Edgio that published hosts point at
	// ("acme.cdn.example"); "": not known, so that it is not shown. Other CDNs
	// tell theirs with each rule.
	Target string
	// PublishZones are the DNS zones in which published hosts are led to the CDN,
	// so that nobody needs to be asked for it.
	PublishZones []string
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

// Outcomes gathers what the last plan found for each of the cluster's Ingresses,
// in no particular order. An Ingress that the plan has not seen yet says nothing.
func (s Source) Outcomes(o *syncer.Overview, ingresses []*kube.Ingress) []Outcome {
	live := s.served(o.Rules, o.Settings.Owner)
	targets := s.targets(live, o.Want)
	messages := s.messages(o, targets)
	outcomes := make([]Outcome, 0, len(ingresses))
	present := make(map[plan.IngressID]bool, len(ingresses))
	for _, in := range ingresses {
		id := plan.IngressID{Cluster: s.Cluster, Namespace: in.Namespace, Name: in.Name}
		outcome := Outcome{Ingress: id, UID: in.UID, Version: in.ResourceVersion, Published: in.Published, Found: o.Found[id], Messages: messages[id]}
		if s.Ours(in) && strings.TrimSpace(in.Annotations[originAnnotation]) != "status" {
			outcome.Hostnames = distinct(targets, live[id])
		}
		outcomes = append(outcomes, outcome)
		present[id] = true
	}
	for id := range o.Found { // by now its rule may be gone
		if _, ok := live[id]; !ok && id.Cluster == s.Cluster {
			live[id] = nil
		}
	}
	for id, rules := range live {
		if !present[id] {
			outcomes = append(outcomes, Outcome{Ingress: id, Absent: true, Hostnames: distinct(targets, rules)})
		}
	}
	return outcomes
}

// served returns the rules that are for the cluster's Ingresses.
func (s Source) served(rules []plan.Rule, owner string) map[plan.IngressID][]*plan.Rule {
	served := make(map[plan.IngressID][]*plan.Rule)
	for i := range rules {
		r := &rules[i]
		if m, ok := r.Mark(); ok && m.Owner == owner && m.Cluster == s.Cluster {
			served[m.IngressID] = append(served[m.IngressID], r)
		}
	}
	return served
}

// targets returns the CDN's host for each host and path that it serves, where
// that is known. Of two rules at one place, while one takes over from the other,
// it is that of the wanted one.
func (s Source) targets(live map[plan.IngressID][]*plan.Rule, want plan.Want) map[plan.RuleKey]string {
	chosen := make(map[plan.RuleKey]*plan.Rule)
	targets := make(map[plan.RuleKey]string)
	for _, rules := range live {
		for _, r := range rules {
			host := r.Published
			if r.CDN == plan.Edgio {
				host = s.Target
			}
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
func distinct(targets map[plan.RuleKey]string, rules []*plan.Rule) []string {
	var list []string
	for _, r := range rules {
		if host := targets[r.RuleKey]; host != "" {
			list = append(list, host)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// finding is one thing that the plan says of an Ingress.
type finding struct {
	state  plan.State
	key    plan.RuleKey // zero: it concerns no single host and path
	reason string
	waits  bool // pending for want of an object in the cluster
}

// messages puts what the plan found into words, by Ingress.
func (s Source) messages(o *syncer.Overview, targets map[plan.RuleKey]string) map[plan.IngressID][]Message {
	found := make(map[plan.IngressID][]finding)
	add := func(id plan.IngressID, f finding) {
		if id.Cluster == s.Cluster {
			found[id] = append(found[id], f)
		}
	}
	for _, p := range plan.Problems(o.Want, o.Step) {
		add(p.Ingress, finding{p.State, p.Key, p.Reason, p.State == plan.Pending})
	}
	for _, r := range o.Step.Routes {
		reason := r.Reason
		if r.State == plan.Failed {
			reason += answer(o, r.Ingress, r.Key)
		}
		add(r.Ingress, finding{r.State, r.Key, reason, false})
	}
	for key, r := range o.Want.Routes {
		if r.Release && slices.Contains(o.Step.Released, r.Ingress) {
			add(r.Ingress, finding{state: plan.Released, key: key})
		}
	}
	notes := make(map[plan.IngressID][]string)
	for _, w := range slices.Concat(o.Want.Warnings, o.Step.Warnings) {
		if list := notes[w.Ingress]; !slices.Contains(list, w.Message) {
			notes[w.Ingress] = append(list, w.Message)
		}
	}
	messages := make(map[plan.IngressID][]Message, len(found))
	for id, list := range found {
		messages[id] = s.words(list, notes[id], targets)
	}
	return messages
}

// answer is what a provider answered when it was last asked for what the route
// needs: its rule, or else an address of its set.
func answer(o *syncer.Overview, id plan.IngressID, key plan.RuleKey) string {
	set := o.Want.Route(key).Set
	for _, f := range o.Failures {
		if f.Ingress == id && f.Place == (plan.Rule{RuleKey: key}).Key() || set != "" && strings.HasPrefix(f.Place, set+" ") {
			return " (" + f.Error + ")"
		}
	}
	return ""
}
