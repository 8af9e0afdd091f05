package desired

import (
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// checkHost says why a host cannot be published, or may not be by this Ingress.
func (m *ingressMapper) checkHost(host string) *refusal {
	if refused := publishable(m.cdn, host); refused != nil {
		return refused
	}
	if !m.allow.host(host) {
		return denied("host %s %s", host, notAllowed)
	}
	if domain := m.settings.CDNDomain(host); domain != "" {
		return invalid("host %s is a name of the CDN itself (%s): publish another one, which DNS leads there", host, domain)
	}
	// The names below are the origins' whether or not a cluster has them yet.
	if !model.Within(host, m.settings.Domain) { // as most
		return nil
	}
	if own := m.settings.Owner + "." + m.settings.Domain; model.Within(host, own) && host != own {
		return invalid("host %s is among the names that edgeward makes for origins, all those below %s: publish another one", host, own)
	}
	return nil
}

// hosts returns the hosts of the Ingress that can be published, sorted.
func (m *ingressMapper) hosts() (hosts []string) {
	for _, rule := range m.ing.Rules {
		if m.checkHost(rule.Host) == nil {
			hosts = append(hosts, rule.Host)
		}
	}
	return ordered.Distinct(hosts)
}

// publishable says why a CDN cannot publish a host, whoever asks for it: it wants a fully
// qualified name, or a wildcard if it knows these.
func publishable(cdn model.CDN, host string) *refusal {
	name := host
	if cdn.Wildcards {
		name = strings.TrimPrefix(host, "*.")
	}
	switch {
	case host == "":
		return invalid("a rule has no host: the CDN publishes by host")
	case strings.HasPrefix(name, "*"):
		return invalid("host %s is a wildcard, which the CDN cannot publish", host)
	case model.FullyQualified(name):
		return nil
	case model.IsIPv4(name):
		return invalid("host %s is an address, not a name", host)
	}
	return invalid("host %.80q is not a fully qualified domain name", host)
}
