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
func (r *reading) certificate(host string) (*Certificate, *verdict) {
	name, ok := tlsSecret(r.ing.TLS, host)
	if !ok {
		return nil, nil
	}
	s, ok := r.tlsSecrets[kube.Key{Namespace: r.ing.Namespace, Name: name}]
	if !ok {
		reason := "does not exist, or is not of type kubernetes.io/tls"
		if slices.Contains(r.TLSRefused, r.ing.Namespace) || slices.Contains(r.TLSRefused, "") {
			reason = "may not be read (deploy/rbac-certificates.yaml allows it)"
		}
		return nil, &verdict{state: Pending, reason: fmt.Sprintf("Secret %s/%s, which spec.tls names for host %s, %s", r.ing.Namespace, name, host, reason)}
	}
	if reason := r.unfit(s, host); reason != "" {
		return nil, invalid("Secret %s, which spec.tls names for host %s: %s", s.Meta.Key(), host, reason)
	}
	if warn := s.NotAfter.Add(-min(endsSoon, s.NotAfter.Sub(s.NotBefore)/3)); r.since(warn) {
		r.warn("the certificate in Secret %s ends at %s", s.Meta.Key(), date(s.NotAfter))
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
func (r *reading) unfit(s kube.TLSSecret, host string) string {
	switch {
	case s.Fault != "":
		return s.Fault
	case !covered(s.Names, host):
		return "the certificate is for " + listed(s.Names) + ", not for this host"
	case r.since(s.NotAfter.Add(time.Second)): // the last second counts (RFC 5280, 4.1.2.5)
		return "the certificate has expired at " + date(s.NotAfter)
	case !r.since(s.NotBefore):
		return "the certificate is not valid before " + date(s.NotBefore)
	}
	return ""
}

// since reports whether t has come. If it is still to come, time alone changes
// the answer then.
func (r *reading) since(t time.Time) bool {
	if !t.After(r.now) {
		return true
	}
	if r.asked.until.IsZero() || t.Before(r.asked.until) {
		r.asked.until = t
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
