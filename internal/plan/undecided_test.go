package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

// undecided is an Ingress whose class could not be looked up, as little of it as is
// kept.
func undecided(name string) kube.Ingress {
	return kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name}, Class: "public-cdn", ClassUnknown: true}
}

// TestUndecided has the class of an Ingress be unknown for a while, at a start or
// later. What stands for it stays, whatever else happens; the guard does not let go of
// it either, nor does another Ingress get its place.
func TestUndecided(t *testing.T) {
	n1 := fixture.Node("n1", "192.0.2.1")
	rival := fixture.Shop()
	rival.Name, rival.Created = "rival", fixture.Start().Add(time.Second)
	byLabel := fixture.Shop()
	byLabel.Class, byLabel.ClassUnknown = "public-cdn", true
	released := fixture.Annotated(desired.AnnotationRelease, "true")
	released.Name = "rival"
	told := []string{`cluster main: the class "public-cdn" of Ingress default/shop cannot be looked up, so their rules stay as they are: ` + desired.ClassHelp}
	gone := []string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"}
	tests := map[string]struct {
		now     []any
		restart bool
		notices []string
		problem string
		then    []any // when the class is known again, or the Ingress is gone
		want    []string
	}{
		"while it runs":                     {now: []any{undecided("shop"), fixture.Web(), n1}, notices: told, then: []any{fixture.Shop(), fixture.Web(), n1}},
		"at a start":                        {now: []any{undecided("shop"), fixture.Web(), n1}, restart: true, notices: told, then: []any{fixture.Shop(), fixture.Web(), n1}},
		"another claims the same":           {now: []any{rival, undecided("shop"), fixture.Web(), n1}, notices: told, problem: "it is served by Ingress main/default/shop, whose class cannot be looked up now", then: []any{rival, fixture.Shop(), fixture.Web(), n1}},
		"another lets go of it":             {now: []any{released, undecided("shop"), fixture.Web(), n1}, restart: true, notices: told, problem: "it is served by Ingress main/default/shop, whose class cannot be looked up now", then: []any{fixture.Shop(), fixture.Web(), n1}},
		"the Service is gone":               {now: []any{undecided("shop"), n1}, notices: told, then: []any{fixture.Shop(), fixture.Web(), n1}},
		"others without a rule":             {now: []any{fixture.Shop(), undecided("x"), undecided("y"), fixture.Web(), n1}, then: []any{fixture.Shop(), fixture.Web(), n1}},
		"the label selects it":              {now: []any{byLabel, fixture.Web(), n1}, notices: told, problem: `its class "public-cdn" cannot be looked up, so it is not known for which CDN it is`, then: []any{fixture.Shop(), fixture.Web(), n1}},
		"and it is deleted":                 {now: []any{undecided("shop"), fixture.Web(), n1}, notices: told, then: []any{fixture.Web(), n1}, want: gone},
		"and is deleted, after a start":     {now: []any{undecided("shop"), fixture.Web(), n1}, restart: true, notices: told, then: []any{fixture.Web(), n1}, want: gone},
		"and its class is somebody's later": {now: []any{rival, undecided("shop"), fixture.Web(), n1}, notices: told, problem: "it is served by Ingress main/default/shop, whose class cannot be looked up now", then: []any{rival, fixture.Web(), n1}, want: []string{"0s: update rule www.example.com/a for rival"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Shop(), fixture.Web(), n1))
			now := fixture.Cluster("main", test.now...)
			if test.restart {
				s.Want, s.Memory = desired.Desired([]desired.Cluster{now}, s.Settings, s.Now), Memory{}
			} else {
				s.change(true, now)
			}
			before := s.standing()
			s.ask()
			if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
				t.Errorf("while it is unknown (-want +got):\n%s", diff)
			}
			var notices []string
			for _, n := range s.step.Notices {
				notices = append(notices, n.Text)
			}
			if diff := cmp.Diff(test.notices, notices); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			var reasons []string
			for _, p := range Problems(s.Want, s.step) {
				reasons = append(reasons, p.Reason)
			}
			if text := strings.Join(reasons, "; "); !strings.Contains(text, test.problem) || test.problem == "" && text != "" {
				t.Errorf("problems %q, want %q", text, test.problem)
			}
			if diff := cmp.Diff(before, s.standing()); diff != "" || len(s.step.Blocked) > 0 {
				t.Errorf("changed, or blocked %v:\n%s", s.step.Blocked, diff)
			}
			s.Now = fixture.Start().Add(time.Hour)
			want := desired.DesiredAfter(s.Want, onStanding([]desired.Cluster{fixture.Cluster("main", test.then...)}, s.Rules, s.Records), s.Settings, s.Now)
			s.Memory = s.Memory.Follow(s.Want, want, true)
			s.Want, s.Now = want, fixture.Start()
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUndecidedPublication: the published host goes on leading to its CDN.
func TestUndecidedPublication(t *testing.T) {
	set := fixture.TwoCDNs()
	ing := fixture.Ingress("shop", "v0.example.com", "Prefix", "/")
	ing.Class = "vultr-cdn"
	lb := fixture.Balanced("192.0.2.9")
	s := settled(set, fixture.Cluster("main", ing, lb))
	before := s.standing()
	s.Want = desired.Desired([]desired.Cluster{fixture.Cluster("main", undecided("shop"), lb)}, set, s.Now)
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, s.standing()); diff != "" || len(before) < 4 {
		t.Errorf("changed:\n%s\nof %q", diff, before)
	}
}
