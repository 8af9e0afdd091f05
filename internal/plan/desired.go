package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// State is what became of one route, which is a host and path that an Ingress
// claims, or of an Ingress that claims none that could be read.
type State string

const (
	Synced   State = "synced"   // the rule and its addresses stand
	Pending  State = "pending"  // on the way, or waiting for an object in the cluster
	Conflict State = "conflict" // another Ingress or somebody else's rule has it
	Invalid  State = "invalid"  // cannot be published as it is written
	Failed   State = "error"    // the provider refuses or does not answer
	Released State = "released" // the Ingress let go of its rule
)

// Problem is why a route is not published. Key is zero where it concerns an
// Ingress, or a rule of it, that yields no host and path.
type Problem struct {
	Ingress IngressID
	Key     RuleKey
	State   State
	Reason  string
}

// Warning is something about an Ingress that its author should know although
// it is published.
type Warning struct {
	Ingress IngressID
	Message string
}

// Route is what shall become of one host and path.
type Route struct {
	// Rule is what to publish, for Ingress. It is the zero Rule where no claim
	// can be published.
	Rule    Rule
	Ingress IngressID
	Set     string // the zone name of the rule's origin
	Adopt   bool   // a rule that nobody marked may be taken over
	// Release says that a rule which stands for Ingress is to lose its mark and
	// to be left alone from then on. There is nothing to publish then.
	Release bool
	// Holds are claims that go before but cannot be understood: where one of
	// them has a live rule, that rule stays.
	Holds []Hold
}

// Wanted reports whether there is a rule to publish.
func (r Route) Wanted() bool { return r.Rule.Host != "" }

// Hold keeps a live rule of Ingress as it is while each of its origins is one of
// Origins, or one of Sets on any port.
type Hold struct {
	Ingress IngressID
	Origins map[Origin]bool
	Sets    []string
}

// Set is an address set: one address record for each element of Addresses, or
// one CNAME. One of neither is without addresses now: the last known stay.
type Set struct {
	Cluster   string
	Addresses []string // IPv4 and IPv6, sorted
	Keep      []string // may stay where they stand, but are not added
	CNAME     string   // a host name; then there are no addresses
	Lacks     string   // why there are no addresses, where there are none
}

// Members are the addresses or the name that the set's records shall hold.
func (s Set) Members() []string {
	if s.CNAME != "" {
		return []string{s.CNAME}
	}
	return s.Addresses
}

func (s Set) empty() bool { return len(s.Members()) == 0 }

// ClusterWant is what a ready cluster of the configuration wants.
type ClusterWant struct {
	UID   string
	Nodes NodeCounts
}

// Want is everything that shall stand.
type Want struct {
	Routes map[RuleKey]Route
	Sets   map[string]Set // by zone name; of ready clusters
	// Clusters holds an entry for each cluster of the configuration, nil for
	// those that are not ready.
	Clusters map[string]*ClusterWant
	Problems []Problem
	Warnings []Warning
	// Until is when time alone changes the answer; zero: never.
	Until time.Time
}

// Desired maps the clusters' objects onto what shall stand. Clusters that are
// not ready contribute nothing but their name.
func Desired(clusters []Cluster, set Settings, now time.Time) Want {
	ingresses := 0
	for _, c := range clusters {
		ingresses += len(c.Ingresses)
	}
	set.PublishedProtocols = slices.Sorted(slices.Values(set.PublishedProtocols))
	want := Want{
		Routes:   make(map[RuleKey]Route, ingresses),
		Sets:     make(map[string]Set),
		Clusters: make(map[string]*ClusterWant),
	}
	claims := newClaims(ingresses)
	for _, c := range clusters {
		want.Clusters[c.Name] = nil
		if c.Ready {
			newMapper(c, set, &want, claims, now).run()
		}
	}
	for key, c := range claims.last {
		route, problems := settle(c)
		want.Routes[key] = route
		want.Problems = append(want.Problems, problems...)
	}
	slices.SortStableFunc(want.Problems, func(a, b Problem) int {
		return cmp.Or(a.Ingress.Compare(b.Ingress), a.Key.Compare(b.Key))
	})
	return want
}

// mapper maps the objects of one cluster.
type mapper struct {
	Cluster
	set    Settings
	want   *Want
	claims *claims
	now    time.Time

	nodes     nodeSet
	services  map[kube.Key]kube.Service
	endpoints map[kube.Key]map[string]families // by Service: the nodes with a ready endpoint
	names     map[string]string                // of the sets of nodes, by what they are called
	live      map[string]map[Origin]bool       // by namespace, see alive
	hosts     map[string]string                // by set, see sourceHost

	tlsSecrets map[kube.Key]kube.TLSSecret
}

