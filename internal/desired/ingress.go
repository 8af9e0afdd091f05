package desired

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/spectls"
)

// mapping is what one Ingress asks for.
type mapping struct {
	candidates []candidate
	status     *namedSet // what its status names; nil if that is no origin
	problems   []Problem // that concern no single candidate
	warnings   []Warning
	denied     []string // hosts at which the configuration denies it something
	allNodes   nodesUse // of the set of all nodes
	// classUnknown: the class of the Ingress cannot be looked up, so that nobody knows
	// whether it is for us. Nothing is made, changed or deleted for it.
	classUnknown bool
	until        time.Time // when time alone changes the mapping; zero: never
}

// validAt reports whether time alone has not changed the mapping.
func (m *mapping) validAt(now time.Time) bool { return m.until.IsZero() || now.Before(m.until) }

// ingressMapper maps one Ingress onto what it asks for.
type ingressMapper struct {
	*mapper
	out     *mapping
	ing     *kube.Ingress
	id      model.IngressID
	cdn     model.CDN // that the Ingress is for
	opts    options
	allow   Allow
	tls     spectls.Entries
	refused *refusal // why nothing of the Ingress can be published
	// asked are the keys that its paths ask for. Its default backend, if it has one, gets
	// the rest.
	asked map[model.RuleKey]bool
	// parts are the paths of each host that the CDN publishes as a whole.
	parts map[string][]part
	// uncertified are the hosts that are published without a certificate, at a CDN that is
	// given one for each host.
	uncertified []string
}

// mapIngress maps one Ingress onto what it asks for.
func (m *mapper) mapIngress(ing *kube.Ingress) *mapping {
	if ing.ClassUnknown {
		return m.mapUnknownClass(ing)
	}
	im := &ingressMapper{
		mapper: m, out: &mapping{}, ing: ing, id: m.idOf(ing), cdn: m.cdnOf(ing),
		allow: m.allowed.Get(ing.Namespace), tls: spectls.Read(ing.TLS),
	}
	if ing.DefaultBackend != nil {
		im.asked = make(map[model.RuleKey]bool)
	}
	if im.cdn.Paths == model.WholeHosts {
		im.parts = make(map[string][]part)
	}
	im.opts, im.refused = readOptions(ing.Annotations, m.settings, im.cdn)
	if refused := im.check(); refused != nil {
		im.refused = refused
	}
	im.warnOfOptions()
	if im.opts.origin == OriginStatus && im.allow.origin(OriginStatus) && im.allow.annotation(AnnotationOrigin) {
		set := m.statusNames(ing)
		im.out.status = &set
	}
	im.mapRules()
	im.mapWholeHosts()
	im.warnAll(im.tlsWarnings())
	im.out.warnings = distinct(im.out.warnings)
	return im.out
}

// ClassHelp says what helps where classes cannot be looked up.
const ClassHelp = "let edgeward list and watch ingressclasses (deploy/rbac.yaml)"

// mapUnknownClass maps an Ingress of unknown class: it asks for nothing. There may be
// thousands of other controllers, which share one mapping; an Ingress with rules is one
// that the label selects, and its author is told.
func (m *mapper) mapUnknownClass(ing *kube.Ingress) *mapping {
	if len(ing.Rules) == 0 {
		return m.unknownClass
	}
	return &mapping{classUnknown: true, problems: []Problem{{
		Ingress: m.idOf(ing), State: Pending,
		Reason: fmt.Sprintf("its class %.80q cannot be looked up, so it is not known for which CDN it is: %s", ing.Class, ClassHelp),
	}}}
}

// check says why nothing of the Ingress can be published, apart from its options.
func (m *ingressMapper) check() (refused *refusal) {
	if m.allow.nothing {
		return denied("nothing of this namespace may be published (clusters[].allow)")
	}
	for _, name := range sortedKeys(m.ing.Annotations) {
		if !m.allow.annotation(name) {
			return denied("annotation %s: %s", name, notAllowed)
		}
	}
	// The label's length does not depend on the host and path, which are hashed.
	if n := m.label().Length(); n > model.MaxOwnerLabel {
		return invalid("namespace and name are too long: the rules' mark would have %d characters, over %d", n, model.MaxOwnerLabel)
	}
	return nil
}

