package desired

import (
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

// Cluster is what is known of one cluster of the configuration.
type Cluster struct {
	Name          string
	AddressTypes  []string // node address types, tried in order
	NotReadyDelay time.Duration
	Allow         []Allow // none: see Allow
	Class         string  // the ingress class for the CDN with ClusterClass, "" if none
	// Selection is a hash of what of the configuration selects: namespaces, Ingresses,
	// nodes, and whose rules are read. The claim says it.
	Selection string
	Standing  Standing

	// Ready says that each resource has had a complete snapshot. Until then
	// the fields below are not looked at and nothing is written for it. The slices
	// and what they hold are not changed: after a change there is another slice.
	Ready     bool
	UID       string          // of the namespace kube-system
	Listed    time.Time       // when the oldest of the resources' latest snapshots began
	Ingresses []*kube.Ingress // in the order of their keys
	Services  []kube.Service
	Nodes     []kube.Node
	// EndpointSlices tell where a Service of policy Local answers.
	EndpointSlices []kube.EndpointSlice
	// TLSSecrets hold the certificates that spec.tls of the Ingresses names.
	TLSSecrets []kube.TLSSecret
	// TLSRefused are the namespaces whose TLSSecrets may not be read; "" stands for all.
	TLSRefused []string
}
