package desired

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// verdict is why something is not published. What the configuration denies is
// understood, so that no live rule stays because of it.
type verdict struct {
	state  State
	reason string
	denied bool
}

func invalid(format string, a ...any) *verdict {
	return &verdict{state: Invalid, reason: fmt.Sprintf(format, a...)}
}

func denied(format string, a ...any) *verdict {
	return &verdict{state: Invalid, reason: fmt.Sprintf(format, a...), denied: true}
}

const notAllowed = "the configuration does not allow this namespace (clusters[].allow)"

// asked is what one Ingress asks for.
type asked struct {
	candidates []candidate
	set        *namedSet // of what its status names; nil: that is no origin
	problems   []Problem // that concern no single claim
	warnings   []Warning
	denied     []string // hosts at which the configuration denies it something
	nodes      sharing
	// undecided: nobody knows whether the Ingress is ours, since its class could not
	// be looked up. Nothing of it is made, changed or deleted.
	undecided bool
	until     time.Time // when time alone changes it; zero: never
}

// reading is how one Ingress is mapped onto what it asks for.
type reading struct {
	*mapper
	asked *asked
	ing   *kube.Ingress
	id    model.IngressID
	cdn   model.CDN // that it is for
	opts  options
	may   Allow
	bad   *verdict // why nothing of the Ingress can be published
	// own are the keys that its paths claim, by which its default backend, if it
	// has one, knows what is left for it.
	own map[model.RuleKey]bool
	// parts are the claims on hosts that the CDN publishes as a whole.
	parts   map[string][]part
	entries *tlsEntries // see tlsEntries
	bare    []string    // of these, the ones that are published without a certificate
}

// read maps one Ingress onto what it asks for.
func (m *mapper) read(ing *kube.Ingress) *asked {
	if ing.ClassUnknown {
		return m.undecided(ing)
	}
	r := &reading{mapper: m, asked: &asked{}, ing: ing, id: model.IngressID{Cluster: m.Name, Namespace: ing.Namespace, Name: ing.Name}, cdn: m.cdnOf(ing)}
	if ing.DefaultBackend != nil {
		r.own = make(map[model.RuleKey]bool)
	}
	if r.cdn.WholeHosts {
		r.parts = make(map[string][]part)
	}
	r.opts, r.bad = ingressOptions(ing.Annotations, m.set, r.cdn)
	if ing.Annotated != "" {
		r.warn("annotation kubernetes.io/ingress.class names the class %.80q, but spec.ingressClassName names %.80q, and decides: remove the annotation", ing.Annotated, ing.Class)
	}
	for _, name := range unknownAnnotations(ing.Annotations) {
		r.warn("annotation %q is not known and has no effect", name)
	}
	if r.set.Adopt == "never" && r.opts.adoptAsked {
		r.warn("annotation %s has no effect: the configuration's sync.adopt is never", AnnotationAdopt)
	}
	r.judge()
	if r.opts.origin == StatusOrigin && r.may.origin(OriginStatus) && r.may.annotation(AnnotationOrigin) {
		set := m.statusSet(ing)
		r.asked.set = &set
	}
	switch {
	case len(ing.Rules) == 0: // then Kubernetes insists on a default backend
		r.problem(invalid("it has no rules: the CDN needs a host and a path"))
	case ing.DefaultBackend != nil && !slices.ContainsFunc(ing.Rules, func(r kube.IngressRule) bool { return r.Host != "" }):
		r.warn("spec.defaultBackend has no host, so the CDN cannot publish it")
	}
	for _, rule := range ing.Rules {
		r.host(rule)
	}
	r.defaults()
	r.wholeHosts()
	r.tls()
	r.asked.warnings = unique(r.asked.warnings)
	return r.asked
}

// undecided is what an Ingress of unknown class asks for: nothing. There may be
// thousands, of other controllers, which have that in common; of one that the label
// selects it is told.
func (m *mapper) undecided(ing *kube.Ingress) *asked {
	if len(ing.Rules) == 0 {
		return m.nothing
	}
	return &asked{undecided: true, problems: []Problem{{
		Ingress: model.IngressID{Cluster: m.Name, Namespace: ing.Namespace, Name: ing.Name}, State: Pending,
		Reason: fmt.Sprintf("its class %.80q cannot be looked up, so it is not known for which CDN it is: %s", ing.Class, ClassHelp),
	}}}
}

// ClassHelp says what helps where classes cannot be looked up.
const ClassHelp = "let edgeward list and watch ingressclasses (deploy/rbac.yaml)"