// label is the owner label of the Ingress's rules.
func (m *ingressMapper) label() model.OwnerLabel {
	return model.OwnerLabel{Owner: m.settings.Owner, IngressID: m.id}
}

// warnOfOptions warns of what the Ingress says in vain about itself.
func (m *ingressMapper) warnOfOptions() {
	if m.ing.Annotated != "" {
		m.warn("annotation kubernetes.io/ingress.class names the class %.80q, but spec.ingressClassName names %.80q, and decides: remove the annotation", m.ing.Annotated, m.ing.Class)
	}
	for _, name := range unknownAnnotations(m.ing.Annotations) {
		m.warn("annotation %q is not known and has no effect", name)
	}
	if m.settings.Adopt == "never" && m.opts.adoptAsked {
		m.warn("annotation %s has no effect: the configuration's sync.adopt is never", AnnotationAdopt)
	}
}

// mapRules maps spec.rules, and spec.defaultBackend for the hosts in them.
func (m *ingressMapper) mapRules() {
	hasHost := func(r kube.IngressRule) bool { return r.Host != "" }
	switch {
	case len(m.ing.Rules) == 0: // then Kubernetes insists on a default backend
		m.addProblem(invalid("it has no rules: the CDN needs a host and a path"))
	case m.ing.DefaultBackend != nil && !slices.ContainsFunc(m.ing.Rules, hasHost):
		m.warn("spec.defaultBackend has no host, so the CDN cannot publish it")
	}
	for _, rule := range m.ing.Rules {
		m.mapRule(rule)
	}
	if m.ing.DefaultBackend == nil {
		return
	}
	// What no path of a host matches is for the default backend (the Ingress
	// specification).
	for _, rule := range m.ing.Rules {
		if key := m.root(rule.Host); len(rule.Paths) > 0 && !m.asked[key] && m.checkHost(rule.Host) == nil {
			m.ask(key, defaultBackend, *m.ing.DefaultBackend)
		}
	}
}

// mapRule maps an element of spec.rules.
func (m *ingressMapper) mapRule(rule kube.IngressRule) {
	if refused := m.checkHost(rule.Host); refused != nil {
		if refused.denied {
			m.out.denied = append(m.out.denied, rule.Host)
		}
		m.addProblem(refused)
		return
	}
	if at, ok := m.settings.ZoneOf(rule.Host); ok && at.Name == "" {
		m.warn("host %s is the apex of its zone, where no CNAME can stand: its DNS is left to you", rule.Host)
	}
	switch {
	case len(rule.Paths) > 0:
		for _, p := range rule.Paths {
			m.mapPath(rule.Host, p)
		}
	case m.ing.DefaultBackend != nil: // then all of the host is for it
		m.ask(m.root(rule.Host), defaultBackend, *m.ing.DefaultBackend)
	default:
		m.addProblem(invalid("host %s has no paths", rule.Host))
	}
}

// mapPath maps one path of a host.
func (m *ingressMapper) mapPath(host string, p kube.IngressPath) {
	paths, refused := urlPaths(m.cdn.Paths, p)
	if refused != nil {
		m.addProblem(invalid("host %s: %s", host, refused.reason))
		return
	}
	published := true
	for _, u := range paths {
		key := model.RuleKey{CDN: m.cdn.Name, Host: host, Path: u.path}
		// Exact / of a host that is published as a whole leaves the rest of it.
		if m.asked != nil && (p.Type != "Exact" || m.cdn.Paths != model.WholeHosts) {
			m.asked[key] = true
		}
		published = m.ask(key, u.precedence, p.Backend) && published
	}
	if published {
		m.warnAll(pathWarnings(p))
	}
}

// root is the key of all that a host publishes.
func (m *ingressMapper) root(host string) model.RuleKey {
	return model.RuleKey{CDN: m.cdn.Name, Host: host, Path: "/"}
}

// ask asks for a host and path to be published from a backend, and reports whether it
// can be. Where the CDN publishes whole hosts that is decided later, with all paths of
// the host at hand.
func (m *ingressMapper) ask(key model.RuleKey, precedence precedence, backend kube.Backend) bool {
	if m.cdn.Paths == model.WholeHosts {
		f := m.find(m.root(key.Host), backend)
		m.warnAll(f.warnings)
		m.parts[key.Host] = append(m.parts[key.Host], part{key.Path, precedence, f.origin, f.refused})
		return f.refused == nil
	}
	f := m.find(key, backend)
	m.warnAll(f.warnings)
	var rule model.Rule
	if f.refused == nil {
		rule = m.rule(key, f.origin)
	}
	m.add(candidate{route: Route{Key: key, Rule: rule, precedence: precedence}, refused: f.refused}, f.origin)
	return f.refused == nil
}

