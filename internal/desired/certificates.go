package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// endsSoon is how long before its end a certificate is warned of. One that is made for a
// short time is renewed later: in the last third of that.
const endsSoon = 14 * 24 * time.Hour

// hostCertificate is what spec.tls and the Secrets give a host.
type hostCertificate struct {
	pair     *model.Certificate // nil if spec.tls names none for the host
	refused  *refusal           // why the one that spec.tls names cannot be used
	warnings []string
	until    time.Time // when time alone changes this; zero: never
}

// certificate returns the pair that a host of the Ingress is to be published with on
// https: that in the Secret which spec.tls names for it.
func (m *ingressMapper) certificate(host string) (c hostCertificate) {
	name, ok := m.tls.secret(host)
	if !ok {
		return c
	}
	namespace := m.ing.Namespace
	if strings.Contains(name, "/") {
		c.refused = invalid("spec.tls names Secret %.80q for host %s: it has to be one of the Ingress's own namespace, named without it", name, host)
		return c
	}
	s, ok := m.secrets[kube.Key{Namespace: namespace, Name: name}]
	if !ok {
		reason := "does not exist, or is not of type kubernetes.io/tls"
		if slices.Contains(m.TLSRefused, namespace) || slices.Contains(m.TLSRefused, "") {
			reason = "may not be read (deploy/rbac-certificates.yaml allows it)"
		}
		c.refused = pending("Secret %s/%s, which spec.tls names for host %s, %s", namespace, name, host, reason)
		return c
	}
	if reason := m.unfit(s, host); reason != "" {
		c.refused = invalid("Secret %s, which spec.tls names for host %s: %s", s.Meta.Key(), host, reason)
		return c
	}
	v := validityOf(s)
	c.until = v.nextChange(m.now)
	switch {
	case !m.now.Before(v.expired):
		c.refused = invalid("Secret %s, which spec.tls names for host %s: the certificate has expired at %s", s.Meta.Key(), host, timestamp(s.NotAfter))
	case m.now.Before(v.begins):
		c.refused = invalid("Secret %s, which spec.tls names for host %s: the certificate is not valid before %s", s.Meta.Key(), host, timestamp(s.NotBefore))
	default:
		if !m.now.Before(v.endsSoon) {
			c.warnings = append(c.warnings, fmt.Sprintf("the certificate in Secret %s ends at %s", s.Meta.Key(), timestamp(s.NotAfter)))
		}
		c.pair = model.CertificateOf(s.Fingerprint, s.Chain(), s.PrivateKey())
	}
	return c
}

// unfit says why a pair can serve a host at no time; "" if it can.
func (m *ingressMapper) unfit(s kube.TLSSecret, host string) string {
	if s.Fault != "" {
		return s.Fault
	}
	if !m.certified.of(s.Meta.Key()).cover(host) {
		return "the certificate is for " + certificateNames(s) + ", not for this host"
	}
	return ""
}

// certificateNames lists the names that a certificate is for. Nobody has checked how
// long they are.
func certificateNames(s kube.TLSSecret) string {
	var names []string
	for _, name := range s.Names {
		names = append(names, fmt.Sprintf("%.*s", model.MaxName, name))
	}
	return cmp.Or(model.Listed(names, ", "), "no host name")
}

// validity is when a certificate changes what it is good for.
type validity struct{ begins, endsSoon, expired time.Time }

func validityOf(s kube.TLSSecret) validity {
	return validity{
		begins:   s.NotBefore,
		endsSoon: s.NotAfter.Add(-min(endsSoon, s.NotAfter.Sub(s.NotBefore)/3)),
		expired:  s.NotAfter.Add(time.Second), // the last second counts (RFC 5280, section 4.1.2.5)
	}
}

// nextChange returns the first of these times that is still to come; zero if none is.
func (v validity) nextChange(now time.Time) (next time.Time) {
	for _, t := range []time.Time{v.begins, v.endsSoon, v.expired} {
		if t.After(now) {
			next = earlier(next, t)
		}
	}
	return next
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
