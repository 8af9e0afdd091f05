package desired_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestTLSThatIsNotGiven has an Ingress that asks for TLS and does not get it.
func TestTLSThatIsNotGiven(t *testing.T) {
	tls := func(secret string, hosts ...string) kube.IngressTLS {
		return kube.IngressTLS{Secret: secret, Hosts: hosts}
	}
	one, two := []string{"www.example.com"}, []string{"a.b.example.com", "www.example.com"}
	const ends = ". A certificate that the CDN was given before goes on being served there, and is not renewed"
	const secretless = ", which is published on http only: its entry has no secretName; name a Secret of type kubernetes.io/tls there" + ends
	const missing = ", which is published on http only: name it there, beside the Secret"
	for name, test := range map[string]struct {
		hosts    []string
		tls      []kube.IngressTLS
		want     string // the schemes, by host
		warnings []string
	}{
		"no TLS":                   {one, nil, "http", nil},
		"a certificate":            {one, []kube.IngressTLS{tls("www", "www.example.com")}, "https", nil},
		"mistyped":                 {one, []kube.IngressTLS{tls("www", "ww.example.com")}, "http", []string{"spec.tls has no entry for www.example.com" + missing + "; it has one for ww.example.com, of which the Ingress has no rule" + ends}},
		"without a Secret":         {one, []kube.IngressTLS{tls("", "www.example.com")}, "http", []string{"spec.tls asks for TLS for www.example.com" + secretless}},
		"without all":              {one, []kube.IngressTLS{tls("")}, "http", []string{"spec.tls asks for TLS for www.example.com" + secretless}},
		"a Secret beside":          {one, []kube.IngressTLS{tls("", "www.example.com"), tls("www")}, "https", nil},
		"a wildcard":               {two, []kube.IngressTLS{tls("www", "*.example.com")}, "http https", []string{"spec.tls has no entry for a.b.example.com" + missing + ends}},
		"a wildcard for two":       {[]string{"a.b.example.com"}, []kube.IngressTLS{tls("www", "*.example.com")}, "http", []string{"spec.tls has no entry for a.b.example.com" + missing + "; it has one for *.example.com, of which the Ingress has no rule (* stands for one label)" + ends}},
		"one of two":               {two, []kube.IngressTLS{tls("www", "www.example.com")}, "http https", []string{"spec.tls has no entry for a.b.example.com" + missing + ends}},
		"one too many":             {one, []kube.IngressTLS{tls("www", "www.example.com", "example.com")}, "https", []string{"spec.tls has an entry for example.com, of which the Ingress has no rule: nothing is published there for it"}},
		"one too many, twice":      {one, []kube.IngressTLS{tls("www", "www.example.com", "example.com"), tls("www", "example.com")}, "https", []string{"spec.tls has an entry for example.com, of which the Ingress has no rule: nothing is published there for it"}},
		"both without, and a typo": {two, []kube.IngressTLS{tls("", "www.example.com"), tls("www", "a.example.com")}, "http http", []string{"spec.tls asks for TLS for www.example.com" + secretless, "spec.tls has no entry for a.b.example.com" + missing + "; it has one for a.example.com, of which the Ingress has no rule" + ends}},
	} {
		t.Run(name, func(t *testing.T) {
			ing := fixture.WholeHost("/=web")
			paths := ing.Rules[0].Paths
			ing.Rules, ing.TLS = nil, test.tls
			for _, host := range test.hosts {
				ing.Rules = append(ing.Rules, kube.IngressRule{Host: host, Paths: paths})
			}
			c := fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9"))
			c.TLSSecrets = []kube.TLSSecret{fixture.TLSSecret("www", "www.example.com", "*.example.com")}
			want := desired.Desired([]desired.Cluster{c}, fixture.TwoCDNs(), fixture.Start())
			var schemes, warnings []string
			for _, r := range want.Routes {
				schemes = append(schemes, r.Rule.Protocols[0].Published)
			}
			for _, w := range want.Warnings {
				warnings = append(warnings, w.Message)
			}
			if got := strings.Join(schemes, " "); got != test.want {
				t.Errorf("published on %q, want %q", got, test.want)
			}
			if diff := cmp.Diff(test.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTLSAtEdgio has a CDN with certificates of its own, which publishes what the
// configuration or the annotation says.
func TestTLSAtEdgio(t *testing.T) {
	const warning = "spec.tls asks for TLS for www.example.com, which is published on http only: let edgeward/published-protocols, or else edgio.published_protocols, say https"
	for name, test := range map[string]struct {
		protocols string // of the annotation
		configure []string
		tls       []kube.IngressTLS
		want      string
	}{
		"on https":              {"", []string{"https"}, []kube.IngressTLS{{Secret: "x"}}, ""},
		"on http":               {"http", []string{"https"}, []kube.IngressTLS{{Secret: "x"}}, warning},
		"on http, everywhere":   {"", []string{"http"}, []kube.IngressTLS{{Hosts: []string{"*.example.com"}}}, warning},
		"on both":               {"https,http", []string{"http"}, []kube.IngressTLS{{Secret: "x"}}, ""},
		"on http, as it should": {"http", []string{"https"}, nil, ""},
		"for another host":      {"http", []string{"https"}, []kube.IngressTLS{{Hosts: []string{"a.example.org"}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			if test.protocols != "" {
				ing = fixture.Annotated(desired.AnnotationPublished, test.protocols)
			}
			ing.TLS = test.tls
			settings := fixture.Settings()
			settings.CDNs[0].PublishedProtocols = test.configure
			checkWarnings(t, desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web())}, settings, fixture.Start()), test.want)
		})
	}
}

// TestCertificatesHaveTheEarliestEnd has an Ingress with two certificates: time changes
// the answer when the first of them ends, in whichever order their hosts come.
func TestCertificatesHaveTheEarliestEnd(t *testing.T) {
	const day = 24 * time.Hour
	a, b := fixture.TLSSecret("a", "a.example.com"), fixture.TLSSecret("b", "b.example.com")
	for name, ends := range map[string][2]time.Duration{
		"the first":  {30 * day, 40 * day},
		"the second": {40 * day, 30 * day},
	} {
		t.Run(name, func(t *testing.T) {
			a.NotAfter, b.NotAfter = fixture.Start().Add(ends[0]), fixture.Start().Add(ends[1])
			ing := fixture.WholeHost("/=web")
			paths := ing.Rules[0].Paths
			ing.Rules = []kube.IngressRule{{Host: "a.example.com", Paths: paths}, {Host: "b.example.com", Paths: paths}}
			ing.TLS = []kube.IngressTLS{{Hosts: []string{"a.example.com"}, Secret: "a"}, {Hosts: []string{"b.example.com"}, Secret: "b"}}
			c := fixture.Cluster("main", ing, fixture.Balanced("192.0.2.9"), a, b)
			want := desired.Desired([]desired.Cluster{c}, fixture.TwoCDNs(), fixture.Start())
			if until := fixture.Start().Add(16 * day); len(want.Routes) != 2 || !want.Until.Equal(until) {
				t.Errorf("%d routes until %s, want 2 until %s", len(want.Routes), want.Until, until)
			}
		})
	}
}