// defaults claims for the default backend what no path of a host matches (the
// Ingress specification); where there is no host the CDN cannot publish it.
func (r *reading) defaults() {
	if r.ing.DefaultBackend == nil {
		return
	}
	for _, rule := range r.ing.Rules {
		key := model.RuleKey{CDN: r.cdn.Name, Host: rule.Host, Path: "/"}
		if len(rule.Paths) > 0 && !r.own[key] && r.checkHost(rule.Host) == nil {
			r.candidate(key, rankDefault, *r.ing.DefaultBackend)
		}
	}
}

// cdnOf is the CDN that an Ingress is for: that of its class, by name or by its
// object, or else the first.
func (m *mapper) cdnOf(ing *kube.Ingress) model.CDN {
	for _, cdn := range m.set.CDNs {
		class := cdn.Class
		if cdn.ClusterClass {
			class = m.Class
		}
		if class != "" && ing.Class == class || ing.Controller == cdn.Controller() {
			return cdn
		}
	}
	return m.set.CDNs[0]
}

// judge finds what keeps all of the Ingress from being published.
func (r *reading) judge() {
	r.may = r.mapper.may(r.ing.Namespace)
	if r.may.nothing {
		r.bad = denied("nothing of this namespace may be published (clusters[].allow)")
		return
	}
	// Its length does not depend on the host and path, which are hashed.
	if n := (model.OwnerLabel{Owner: r.set.Owner, IngressID: r.id}).Length(); n > model.MaxOwnerLabel {
		r.bad = invalid("namespace and name are too long: the rules' mark would have %d characters, over %d", n, model.MaxOwnerLabel)
	}
	for _, name := range sortedKeys(r.ing.Annotations) {
		if !r.may.annotation(name) {
			r.bad = denied("annotation %s: %s", name, notAllowed)
			break
		}
	}
}

// host maps what a rule says of its host.
func (r *reading) host(rule kube.IngressRule) {
	if v := r.checkHost(rule.Host); v != nil {
		if v.denied {
			r.asked.denied = append(r.asked.denied, rule.Host)
		}
		r.problem(v)
		return
	}
	if at, ok := r.set.ZoneOf(rule.Host); ok && at.Name == "" {
		r.warn("host %s is the apex of its zone, where no CNAME can stand: its DNS is left to you", rule.Host)
	}
	switch {
	case len(rule.Paths) > 0:
	case r.ing.DefaultBackend != nil: // then all of the host is for it
		r.candidate(model.RuleKey{CDN: r.cdn.Name, Host: rule.Host, Path: "/"}, rankDefault, *r.ing.DefaultBackend)
	default:
		r.problem(invalid("host %s has no paths", rule.Host))
	}
	for _, p := range rule.Paths {
		paths, v := urlPaths(p)
		if v != nil {
			r.problem(invalid("host %s: %s", rule.Host, v.reason))
			continue
		}
		exact, published := p.Type == "Exact", true
		for _, path := range paths {
			key := model.RuleKey{CDN: r.cdn.Name, Host: rule.Host, Path: path}
			rank := rankPrefix
			switch {
			case exact && r.cdn.Alone(path):
				rank = rankAlone
			case exact:
				rank = rankExact
			}
			// Of a host that is published as a whole an Exact / leaves the rest.
			if r.ing.DefaultBackend != nil && (!exact || !r.cdn.WholeHosts) {
				r.own[key] = true
			}
			published = r.candidate(key, rank, p.Backend) && published
		}
		if published && exact && strings.HasSuffix(p.Path, "/") {
			r.warn("path %s is Exact, but the CDN publishes a path with a trailing slash as a directory, with all below it", p.Path)
		}
	}
}

// checkHost says why a host cannot be published, or may not be from here.
func (r *reading) checkHost(host string) *verdict {
	if v := checkHost(host); v != nil {
		return v
	}
	if !r.may.host(host) {
		return denied("host %s %s", host, notAllowed)
	}
	if domain := cdnDomain(r.set, host); domain != "" {
		return invalid("host %s is a name of the CDN itself (%s): publish another one, which DNS leads there", host, domain)
	}
	// Whether a cluster has the name yet or not: one may come.
	if !model.Within(host, r.set.Domain) {
		return nil
	}
	if own := r.set.Owner + "." + r.set.Domain; model.Within(host, own) && host != own {
		return invalid("host %s is among the names that edgeward makes for origins, all those below %s: publish another one", host, own)
	}
	return nil
}

