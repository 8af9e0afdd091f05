package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

func TestWholeHosts(t *testing.T) {
	other := fixture.Balanced("192.0.2.10")
	other.Name = "api"
	class := fixture.WholeHost("/=web")
	class.Class, class.Controller = "quick", "edgeward/vultr-cdn"
	byStatus := fixture.WholeHostAnnotated(desired.AnnotationOrigin, "status")
	byStatus.Status = []kube.Address{{IP: "192.0.2.8"}}
	withDefault := fixture.WholeHost("/x=web")
	withDefault.DefaultBackend = &kube.Backend{Service: "web", PortNumber: 80}
	onTLS, secure := fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")
	onTLS.Rules[0].Paths[0].Backend.PortNumber, secure.Ports[0].Port = 443, 443
	tests := map[string]struct {
		objects []any
		want    []string
		problem string
	}{
		"a LoadBalancer":                   {[]any{fixture.WholeHost("/=web"), fixture.Balanced("192.0.2.9")}, []string{"http://www.example.com/ from http://web.default.lb.main:80/ with "}, ""},
		"by its IngressClass object":       {[]any{class, fixture.Balanced("192.0.2.9")}, []string{"http://www.example.com/ from http://web.default.lb.main:80/ with "}, ""},
		"several paths of one backend":     {[]any{fixture.WholeHost("/=web", "/a=web"), fixture.Balanced("192.0.2.9")}, []string{"http://www.example.com/ from http://web.default.lb.main:80/ with "}, ""},
		"a status":                         {[]any{byStatus}, []string{"http://www.example.com/ from http://fast.default.status.main:80/ with "}, ""},
		"the default backend for the rest": {[]any{withDefault, fixture.Balanced("192.0.2.9")}, []string{"http://www.example.com/ from http://web.default.lb.main:80/ with "}, ""},
		"nodes on port 80": {[]any{func() kube.Ingress {
			i := fixture.WholeHostAnnotated(desired.AnnotationOrigin, "nodes")
			i.Annotations[desired.AnnotationOriginPort] = "80"
			return i
		}(), fixture.Node("n1", "192.0.2.1")}, []string{"http://www.example.com/ from http://nodes.main:80/ with "}, ""},
		"a NodePort":                        {[]any{fixture.WholeHost("/=web"), fixture.Web(), fixture.Node("n1", "192.0.2.1")}, nil, "answers by http on port 30080: use a Service of type LoadBalancer"},
		"port 443 by http":                  {[]any{onTLS, secure}, nil, "the CDN asks port 443 by https only, and that of www.example.com is to be asked by http: say appProtocol: https"},
		"a path with another backend":       {[]any{fixture.WholeHost("/=web", "/api=api"), fixture.Balanced("192.0.2.9"), other}, nil, "path /api of www.example.com leads elsewhere than its path /"},
		"a path whose backend is not there": {[]any{fixture.WholeHost("/=web", "/api=api"), fixture.Balanced("192.0.2.9")}, nil, "path /api of www.example.com leads elsewhere than its path /"},
		"no path /":                         {[]any{fixture.WholeHost("/a=web"), fixture.Balanced("192.0.2.9")}, nil, "no path / of www.example.com says from where"},
		"https without a certificate": {[]any{fixture.WholeHostAnnotated(desired.AnnotationSource, "https"), fixture.WebWith(func(s *kube.Service) {
			*s = fixture.Balanced("192.0.2.9")
			s.Ports[0].Port = 443
			s.Ports[0].Name = "x"
		})}, nil, "has no port 80"},
		"a service profile":   {[]any{fixture.WholeHostAnnotated(desired.AnnotationProfile, "x"), fixture.Balanced("192.0.2.9")}, nil, "this CDN has no"},
		"published protocols": {[]any{fixture.WholeHostAnnotated(desired.AnnotationPublished, "https"), fixture.Balanced("192.0.2.9")}, nil, "this CDN has no"},
		"strip":               {[]any{fixture.WholeHostAnnotated(desired.AnnotationPath, "strip"), fixture.Balanced("192.0.2.9")}, nil, "this CDN has no"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", test.objects...)}, fixture.TwoCDNs(), fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			if (len(want.Problems) > 0) != (test.problem != "") {
				t.Errorf("problems %v, want one about %q", want.Problems, test.problem)
			}
			for _, p := range want.Problems {
				if p.State != desired.Invalid || !strings.Contains(p.Reason, test.problem) {
					t.Errorf("problem %v, want one with %q", p, test.problem)
				}
			}
			for _, r := range want.Routes {
				if r.Key.CDN != fixture.VultrCDN || r.Key.Path != "/" {
					t.Errorf("route %+v", r.Key)
				}
			}
		})
	}
}
