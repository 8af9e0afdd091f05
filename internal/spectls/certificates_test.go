package spectls_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/spectls"
)

// TestCertificate has what spec.tls and the Secrets say of www.example.com.
func TestCertificate(t *testing.T) {
	const day = 24 * time.Hour
	const host, saying = "www.example.com", ", which spec.tls names for host www.example.com"
	tls := func(secret string, hosts ...string) kube.IngressTLS {
		return kube.IngressTLS{Hosts: hosts, Secret: secret}
	}
	www := fixture.TLSSecret("www", host)
	edited := func(edit func(*kube.TLSSecret)) []kube.TLSSecret {
		s := www
		edit(&s)
		return []kube.TLSSecret{s}
	}
	ends := func(at time.Duration) []kube.TLSSecret {
		return edited(func(s *kube.TLSSecret) { s.NotAfter = fixture.Start().Add(at) })
	}
	begins := func(at time.Duration) []kube.TLSSecret {
		return edited(func(s *kube.TLSSecret) { s.NotBefore = fixture.Start().Add(at) })
	}
	elsewhere := www
	elsewhere.Namespace = "other"
	only := []kube.IngressTLS{tls("www", host)}
	tests := map[string]struct {
		tls     []kube.IngressTLS
		secrets []kube.TLSSecret
		refused []string
		want    string // the Secret whose pair it is
		problem string
		missing bool
		until   time.Duration // after the start; 0: never
		warning string
	}{
		"no tls":                           {secrets: []kube.TLSSecret{www}},
		"another host's":                   {tls: []kube.IngressTLS{tls("www", "shop.example.com", "*.www.example.com", "*.com")}, secrets: []kube.TLSSecret{www}},
		"by its name":                      {tls: only, secrets: []kube.TLSSecret{www}, want: "www", until: 31 * day},
		"by a wildcard":                    {tls: []kube.IngressTLS{tls("www", "*.example.com")}, secrets: []kube.TLSSecret{www}, want: "www", until: 31 * day},
		"without hosts":                    {tls: []kube.IngressTLS{tls("www")}, secrets: []kube.TLSSecret{www}, want: "www", until: 31 * day},
		"a certificate for a wildcard":     {tls: only, secrets: []kube.TLSSecret{fixture.TLSSecret("www", "example.com", "*.example.com")}, want: "www", until: 31 * day},
		"its name goes before the rest":    {tls: []kube.IngressTLS{tls("all"), tls("wild", "*.example.com"), tls("www", "a.example.com", host)}, secrets: []kube.TLSSecret{www}, want: "www", until: 31 * day},
		"a wildcard goes before all hosts": {tls: []kube.IngressTLS{tls("all"), tls("www", "*.example.com")}, secrets: []kube.TLSSecret{www}, want: "www", until: 31 * day},
		"the first of two":                 {tls: []kube.IngressTLS{tls("www", host), tls("two", host)}, secrets: []kube.TLSSecret{www, fixture.TLSSecret("two", host)}, want: "www", until: 31 * day},
		"another Secret's end is none of its": {tls: only, secrets: append(ends(40*day), kube.TLSSecret{Meta: kube.Meta{Namespace: "default", Name: "two"}, NotAfter: fixture.Start().Add(day)}),
			want: "www", until: 26 * day},
		"no such Secret": {tls: only,
			missing: true, problem: "Secret default/www" + saying + ", does not exist, or is not of type kubernetes.io/tls"},
		"of that name elsewhere": {tls: only, secrets: []kube.TLSSecret{elsewhere}, refused: []string{"other"},
			missing: true, problem: "Secret default/www" + saying + ", does not exist, or is not of type kubernetes.io/tls"},
		"of another namespace": {tls: []kube.IngressTLS{{Hosts: []string{host}, Secret: "other/www"}}, secrets: []kube.TLSSecret{elsewhere},
			problem: "spec.tls names Secret \"other/www\" for host www.example.com: it has to be one of the Ingress's own namespace, named without it"},
		"an entry without a Secret": {tls: []kube.IngressTLS{{Hosts: []string{host}}}, secrets: []kube.TLSSecret{www}},
		"not to be read": {tls: only, refused: []string{"other", "default"},
			missing: true, problem: "Secret default/www" + saying + ", may not be read (deploy/rbac-certificates.yaml allows it)"},
		"none to be read": {tls: only, refused: []string{""},
			missing: true, problem: "Secret default/www" + saying + ", may not be read (deploy/rbac-certificates.yaml allows it)"},
		"not to be read any more": {tls: only, secrets: []kube.TLSSecret{www}, refused: []string{"default"}, want: "www", until: 31 * day},
		"a pair that does not fit": {tls: only, secrets: []kube.TLSSecret{{Meta: www.Meta, Fault: "the private key is not that of the certificate"}},
			problem: "Secret default/www" + saying + ": the private key is not that of the certificate"},
		"of another host": {tls: only, secrets: []kube.TLSSecret{fixture.TLSSecret("www", "*.www.example.com", "a.org", "b.org", "c.org", "d.org", "e.org", "f.org")},
			problem: "Secret default/www" + saying + ": the certificate is for *.www.example.com, a.org, b.org, c.org, d.org and 2 more, not for this host"},
		"of no host": {tls: only, secrets: []kube.TLSSecret{fixture.TLSSecret("www")},
			problem: "Secret default/www" + saying + ": the certificate is for no host name, not for this host"},
		"its last second": {tls: only, secrets: ends(0), want: "www", until: time.Second,
			warning: "the certificate in Secret default/www ends at 2001-09-09T01:46:40Z"},
		"expired": {tls: only, secrets: ends(-time.Second),
			problem: "Secret default/www" + saying + ": the certificate has expired at 2001-09-09T01:46:39Z"},
		"its first second": {tls: only, secrets: begins(0), want: "www", until: 31 * day},
		"not valid yet": {tls: only, secrets: begins(time.Second), until: time.Second,
			problem: "Secret default/www" + saying + ": the certificate is not valid before 2001-09-09T01:46:41Z"},
		"it ends soon": {tls: only, secrets: ends(14 * day), want: "www", until: 14*day + time.Second,
			warning: "the certificate in Secret default/www ends at 2001-09-23T01:46:40Z"},
		"it ends a little later": {tls: only, secrets: ends(14*day + time.Minute), want: "www", until: time.Minute},
		"made for six days": {tls: only, want: "www", until: 2 * day,
			secrets: edited(func(s *kube.TLSSecret) {
				s.NotBefore, s.NotAfter = fixture.Start().Add(-2*day), fixture.Start().Add(4*day)
			})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := spectls.NewSecrets(test.secrets, test.refused).Of(host, "default", spectls.Read(test.tls), fixture.Start())
			if got.Problem != test.problem || got.Missing != test.missing {
				t.Errorf("problem %q, missing: %t; want %q, %t", got.Problem, got.Missing, test.problem, test.missing)
			}
			var pair *model.Certificate
			if test.want != "" {
				pair = model.NewCertificate("chain of "+test.want, "key of "+test.want)
			}
			if !got.Pair.Equal(pair) || pair != nil && (got.Pair.Chain() != pair.Chain() || got.Pair.Key() != pair.Key()) {
				t.Errorf("got %v, want %v", got.Pair, pair)
			}
			var until time.Time
			if test.until != 0 {
				until = fixture.Start().Add(test.until)
			}
			if !got.Until.Equal(until) {
				t.Errorf("until %s, want %s", got.Until, until)
			}
			var warnings []string
			if test.warning != "" {
				warnings = []string{test.warning}
			}
			if diff := cmp.Diff(warnings, got.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