// candidate claims a host and path for a backend, and reports whether it can be
// published.
func (r *reading) candidate(key model.RuleKey, rank rank, backend kube.Backend) bool {
	at := key
	if r.cdn.WholeHosts {
		at.Path = "/"
	}
	from, v := r.origin(at, backend)
	if r.cdn.WholeHosts {
		r.parts[key.Host] = append(r.parts[key.Host], part{key.Path, rank, from, v})
		return v == nil
	}
	var rule model.Rule
	if v == nil {
		rule = r.rule(key, from)
	}
	return r.publish(key, rank, from, rule, v)
}

// publish claims a host and path with a rule, unless v says why it cannot be
// published, and reports whether it can.
func (r *reading) publish(key model.RuleKey, rank rank, from origin, rule model.Rule, v *verdict, parts ...part) bool {
	if from.set == r.nodesName(model.NodesSet) || from.unsettled {
		r.asked.nodes = r.asked.nodes.or(sharing{lacks: from.on.others(), both: from.on.both()})
		if r.nodes.has.except(r.stands.now).meets(from.on.others()) {
			r.since(r.now.Add(lookAgain))
		}
	}
	c := candidate{nth: len(r.asked.candidates), leads: from.set, parts: parts, route: Route{Key: key, Ingress: r.id, Adopt: r.opts.adopt, Release: r.opts.release, rank: rank, created: r.ing.Created}}
	switch {
	case v != nil && v.denied: // neither may it be let go of, to stay for ever
		r.asked.problems = append(r.asked.problems, Problem{r.id, key, v.state, v.reason})
		r.asked.denied = append(r.asked.denied, key.Host)
		return false
	case c.route.Release && rank != rankRest:
		// Whatever it would be, nothing is changed any more.
	case v == nil:
		c.route.Set, c.route.Rule, c.route.Unsettled = from.set, rule, from.unsettled
	default:
		hold := r.hold(from)
		c.problem, c.hold = v, &hold
	}
	r.asked.candidates = append(r.asked.candidates, c)
	return v == nil
}

// origin finds where the content for a backend comes from, for what is published at
// key.
func (r *reading) origin(key model.RuleKey, backend kube.Backend) (origin, *verdict) {
	told := len(r.asked.warnings)
	from, v := r.backendOrStatus(key, backend)
	if r.bad != nil { // what it would lead to counts all the same: a rule of it may stand
		r.asked.warnings = r.asked.warnings[:told]
		if v == nil || !v.denied || r.bad.denied {
			v = r.bad
		}
	}
	return from, v
}

func (r *reading) backendOrStatus(key model.RuleKey, backend kube.Backend) (origin, *verdict) {
	if r.opts.origin != "" {
		return r.annotated()
	}
	return r.backend(key, backend)
}

// rule builds the rule that publishes key from an origin.
func (r *reading) rule(key model.RuleKey, from origin) model.Rule {
	source := r.opts.source
	if source == "" {
		source = from.protocol
	}
	rule := model.Rule{
		RuleKey: key, SourceHost: r.sourceHost(from.set), SourcePath: key.Path, Profile: r.opts.profile,
		Protocols: make([]model.Protocol, 0, len(r.opts.published)),
	}
	if r.opts.strip {
		rule.SourcePath = "/"
	}
	mark := model.OwnerLabel{Owner: r.set.Owner, IngressID: r.id}.String(key)
	for _, p := range r.opts.published {
		rule.Protocols = append(rule.Protocols, model.Protocol{
			Published: p, PublishedPort: model.PublishedPort(p), Source: source, SourcePort: from.port, Label: mark,
		})
	}
	return rule
}

// sourceHost is the host of an address set. Most rules have one of a few.
func (m *mapper) sourceHost(set string) string {
	host, ok := m.hosts[set]
	if !ok {
		host = set + "." + m.set.Domain
		m.hosts[set] = host
	}
	return host
}

func (r *reading) problem(v *verdict) {
	r.asked.problems = append(r.asked.problems, Problem{Ingress: r.id, State: v.state, Reason: v.reason})
}

func (r *reading) warn(format string, a ...any) {
	r.asked.warnings = append(r.asked.warnings, Warning{r.id, fmt.Sprintf(format, a...)})
}

// unique leaves out what is said again.
func unique(warnings []Warning) []Warning {
	if len(warnings) < 2 {
		return warnings
	}
	said := make(map[Warning]bool, len(warnings))
	return slices.DeleteFunc(warnings, func(w Warning) bool {
		again := said[w]
		said[w] = true
		return again
	})
}
