package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// Annotations that override the configuration for one Ingress.
const (
	annotationPublished = "edgeward/published-protocols"
	annotationSource    = "edgeward/source-protocol"
	annotationPath      = "edgeward/source-path"
	annotationProfile   = "edgeward/service-profile"
	annotationAdopt     = "edgeward/adopt"
)

const (
	maxPath = 1024 // characters of a URL path; Edgio documents no limit
	// pathCharacters are those that RFC 3986 allows in a path, less the ones
	// that only a regular expression or a wildcard has: * ( ) $
	pathCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!&'+,;=:@/%"
)

// claim is one host and path that one Ingress asks for.
type claim struct {
	key     RuleKey
	exact   bool
	created time.Time
	ingress IngressID
	adopt   bool

	rule    Rule // what to publish, where problem is nil
	problem *verdict
	// alive holds, where there is a problem, the node ports that stand in the
	// Ingress's namespace: a live rule of the Ingress that uses one of them
	// stays as it is.
	alive []int32
}

// verdict is why something is not published.
type verdict struct {
	state  State
	reason string
}

func invalid(format string, a ...any) *verdict {
	return &verdict{Invalid, fmt.Sprintf(format, a...)}
}

// options are an Ingress's settings after its annotations.
type options struct {
	published []string // sorted
	source    string   // "": as the Service's port says
	strip     bool
	profile   string
	adopt     bool
}

// ingressClaims maps one Ingress onto what it claims. Problems that concern no
// single host and path, and warnings, are returned beside the claims.
func ingressClaims(cluster string, ing kube.Ingress, services map[kube.Key]kube.Service, alive []int32, set Settings) (claims []claim, problems []Problem, warnings []Warning) {
	id := IngressID{cluster, ing.Namespace, ing.Name}
	problem := func(v *verdict) { problems = append(problems, Problem{Ingress: id, State: v.state, Reason: v.reason}) }
	warn := func(format string, a ...any) {
		warnings = append(warnings, Warning{id, fmt.Sprintf(format, a...)})
	}

	opts, bad := ingressOptions(ing.Annotations, set)
	// Its length does not depend on the host and path, which are hashed.
	if n := len(Mark{set.Owner, id}.String(RuleKey{})); n > maxMark {
		bad = invalid("namespace and name are too long: the rules' mark would have %d characters, over %d", n, maxMark)
	}
	for _, name := range unknownAnnotations(ing.Annotations) {
		warn("annotation %q is not known and has no effect", name)
	}
	switch {
	case len(ing.Rules) == 0: // then Kubernetes insists on a default backend
		problem(invalid("it has no rules: the CDN needs a host and a path"))
	case ing.DefaultBackend:
		warn("spec.defaultBackend has no host, so the CDN cannot publish it; the rules are published")
	}
	for _, r := range ing.Rules {
		if v := checkHost(r.Host); v != nil {
			problem(v)
			continue
		}
		if len(r.Paths) == 0 {
			problem(invalid("host %s has no paths", r.Host))
		}
		for _, p := range r.Paths {
			paths, v := urlPaths(p)
			if v != nil {
				problem(invalid("host %s: %s", r.Host, v.reason))
				continue
			}
			var port kube.ServicePort
			if v = bad; v == nil {
				port, v = backendPort(ing.Namespace, p.Backend, services, warn)
			}
			if v == nil && p.Type == "Exact" && strings.HasSuffix(p.Path, "/") {
				warn("path %s is Exact, but the CDN publishes a path with a trailing slash as a directory, with all below it", p.Path)
			}
			for _, path := range paths {
				c := claim{
					key: RuleKey{r.Host, path}, exact: p.Type == "Exact", created: ing.Created,
					ingress: id, adopt: opts.adopt, problem: v,
				}
				if c.problem != nil {
					c.alive = alive
				} else {
					c.rule = opts.rule(c.key, Mark{set.Owner, id}.String(c.key), port, SetName(NodesSet, cluster, set.Owner)+"."+set.Domain)
				}
				claims = append(claims, c)
			}
		}
	}
	return claims, problems, warnings
}

// rule builds the rule that publishes key from a node port.
func (o options) rule(key RuleKey, mark string, port kube.ServicePort, origin string) Rule {
	source := o.source
	if source == "" {
		source = sourceProtocol(port.AppProtocol)
	}
	r := Rule{RuleKey: key, SourceHost: origin, SourcePath: key.Path, Profile: o.profile}
	if o.strip {
		r.SourcePath = "/"
	}
	for _, p := range o.published {
		r.Protocols = append(r.Protocols, Protocol{
			Published: p, PublishedPort: PublishedPort(p), Source: source, SourcePort: int(port.NodePort), Mark: mark,
		})
	}
	return r
}

// sourceProtocol reads a Service port's appProtocol: the IANA service names
// and the names that Kubernetes defines (KEP-3726).
func sourceProtocol(appProtocol string) string {
	switch strings.ToLower(appProtocol) {
	case "https", "kubernetes.io/wss":
		return "https"
	}
	return "http"
}

