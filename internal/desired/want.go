package desired

import (
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// Want is everything that shall stand.
type Want struct {
	Routes []*Route                 // in the order of their keys
	Sets   map[string]addresses.Set // by zone name; of ready clusters
	// Clusters holds an entry for each cluster of the configuration, nil for those that
	// are not ready.
	Clusters map[string]*ClusterWant
	Problems []Problem
	Warnings []Warning
	Notices  []model.Notice // for the operator
	// Until is when time alone changes the answer; zero: never.
	Until time.Time

	// SomeUndecided says that the class of some Ingress is unknown. Decided are the
	// Ingresses of unknown class that have gone, or are known, since the answer before.
	SomeUndecided bool
	Decided       []model.IngressID

	// For the next answer:
	mapped     map[string]mappings // by cluster
	candidates []*candidate        // of all clusters, in order
}

// ClusterWant is what a ready cluster of the configuration wants.
type ClusterWant struct {
	UID   string
	Nodes addresses.NodeCounts
	// Selection and Listed are those of Cluster.
	Selection string
	Listed    time.Time
	// Leaving says that nothing of the cluster shall stay, not even its record of ownership.
	Leaving bool
}

// Route returns what shall become of a host and path at a CDN; the zero Route where
// nobody asks for it.
func (w Want) Route(key model.RuleKey) *Route {
	i, ok := slices.BinarySearchFunc(w.Routes, key, func(r *Route, key model.RuleKey) int { return r.Key.Compare(key) })
	if !ok {
		return &Route{}
	}
	return w.Routes[i]
}

// PublishedByOthers reports whether all that an Ingress asks for are paths of hosts that
// a CDN publishes as a whole for another Ingress.
func (w Want) PublishedByOthers(id model.IngressID) bool {
	candidates := w.mapping(id).candidates
	return len(candidates) > 0 && !slices.ContainsFunc(candidates, func(c candidate) bool { return c.route.precedence != withoutRoot })
}

// Denies reports whether the configuration denies an Ingress something at a host.
func (w Want) Denies(id model.IngressID, host string) bool {
	return slices.Contains(w.mapping(id).denied, host)
}

// Undecided reports whether the class of an Ingress is unknown, so that what stands for
// it stays as it is.
func (w Want) Undecided(id model.IngressID) bool {
	return w.SomeUndecided && w.mapping(id).classUnknown
}

// MayStay reports whether a rule of an undecided Ingress may stay as it is: whether its
// host and its origin are allowed now.
func (w Want) MayStay(r model.Rule, of model.IngressID, settings model.Settings) bool {
	allow := allowedIn(w.mapped[of.Cluster].allow, of.Namespace)
	set, _ := strings.CutSuffix(r.SourceHost, "."+model.Subtree(of.Cluster, settings.Owner)+"."+settings.Domain)
	kind := originKind(set[strings.LastIndexByte(set, '.')+1:])
	return !allow.nothing && allow.host(r.Host) && (kind == "" || allow.origin(kind))
}

// Class returns the class that an Ingress names; "" if it is not there.
func (w Want) Class(id model.IngressID) string {
	mapped := w.mapped[id.Cluster]
	i, ok := mapped.find(kube.Key{Namespace: id.Namespace, Name: id.Name})
	if !ok {
		return ""
	}
	return mapped.ingresses[i].Class
}

// Claimed returns the hosts and paths that an Ingress asks for, whoever has them.
func (w Want) Claimed(id model.IngressID) (keys []model.RuleKey) {
	for _, c := range w.mapping(id).candidates {
		keys = append(keys, c.route.Key)
	}
	return keys
}

// mapping returns what an Ingress asks for; the zero mapping if it is not there.
func (w Want) mapping(id model.IngressID) *mapping {
	return w.mapped[id.Cluster].of(kube.Key{Namespace: id.Namespace, Name: id.Name})
}
