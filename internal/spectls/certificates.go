package spectls

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/memo"
	"github.com/edgeward/edgeward/internal/model"
)

// Secrets are the TLS Secrets of a cluster.
type Secrets struct {
	byKey   map[kube.Key]kube.TLSSecret
	refused []string                     // namespaces whose Secrets may not be read; "" stands for all
	names   memo.Memo[kube.Key, nameSet] // those in the certificate of each
}

// NewSecrets returns the Secrets of a list, where those of the refused namespaces may not
// be read; "" stands for all namespaces.
func NewSecrets(list []kube.TLSSecret, refused []string) Secrets {
	s := Secrets{byKey: make(map[kube.Key]kube.TLSSecret, len(list)), refused: refused}
	for _, secret := range list {
		s.byKey[secret.Meta.Key()] = secret
	}
	s.names = memo.Of(func(key kube.Key) nameSet { return newNameSet(s.byKey[key].Names) })
	return s
}

// Certificate is what spec.tls and the Secrets give a host.
type Certificate struct {
	Pair     *model.Certificate // nil if spec.tls names no Secret for the host, or it is of no use
	Problem  string             // why the Secret is of no use; "" if there is no problem
	Missing  bool               // the problem is that the Secret does not exist, or may not be read
	Warnings []string
	Until    time.Time // when time alone changes this; zero: never
}

// Of returns the certificate that a host of an Ingress in a namespace is to be published
// with on https.
func (s Secrets) Of(host, namespace string, e Entries, now time.Time) Certificate {
	name := e.secret(host)
	if name == "" {
		return Certificate{}
	}
	if strings.Contains(name, "/") {
		return Certificate{Problem: fmt.Sprintf("spec.tls names Secret %.80q for host %s: it has to be one of the Ingress's own namespace, named without it", name, host)}
	}
	key := kube.Key{Namespace: namespace, Name: name}
	secret, ok := s.byKey[key]
	if !ok {
		reason := "does not exist, or is not of type kubernetes.io/tls"
		if slices.Contains(s.refused, namespace) || slices.Contains(s.refused, "") {
			reason = "may not be read (deploy/rbac-certificates.yaml allows it)"
		}
		return Certificate{Missing: true, Problem: fmt.Sprintf("Secret %s, which spec.tls names for host %s, %s", key, host, reason)}
	}
	var c Certificate
	reason := ""
	switch v := validityOf(secret); {
	case secret.Fault != "":
		reason = secret.Fault
	case !s.names.Get(key).cover(host):
		reason = "the certificate is for " + namesOf(secret) + ", not for this host"
	default:
		c.Until = v.nextChange(now)
		switch {
		case !now.Before(v.expires):
			reason = "the certificate has expired at " + timestamp(secret.NotAfter)
		case now.Before(v.begins):
			reason = "the certificate is not valid before " + timestamp(secret.NotBefore)
		case !now.Before(v.endsSoon):
			c.Warnings = []string{fmt.Sprintf("the certificate in Secret %s ends at %s", key, timestamp(secret.NotAfter))}
		}
	}
	if reason != "" {
		c.Problem = fmt.Sprintf("Secret %s, which spec.tls names for host %s: %s", key, host, reason)
		return c
	}
	c.Pair = model.CertificateOf(secret.Fingerprint, secret.Chain(), secret.PrivateKey())
	return c
}

// namesOf lists the names that a certificate is for. Nobody has checked how long they
// are.
func namesOf(s kube.TLSSecret) string {
	var names []string
	for _, name := range s.Names {
		names = append(names, fmt.Sprintf("%.*s", model.MaxName, name))
	}
	return cmp.Or(model.Listed(names, ", "), "no host name")
}

// soon is how long before its end a certificate is warned of. One that is made for a
// short time is renewed later: in the last third of that.
const soon = 14 * 24 * time.Hour

// validity is when a certificate changes what it is good for.
type validity struct{ begins, endsSoon, expires time.Time }

func validityOf(s kube.TLSSecret) validity {
	return validity{
		begins:   s.NotBefore,
		endsSoon: s.NotAfter.Add(-min(soon, s.NotAfter.Sub(s.NotBefore)/3)),
		expires:  s.NotAfter.Add(time.Second), // the last second counts (RFC 5280, section 4.1.2.5)
	}
}

// nextChange returns the first of these times that is still to come; zero if none is.
func (v validity) nextChange(now time.Time) time.Time {
	for _, t := range []time.Time{v.begins, v.endsSoon, v.expires} {
		if t.After(now) {
			return t
		}
	}
	return time.Time{}
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
