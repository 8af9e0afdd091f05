package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// part is what an Ingress says of one path of a host that its CDN publishes as
// a whole.
type part struct {
	path    string
	rank    rank
	from    origin
	verdict *verdict // why the path cannot be published; nil: it can
}

// elsewhere are the paths of the parts that do not lead to the same origin.
func elsewhere(parts []part, same func(origin) bool) (paths []string) {
	for _, p := range parts {
		if p.verdict != nil || !same(p.from) {
			paths = append(paths, cmp.Or(strings.TrimSuffix(p.path, "/"), "/"))
		}
	}
	return model.SortedSet(paths)
}

// apart is what to do about paths that a CDN cannot lead to a backend of their own.
func apart(paths []string) string {
	if isChallenge(paths) {
		return "an HTTP-01 challenge cannot be answered there, so use DNS-01"
	}
	return "give it a host of its own, or let an Ingress controller in the cluster divide the paths (annotation " +
		AnnotationOrigin + ": status or nodes)"
}

// isChallenge reports whether a path is one that ACME asks for by http (RFC 8555,
// 8.3), as in the Ingresses that cert-manager makes for it.
func isChallenge(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, "/.well-known/acme-challenge") })
}

// wholeHosts claims each host that the CDN publishes as a whole: from the origin
// of its path "/", if all its other paths lead there too. Where they do not,
// requests would reach the wrong backend, so nothing of the host is published.
func (r *reading) wholeHosts() {
	for _, host := range sortedKeys(r.parts) {
		parts := r.parts[host]
		slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.rank, b.rank) })
		key := model.RuleKey{CDN: r.cdn.Name, Host: host, Path: "/"}
		i := slices.IndexFunc(parts, func(p part) bool { return p.path == "/" })
		if i < 0 {
			v := r.bad
			if v == nil {
				v = rootless(host, parts)
			}
			r.publish(key, rankRest, origin{}, model.Rule{}, v, parts...)
			continue
		}
		root := parts[i]
		v := root.verdict
		if paths := elsewhere(parts, func(o origin) bool { return o == root.from }); v == nil && len(paths) > 0 {
			v = invalid("the CDN publishes whole hosts from one origin, and path %s of %s leads elsewhere than its path /: %s",
				paths[0], host, apart(paths))
			if paths[0] == "/" {
				v = invalid("the CDN publishes whole hosts from one origin, and %s leads to two backends for its path / and the rest: leave one of them", host)
			}
		}
		if v == nil {
			v = r.reachable(host, root.from)
		}
		var certificate *model.Certificate
		if v == nil {
			certificate, v = r.certificate(host)
		}
		var rule model.Rule
		if v == nil {
			rule = r.wholeHost(key, root.from, certificate)
			if rule.Protocols[0].Source == "https" && certificate == nil {
				v = invalid("the CDN asks an origin by https only for a host with a certificate: name its Secret in spec.tls for %s", host)
			}
		}
		if v == nil && certificate == nil {
			r.bare = append(r.bare, host)
		}
		r.publish(key, root.rank, root.from, rule, v, parts...)
	}
}

// rootless says that no path tells from where a host is to be published.
func rootless(host string, parts []part) *verdict {
	advice := "add one that leads to the backend of its other paths"
	if paths := elsewhere(parts, func(origin) bool { return false }); isChallenge(paths) {
		advice = apart(paths)
	}
	return invalid("the CDN publishes whole hosts, and no path / of %s says from where: %s", host, advice)
}

