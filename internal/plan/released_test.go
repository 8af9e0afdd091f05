package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// TestReleasedComesBack has a rule that was let go of and whose Ingress is gone:
// nobody's, it stands on, with the addresses that it names. An Ingress that asks for
// it by annotation gets it back.
func TestReleasedComesBack(t *testing.T) {
	with := func(ing kube.Ingress, name string) kube.Ingress {
		ing.Annotations = map[string]string{name: "true"}
		return ing
	}
	twoSets := testSettings()
	twoSets.PublishedProtocols = []string{"http", "https"}
	elsewhere := vultrSettings()
	elsewhere.PublishZones = nil
	prefix := ingress("shop", "www.example.com", "Prefix", "/a")
	for name, test := range map[string]struct {
		set     Settings
		ingress kube.Ingress
		origin  []any
		places  int
	}{
		"Edgio":                    {testSettings(), shop(), []any{web(), node("n1", "192.0.2.1")}, 1},
		"Edgio, a Prefix":          {testSettings(), prefix, []any{web(), node("n1", "192.0.2.1")}, 2},
		"Edgio, both protocols":    {twoSets, shop(), []any{web(), node("n1", "192.0.2.1")}, 1},
		"Edgio, a load balancer":   {testSettings(), shop(), []any{balanced("192.0.2.9")}, 1},
		"Vultr CDN":                {vultrSettings(), fast("/=web"), []any{balanced("192.0.2.9")}, 1},
		"Vultr CDN, DNS elsewhere": {elsewhere, fast("/=web"), []any{balanced("lb.example.org")}, 1},
	} {
		for _, restarts := range []string{"while it runs", "after a start"} {
			t.Run(name+", "+restarts, func(t *testing.T) {
				test.set.Adopt = "annotated"
				s := settled(test.set, cluster("main", append(test.origin, test.ingress)...))
				before := s.standing()
				next := func(objects ...any) {
					t.Helper()
					c := cluster("main", append(slices.Clone(test.origin), objects...)...)
					if restarts == "after a start" {
						s.restart(c)
						return
					}
					s.change(true, c)
					s.run()
				}
				next(with(test.ingress, annotationRelease))
				next()
				if len(s.Rules.Objects) != test.places || s.Rules.Objects[0].Marked() {
					t.Fatalf("released: %q", s.standing())
				}
				records := len(s.Records.Objects)
				next(test.ingress)
				if got := len(s.step.Problems); got != test.places || s.Rules.Objects[0].Marked() {
					t.Errorf("without the annotation: %q, %v", s.standing(), s.states())
				}
				next(with(test.ingress, annotationAdopt))
				if diff := cmp.Diff(before, s.standing()); diff != "" {
					t.Errorf("adopted (-want +got), with %d records in between:\n%s\n%q", records, diff, s.states())
				}
			})
		}
	}
}
