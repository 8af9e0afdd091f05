package plan

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/table"
)

// raceDetector reports whether everything is some five times slower.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// privateFields has cmp look into what nobody else sees, but for what only saves work.
func privateFields() cmp.Options {
	return cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmpopts.IgnoreUnexported(desired.Want{}), cmpopts.IgnoreTypes(table.Rows{}, table.Directory{}),
	}
}

// ownClaim is the text of a cluster's claim that says at which CDNs it has rules.
func ownClaim(cluster string, cdns ...model.Provider) string {
	return model.Ownership{Owner: fixture.Owner, UID: "uid-" + cluster, CDNs: cdns}.String()
}

// stage is a kind model of both providers: every operation succeeds at once,
// and the picture is always right.
type stage struct {
	Input
	step   Step
	serial int
}

// newStage has empty providers that were read, and the given clusters.
func newStage(settings model.Settings, clusters ...desired.Cluster) *stage {
	s := &stage{Input: Input{Settings: settings, Now: fixture.Start(), Want: desired.Desired(clusters, settings, fixture.Start())}}
	s.Rules.Known, s.Records.Known = true, true
	return s
}

// settled is a stage on which all that the clusters want stands, and whose
// memory is that of a start.
func settled(settings model.Settings, clusters ...desired.Cluster) *stage {
	s := newStage(settings, clusters...)
	s.run()
	s.Memory = Memory{}
	return s
}

// change gives the clusters new objects, as the watch reported, or, with
// reported false, as a new snapshot showed.
func (s *stage) change(reported bool, clusters ...desired.Cluster) {
	want := desired.Desired(onStanding(clusters, s.Rules, s.Records), s.Settings, s.Now)
	s.Memory = s.Memory.Follow(s.Want, want, reported)
	s.Want = want
}

// restart has a new process take over what stands, and returns what it does.
func (s *stage) restart(clusters ...desired.Cluster) []string {
	s.Memory, s.Want = Memory{}, desired.Desired(onStanding(clusters, s.Rules, s.Records), s.Settings, s.Now)
	return s.run()
}

// onStanding are the clusters as they are mapped when this stands.
func onStanding(clusters []desired.Cluster, rules observed.View[model.Rule], records observed.View[model.Record]) []desired.Cluster {
	clusters = slices.Clone(clusters)
	for i := range clusters {
		clusters[i].Standing = desired.NewStanding(rules.Objects, records.Objects)
	}
	return clusters
}

// ask calls Next and describes the operations, most urgent first.
func (s *stage) ask() []string {
	s.Rules.Read, s.Records.Read = s.Now, s.Now
	s.step = next(s.Input)
	s.Memory = s.step.Memory
	var lines []string
	for _, op := range s.step.Rules {
		lines = append(lines, line(op))
	}
	for _, op := range s.step.Records {
		lines = append(lines, line(op))
	}
	return lines
}

// do carries out what the last call allowed.
func (s *stage) do() {
	for _, op := range s.step.Rules {
		carryOut(&s.Rules, op, s.id())
	}
	for _, op := range s.step.Records {
		carryOut(&s.Records, op, s.id())
	}
}

func (s *stage) id() string { s.serial++; return fmt.Sprintf("id-%03d", s.serial) }

// run goes on until nothing is left to do or to wait for. It returns what was
// done, a line for each call of Next with its time since start.
func (s *stage) run() []string {
	var history []string
	for range 100 {
		ops := s.ask()
		if len(ops) > 0 {
			history = append(history, fmt.Sprintf("%s: %s", s.Now.Sub(fixture.Start()), strings.Join(ops, ", ")))
			s.do()
			continue
		}
		if s.step.Wake.IsZero() {
			return history
		}
		s.Now = s.step.Wake
	}
	return append(history, "and it does not come to an end")
}

// next is Next, of rules and records in any order.
func next(in Input) Step {
	in.Records.Objects = slices.SortedFunc(slices.Values(in.Records.Objects), func(a, b *model.Record) int { return a.Compare(*b) })
	in.Rules.Objects = slices.SortedFunc(slices.Values(in.Rules.Objects), func(a, b *model.Rule) int { return a.Compare(*b) })
	return Next(in)
}

