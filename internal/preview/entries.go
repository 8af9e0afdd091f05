package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// Entry is one change that a run would make.
type Entry struct {
	Group  string `json:"group"`  // "Ingress cluster/namespace/name" or "Origin names in the zone"
	Target string `json:"target"` // a provider's name
	Action string `json:"action"` // create, update or delete
	Object string `json:"object"` // what a person would call it
	Why    string `json:"why"`
	// WaitSeconds is how long a deletion waits for its grace or linger.
	WaitSeconds float64 `json:"wait_seconds,omitempty"`
	Before      []Field `json:"before,omitempty"`
	After       []Field `json:"after,omitempty"`
}

// Field is one property of an object, for people and for scripts.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Obstacle is something that a run would not publish.
type Obstacle struct {
	Ingress string `json:"ingress"`
	Rule    string `json:"rule,omitempty"` // host and path, where it concerns one
	State   string `json:"state"`
	Reason  string `json:"reason"`
}

// Report is the answer of `edgeward plan`.
type Report struct {
	Changes   []Entry    `json:"changes"`
	Obstacles []Obstacle `json:"not_published"`
	Warnings  []string   `json:"warnings"`
}

const originGroup = "Origin names in the zone"

// NewReport puts a forecast into words, grouped by Ingress. Within a group the
// order is that in which the changes would be made.
func NewReport(want desired.Want, f forecast.Forecast, set model.Settings) Report {
	r := Report{Changes: []Entry{}, Obstacles: []Obstacle{}, Warnings: []string{}}
	for _, c := range f.Records {
		r.Changes = append(r.Changes, recordEntry(c, set))
	}
	for _, c := range f.Rules {
		r.Changes = append(r.Changes, ruleEntry(c))
	}
	slices.SortStableFunc(r.Changes, func(a, b Entry) int { return cmp.Compare(a.Group, b.Group) })
	for _, in := range outcome.Of(&outcome.Overview{Settings: set, Want: want, Step: f.Last}) {
		r.addIngress(in)
	}
	slices.SortFunc(r.Obstacles, func(a, b Obstacle) int {
		return cmp.Or(cmp.Compare(a.Ingress, b.Ingress), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Reason, b.Reason))
	})
	for _, b := range f.Last.Blocked {
		r.Warnings = append(r.Warnings, b.String())
	}
	r.Warnings = slices.AppendSeq(r.Warnings, maps.Values(f.Last.Kept))
	for _, n := range f.Last.Notices {
		r.Warnings = append(r.Warnings, n.Text)
	}
	slices.Sort(r.Warnings)
	r.Warnings = slices.Compact(r.Warnings)
	return r
}

// addIngress adds why routes of an Ingress would not be published, and its warnings.
func (r *Report) addIngress(in *outcome.Ingress) {
	for _, route := range in.Routes {
		if route.Kind == outcome.Unpublished || route.Kind == outcome.Planned && route.State != desired.Synced {
			r.Obstacles = append(r.Obstacles, Obstacle{Ingress: in.ID.String(), Rule: route.Key.String(), State: string(route.State), Reason: route.Reason})
		}
	}
	for _, text := range in.Warnings {
		r.Warnings = append(r.Warnings, "Ingress "+in.ID.String()+": "+text)
	}
}

func ruleEntry(c forecast.Change[model.Rule]) Entry {
	e := Entry{
		Group: "Ingress " + c.Ingress.String(), Target: string(c.Old().CDN), Action: string(c.Verb),
		WaitSeconds: wait(c.After),
	}
	if c.Verb == model.Create {
		e.Target = string(c.New().CDN)
	}
	switch c.Verb {
	case model.Create:
		e.Object, e.After, e.Why = "rule "+c.New().RuleKey.String(), ruleFields(c.New()), "the Ingress claims it and nothing publishes it"
	case model.Update:
		e.Object, e.Before, e.After = "rule "+c.New().RuleKey.String(), ruleFields(c.Old()), ruleFields(c.New())
		e.Why = "it does not say what the Ingress wants"
		if c.Adopt {
			e.Why = "nobody marked it, and the Ingress may take it over"
		}
	case model.Delete:
		e.Object, e.Before, e.Why = "rule "+c.Old().RuleKey.String(), ruleFields(c.Old()), "no Ingress wants it"
	}
	return e
}

func ruleFields(r model.Rule) []Field {
	fields := []Field{{"origin", r.SourceHost}, {"origin path", r.SourcePath}, {"service profile", r.Profile}}
	for _, p := range r.Protocols {
		fields = append(fields,
			Field{p.Published, fmt.Sprintf("port %d, from the origin by %s, port %d", p.PublishedPort, p.Source, p.SourcePort)},
			Field{"mark on " + p.Published, p.Label})
	}
	return fields
}

func recordEntry(c forecast.Change[model.Record], set model.Settings) Entry {
	e := Entry{Group: originGroup, Target: string(set.DNS.Name), Action: string(c.Verb), WaitSeconds: wait(c.After)}
	name := func(r model.Record) string {
		return r.Type + " " + r.Name + "." + cmp.Or(r.Zone, set.Domain) + " " + r.Data
	}
	switch c.Verb {
	case model.Create:
		e.Object, e.After, e.Why = name(c.New()), recordFields(c.New()), "what takes the traffic of a rule has it"
		switch {
		case c.New().Zone != "" && c.New().Type == "TXT":
			e.Why = "marks the published host's name as ours"
		case c.New().Type == "TXT":
			e.Why = "claims the names below it for this cluster"
		case c.New().Zone != "":
			e.Why = "leads the published host to the CDN"
		}
	case model.Update:
		e.Object, e.Before, e.After, e.Why = name(c.Old()), recordFields(c.Old()), recordFields(c.New()), "it does not say what is wanted, or "+set.DNS.Key("ttl")+" is another"
	case model.Delete:
		e.Object, e.Before, e.Why = name(c.Old()), recordFields(c.Old()), "nothing uses it, or its TTL has to change"
	}
	return e
}

func recordFields(r model.Record) []Field {
	fields := []Field{{"ttl", fmt.Sprint(r.TTL)}}
	switch r.Type {
	case "CNAME":
		fields = append(fields, Field{"target", r.Data})
	case "TXT":
		fields = append(fields, Field{"text", r.Data})
	}
	return fields
}

func wait(d time.Duration) float64 { return d.Seconds() }
