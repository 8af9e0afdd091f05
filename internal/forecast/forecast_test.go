package forecast_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/plan"
)

// empty has providers at which nothing stands, and the given clusters.
func empty(settings model.Settings, clusters ...desired.Cluster) plan.Input {
	in := plan.Input{Settings: settings, Now: fixture.Start(), Want: desired.Desired(clusters, settings, fixture.Start())}
	in.Rules = observed.View[model.Rule]{Known: true, Read: in.Now}
	in.Records = observed.View[model.Record]{Known: true, Read: in.Now}
	return in
}

// settled has providers at which all stands that the clusters want, after a restart.
func settled(t *testing.T, settings model.Settings, clusters ...desired.Cluster) plan.Input {
	t.Helper()
	in := empty(settings, clusters...)
	for range 10 {
		step := plan.Next(in)
		if len(step.Rules)+len(step.Records) == 0 {
			in.Memory = plan.Memory{}
			return in
		}
		in.Memory = step.Memory
		in.Rules.Objects = carryOut(in.Rules.Objects, step.Rules)
		in.Records.Objects = carryOut(in.Records.Objects, step.Records)
	}
	t.Fatal("it does not come to an end")
	return in
}

// carryOut makes and changes objects. A CDN of whole hosts gives a rule a name of its own.
func carryOut[T model.Object[T]](stands []*T, ops []model.Op[T]) []*T {
	for _, op := range ops {
		id := op.Key().String()
		o := op.New().WithIdentity(id)
		if r, ok := any(o).(model.Rule); ok && r.CDN == fixture.VultrCDN {
			r.Published = "cdn-a.vultrcdn.com"
			o = any(r).(T)
		}
		stands = append(slices.DeleteFunc(slices.Clone(stands), func(o *T) bool { return (*o).Identity() == id }), &o)
	}
	slices.SortFunc(stands, func(a, b *T) int { return (*a).Compare(*b) })
	return stands
}

// changes describes a forecast, a line for each operation, with its wait.
func changes(f forecast.Forecast) []string {
	var lines []string
	wait := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return " after " + d.String()
	}
	for _, c := range f.Records {
		lines = append(lines, string(c.Verb)+" "+c.Key().String()+wait(c.After))
	}
	for _, c := range f.Rules {
		lines = append(lines, string(c.Verb)+" "+c.Key().String()+wait(c.After))
	}
	return lines
}

func TestOf(t *testing.T) {
	gone := fixture.Cluster("main", fixture.Web(), fixture.Ingress("rest", "www.example.com", "Exact", "/rest"), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"))
	moved := fixture.Cluster("main", fixture.Shop(), fixture.Service("web", 30099), fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3"))
	nothing := empty(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	full := settled(t, fixture.Settings(), fixture.Cluster("main", append(fixture.Usual(), fixture.Ingress("rest", "www.example.com", "Exact", "/rest"))...))
	tests := []struct {
		name     string
		stands   plan.Input
		clusters []desired.Cluster
		want     []string
	}{
		{"from nothing", nothing, []desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, []string{
			"create _edgeward.main.acme TXT",
			"create nodes.main.acme A 192.0.2.1",
			"create nodes.main.acme A 192.0.2.2",
			"create www.example.com/a",
		}},
		{"nothing to do", settled(t, fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)), []desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, nil},
		{"an Ingress is gone", full, []desired.Cluster{gone}, []string{"delete www.example.com/a after 10s"}},
		{"another port and another node", settled(t, fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)), []desired.Cluster{moved}, []string{
			"create nodes.main.acme A 192.0.2.3",
			"delete nodes.main.acme A 192.0.2.2",
			"update www.example.com/a",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.stands
			in.Want = desired.Desired(tt.clusters, in.Settings, in.Now)
			f, err := forecast.Of(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, changes(f)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if f.Empty() != (len(tt.want) == 0) {
				t.Errorf("Empty() = %v with %d changes", f.Empty(), len(tt.want))
			}
		})
	}
}

// TestOfAHost: the name that the CDN will give is not known, and is said
// so; of one that stands it is.
func TestOfAHost(t *testing.T) {
	s := empty(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	f, err := forecast.Of(s)
	if err != nil || len(f.Records) != 4 || f.Records[3].New().Data != "(the name that the CDN gives)" {
		t.Errorf("forecast %v, %v", changes(f), err)
	}
	s = settled(t, s.Settings, fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	drift := *s.Rules.Objects[0]
	drift.Protocols = slices.Clone(drift.Protocols)
	drift.Protocols[0].Published = "https"
	s.Rules.Objects = []*model.Rule{&drift}
	if f, err = forecast.Of(s); err != nil || len(f.Rules) != 1 || len(f.Records) > 0 {
		t.Errorf("forecast of a change %v, %v", changes(f), err)
	}
}

// TestInputIsNotChanged holds a forecast to playing, not doing.
func TestInputIsNotChanged(t *testing.T) {
	in := settled(t, fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	rules, records := len(in.Rules.Objects), len(in.Records.Objects)
	in.Want = desired.Desired([]desired.Cluster{fixture.Cluster("main")}, in.Settings, in.Now)
	in.AllowDelete = true
	f, err := forecast.Of(in)
	if err != nil || len(f.Rules) != 1 || len(f.Records) != 2 {
		t.Fatalf("forecast %v, %v", changes(f), err)
	}
	if len(in.Rules.Objects) != rules || len(in.Records.Objects) != records {
		t.Errorf("the input has %d rules and %d records, before %d and %d", len(in.Rules.Objects), len(in.Records.Objects), rules, records)
	}
}

// TestZoneThatCannotBeRead: of a zone that cannot be read nothing is promised, and nothing
// goes to which a CNAME in it may lead.
func TestZoneThatCannotBeRead(t *testing.T) {
	in := settled(t, fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	in.Records.Objects = slices.DeleteFunc(in.Records.Objects, func(r *model.Record) bool { return r.Zone != "" })
	in.Records.Parts = map[string]observed.Part{"": {Known: true, Read: in.Now}, "example.com": {Fault: "404 Not Found"}}
	f, err := forecast.Of(in)
	if err != nil || !f.Empty() {
		t.Errorf("wanted: %v, %d rules, records %v", err, len(f.Rules), f.Records)
	}
	gone := fixture.Cluster("main", fixture.Balanced("192.0.2.9"))
	gone.Standing = desired.NewStanding(in.Rules.Objects, in.Records.Objects)
	in.Want = desired.Desired([]desired.Cluster{gone}, in.Settings, in.Now)
	f, err = forecast.Of(in)
	if err != nil || !f.Empty() {
		t.Errorf("its Ingress gone: %v, rules %v, records %v", err, f.Rules, f.Records)
	}
}
