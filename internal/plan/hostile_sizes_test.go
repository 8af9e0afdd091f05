package plan

import (
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestTextsAreBounded has texts of tenants that nobody checks as long as the API server
// takes them: what is said of them stays readable.
func TestTextsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 250_000)
	with := func(edit func(*kube.Ingress)) kube.Ingress {
		ing := fixture.Shop()
		edit(&ing)
		return ing
	}
	path := func(edit func(*kube.IngressPath)) kube.Ingress {
		return with(func(ing *kube.Ingress) {
			ing.Rules = []kube.IngressRule{{Host: "www.example.com", Paths: []kube.IngressPath{ing.Rules[0].Paths[0]}}}
			edit(&ing.Rules[0].Paths[0])
		})
	}
	certified := with(func(ing *kube.Ingress) {
		ing.Class, ing.TLS = "vultr-cdn", []kube.IngressTLS{{Secret: "tls"}}
		ing.Rules = []kube.IngressRule{{Host: "www.example.com", Paths: []kube.IngressPath{{Path: "/", Type: "Prefix", Backend: ing.Rules[0].Paths[0].Backend}}}}
	})
	for name, ing := range map[string]kube.Ingress{
		"a class in the annotation": with(func(ing *kube.Ingress) { ing.Annotated, ing.Class = long, long }),
		"an unknown class":          with(func(ing *kube.Ingress) { ing.ClassUnknown, ing.Class = true, long }),
		"an annotation":             with(func(ing *kube.Ingress) { ing.Annotations = map[string]string{desired.AnnotationProfile: long} }),
		"a path":                    path(func(p *kube.IngressPath) { p.Path = "/" + long }),
		"a pattern":                 path(func(p *kube.IngressPath) { p.Path = "/(" + long }),
		"a type of a path":          path(func(p *kube.IngressPath) { p.Type = long }),
		"a resource":                path(func(p *kube.IngressPath) { p.Backend = kube.Backend{Resource: long + "/x"} }),
		"names in a certificate":    certified,
	} {
		t.Run(name, func(t *testing.T) {
			c := fixture.Cluster("main", ing, fixture.WebWith(func(s *kube.Service) { s.Type, s.Balancers = "LoadBalancer", []kube.Address{{IP: "198.51.100.1"}} }))
			c.TLSSecrets = []kube.TLSSecret{{Meta: kube.Meta{Namespace: "default", Name: "tls"}, Names: []string{long, long + "2"}, NotBefore: fixture.Start(), NotAfter: fixture.Start().AddDate(1, 0, 0)}}
			s := newStage(fixture.TwoCDNs(), c)
			s.ask()
			said := 0
			for _, p := range s.Want.Problems {
				said = max(said, len(p.Reason))
			}
			for _, w := range s.Want.Warnings {
				said = max(said, len(w.Message))
			}
			for _, n := range s.step.Notices {
				said = max(said, len(n.Text))
			}
			if said == 0 || said > 1024 {
				t.Errorf("%d bytes are said", said)
			}
		})
	}
}
