package plan

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

const (
	// endsSoon is how long before its end a certificate is warned of. One that
	// is made for a short time has to be renewed later: in the last third.
	endsSoon = 14 * 24 * time.Hour
	// maxNames bounds how many of a certificate's names a message shows.
	maxNames = 5
)

// certificate is what a host of an Ingress is to be published with on https: the
// pair in the Secret that spec.tls names for it. It is nil, without a verdict,
// where spec.tls does not name the host.
func (m *mapper) certificate(ing kube.Ingress, host string) (*Certificate, *verdict) {
	name, ok := tlsSecret(ing.TLS, host)
	if !ok {
		return nil, nil
	}
	s, ok := m.tlsSecrets[kube.Key{Namespace: ing.Namespace, Name: name}]
	if !ok {
		reason := "does not exist, or is not of type kubernetes.io/tls"
		if slices.Contains(m.TLSRefused, ing.Namespace) || slices.Contains(m.TLSRefused, "") {
			reason = "may not be read (deploy/rbac-certificates.yaml allows it)"
		}
		return nil, &verdict{state: Pending, reason: fmt.Sprintf("Secret %s/%s, which spec.tls names for host %s, %s", ing.Namespace, name, host, reason)}
	}
	if reason := m.unfit(s, host); reason != "" {
		return nil, invalid("Secret %s, which spec.tls names for host %s: %s", s.Meta.Key(), host, reason)
	}
	if warn := s.NotAfter.Add(-min(endsSoon, s.NotAfter.Sub(s.NotBefore)/3)); m.since(warn) {
		m.want.Warnings = append(m.want.Warnings, Warning{
			IngressID{m.Name, ing.Namespace, ing.Name},
			fmt.Sprintf("the certificate in Secret %s ends at %s", s.Meta.Key(), date(s.NotAfter)),
		})
	}
	chain, key := s.Chain(), s.PrivateKey()
	return &Certificate{Fingerprint: s.Fingerprint, chain: &chain, key: &key}, nil
}

// tlsSecret is the Secret that spec.tls names for a host: by its full name, or
// else by a wildcard for its first label, or else by an element without hosts,
// which is for all of the Ingress. Of several the first counts.
func tlsSecret(list []kube.IngressTLS, host string) (name string, ok bool) {
	for _, names := range []func(kube.IngressTLS) bool{
		func(t kube.IngressTLS) bool { return slices.Contains(t.Hosts, host) },
		func(t kube.IngressTLS) bool { return covered(t.Hosts, host) },
		func(t kube.IngressTLS) bool { return len(t.Hosts) == 0 },
	} {
		if i := slices.IndexFunc(list, names); i >= 0 {
			return list[i].Secret, true
		}
	}
	return "", false
}

// covered reports whether a certificate for the names is one for host, by the
// rules of crypto/x509.
func covered(names []string, host string) bool {
	return (&x509.Certificate{DNSNames: names}).VerifyHostname(host) == nil
}

// unfit says why a pair cannot serve a host now; "": it can.
func (m *mapper) unfit(s kube.TLSSecret, host string) string {
	switch {
	case s.Fault != "":
		return s.Fault
	case !covered(s.Names, host):
		return "the certificate is for " + listed(s.Names) + ", not for this host"
	case m.since(s.NotAfter.Add(time.Second)): // the last second counts (RFC 5280, 4.1.2.5)
		return "the certificate has expired at " + date(s.NotAfter)
	case !m.since(s.NotBefore):
		return "the certificate is not valid before " + date(s.NotBefore)
	}
	return ""
}

// since reports whether t has come. If it is still to come, time alone changes
// the answer then.
func (m *mapper) since(t time.Time) bool {
	if !t.After(m.now) {
		return true
	}
	if m.want.Until.IsZero() || t.Before(m.want.Until) {
		m.want.Until = t
	}
	return false
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// listed is "a.org, b.org and 3 more".
func listed(names []string) string {
	switch n := len(names); {
	case n == 0:
		return "no host name"
	case n > maxNames:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), n-maxNames)
	}
	return strings.Join(names, ", ")
}
