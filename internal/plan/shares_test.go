package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// share is an Ingress of class vultr-cdn with some paths of www.example.com, each
// with the Service behind its "=", younger than the one named front.
func share(name string, paths ...string) kube.Ingress {
	ing := fast(paths...)
	ing.Name = name
	if name != "front" {
		ing.Created = ing.Created.Add(time.Minute)
	}
	return ing
}

// serving is Service name of type LoadBalancer on port 80.
func serving(name, address string) kube.Service {
	svc := balanced(address)
	svc.Name = name
	return svc
}

// TestSharedHosts has a host of which several Ingresses have paths, at a CDN that
// publishes it as a whole.
func TestSharedHosts(t *testing.T) {
	const acme = "/.well-known/acme-challenge/token"
	front := share("front", "/=web")
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
		ing := with(share(name, paths...), annotationOrigin, originStatus)
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
		"another backend": {[]kube.Ingress{front, share("api", "/api=api")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"another backend, an exact path": {[]kube.Ingress{front, exact(share("api", "/api=api"))}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"the same backend": {[]kube.Ingress{front, share("api", "/api=web", "/v2=web")}, web, nil, []string{"api: " + served}},
		"the same and another": {[]kube.Ingress{front, share("api", "/api=api", "/v2=web")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"the same addresses by two statuses": {[]kube.Ingress{byStatus("front", "/=web"), byStatus("api", "/api=api")},
			"http://www.example.com/ from http://front.default.status.main:80/ with ", nil, []string{"api: " + served}},
		"three": {[]kube.Ingress{front, share("api", "/api=api"), share("img", "/img=img", "/css=img"), share("same", "/same=web")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost, "invalid img: " + divided + "/css, /img cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api; main/default/img for /css, /img", "same: " + served}},
		"a solver of cert-manager": {[]kube.Ingress{front, share("solver", acme+"=api")}, web,
			[]string{"invalid solver: " + divided + acme + " cannot lead to another backend: " + dns01},
			[]string{"front: " + asked + "main/default/solver for " + acme}},
		"a solver before its front is there": {[]kube.Ingress{share("front", "/=none"), share("solver", acme+"=api")}, "",
			[]string{"invalid solver: " + divided + acme + " cannot lead to another backend: " + dns01, "pending front: Service none does not exist"},
			[]string{"front: " + asked + "main/default/solver for " + acme}},
		"a solver alone": {[]kube.Ingress{share("solver", acme+"=api")}, "",
			[]string{"invalid solver: the CDN publishes whole hosts, and no path / of www.example.com says from where: " + dns01}, nil},
		"a solver within": {[]kube.Ingress{share("front", "/=web", acme+"=api")}, "",
			[]string{"invalid front: the CDN publishes whole hosts from one origin, and path " + acme + " of www.example.com leads elsewhere than its path /: " + dns01}, nil},
		"a path / as well": {[]kube.Ingress{front, share("api", "/=api", "/api=api")}, web,
			[]string{"conflict api: claimed by Ingress main/default/front already"},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"a path / alone": {[]kube.Ingress{front, share("api", "/=api")}, web, []string{"conflict api: claimed by Ingress main/default/front already"}, nil},
		"the front is gone": {[]kube.Ingress{share("api", "/api=api")}, "",
			[]string{"invalid api: the CDN publishes whole hosts, and no path / of www.example.com says from where: add one that leads to the backend of its other paths"}, nil},
		"two without a front": {[]kube.Ingress{share("api", "/api=api"), share("img", "/img=img")}, "",
			[]string{
				"invalid api: the CDN publishes whole hosts, and no path / of www.example.com says from where: add one that leads to the backend of its other paths",
				"invalid img: the CDN publishes whole hosts, and no path / of www.example.com says from where: add one that leads to the backend of its other paths",
			}, nil},
		"the second takes the front": {[]kube.Ingress{share("front", "/=none"), share("api", "/=api", "/api=api"), share("img", "/img=api")}, api,
			[]string{"pending front: Service none does not exist"},
			[]string{"img: " + strings.ReplaceAll(served, "front", "api")}},
		"a backend that is not there": {[]kube.Ingress{front, share("api", "/api=none")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"one that is not well written": {[]kube.Ingress{front, with(share("api", "/api=api"), annotationPath, "x")}, web,
			[]string{`invalid api: annotation edgeward/source-path: "x" is not "keep" or "strip"`}, nil},
		"the front by its default backend": {[]kube.Ingress{defaulted(share("front", "/x=web"), "web"), share("api", "/api=api")}, web,
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"the second has a default backend": {[]kube.Ingress{front, defaulted(share("api", "/api=api"), "api")}, web,
			[]string{"conflict api: claimed by Ingress main/default/front already"},
			[]string{"front: " + asked + "main/default/api for /api"}},
		"a default backend beside an exact path /": {[]kube.Ingress{defaulted(exact(share("front", "/=web")), "api")}, "",
			[]string{"invalid front: the CDN publishes whole hosts from one origin, and www.example.com leads to two backends for its path / and the rest: leave one of them"},
			nil},
		"the path / twice": {[]kube.Ingress{share("front", "/=web", "/=api")}, "",
			[]string{"invalid front: the CDN publishes whole hosts from one origin, and www.example.com leads to two backends for its path / and the rest: leave one of them"}, nil},
		"the front is let go": {[]kube.Ingress{with(share("front", "/=web"), annotationRelease, "true"), share("api", "/api=api")}, "",
			[]string{"invalid api: " + divided + "/api cannot lead to another backend: " + ownHost}, nil},
		"let go, but never had": {[]kube.Ingress{front, with(share("api", "/api=web"), annotationRelease, "true")}, web, nil, []string{"api: " + served}},
	} {
		t.Run(name, func(t *testing.T) {
			services := []any{serving("web", "192.0.2.9"), serving("api", "192.0.2.10"), serving("img", "192.0.2.11")}
			for range 2 {
				objects := slices.Clone(services)
				for _, ing := range test.ingresses {
					objects = append(objects, ing)
				}
				want := Desired([]Cluster{cluster("main", objects...)}, vultrSettings(), start())
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
				if diff := cmp.Diff(test.problems, sortedSet(problems)); diff != "" {
					t.Errorf("problems (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.warnings, sortedSet(warnings)); diff != "" {
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
	main := cluster("main", share("front", "/=web"), serving("web", "192.0.2.9"))
	other := cluster("other", share("api", "/api=api"), serving("api", "192.0.2.10"))
	want := Desired([]Cluster{main, other}, vultrSettings(), start())
	if len(want.Problems) != 1 || !strings.HasPrefix(want.Problems[0].Reason, "Ingress main/default/front has www.example.com") ||
		len(want.Warnings) != 1 || want.Warnings[0].Ingress.Cluster != "main" || !strings.HasSuffix(want.Warnings[0].Message, "Ingress other/default/api for /api") {
		t.Errorf("two clusters: problems %v, warnings %v", want.Problems, want.Warnings)
	}
	atEdgio := share("api", "/api=api")
	atEdgio.Class = "edgio"
	want = Desired([]Cluster{cluster("main", share("front", "/=web"), atEdgio, serving("web", "192.0.2.9"), serving("api", "192.0.2.10"))}, vultrSettings(), start())
	if len(want.Problems)+len(want.Warnings) > 0 || len(published(want)) != 3 {
		t.Errorf("two CDNs: problems %v, warnings %v, published %q", want.Problems, want.Warnings, published(want))
	}
}

// TestSharedHostStands has a second Ingress come beside one that is published:
// nothing is done, and when the first goes nothing of the second is published.
func TestSharedHostStands(t *testing.T) {
	front, api := share("front", "/=web"), share("api", "/api=api")
	services := []any{serving("web", "192.0.2.9"), serving("api", "192.0.2.10")}
	s := settled(vultrSettings(), cluster("main", append(services, front)...))
	s.change(true, cluster("main", append(services, api, front)...))
	if done := s.run(); len(done) > 0 {
		t.Errorf("it does %q", done)
	}
	if diff := cmp.Diff([]string{"synced www.example.com/"}, s.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	s.change(true, cluster("main", append(services, api)...))
	s.run()
	if diff := cmp.Diff([]string{"claim main"}, s.standing()); diff != "" {
		t.Errorf("without the front (-want +got):\n%s", diff)
	}
}
