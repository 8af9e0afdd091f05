package desired

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// tlsWarnings says what spec.tls asks for and does not get.
func (m *ingressMapper) tlsWarnings() []string {
	switch {
	case len(m.ing.TLS) == 0 || m.refused != nil:
	case m.cdn.Certificates:
		return m.certificateWarnings()
	case !slices.Contains(m.opts.published, "https"):
		hosts := slices.DeleteFunc(m.hosts(), func(host string) bool { return !m.tls.asksFor(host) })
		if len(hosts) > 0 {
			return []string{fmt.Sprintf("spec.tls asks for TLS for %s, which is published on http only: let %s, or else %s.published_protocols, say https",
				model.Listed(hosts, ", "), AnnotationPublished, m.cdn.Section)}
		}
	}
	return nil
}

// certificateWarnings names the hosts that are published without a certificate although
// there is a spec.tls, and the names in spec.tls for which nothing is published.
func (m *ingressMapper) certificateWarnings() (warnings []string) {
	const ends = ". A certificate that the CDN was given before goes on being served there, and is not renewed"
	var forgotten, secretless []string
	for _, host := range m.bare {
		if m.tls.asksFor(host) {
			secretless = append(secretless, host)
		} else {
			forgotten = append(forgotten, host)
		}
	}
	if len(secretless) > 0 {
		warnings = append(warnings, fmt.Sprintf("spec.tls asks for TLS for %s, which is published on http only: its entry has no secretName; name a Secret of type kubernetes.io/tls there%s",
			model.Listed(secretless, ", "), ends))
	}
	stray := m.strayNames()
	switch {
	case len(forgotten) > 0:
		text := "spec.tls has no entry for " + model.Listed(forgotten, ", ") + ", which is published on http only: name it there, beside the Secret"
		if len(stray) > 0 {
			text += "; it has one for " + model.Listed(stray, ", ") + ", of which the Ingress has no rule"
		}
		if slices.ContainsFunc(stray, func(name string) bool { return strings.HasPrefix(name, "*.") }) {
			text += " (* stands for one label)"
		}
		warnings = append(warnings, text+ends)
	case len(stray) > 0:
		warnings = append(warnings, fmt.Sprintf("spec.tls has an entry for %s, of which the Ingress has no rule: nothing is published there for it", model.Listed(stray, ", ")))
	}
	return warnings
}

// strayNames returns the names in spec.tls that cover no host of the Ingress.
func (m *ingressMapper) strayNames() (names []string) {
	known := make(map[string]bool)
	for _, host := range m.hosts() {
		known[host], known[wildcardOf(host)] = true, true
	}
	for _, t := range m.ing.TLS {
		for _, name := range t.Hosts {
			if !known[name] {
				known[name] = true
				names = append(names, name)
			}
		}
	}
	return names
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