// carryOut does to the view what op does to the provider.
func carryOut[T model.Object[T]](v *observed.View[T], op model.Op[T], id string) {
	i := slices.IndexFunc(v.Objects, func(o *T) bool { return (*o).Identity() == op.Old().Identity() })
	switch op.Verb {
	case model.Create:
		v.Objects = append(slices.Clone(v.Objects), new(kept(op.New().WithIdentity(id))))
	case model.Update:
		v.Objects = slices.Clone(v.Objects)
		v.Objects[i] = new(kept(op.New().WithIdentity(op.Old().Identity())))
	case model.Delete:
		v.Objects = slices.Delete(slices.Clone(v.Objects), i, i+1)
	}
}

// kept is an object as the provider keeps it: a whole-host CDN gives a rule a
// name of its own.
func kept[T model.Object[T]](o T) T {
	if r, ok := any(o).(model.Rule); ok && r.CDN == fixture.VultrCDN {
		r.Published = "cdn-" + r.ID + ".vultrcdn.com"
		return any(r).(T)
	}
	return o
}

// line describes an operation: "create rule www.example.com/a for shop",
// "delete nodes.main 192.0.2.1", "update claim main to 60".
func line[T model.Object[T]](op model.Op[T]) string {
	if op.Verb == model.LookUp {
		return op.Key().String()
	}
	o := op.New()
	if op.Verb == model.Delete {
		o = op.Old()
	}
	text := string(op.Verb)
	switch o := any(o).(type) {
	case model.Rule:
		text += " rule " + o.RuleKey.String()
		if op.Verb == model.Delete {
			return text
		}
		m, _ := o.OwnerLabel()
		text += " for " + m.Name
		if op.Adopt {
			text += " by adoption"
		}
	case model.Record:
		name, address := strings.TrimSuffix(o.Name, "."+fixture.Owner), o.Data
		if o.Type == "TXT" {
			name, address = "claim", strings.TrimPrefix(name, "_edgeward.")
		}
		text += " " + name + " " + address
		if op.Verb != model.Delete && o.TTL != 120 {
			text += fmt.Sprintf(" at %d", o.TTL)
		}
	}
	return text
}

// standing describes what stands, sorted; rules with whom they serve.
func (s *stage) standing() []string {
	var lines []string
	for _, r := range s.Rules.Objects {
		lines = append(lines, strings.TrimPrefix(line(model.Op[model.Rule]{Verb: model.Create, To: r}), "create "))
	}
	for _, r := range s.Records.Objects {
		lines = append(lines, strings.TrimPrefix(line(model.Op[model.Record]{Verb: model.Create, To: r}), "create "))
	}
	slices.Sort(lines)
	return lines
}

// states describes what became of the routes after the last call: "pending
// www.example.com/a: why".
func (s *stage) states() []string {
	var lines []string
	for _, r := range s.step.Routes {
		text := string(r.State) + " " + r.Key.String()
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		lines = append(lines, text)
	}
	for _, p := range s.step.Problems {
		lines = append(lines, string(p.State)+" "+p.Key.String()+": "+p.Reason)
	}
	slices.Sort(lines)
	return lines
}

// rule returns the only rule at key that stands, to be changed.
func (s *stage) rule(t *testing.T, key model.RuleKey) *model.Rule {
	t.Helper()
	i := slices.IndexFunc(s.Rules.Objects, func(r *model.Rule) bool { return r.RuleKey == key })
	if i < 0 {
		t.Fatalf("no rule %s stands, only %q", key, s.standing())
	}
	s.Rules.Objects = slices.Clone(s.Rules.Objects)
	s.Rules.Objects[i] = new(*s.Rules.Objects[i])
	return s.Rules.Objects[i]
}

// record returns the only record with the data that stands, to be changed.
func (s *stage) record(t *testing.T, data string) *model.Record {
	t.Helper()
	i := slices.IndexFunc(s.Records.Objects, func(r *model.Record) bool { return r.Data == data })
	if i < 0 {
		t.Fatalf("no record %s stands, only %q", data, s.standing())
	}
	s.Records.Objects = slices.Clone(s.Records.Objects)
	s.Records.Objects[i] = new(*s.Records.Objects[i])
	return s.Records.Objects[i]
}