func newMapper(c Cluster, set Settings, want *Want, claims *claims, now time.Time) *mapper {
	m := &mapper{
		Cluster: c, set: set, want: want, claims: claims, now: now, tlsSecrets: make(map[kube.Key]kube.TLSSecret, len(c.TLSSecrets)),
		nodes:    usableNodes(c.Nodes, c.AddressTypes, c.NotReadyDelay, now),
		services: make(map[kube.Key]kube.Service, len(c.Services)), endpoints: make(map[kube.Key]map[string]families),
		names: make(map[string]string), live: make(map[string]map[Origin]bool), hosts: make(map[string]string),
	}
	for _, name := range []string{NodesSet, NodesIPv4Set, NodesIPv6Set} {
		m.names[name] = SetName(name, c.Name, set.Owner)
	}
	for _, s := range c.Services {
		m.services[s.Key()] = s
	}
	for _, s := range c.TLSSecrets {
		m.tlsSecrets[s.Meta.Key()] = s
	}
	for _, slice := range c.EndpointSlices {
		service := kube.Key{Namespace: slice.Namespace, Name: slice.Service}
		if !m.services[service].Local {
			continue
		}
		if m.endpoints[service] == nil {
			m.endpoints[service] = make(map[string]families)
		}
		for _, node := range slice.Nodes {
			f := m.endpoints[service][node]
			m.endpoints[service][node] = families{f.v4 || !slice.IPv6, f.v6 || slice.IPv6}
		}
	}
	return m
}

// run adds to want and claims what the cluster's objects say.
func (m *mapper) run() {
	m.want.Clusters[m.Name] = &ClusterWant{UID: m.UID, Nodes: m.nodes.count}
	if until := m.nodes.until; !until.IsZero() && (m.want.Until.IsZero() || until.Before(m.want.Until)) {
		m.want.Until = until
	}
	for name, f := range map[string]families{NodesSet: {true, true}, NodesIPv4Set: {v4: true}, NodesIPv6Set: {v6: true}} {
		m.want.Sets[m.nodesName(name)] = m.nodes.set(m.Name, f, nil, "no node is left that can take traffic")
	}
	for _, svc := range m.Services {
		m.addSets(svc)
	}
	r := &reading{mapper: m}
	for _, ing := range m.Ingresses {
		r.ingress(ing)
	}
}

// nodesName is the zone name of one of the sets of nodes.
func (m *mapper) nodesName(set string) string { return m.names[set] }

// objectName is the zone name of the set of a kind for one object.
func (m *mapper) objectName(kind, namespace, name string) string {
	room := maxName - len("."+subtree(m.Name, m.set.Owner)+"."+m.set.Domain)
	return SetName(objectSet(kind, namespace, name, room), m.Name, m.set.Owner)
}

// settle decides between the claims of one key: Exact before Prefix, then the
// older Ingress, then by name. The first one that can be published gets it.
func settle(c *claim) (Route, []Problem) {
	if c.other == nil && c.problem == nil {
		return Route{Rule: c.rule, Set: c.set, Ingress: c.ingress, Adopt: c.adopt, Release: c.release}, nil
	}
	claims := c.all()
	slices.SortStableFunc(claims, compareClaims)
	var route Route
	var first rank // of the claim that has it
	var problems []Problem
	for _, c := range claims {
		taken := route.Wanted() || route.Release
		switch {
		case c.problem != nil:
			problems = append(problems, Problem{c.ingress, c.key, c.problem.state, c.problem.reason})
			if !taken {
				route.Holds = append(route.Holds, *c.hold)
			}
		case !taken:
			route.Rule, route.Set, route.Ingress, route.Adopt, route.Release, first = c.rule, c.set, c.ingress, c.adopt, c.release, c.rank
		case route.Ingress == c.ingress && (first < c.rank || c.rule.Equal(route.Rule)):
			// Within an Ingress, Exact goes before Prefix (the Ingress
			// specification), and the same thing said twice is no conflict.
		case route.Ingress == c.ingress:
			problems = append(problems, Problem{c.ingress, c.key, Conflict, "claimed by an earlier path of this Ingress already"})
		default:
			problems = append(problems, Problem{c.ingress, c.key, Conflict,
				"claimed by Ingress " + route.Ingress.String() + " already"})
		}
	}
	// What an Ingress says clearly goes before what it says unclearly.
	route.Holds = slices.DeleteFunc(route.Holds, func(h Hold) bool { return route.Wanted() && h.Ingress == route.Ingress })
	return route, problems
}

func compareClaims(a, b claim) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), a.created.Compare(b.created), a.ingress.Compare(b.ingress))
}
