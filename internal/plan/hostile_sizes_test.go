package plan

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// wholeSettings are those of an installation with Vultr CDN beside Edgio.
func wholeSettings() Settings {
	set := testSettings()
	set.CDNs = append(set.CDNs, CDN{Target: VultrCDN, Class: "vultr-cdn", WholeHosts: true, OriginFixed: true, Certificates: true,
		OriginPorts: map[string]int{"http": 80, "https": 443}})
	return set
}

// TestHugeIngress has as much in one Ingress, and in a Secret that it names, as the API
// server takes: that holds up nobody else for long.
func TestHugeIngress(t *testing.T) {
	const many, names, patience = 5_000, 20_000, 10 * time.Second // with the race detector, too
	huge := ingress("huge", "", "Exact", "/")
	huge.Rules, huge.Class = nil, "vultr-cdn"
	for i := range many {
		rule := shop().Rules[0]
		rule.Host = fmt.Sprintf("h%d.example.com", i)
		rule.Paths = []kube.IngressPath{{Path: "/", Type: "Prefix", Backend: rule.Paths[0].Backend}}
		huge.Rules = append(huge.Rules, rule)
	}
	var entries []kube.IngressTLS
	for i := range many {
		entries = append(entries, kube.IngressTLS{Hosts: []string{fmt.Sprintf("t%d.example.org", i)}, Secret: "tls"})
	}
	secret := kube.TLSSecret{Meta: kube.Meta{Namespace: "default", Name: "tls"}, NotBefore: start(), NotAfter: start().AddDate(1, 0, 0), Fingerprint: "0123456789abcdef"}
	for i := range names {
		secret.Names = append(secret.Names, fmt.Sprintf("n%d.example.org", i))
	}
	onHTTP := wholeSettings()
	onHTTP.PublishedProtocols = []string{"http"}
	for name, test := range map[string]struct {
		class string
		tls   []kube.IngressTLS
	}{
		"entries of other hosts":     {"vultr-cdn", entries},
		"the same at Edgio":          {"", entries},
		"a certificate of thousands": {"vultr-cdn", []kube.IngressTLS{{Secret: "tls"}}},
	} {
		t.Run(name, func(t *testing.T) {
			ing := huge
			ing.Class, ing.TLS = test.class, test.tls
			c := cluster("main", ing, like(func(s *kube.Service) { s.Type, s.Balancers = "LoadBalancer", []kube.Address{{IP: "198.51.100.1"}} }))
			c.TLSSecrets = []kube.TLSSecret{secret}
			begin := time.Now()
			want := Desired([]Cluster{c}, onHTTP, start())
			if took := time.Since(begin); took > patience || len(want.Routes) != many {
				t.Errorf("%d routes after %s", len(want.Routes), took)
			}
		})
	}
}

// TestNamesAreCoveredAsByX509 compares a set of names with what decides elsewhere.
func TestNamesAreCoveredAsByX509(t *testing.T) {
	names := []string{"", "*", ".", "*.", "com", "*.com", "example.com", "*.example.com", "EXAMPLE.com", "*.Example.COM", "www.example.com", "www.example.com.",
		"*.www.example.com", "w*.example.com", "www.*.com", "*.*.com", "_x.example.com", "192.0.2.1"}
	for _, host := range []string{"example.com", "www.example.com", "a.www.example.com", "other.com", "a.b.c.example.com", "x-y.example.com"} {
		for _, name := range names {
			set := make(nameSet)
			set.add([]string{"other.example.org", name})
			want := (&x509.Certificate{DNSNames: []string{"other.example.org", name}}).VerifyHostname(host) == nil
			if got := set.cover(host); got != want {
				t.Errorf("%q is covered by %q: %t, want %t", host, name, got, want)
			}
		}
	}
}

// TestTextsAreBounded has texts of tenants that nobody checks as long as the API server
// takes them: what is said of them stays readable.
func TestTextsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 250_000)
	with := func(edit func(*kube.Ingress)) kube.Ingress {
		ing := shop()
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
		"an annotation":             with(func(ing *kube.Ingress) { ing.Annotations = map[string]string{annotationProfile: long} }),
		"a path":                    path(func(p *kube.IngressPath) { p.Path = "/" + long }),
		"a pattern":                 path(func(p *kube.IngressPath) { p.Path = "/(" + long }),
		"a type of a path":          path(func(p *kube.IngressPath) { p.Type = long }),
		"a resource":                path(func(p *kube.IngressPath) { p.Backend = kube.Backend{Resource: long + "/x"} }),
		"names in a certificate":    certified,
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster("main", ing, like(func(s *kube.Service) { s.Type, s.Balancers = "LoadBalancer", []kube.Address{{IP: "198.51.100.1"}} }))
			c.TLSSecrets = []kube.TLSSecret{{Meta: kube.Meta{Namespace: "default", Name: "tls"}, Names: []string{long, long + "2"}, NotBefore: start(), NotAfter: start().AddDate(1, 0, 0)}}
			s := newStage(wholeSettings(), c)
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
