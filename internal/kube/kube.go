// Package kube holds what edgeward keeps of each Kubernetes object: the few
// fields that decide a CDN rule or an address record, and nothing else, since
// memory is per Ingress. The types are plain values; package watcher fills
// them and package plan reads them.
package kube

import (
	"maps"
	"slices"
	"time"
)

// Meta identifies one version of one object.
type Meta struct {
	Namespace       string // empty for Nodes
	Name            string
	UID             string
	ResourceVersion string
}

// Key names an object within one cluster and resource.
type Key struct {
	Namespace, Name string
}

// String is "namespace/name", or the name alone for objects without a namespace.
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Name
	}
	return k.Namespace + "/" + k.Name
}

// Key returns the object's namespace and name.
func (m Meta) Key() Key { return Key{m.Namespace, m.Name} }

// Identity returns the object's Meta; it lets generic code read it.
func (m Meta) Identity() Meta { return m }

// Ingress is a networking.k8s.io/v1 Ingress that the cluster's selection admits.
type Ingress struct {
	Meta
	Created time.Time // metadata.creationTimestamp, whole seconds
	// Class is spec.ingressClassName or, failing that, the legacy annotation
	// kubernetes.io/ingress.class.
	Class string
	// Annotations holds only the annotations that begin with "edgeward/".
	Annotations map[string]string
	Rules       []IngressRule
	// DefaultBackend says that spec.defaultBackend is set.
	DefaultBackend bool
	// Published holds the hostnames in status.loadBalancer that edgeward wrote
	// itself. They are never an origin.
	Published []string
}

// IngressRule is one element of spec.rules. Host may be empty or a wildcard.
type IngressRule struct {
	Host  string
	Paths []IngressPath
}

// IngressPath is one element of spec.rules[].http.paths.
type IngressPath struct {
	Path    string
	Type    string // "Exact", "Prefix" or "ImplementationSpecific"
	Backend Backend
}

// Backend is where a path leads: a port of a Service, by name or by number, or
// another kind of object, which Resource then names ("kind/name").
type Backend struct {
	Service    string
	PortName   string
	PortNumber int32
	Resource   string
}

// Equal reports whether both say the same, whatever their resource versions.
func (i Ingress) Equal(o Ingress) bool {
	return i.Namespace == o.Namespace && i.Name == o.Name && i.UID == o.UID &&
		i.Created.Equal(o.Created) && i.Class == o.Class && i.DefaultBackend == o.DefaultBackend &&
		maps.Equal(i.Annotations, o.Annotations) && slices.Equal(i.Published, o.Published) &&
		slices.EqualFunc(i.Rules, o.Rules, func(a, b IngressRule) bool {
			return a.Host == b.Host && slices.Equal(a.Paths, b.Paths)
		})
}

// Service is a v1 Service.
type Service struct {
	Meta
	Type  string // "ClusterIP", "NodePort", "LoadBalancer" or "ExternalName"
	Ports []ServicePort
	// Local says that spec.externalTrafficPolicy is Local: only nodes with an
	// endpoint of the Service answer on its node port.
	Local bool
}

// ServicePort is one element of spec.ports.
type ServicePort struct {
	Name        string
	Protocol    string // "TCP", "UDP" or "SCTP"
	Port        int32
	NodePort    int32 // 0: none was given
	AppProtocol string
}

// Equal reports whether both say the same, whatever their resource versions.
func (s Service) Equal(o Service) bool {
	return s.Namespace == o.Namespace && s.Name == o.Name && s.UID == o.UID &&
		s.Type == o.Type && s.Local == o.Local && slices.Equal(s.Ports, o.Ports)
}

// Node is a v1 Node that the cluster's node selector admits.
type Node struct {
	Meta
	Addresses []NodeAddress // status.addresses, in their order
	// Ready is the status of the condition Ready; a node without that
	// condition is not ready.
	Ready bool
	// Changed is when Ready last changed (lastTransitionTime), or the node's
	// creation where there is no such condition.
	Changed time.Time
	// Excluded, if not empty, says why the node may take no outside traffic
	// at all: it is being deleted, tainted or labelled so.
	Excluded string
}

// NodeAddress is one element of status.addresses.
type NodeAddress struct {
	Type    string // "ExternalIP", "InternalIP", "Hostname", …
	Address string
}

// Equal reports whether both say the same, whatever their resource versions.
func (n Node) Equal(o Node) bool {
	return n.Name == o.Name && n.UID == o.UID && n.Ready == o.Ready && n.Changed.Equal(o.Changed) &&
		n.Excluded == o.Excluded && slices.Equal(n.Addresses, o.Addresses)
}