// divide tells what becomes of the paths of a host that a CDN publishes as a
// whole, where several Ingresses have some; route is what was decided for it. All go
// to the backend of the one in front: that which is published, or else the first that
// has a path /.
func (s *settlement) divide(route *Route, claims []*candidate, sets map[string]Set) {
	if len(claims[0].parts) == 0 {
		return
	}
	i := slices.IndexFunc(claims, func(c *candidate) bool {
		if route.Wanted() || route.Release {
			return c.route.Ingress == route.Ingress
		}
		return c.route.rank != rankRest
	})
	var front *candidate
	var root origin
	if i >= 0 {
		front = claims[i]
		root = front.parts[slices.IndexFunc(front.parts, func(p part) bool { return p.path == "/" })].from
	}
	same := func(o origin) bool {
		members := sets[o.set].Members()
		return o == root || o.port == root.port && o.protocol == root.protocol && len(members) > 0 && slices.Equal(members, sets[root.set].Members())
	}
	var others []string
	for _, c := range claims {
		id, host, rest := c.route.Ingress, c.route.Key.Host, c.route.rank == rankRest
		switch {
		case c == front || !rest && c.problem != nil:
			continue
		case rest && (front == nil || c.problem == c.parts[0].verdict): // alone, or not to be understood anyway
			s.problems = append(s.problems, Problem{id, c.route.Key, c.problem.state, c.problem.reason})
			continue
		}
		paths := elsewhere(c.parts, same)
		if !rest { // for / it is in conflict
			paths = slices.DeleteFunc(paths, func(p string) bool { return p == "/" })
		}
		switch {
		case len(paths) == 0 && rest:
			s.warnings = append(s.warnings, Warning{id, fmt.Sprintf("%s is published as a whole by Ingress %s, from the same backend, so that the paths of this Ingress are served too",
				host, front.route.Ingress)})
		case len(paths) == 0:
		case rest:
			s.problems = append(s.problems, Problem{id, c.route.Key, Invalid, fmt.Sprintf(
				"Ingress %s has %s, which the CDN publishes as a whole from one origin, so that path %s cannot lead to another backend: %s",
				front.route.Ingress, host, model.Listed(paths), apart(paths))})
			fallthrough
		default:
			others = append(others, fmt.Sprintf("%s for %s", id, model.Listed(paths)))
		}
	}
	if len(others) > 0 && !route.Release {
		s.warnings = append(s.warnings, Warning{front.route.Ingress, fmt.Sprintf(
			"the CDN publishes %s as a whole, so that all of it goes to the backend of this Ingress, though others ask for another one: Ingress %s",
			route.Key.Host, strings.Join(model.Few(others), "; "))})
	}
}

// reachable says why the CDN cannot reach an origin, and what it could.
func (r *reading) reachable(host string, from origin) *verdict {
	source := cmp.Or(r.opts.source, from.protocol)
	if port, ok := r.cdn.OriginPorts[source]; r.cdn.OriginPorts == nil || ok && port == from.port {
		return nil
	}
	if from.port == r.cdn.OriginPorts["https"] && source == "http" {
		return invalid("the CDN asks port %d by https only, and that of %s is to be asked by http: say appProtocol: https on the Service's port, or %s: https on the Ingress",
			from.port, host, AnnotationSource)
	}
	return invalid("the CDN asks origins by http on port %d or by https on port %d only, and that of %s answers by %s on port %d: "+
		"use a Service of type LoadBalancer on one of these ports, or an Ingress controller in the cluster on them "+
		"(annotation %s: status or nodes)", r.cdn.OriginPorts["http"], r.cdn.OriginPorts["https"], host, source, from.port, AnnotationOrigin)
}

// wholeHost builds the rule that publishes a host from an origin.
func (r *reading) wholeHost(key model.RuleKey, from origin, certificate *model.Certificate) model.Rule {
	published := "http"
	if certificate != nil {
		published = "https"
	}
	return model.Rule{
		RuleKey: key, SourceHost: r.sourceHost(from.set), SourcePath: "/", Certificate: certificate,
		Protocols: []model.Protocol{{
			Published: published, PublishedPort: model.PublishedPort(published),
			Source: cmp.Or(r.opts.source, from.protocol), SourcePort: from.port, Label: model.OwnerLabel{Owner: r.set.Owner, IngressID: r.id}.String(key),
		}},
	}
}
