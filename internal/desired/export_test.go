package desired

import (
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// What the tests outside the package, which share the objects of package fixture, ask of
// its inside.

// Refusal is why something is not published.
type Refusal struct {
	State  State
	Reason string
}

// HostCertificate is what an Ingress gives a host.
type HostCertificate struct {
	Pair     *model.Certificate
	Refused  *Refusal
	Warnings []string
	Until    time.Time
}

// CertificateOf reads no more than spec.tls of an Ingress.
func CertificateOf(c Cluster, settings model.Settings, now time.Time, ing *kube.Ingress, host string) HostCertificate {
	m := &ingressMapper{mapper: newMapper(c, settings, now), ing: ing, tls: readSpecTLS(ing.TLS)}
	cert := m.certificate(host)
	out := HostCertificate{Pair: cert.pair, Warnings: cert.warnings, Until: cert.until}
	if cert.refused != nil {
		out.Refused = &Refusal{cert.refused.state, cert.refused.reason}
	}
	return out
}

var (
	WhyNoOrigin = whyNoOrigin
	Hostname    = hostname
)
