package desired

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// part is what an Ingress says of one path of a host that its CDN publishes as a whole.
type part struct {
	path       string
	precedence precedence
	from       origin
	refused    *refusal // why the path cannot be published; nil if it can
}

// pathsElsewhere returns the paths of parts that do not lead to an origin that is the
// same.
func pathsElsewhere(parts []part, same func(origin) bool) (paths []string) {
	for _, p := range parts {
		if p.refused != nil || !same(p.from) {
			paths = append(paths, cmp.Or(strings.TrimSuffix(p.path, "/"), "/"))
		}
	}
	return ordered.Distinct(paths)
}

// adviceOn says what to do about paths that the CDN cannot lead to a backend of their
// own.
func adviceOn(paths []string) string {
	if hasChallenge(paths) {
		return "an HTTP-01 challenge cannot be answered there, so use DNS-01"
	}
	return "give it a host of its own, or let an Ingress controller in the cluster divide the paths (annotation " +
		AnnotationOrigin + ": status or nodes)"
}

// hasChallenge reports whether one of the paths is one that ACME asks for by http (RFC
// 8555, section 8.3), as in the Ingresses that cert-manager makes for it.
func hasChallenge(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, "/.well-known/acme-challenge") })
}

// mapWholeHosts asks for each host that the CDN publishes as a whole: from the origin of
// its path "/", if all its other paths lead there too. Where they do not, requests would
// reach the wrong backend, so nothing of the host is published.
func (m *ingressMapper) mapWholeHosts() {
	for _, host := range sortedKeys(m.parts) {
		parts := m.parts[host]
		slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.precedence, b.precedence) })
		c := candidate{route: Route{Key: m.root(host)}, parts: parts}
		i := slices.IndexFunc(parts, func(p part) bool { return p.path == "/" })
		if i < 0 {
			c.route.precedence, c.refused = withoutRoot, cmp.Or(m.refused, rootless(host, parts))
			m.add(c, origin{})
			continue
		}
		c.route.precedence = parts[i].precedence
		c.route.Rule, c.refused = m.wholeHost(host, parts, parts[i])
		m.add(c, parts[i].from)
	}
}

// wholeHost returns the rule that publishes a host from the origin of its path "/", or
// says why there can be none.
func (m *ingressMapper) wholeHost(host string, parts []part, root part) (model.Rule, *refusal) {
	if root.refused != nil {
		return model.Rule{}, root.refused
	}
	if paths := pathsElsewhere(parts, func(o origin) bool { return o == root.from }); len(paths) > 0 {
		if paths[0] == "/" {
			return model.Rule{}, invalid("the CDN publishes whole hosts from one origin, and %s leads to two backends for its path / and the rest: leave one of them", host)
		}
		return model.Rule{}, invalid("the CDN publishes whole hosts from one origin, and path %s of %s leads elsewhere than its path /: %s",
			paths[0], host, adviceOn(paths))
	}
	if refused := m.checkOriginPort(host, root.from); refused != nil {
		return model.Rule{}, refused
	}
	cert := m.secrets.Of(host, m.ing.Namespace, m.tls, m.now)
	m.warnAll(cert.Warnings)
	m.out.until = earlier(m.out.until, cert.Until)
	switch {
	case cert.Missing:
		return model.Rule{}, pending("%s", cert.Problem)
	case cert.Problem != "":
		return model.Rule{}, invalid("%s", cert.Problem)
	case cert.Pair == nil && m.source(root.from) == "https":
		return model.Rule{}, invalid("the CDN asks an origin by https only for a host with a certificate: name its Secret in spec.tls for %s", host)
	case cert.Pair == nil:
		m.uncertified = append(m.uncertified, host)
	}
	return m.wholeHostRule(m.root(host), root.from, cert.Pair), nil
}

// rootless says that no path tells from where a host is to be published.
func rootless(host string, parts []part) *refusal {
	advice := "add one that leads to the backend of its other paths"
	if paths := pathsElsewhere(parts, func(origin) bool { return false }); hasChallenge(paths) {
		advice = adviceOn(paths)
	}
	return invalid("the CDN publishes whole hosts, and no path / of %s says from where: %s", host, advice)
}

// checkOriginPort says why the CDN cannot reach an origin on its port, and which it
// could.
func (m *ingressMapper) checkOriginPort(host string, from origin) *refusal {
	ports, source := m.cdn.OriginPorts, m.source(from)
	if port, ok := ports[source]; ports == nil || ok && port == from.port {
		return nil
	}
	if from.port == ports["https"] && source == "http" {
		return invalid("the CDN asks port %d by https only, and that of %s is to be asked by http: say appProtocol: https on the Service's port, or %s: https on the Ingress",
			from.port, host, AnnotationSource)
	}
	return invalid("the CDN asks origins by http on port %d or by https on port %d only, and that of %s answers by %s on port %d: "+
		"use a Service of type LoadBalancer on one of these ports, or an Ingress controller in the cluster on them "+
		"(annotation %s: status or nodes)", ports["http"], ports["https"], host, source, from.port, AnnotationOrigin)
}

// wholeHostRule returns the rule that publishes a host from an origin, on https if there
// is a certificate.
func (m *ingressMapper) wholeHostRule(key model.RuleKey, from origin, certificate *model.Certificate) model.Rule {
	published := "http"
	if certificate != nil {
		published = "https"
	}
	return model.Rule{
		RuleKey: key, SourceHost: m.sourceHosts.Get(from.set), SourcePath: "/", Certificate: certificate,
		Protocols: []model.Protocol{{
			Published: published, PublishedPort: model.PublishedPort(published),
			Source: m.source(from), SourcePort: from.port, Label: m.label().String(key),
		}},
	}
}
