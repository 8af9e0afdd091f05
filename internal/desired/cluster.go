package desired

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// Cluster is what the configuration says of a cluster and what is known of it.
type Cluster struct {
	Name          string
	AddressTypes  []string      // node address types, tried in order
	NotReadyDelay time.Duration // how long a node may be NotReady before it is left out
	Allow         []Allow       // the first entry for a namespace decides; without entries all is allowed
	Class         string        // the ingress class for the CDN with ClusterClass; "" if there is none
	// Selection is a hash of what the configuration selects: namespaces, Ingresses,
	// nodes, and the accounts whose rules are read. The ownership record carries it.
	Selection string
	Standing  Standing

	// Ready says that each resource has had a complete snapshot. Until then the fields
	// below are not looked at and nothing is written for the cluster. The slices and
	// what they hold are never changed: a change comes as another slice.
	Ready          bool
	UID            string          // of the namespace kube-system
	Listed         time.Time       // when the oldest of the resources' latest snapshots began
	Ingresses      []*kube.Ingress // in the order of their keys
	Services       []kube.Service
	Nodes          []kube.Node
	EndpointSlices []kube.EndpointSlice // they tell where a Service of policy Local answers
	TLSSecrets     []kube.TLSSecret     // they hold the certificates that spec.tls of the Ingresses names
	TLSRefused     []string             // the namespaces whose TLSSecrets may not be read; "" stands for all
}

// Standing is what stands at the providers, as far as it was read. A Service of one
// family can stand behind the set of all nodes or behind the set of its family alone.
// What stands decides, since nodes that come and go must not move rules from the one to
// the other: a rule keeps its origin for as long as that serves it.
type Standing struct {
	Rules   map[model.Provider][]*model.Rule // of each CDN, in the order of Compare
	Unread  map[model.Provider]bool          // the CDNs whose rules are not known yet
	Records []*model.Record                  // in the order of Compare
}

// NewStanding returns what stands where these lists, in any order, are all of it.
func NewStanding(rules []*model.Rule, records []*model.Record) Standing {
	s := Standing{
		Rules:   make(map[model.Provider][]*model.Rule),
		Records: slices.SortedFunc(slices.Values(records), func(a, b *model.Record) int { return a.Compare(*b) }),
	}
	for _, r := range slices.SortedFunc(slices.Values(rules), func(a, b *model.Rule) int { return a.Compare(*b) }) {
		s.Rules[r.CDN] = append(s.Rules[r.CDN], r)
	}
	return s
}
