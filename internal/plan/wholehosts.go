package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// part is what an Ingress says of one path of a host that its CDN publishes as
// a whole.
type part struct {
	path    string
	rank    rank
	from    origin
	verdict *verdict // why the path cannot be published; nil: it can
}

// wholeHosts claims each host that the CDN publishes as a whole: from the origin
// of its path "/", if all its other paths lead there too. Where they do not,
// requests would reach the wrong backend, so nothing of the host is published.
func (r *reading) wholeHosts() {
	for _, host := range sortedKeys(r.parts) {
		parts := r.parts[host]
		slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.rank, b.rank) })
		key := RuleKey{r.cdn.Target, host, "/"}
		i := slices.IndexFunc(parts, func(p part) bool { return p.path == "/" })
		if i < 0 {
			r.asked.problems = append(r.asked.problems, Problem{r.id, key, Invalid, fmt.Sprintf(
				"the CDN publishes whole hosts, and no path / of %s says from where: add one that leads to the backend of its other paths", host)})
			continue
		}
		root := parts[i]
		v := root.verdict
		for _, p := range parts {
			if v == nil && (p.verdict != nil || p.from != root.from) {
				v = invalid("the CDN publishes whole hosts from one origin, and path %s of %s leads elsewhere than its path /: "+
					"give it a host of its own, or let an Ingress controller in the cluster divide the paths "+
					"(annotation %s: status or nodes)", p.path, host, annotationOrigin)
			}
		}
		if v == nil {
			v = r.reachable(host, root.from)
		}
		var certificate *Certificate
		if v == nil {
			certificate, v = r.certificate(host)
		}
		var rule Rule
		if v == nil {
			rule = r.wholeHost(key, root.from, certificate)
			if rule.Protocols[0].Source == "https" && certificate == nil {
				v = invalid("the CDN asks an origin by https only for a host with a certificate: name its Secret in spec.tls for %s", host)
			}
		}
		r.publish(key, root.rank, root.from, rule, v)
	}
}

// reachable says why the CDN cannot reach an origin, and what it could.
func (r *reading) reachable(host string, from origin) *verdict {
	source := cmp.Or(r.opts.source, from.protocol)
	if port, ok := r.cdn.OriginPorts[source]; r.cdn.OriginPorts == nil || ok && port == from.port {
		return nil
	}
	return invalid("the CDN asks origins by http on port %d or by https on port %d only, and that of %s answers by %s on port %d: "+
		"use a Service of type LoadBalancer on one of these ports, or an Ingress controller in the cluster on them "+
		"(annotation %s: status or nodes)", r.cdn.OriginPorts["http"], r.cdn.OriginPorts["https"], host, source, from.port, annotationOrigin)
}

// wholeHost builds the rule that publishes a host from an origin.
func (r *reading) wholeHost(key RuleKey, from origin, certificate *Certificate) Rule {
	published := "http"
	if certificate != nil {
		published = "https"
	}
	return Rule{
		RuleKey: key, SourceHost: r.sourceHost(from.set), SourcePath: "/", Certificate: certificate,
		Protocols: []Protocol{{
			Published: published, PublishedPort: PublishedPort(published),
			Source: cmp.Or(r.opts.source, from.protocol), SourcePort: from.port, Mark: Mark{r.set.Owner, r.id}.String(key),
		}},
	}
}
