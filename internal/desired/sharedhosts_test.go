package desired_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/ordered"
)

// TestSharedHosts has a host of which several Ingresses have paths, at a CDN that
// publishes it as a whole.
func TestSharedHosts(t *testing.T) {
	const acme = "/.well-known/acme-challenge/token"
	front := fixture.SharedHost("front", "/=web")
	exact := func(ing kube.Ingress) kube.Ingress {
		for i := range ing.Rules[0].Paths {
			ing.Rules[0].Paths[i].Type = "Exact"
		}
		return ing
	}
	with := func(ing kube.Ingress, name, value string) kube.Ingress {
		ing.Annotations = map[string]string{name: value}
		return ing
	}
	byStatus := func(name string, paths ...string) kube.Ingress {
		ing := with(fixture.SharedHost(name, paths...), desired.AnnotationOrigin, desired.OriginStatus)
		ing.Status = []kube.Address{{IP: "192.0.2.8"}}
		return ing
	}
	defaulted := func(ing kube.Ingress, service string) kube.Ingress {
		ing.DefaultBackend = &kube.Backend{Service: service, PortNumber: 80}
		return ing
	}
	const web, api = "http://www.example.com/ from http://web.default.lb.main:80/ with ", "http://www.example.com/ from http://api.default.lb.main:80/ with "
	const asked = "the CDN publishes www.example.com as a whole, so that all of it goes to the backend of this Ingress, though others ask for another one: Ingress "
	const divided = "Ingress main/default/front has www.example.com, which the CDN publishes as a whole from one origin, so that path "
	const ownHost = "give it a host of its own, or let an Ingress controller in the cluster divide the paths (annotation edgeward/origin: status or nodes)"
	const served = "www.example.com is published as a whole by Ingress main/default/front, from the same backend, so that the paths of this Ingress are served too"
	const dns01 = "an HTTP-01 challenge cannot be answered there, so use DNS-01"
	for name, test := range map[string]struct {
		ingresses []kube.Ingress
		want      string
		problems  []string
		warnings  []string
	}{
		"another backend": {[]kube.Ingress{front, fixture.SharedHost("api", "/api=api")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"another backend, an exact path": {[]kube.Ingress{front, exact(fixture.SharedHost("api", "/api=api"))}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"the same backend": {[]kube.Ingress{front, fixture.SharedHost("api", "/api=web", "/v2=web")}, web, nil, []string{"api: " + served}},
		"the same and another": {[]kube.Ingress{front, fixture.SharedHost("api", "/api=api", "/v2=web")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"the same addresses by two statuses": {[]kube.Ingress{byStatus("front", "/=web"), byStatus("api", "/api=api")},
			"http://www.example.com/ from http://front.default.status.main:80/ with ", nil, []string{"api: " + served}},
		"three": {[]kube.Ingress{front, fixture.SharedHost("api", "/api=api"), fixture.SharedHost("img", "/img=img", "/css=img"), fixture.SharedHost("same", "/same=web")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost, "invalid img: " + divided + "/css, /img cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api; main/default/img for /css, /img", "same: " + served}},
		"a solver of cert-manager": {[]kube.Ingress{front, fixture.SharedHost("solver", acme+"=api")}, web,
			[]string{"invalid solver: " + divided + acme + " cannot lead to another backend: " + dns01},
			[]string{"front: " + asked + "main/default/solver for " + acme}},
		"a solver before its front is there": {[]kube.Ingress{fixture.SharedHost("front", "/=none"), fixture.SharedHost("solver", acme+"=api")}, "",
			[]string{"invalid solver: " + divided + acme + " cannot lead to another backend: " + dns01, "pending front: Service none does not exist"},
			[]string{"front: " + asked + "main/default/solver for " + acme}},
		"a solver alone": {[]kube.Ingress{fixture.SharedHost("solver", acme+"=api")}, "",
			[]string{"invalid solver: the CDN publishes whole hosts, and no path / of www.example.com says from where: " + dns01}, nil},
		"a solver within": {[]kube.Ingress{fixture.SharedHost("front", "/=web", acme+"=api")}, "",
			[]string{"invalid front: the CDN publishes whole hosts from one origin, and path " + acme + " of www.example.com leads elsewhere than its path /: " + dns01}, nil},
		"a path / as well": {[]kube.Ingress{front, fixture.SharedHost("api", "/=api", "/api=api")}, web,
			[]string{"conflict api: claimed by Ingress main/default/front already"},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"a path / alone": {[]kube.Ingress{front, fixture.SharedHost("api", "/=api")}, web, []string{"conflict api: claimed by Ingress main/default/front already"}, nil},
		"the front is gone": {[]kube.Ingress{fixture.SharedHost("api", "/api=api")}, "",
			[]string{"invalid api: the CDN publishes whole hosts, and no path / of www.example.com says from where: add one that leads to the backend of its other paths"}, nil},
		"two without a front": {[]kube.Ingress{fixture.SharedHost("api", "/api=api"), fixture.SharedHost("img", "/img=img")}, "",
			[]string{
				"invalid api: the CDN publishes whole hosts, and no path / of www.example.com says from where: add one that leads to the backend of its other paths",
				"invalid img: the CDN publishes whole hosts, and no path / of www.example.com says from where: add one that leads to the backend of its other paths",
			}, nil},
		"the second takes the front": {[]kube.Ingress{fixture.SharedHost("front", "/=none"), fixture.SharedHost("api", "/=api", "/api=api"), fixture.SharedHost("img", "/img=api")}, api,
			[]string{"pending front: Service none does not exist"},
			[]string{"img: " + strings.ReplaceAll(served, "front", "api")}},
		"a backend that is not there": {[]kube.Ingress{front, fixture.SharedHost("api", "/api=none")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"one that is not well written": {[]kube.Ingress{front, with(fixture.SharedHost("api", "/api=api"), desired.AnnotationPath, "x")}, web,
			[]string{`invalid api: annotation edgeward/source-path: "x" is not "keep" or "strip"`}, nil},
		"the front by its default backend": {[]kube.Ingress{defaulted(fixture.SharedHost("front", "/x=web"), "web"), fixture.SharedHost("api", "/api=api")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"the second has a default backend": {[]kube.Ingress{front, defaulted(fixture.SharedHost("api", "/api=api"), "api")}, web,
			[]string{"conflict api: claimed by Ingress main/default/front already"},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"a default backend beside an exact path /": {[]kube.Ingress{defaulted(exact(fixture.SharedHost("front", "/=web")), "api")}, "",
			[]string{"invalid front: the CDN publishes whole hosts from one origin, and www.example.com leads to two backends for its path / and the rest: leave one of them"},
			nil},
		"the path / twice": {[]kube.Ingress{fixture.SharedHost("front", "/=web", "/=api")}, "",
			[]string{"invalid front: the CDN publishes whole hosts from one origin, and www.example.com leads to two backends for its path / and the rest: leave one of them"}, nil},
		"the front is let go": {[]kube.Ingress{with(fixture.SharedHost("front", "/=web"), desired.AnnotationRelease, "true"), fixture.SharedHost("api", "/api=api")}, "",
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost}, nil},
		"let go, but never had": {[]kube.Ingress{front, with(fixture.SharedHost("api", "/api=web"), desired.AnnotationRelease, "true")}, web, nil, []string{"api: " + served}},
	} {
		t.Run(name, func(t *testing.T) {
			services := []any{fixture.BalancedService("web", "192.0.2.9"), fixture.BalancedService("api", "192.0.2.10"), fixture.BalancedService("img", "192.0.2.11")}
			for range 2 {
				objects := slices.Clone(services)
				for _, ing := range test.ingresses {
					objects = append(objects, ing)
				}
				want := desired.Desired([]desired.Cluster{fixture.Cluster("main", objects...)}, fixture.TwoCDNs(), fixture.Start())
				var problems, warnings []string
				for _, p := range want.Problems {
					problems = append(problems, fmt.Sprint(p.State, " ", p.Ingress.Name, ": ", p.Reason))
				}
				for _, w := range want.Warnings {
					if !strings.Contains(w.Message, "is Exact, but the CDN") {
						warnings = append(warnings, w.Ingress.Name+": "+w.Message)
					}
				}
				if got := strings.Join(published(want), "\n"); got != test.want {
					t.Errorf("published %q, want %q", got, test.want)
				}
				if diff := cmp.Diff(test.problems, ordered.Distinct(problems)); diff != "" {
					t.Errorf("problems (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.warnings, ordered.Distinct(warnings)); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
				slices.Reverse(test.ingresses)
			}
		})
	}
}

// TestSharedHostsApart has paths of one host in several clusters, or at several
// CDNs: the first are told of each other, the others are not.
func TestSharedHostsApart(t *testing.T) {
	main := fixture.Cluster("main", fixture.SharedHost("front", "/=web"), fixture.BalancedService("web", "192.0.2.9"))
	other := fixture.Cluster("other", fixture.SharedHost("api", "/api=api"), fixture.BalancedService("api", "192.0.2.10"))
	want := desired.Desired([]desired.Cluster{main, other}, fixture.TwoCDNs(), fixture.Start())
	if len(want.Problems) != 1 || !strings.HasPrefix(want.Problems[0].Reason, "Ingress main/default/front has www.example.com") ||
		len(want.Warnings) != 1 || want.Warnings[0].Ingress.Cluster != "main" || !strings.HasSuffix(want.Warnings[0].Message, "Ingress other/default/api for /api") {
		t.Errorf("two clusters: problems %v, warnings %v", want.Problems, want.Warnings)
	}
	atEdgio := fixture.SharedHost("api", "/api=api")
	atEdgio.Class = "edgio"
	want = desired.Desired([]desired.Cluster{fixture.Cluster("main", fixture.SharedHost("front", "/=web"), atEdgio, fixture.BalancedService("web", "192.0.2.9"), fixture.BalancedService("api", "192.0.2.10"))}, fixture.TwoCDNs(), fixture.Start())
	if len(want.Problems)+len(want.Warnings) > 0 || len(published(want)) != 3 {
		t.Errorf("two CDNs: problems %v, warnings %v, published %q", want.Problems, want.Warnings, published(want))
	}
}
