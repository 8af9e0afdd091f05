package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// TestRelease has an Ingress that lets go of its rule: the mark goes, the rest
// stays, and its addresses follow their nodes while the rule names them.
func TestRelease(t *testing.T) {
	n1, n2 := fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")
	freed := fixture.Annotated(desired.AnnotationRelease, "true")
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Shop(), fixture.Web(), n1))
	s.change(true, fixture.Cluster("main", freed, fixture.Web(), n1))
	if diff := cmp.Diff([]string{"0s: update rule www.example.com/a for "}, s.run()); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if r := s.rule(t, fixture.ShopKey()); r.Labelled() || r.SourceHost != fixture.NodesHost || r.Protocols[0].SourcePort != 30080 {
		t.Errorf("it is %+v", r)
	}
	if diff := cmp.Diff([]model.IngressID{fixture.ShopID()}, s.step.Released); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", n2))
	want := []string{"0s: create nodes.main 192.0.2.2", "0s: delete nodes.main 192.0.2.1"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("without the Ingress, the nodes followed (-want +got):\n%s", diff)
	}
	s.Rules.Objects = nil
	if diff := cmp.Diff([]string{"1m0s: delete nodes.main 192.0.2.2"}, s.run()); diff != "" {
		t.Errorf("the rule is gone (-want +got):\n%s", diff)
	}
	s.change(true, fixture.Cluster("main", freed, fixture.Web(), n1))
	if s.run(); len(s.step.Released) > 0 {
		t.Errorf("told of %v that there is something which was let go", s.step.Released)
	}
}

// TestReleaseIsOfOnesOwn has an Ingress that goes before another whose rule stands, and
// says release: the rule does not lose its mark, to stay for ever.
func TestReleaseIsOfOnesOwn(t *testing.T) {
	n := fixture.Node("n1", "192.0.2.1")
	older := fixture.Annotated(desired.AnnotationRelease, "true")
	older.Name, older.Created = "older", fixture.Start().Add(-time.Hour)
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Shop(), fixture.Web(), n))
	s.change(true, fixture.Cluster("main", older, fixture.Shop(), fixture.Web(), n))
	want := []string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"}
	if diff := cmp.Diff(want, s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestReleasedComesBack has a rule that was let go of and whose Ingress is gone:
// nobody's, it stands on, with the addresses that it names. An Ingress that asks for
// it by annotation gets it back.
func TestReleasedComesBack(t *testing.T) {
	with := func(ing kube.Ingress, name string) kube.Ingress {
		ing.Annotations = map[string]string{name: "true"}
		return ing
	}
	twoSets := fixture.Settings()
	twoSets.CDNs[0].PublishedProtocols = []string{"http", "https"}
	elsewhere := fixture.TwoCDNs()
	elsewhere.PublishZones = nil
	prefix := fixture.Ingress("shop", "www.example.com", "Prefix", "/a")
	for name, test := range map[string]struct {
		set     model.Settings
		ingress kube.Ingress
		origin  []any
		places  int
	}{
		"Edgio":                    {fixture.Settings(), fixture.Shop(), []any{fixture.Web(), fixture.Node("n1", "192.0.2.1")}, 1},
		"Edgio, a Prefix":          {fixture.Settings(), prefix, []any{fixture.Web(), fixture.Node("n1", "192.0.2.1")}, 2},
		"Edgio, both protocols":    {twoSets, fixture.Shop(), []any{fixture.Web(), fixture.Node("n1", "192.0.2.1")}, 1},
		"Edgio, a load balancer":   {fixture.Settings(), fixture.Shop(), []any{fixture.Balanced("192.0.2.9")}, 1},
		"Vultr CDN":                {fixture.TwoCDNs(), fixture.WholeHost("/=web"), []any{fixture.Balanced("192.0.2.9")}, 1},
		"Vultr CDN, DNS elsewhere": {elsewhere, fixture.WholeHost("/=web"), []any{fixture.Balanced("lb.example.org")}, 1},
	} {
		for _, restarts := range []string{"while it runs", "after a start"} {
			t.Run(name+", "+restarts, func(t *testing.T) {
				test.set.Adopt = "annotated"
				s := settled(test.set, fixture.Cluster("main", append(test.origin, test.ingress)...))
				before := s.standing()
				next := func(objects ...any) {
					t.Helper()
					c := fixture.Cluster("main", append(slices.Clone(test.origin), objects...)...)
					if restarts == "after a start" {
						s.restart(c)
						return
					}
					s.change(true, c)
					s.run()
				}
				next(with(test.ingress, desired.AnnotationRelease))
				next()
				if len(s.Rules.Objects) != test.places || s.Rules.Objects[0].Labelled() {
					t.Fatalf("released: %q", s.standing())
				}
				records := len(s.Records.Objects)
				next(test.ingress)
				if got := len(s.step.Problems); got != test.places || s.Rules.Objects[0].Labelled() {
					t.Errorf("without the annotation: %q, %v", s.standing(), s.states())
				}
				next(with(test.ingress, desired.AnnotationAdopt))
				if diff := cmp.Diff(before, s.standing()); diff != "" {
					t.Errorf("adopted (-want +got), with %d records in between:\n%s\n%q", records, diff, s.states())
				}
			})
		}
	}
}