// rule returns the rule that publishes key from an origin.
func (m *ingressMapper) rule(key model.RuleKey, from origin) model.Rule {
	rule := model.Rule{
		RuleKey: key, SourceHost: m.sourceHosts.Get(from.set), SourcePath: key.Path, Profile: m.opts.profile,
		Protocols: make([]model.Protocol, 0, len(m.opts.published)),
	}
	if m.opts.strip {
		rule.SourcePath = "/"
	}
	source, label := m.source(from), m.label().String(key)
	for _, p := range m.opts.published {
		rule.Protocols = append(rule.Protocols, model.Protocol{
			Published: p, PublishedPort: model.PublishedPort(p), Source: source, SourcePort: from.port, Label: label,
		})
	}
	return rule
}

// source is the protocol by which an origin is asked.
func (m *ingressMapper) source(from origin) string { return cmp.Or(m.opts.source, from.protocol) }

// add adds a candidate, which knows its key, its rule, its precedence and why it is
// refused, with the rest that follows from the Ingress and the origin it leads to.
func (m *ingressMapper) add(c candidate, from origin) {
	m.noteUse(from)
	r := &c.route
	if c.refused != nil && c.refused.denied { // nor may it be let go of, to stay for ever
		m.out.problems = append(m.out.problems, Problem{m.id, r.Key, c.refused.state, c.refused.reason})
		m.out.denied = append(m.out.denied, r.Key.Host)
		return
	}
	c.nth, c.leadsTo = len(m.out.candidates), from.set
	r.Ingress, r.created, r.Adopt, r.Release = m.id, m.ing.Created, m.opts.adopt, m.opts.release
	switch {
	case r.Release && r.precedence != withoutRoot: // whatever it would be, nothing is changed any more
		r.Rule, c.refused = model.Rule{}, nil
	case c.refused != nil:
		retention := m.retention(from)
		c.retention = &retention
	default:
		r.Set, r.Unsettled = from.set, from.unsettled
	}
	m.out.candidates = append(m.out.candidates, c)
}

// noteUse notes what the Ingress leads to the set of all nodes, or may lead there.
func (m *ingressMapper) noteUse(from origin) {
	if from.set != m.nodeSets.all && !from.unsettled {
		return
	}
	m.out.allNodes = m.out.allNodes.or(nodesUse{lacks: from.on.Others(), both: from.on.Both()})
	if m.nodes.Has.Except(m.standing.current).Meets(from.on.Others()) {
		m.out.until = earlier(m.out.until, m.now.Add(lookAgain))
	}
}

// tlsWarnings says what spec.tls asks for and does not get.
func (m *ingressMapper) tlsWarnings() []string {
	switch {
	case len(m.ing.TLS) == 0 || m.refused != nil:
	case m.cdn.Certificates:
		return m.tls.Warnings(m.hosts(), m.uncertified)
	case !slices.Contains(m.opts.published, "https"):
		if hosts := m.tls.AskFor(m.hosts()); len(hosts) > 0 {
			return []string{fmt.Sprintf("spec.tls asks for TLS for %s, which is published on http only: let %s, or else %s.published_protocols, say https",
				model.Listed(hosts, ", "), AnnotationPublished, m.cdn.Section)}
		}
	}
	return nil
}

func (m *ingressMapper) addProblem(r *refusal) {
	m.out.problems = append(m.out.problems, Problem{Ingress: m.id, State: r.state, Reason: r.reason})
}

func (m *ingressMapper) warn(format string, a ...any) {
	m.out.warnings = append(m.out.warnings, Warning{m.id, fmt.Sprintf(format, a...)})
}

func (m *ingressMapper) warnAll(texts []string) {
	for _, text := range texts {
		m.out.warnings = append(m.out.warnings, Warning{m.id, text})
	}
}

// distinct leaves out what is said again.
func distinct(warnings []Warning) []Warning {
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
