package desired

import (
	"time"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/memo"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/spectls"
)

// mapper answers what the objects of one cluster come to. Its answers do not depend on
// what was asked before.
type mapper struct {
	Cluster
	settings model.Settings
	now      time.Time

	nodes     addresses.Nodes
	standing  standingNodeSets
	services  map[kube.Key]kube.Service
	endpoints map[kube.Key]map[string]addresses.Families // by Service of policy Local: the nodes with a ready endpoint
	secrets   spectls.Secrets
	nodeSets  nodeSetNames

	allowed     memo.Memo[string, Allow]           // what each namespace may ask for
	origins     memo.Memo[string, map[Origin]bool] // of each namespace, see originsOf
	sourceHosts memo.Memo[string, string]          // the full name of each set; most rules have one of a few

	unknownClass *mapping // of Ingresses of unknown class, which ask for nothing
}

func newMapper(c Cluster, settings model.Settings, now time.Time) *mapper {
	m := &mapper{
		Cluster: c, settings: settings, now: now,
		nodes:        addresses.UsableNodes(c.Nodes, c.AddressTypes, c.NotReadyDelay, now),
		services:     make(map[kube.Key]kube.Service, len(c.Services)),
		endpoints:    make(map[kube.Key]map[string]addresses.Families),
		secrets:      spectls.NewSecrets(c.TLSSecrets, c.TLSRefused),
		nodeSets:     nodeSetNamesOf(c.Name, settings.Owner),
		allowed:      memo.Of(func(namespace string) Allow { return allowedIn(c.Allow, namespace) }),
		sourceHosts:  memo.Of(func(set string) string { return set + "." + settings.Domain }),
		unknownClass: &mapping{classUnknown: true},
	}
	m.origins = memo.Of(m.originsOf)
	for _, s := range c.Services {
		m.services[s.Key()] = s
	}
	for _, slice := range c.EndpointSlices {
		service := kube.Key{Namespace: slice.Namespace, Name: slice.Service}
		if !m.services[service].Local {
			continue
		}
		if m.endpoints[service] == nil {
			m.endpoints[service] = make(map[string]addresses.Families)
		}
		for _, node := range slice.Nodes {
			known := m.endpoints[service][node]
			m.endpoints[service][node] = known.Or(addresses.Families{V4: !slice.IPv6, V6: slice.IPv6})
		}
	}
	m.standing = m.standingNodeSets()
	return m
}

// idOf names an Ingress of the cluster.
func (m *mapper) idOf(ing *kube.Ingress) model.IngressID {
	return model.IngressID{Cluster: m.Name, Namespace: ing.Namespace, Name: ing.Name}
}

// cdnOf returns the CDN that an Ingress is for: that of its class, by the class's name
// or its object, or else the first.
func (m *mapper) cdnOf(ing *kube.Ingress) model.CDN {
	for _, cdn := range m.settings.CDNs {
		class := cdn.Class
		if cdn.ClusterClass {
			class = m.Class
		}
		if class != "" && ing.Class == class || ing.Controller == cdn.Controller() {
			return cdn
		}
	}
	return m.settings.CDNs[0]
}
