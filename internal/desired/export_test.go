package desired

import (
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// What the tests outside the package, which share the objects of package fixture,
// ask of its inside.

// Refusal is why something is not published.
type Refusal struct {
	State  State
	Reason string
}

// HostCertificates are the certificates of one Ingress's hosts.
type HostCertificates struct{ r *reading }

// CertificatesOf reads no more than spec.tls of an Ingress.
func CertificatesOf(c Cluster, set model.Settings, now time.Time, ing *kube.Ingress, id model.IngressID) HostCertificates {
	return HostCertificates{&reading{mapper: newMapper(c, set, now), asked: &asked{}, ing: ing, id: id}}
}

// Of is the certificate of a host, or why there is none.
func (c HostCertificates) Of(host string) (*model.Certificate, *Refusal) {
	pair, v := c.r.certificate(host)
	if v == nil {
		return pair, nil
	}
	return pair, &Refusal{v.state, v.reason}
}

// Until is when time alone changes an answer that was given.
func (c HostCertificates) Until() time.Time { return c.r.asked.until }

// Warnings are what the author of the Ingress is told.
func (c HostCertificates) Warnings() []Warning { return c.r.asked.warnings }

// NodesOf is what a set of nodes has of both families, and how many count.
func NodesOf(nodes []kube.Node, types []string, delay time.Duration, now time.Time) (Set, NodeCounts, time.Time) {
	usable := usableNodes(nodes, types, delay, now)
	return usable.set("main", bothFamilies(), nil, ""), usable.count, usable.until
}

var (
	NodeAddresses = nodeAddresses
	WhyNoOrigin   = whyNoOrigin
	Hostname      = hostname
	Bounded       = Set.bounded
)
