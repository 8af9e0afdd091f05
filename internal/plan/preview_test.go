package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// changes describes a forecast, a line for each operation, with its wait.
func changes(f Forecast) []string {
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

func TestPreview(t *testing.T) {
	gone := fixture.Cluster("main", fixture.Web(), fixture.Ingress("rest", "www.example.com", "Exact", "/rest"), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"))
	moved := fixture.Cluster("main", fixture.Shop(), fixture.Service("web", 30099), fixture.Node("n1", "192.0.2.1"), fixture.Node("n3", "192.0.2.3"))
	empty := newStage(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	full := settled(fixture.Settings(), fixture.Cluster("main", append(fixture.Usual(), fixture.Ingress("rest", "www.example.com", "Exact", "/rest"))...))
	tests := []struct {
		name     string
		stands   *stage
		clusters []desired.Cluster
		want     []string
	}{
		{"from nothing", empty, []desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, []string{
			"create _edgeward.main.acme TXT",
			"create nodes.main.acme A 192.0.2.1",
			"create nodes.main.acme A 192.0.2.2",
			"create www.example.com/a",
		}},
		{"nothing to do", settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)), []desired.Cluster{fixture.Cluster("main", fixture.Usual()...)}, nil},
		{"an Ingress is gone", full, []desired.Cluster{gone}, []string{"delete www.example.com/a after 10s"}},
		{"another port and another node", settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)), []desired.Cluster{moved}, []string{
			"create nodes.main.acme A 192.0.2.3",
			"delete nodes.main.acme A 192.0.2.2",
			"update www.example.com/a",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.stands.Input
			in.Want = desired.Desired(tt.clusters, in.Settings, in.Now)
			f, err := Preview(in)
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

// TestPreviewOfAHost: the name that the CDN will give is not known, and is said
// so; of one that stands it is.
func TestPreviewOfAHost(t *testing.T) {
	s := newStage(fixture.TwoCDNs(), fixture.Cluster("main", fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")))
	f, err := Preview(s.Input)
	if err != nil || len(f.Records) != 4 || f.Records[3].New().Data != "(the name that the CDN gives)" {
		t.Errorf("forecast %v, %v", changes(f), err)
	}
	s.run()
	drift := *s.Rules.Objects[0]
	drift.Protocols = slices.Clone(drift.Protocols)
	drift.Protocols[0].Published = "https"
	s.Rules.Objects = []*model.Rule{&drift}
	if f, err = Preview(s.Input); err != nil || len(f.Rules) != 1 || len(f.Records) > 0 {
		t.Errorf("forecast of a change %v, %v", changes(f), err)
	}
}

// TestPreviewLeavesItsInput holds Preview to playing, not doing.
func TestPreviewLeavesItsInput(t *testing.T) {
	in := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)).Input
	rules, records := len(in.Rules.Objects), len(in.Records.Objects)
	in.Want = desired.Desired([]desired.Cluster{fixture.Cluster("main")}, in.Settings, in.Now)
	in.AllowDelete = true
	f, err := Preview(in)
	if err != nil || len(f.Rules) != 1 || len(f.Records) != 2 {
		t.Fatalf("forecast %v, %v", changes(f), err)
	}
	if len(in.Rules.Objects) != rules || len(in.Records.Objects) != records {
		t.Errorf("the input has %d rules and %d records, before %d and %d", len(in.Rules.Objects), len(in.Records.Objects), rules, records)
	}
}
