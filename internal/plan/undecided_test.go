package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	n1 := node("n1", "192.0.2.1")
	rival := shop()
	rival.Name, rival.Created = "rival", start().Add(time.Second)
	byLabel := shop()
	byLabel.Class, byLabel.ClassUnknown = "public-cdn", true
	released := annotated(annotationRelease, "true")
	released.Name = "rival"
	told := []string{`cluster main: the class "public-cdn" of Ingress default/shop cannot be looked up, so their rules stay as they are: ` + classHelp}
	gone := []string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"}
	tests := map[string]struct {
		now     []any
		restart bool
		notices []string
		problem string
		then    []any // when the class is known again, or the Ingress is gone
		want    []string
	}{
		"while it runs":                     {now: []any{undecided("shop"), web(), n1}, notices: told, then: []any{shop(), web(), n1}},
		"at a start":                        {now: []any{undecided("shop"), web(), n1}, restart: true, notices: told, then: []any{shop(), web(), n1}},
		"another claims the same":           {now: []any{rival, undecided("shop"), web(), n1}, notices: told, problem: "it is served by Ingress main/default/shop, whose class cannot be looked up now", then: []any{rival, shop(), web(), n1}},
		"another lets go of it":             {now: []any{released, undecided("shop"), web(), n1}, restart: true, notices: told, problem: "it is served by Ingress main/default/shop, whose class cannot be looked up now", then: []any{shop(), web(), n1}},
		"the Service is gone":               {now: []any{undecided("shop"), n1}, notices: told, then: []any{shop(), web(), n1}},
		"others without a rule":             {now: []any{shop(), undecided("x"), undecided("y"), web(), n1}, then: []any{shop(), web(), n1}},
		"the label selects it":              {now: []any{byLabel, web(), n1}, notices: told, problem: `its class "public-cdn" cannot be looked up, so it is not known for which CDN it is`, then: []any{shop(), web(), n1}},
		"and it is deleted":                 {now: []any{undecided("shop"), web(), n1}, notices: told, then: []any{web(), n1}, want: gone},
		"and is deleted, after a start":     {now: []any{undecided("shop"), web(), n1}, restart: true, notices: told, then: []any{web(), n1}, want: gone},
		"and its class is somebody's later": {now: []any{rival, undecided("shop"), web(), n1}, notices: told, problem: "it is served by Ingress main/default/shop, whose class cannot be looked up now", then: []any{rival, web(), n1}, want: []string{"0s: update rule www.example.com/a for rival"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", shop(), web(), n1))
			now := cluster("main", test.now...)
			if test.restart {
				s.Want, s.Memory = Desired([]Cluster{now}, s.Settings, s.Now), Memory{}
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
			s.Now = start().Add(time.Hour)
			want := DesiredAfter(s.Want, onStanding([]Cluster{cluster("main", test.then...)}, s.Rules, s.Records), s.Settings, s.Now)
			s.Memory = s.Memory.Follow(s.Want, want, true)
			s.Want, s.Now = want, start()
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUndecidedPublication: the published host goes on leading to its CDN.
func TestUndecidedPublication(t *testing.T) {
	set := vultrSettings()
	ing := ingress("shop", "v0.example.com", "Prefix", "/")
	ing.Class = "vultr-cdn"
	lb := balanced("192.0.2.9")
	s := settled(set, cluster("main", ing, lb))
	before := s.standing()
	s.Want = Desired([]Cluster{cluster("main", undecided("shop"), lb)}, set, s.Now)
	if diff := cmp.Diff([]string(nil), s.run()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, s.standing()); diff != "" || len(before) < 4 {
		t.Errorf("changed:\n%s\nof %q", diff, before)
	}
}

// TestAnnotatedOtherwise: where the annotation and the field differ the field decides,
// and the Ingress's author is told.
func TestAnnotatedOtherwise(t *testing.T) {
	ing := shop()
	ing.Class, ing.Annotated = "edgio", "nginx"
	want := Desired([]Cluster{cluster("main", ing, web(), node("n1", "192.0.2.1"))}, testSettings(), start())
	warnings := []Warning{{shopID(), `annotation kubernetes.io/ingress.class names the class "nginx", but spec.ingressClassName names "edgio", and decides: remove the annotation`}}
	if diff := cmp.Diff(warnings, want.Warnings); diff != "" || len(published(want)) != 1 {
		t.Errorf("published %q, told (-want +got):\n%s", published(want), diff)
	}
}
