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
	// Holds are claims that go before but cannot be understood: where one of
	// them has a live rule, that rule stays.
	Holds []Hold
}

// Wanted reports whether there is a rule to publish.
func (r Route) Wanted() bool { return r.Rule.Host != "" }

// Hold keeps a live rule of Ingress as it is while its source port is one of
// Ports, which are the node ports that stand in the Ingress's namespace.
type Hold struct {
	Ingress IngressID
	Ports   []int32
}

// Set is an address set: one address record for each element of Addresses.
type Set struct {
	Cluster   string
	Addresses []string // IPv4, sorted
	Keep      []string // may stay where they stand, but are not added
}

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
	want := Want{
		Routes:   make(map[RuleKey]Route),
		Sets:     make(map[string]Set),
		Clusters: make(map[string]*ClusterWant),
	}
	claims := make(map[RuleKey][]claim)
	for _, c := range clusters {
		want.Clusters[c.Name] = nil
		if !c.Ready {
			continue
		}
		nodes := nodeAddresses(c.Nodes, c.AddressTypes, c.NotReadyDelay, now)
		want.Clusters[c.Name] = &ClusterWant{UID: c.UID, Nodes: nodes.count}
		want.Sets[SetName(NodesSet, c.Name, set.Owner)] = Set{Cluster: c.Name, Addresses: nodes.want, Keep: nodes.keep}
		if !nodes.until.IsZero() && (want.Until.IsZero() || nodes.until.Before(want.Until)) {
			want.Until = nodes.until
		}
		services, alive := indexServices(c.Services)
		for _, ing := range c.Ingresses {
			found, problems, warnings := ingressClaims(c.Name, ing, services, alive[ing.Namespace], set)
			for _, cl := range found {
				claims[cl.key] = append(claims[cl.key], cl)
			}
			want.Problems = append(want.Problems, problems...)
			want.Warnings = append(want.Warnings, warnings...)
		}
	}
	for key, list := range claims {
		route, problems := settle(list)
		if route.Wanted() {
			route.Set = SetName(NodesSet, route.Ingress.Cluster, set.Owner)
		}
		want.Routes[key] = route
		want.Problems = append(want.Problems, problems...)
	}
	slices.SortStableFunc(want.Problems, func(a, b Problem) int {
		return cmp.Or(a.Ingress.Compare(b.Ingress), a.Key.Compare(b.Key))
	})
	return want
}

// indexServices makes Services findable by name and lists each namespace's node ports.
func indexServices(list []kube.Service) (services map[kube.Key]kube.Service, alive map[string][]int32) {
	services = make(map[kube.Key]kube.Service, len(list))
	alive = make(map[string][]int32)
	for _, s := range list {
		services[s.Key()] = s
		if s.Type != "NodePort" {
			continue
		}
		for _, p := range s.Ports {
			if p.NodePort != 0 {
				alive[s.Namespace] = append(alive[s.Namespace], p.NodePort)
			}
		}
	}
	return services, alive
}

// settle decides between the claims of one key: Exact before Prefix, then the
// older Ingress, then by name. The first one that can be published gets it.
func settle(claims []claim) (Route, []Problem) {
	slices.SortStableFunc(claims, compareClaims)
	var route Route
	var exact bool // the route's claim is
	var problems []Problem
	for _, c := range claims {
		switch {
		case c.problem != nil:
			problems = append(problems, Problem{c.ingress, c.key, c.problem.state, c.problem.reason})
			if !route.Wanted() {
				route.Holds = append(route.Holds, Hold{c.ingress, c.alive})
			}
		case !route.Wanted():
			route.Rule, route.Ingress, route.Adopt, exact = c.rule, c.ingress, c.adopt, c.exact
		case route.Ingress == c.ingress && (exact && !c.exact || c.rule.Equal(route.Rule)):
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
	if a.exact != b.exact {
		if a.exact {
			return -1
		}
		return 1
	}
	return cmp.Or(a.created.Compare(b.created), a.ingress.Compare(b.ingress))
}