// ingressOptions applies the annotations to the configuration. With a verdict
// the options are those of the annotations that could be read.
func ingressOptions(annotations map[string]string, set Settings) (options, *verdict) {
	o := options{
		published: set.PublishedProtocols, strip: set.SourcePath == "strip", profile: set.ServiceProfile,
		adopt: set.Adopt == "always",
	}
	var bad *verdict
	read := func(name, allowed string, apply func(value string) bool) {
		value, ok := annotations[name]
		if ok && !apply(strings.TrimSpace(value)) && bad == nil {
			bad = invalid("annotation %s: %.40q is not %s", name, value, allowed)
		}
	}
	read(annotationPublished, `"https", "http" or "https,http"`, func(value string) bool {
		var list []string
		for p := range strings.SplitSeq(value, ",") {
			p = strings.TrimSpace(p)
			if p != "https" && p != "http" || slices.Contains(list, p) {
				return false
			}
			list = append(list, p)
		}
		o.published = list
		return true
	})
	read(annotationSource, `"http" or "https"`, func(value string) bool {
		o.source = value
		return value == "http" || value == "https"
	})
	read(annotationPath, `"keep" or "strip"`, func(value string) bool {
		o.strip = value == "strip"
		return value == "keep" || value == "strip"
	})
	read(annotationProfile, "a service profile's name", func(value string) bool {
		o.profile = value
		return value != "" && len(value) <= 255 && printable(value)
	})
	read(annotationAdopt, `"true" or "false"`, func(value string) bool {
		yes, err := strconv.ParseBool(value)
		o.adopt = o.adopt || set.Adopt == "annotated" && yes
		return err == nil
	})
	o.published = slices.Sorted(slices.Values(o.published))
	return o, bad
}

func unknownAnnotations(annotations map[string]string) []string {
	var names []string
	for name := range annotations {
		switch name {
		case annotationPublished, annotationSource, annotationPath, annotationProfile, annotationAdopt:
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// checkHost says why a host cannot be published, if so. Edgio wants a fully
// qualified name and no address (facts: Edgio, field rules).
func checkHost(host string) *verdict {
	switch {
	case host == "":
		return invalid("a rule has no host: the CDN publishes by host")
	case strings.HasPrefix(host, "*"):
		return invalid("host %s is a wildcard, which the CDN cannot publish", host)
	case !hostname(host) || !strings.Contains(host, "."):
		return invalid("host %.80q is not a fully qualified domain name", host)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return invalid("host %s is an address, not a name", host)
	}
	return nil
}

// hostname reports whether s has the form of a lower-case DNS name (RFC 1123).
func hostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// urlPaths maps an Ingress path onto the URL paths that are published for it
// (CONTRACT: "What becomes what"). At Edgio a path without a trailing slash is
// one object and a path with it all that lies below, so a Prefix needs both.
func urlPaths(p kube.IngressPath) ([]string, *verdict) {
	path := p.Path
	if path == "" {
		path = "/"
	}
	switch {
	case !strings.HasPrefix(path, "/"):
		return nil, invalid("path %.80q does not begin with /", path)
	case len(path) > maxPath:
		return nil, invalid("path %.40q… has %d characters, over %d", path, len(path), maxPath)
	case strings.ContainsAny(path, `*()[]{}|^$\?`) || strings.Contains(path, ".+"):
		return nil, invalid("path %.80q is a pattern; the CDN publishes plain paths", path)
	case strings.Trim(path, pathCharacters) != "" || !percentEncoded(path):
		return nil, invalid("path %.80q has characters that must be percent-encoded", path)
	}
	switch p.Type {
	case "Exact", "ImplementationSpecific":
		return []string{path}, nil
	case "Prefix":
		file := strings.TrimSuffix(path, "/")
		if file == "" {
			return []string{"/"}, nil
		}
		return []string{file, file + "/"}, nil
	}
	return nil, invalid("path %s has the unknown type %.40q", path, p.Type)
}

// percentEncoded reports whether each % in path begins an encoded octet.
func percentEncoded(path string) bool {
	for {
		_, rest, found := strings.Cut(path, "%")
		if !found {
			return true
		}
		if len(rest) < 2 || strings.Trim(rest[:2], "0123456789abcdefABCDEF") != "" {
			return false
		}
		path = rest[2:]
	}
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}

// backendPort finds the Service port that a backend names and checks that it
// can be reached from outside.
func backendPort(namespace string, b kube.Backend, services map[kube.Key]kube.Service, warn func(string, ...any)) (kube.ServicePort, *verdict) {
	none := kube.ServicePort{}
	if b.Resource != "" {
		return none, invalid("the backend is the resource %s; only Services can be published", b.Resource)
	}
	svc, ok := services[kube.Key{Namespace: namespace, Name: b.Service}]
	if !ok {
		return none, &verdict{Pending, fmt.Sprintf("Service %s does not exist", b.Service)}
	}
	if svc.Type != "NodePort" {
		return none, invalid("Service %s is of type %s; only NodePort Services can be published", b.Service, svc.Type)
	}
	named := func(p kube.ServicePort) bool {
		return b.PortName != "" && p.Name == b.PortName || b.PortName == "" && p.Port == b.PortNumber
	}
	// One number may stand for TCP and for UDP.
	i := slices.IndexFunc(svc.Ports, func(p kube.ServicePort) bool { return named(p) && p.Protocol == "TCP" })
	if i < 0 {
		i = slices.IndexFunc(svc.Ports, named)
	}
	switch {
	case i < 0 && b.PortName != "" && len(svc.Ports) == 1:
		i = 0
		warn("Service %s has no port named %s; its only port, %d, is used", b.Service, b.PortName, svc.Ports[0].Port)
	case i < 0 && b.PortName != "":
		return none, invalid("Service %s has no port named %s", b.Service, b.PortName)
	case i < 0:
		return none, invalid("Service %s has no port %d", b.Service, b.PortNumber)
	}
	port := svc.Ports[i]
	switch {
	case port.Protocol != "TCP":
		return none, invalid("port %d of Service %s is %s; the CDN speaks HTTP over TCP", port.Port, b.Service, port.Protocol)
	case port.NodePort == 0:
		return none, &verdict{Pending, fmt.Sprintf("port %d of Service %s has no node port yet", port.Port, b.Service)}
	}
	if svc.Local {
		warn("Service %s has externalTrafficPolicy Local: nodes without one of its pods will not answer the CDN", b.Service)
	}
	return port, nil
}
