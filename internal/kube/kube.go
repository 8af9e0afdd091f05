// Package kube has what edgeward keeps of each Kubernetes object: the few fields that
// decide a CDN's rule or an address record, and nothing else, since every Ingress takes
// memory. The types are plain values; package watcher fills them.
package kube

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Meta identifies one version of one object.
type Meta struct {
	Namespace       string // "" for Nodes and IngressClasses
	Name            string
	UID             string
	ResourceVersion string
}

// Key names an object within one cluster and resource.
type Key struct {
	Namespace, Name string
}

// String returns "namespace/name", or the name alone for objects without a namespace.
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Name
	}
	return k.Namespace + "/" + k.Name
}

// Compare orders keys by namespace, then name.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Namespace, o.Namespace), strings.Compare(k.Name, o.Name))
}

// Key returns the object's namespace and name.
func (m Meta) Key() Key { return Key{m.Namespace, m.Name} }

// Identity returns the object's Meta, for generic code.
func (m Meta) Identity() Meta { return m }

// Ingress is a networking.k8s.io/v1 Ingress that the configuration selects. It is not
// changed once made: a later state of the same object is another Ingress.
type Ingress struct {
	Meta
	Created time.Time // metadata.creationTimestamp, whole seconds
	// Class is spec.ingressClassName or, failing that, the legacy annotation
	// kubernetes.io/ingress.class.
	Class string
	// Annotated is what the annotation says where spec.ingressClassName, which decides,
	// says something else; "" otherwise.
	Annotated string
	// ClassUnknown says that the IngressClass that Class names could not be looked up, so
	// that nobody knows whether the Ingress is ours, and for which CDN. Unless the label
	// selects it, nothing else is kept of such an Ingress: there may be thousands.
	ClassUnknown bool
	// Controller is the spec.controller of the IngressClass that Class names, if it is one
	// of ours; "" where there is no such object, or it may not be read.
	Controller string
	// Annotations holds the annotations that begin with "edgeward/", by their full names.
	Annotations map[string]string
	Rules       []IngressRule
	// DefaultBackend is spec.defaultBackend; nil if that is not set.
	DefaultBackend *Backend
	TLS            []IngressTLS // spec.tls
	// Status is status.loadBalancer.ingress without what edgeward wrote.
	Status []Address
	// Published holds the hostnames in status.loadBalancer.ingress that edgeward wrote.
	// They are never an origin.
	Published []string
}

// Address is where a load balancer can be reached: an element of
// status.loadBalancer.ingress of an Ingress or a Service. It has an IP address, a host
// name, or both, which Kubernetes does not check.
type Address struct {
	IP       string
	Hostname string
}

// IngressRule is an element of spec.rules. Host may be "" or a wildcard.
type IngressRule struct {
	Host  string
	Paths []IngressPath
}

// IngressPath is an element of spec.rules[].http.paths.
type IngressPath struct {
	Path    string
	Type    string // "Exact", "Prefix" or "ImplementationSpecific"
	Backend Backend
}

// Backend is where a path leads: to a port of a Service, by name or by number, or to
// another kind of object, which Resource names: "kind/name".
type Backend struct {
	Service    string
	PortName   string
	PortNumber int32
	Resource   string
}

// Equal reports whether both say the same, whatever their resource versions.
func (i *Ingress) Equal(o *Ingress) bool {
	return i.Namespace == o.Namespace && i.Name == o.Name && i.UID == o.UID &&
		i.Created.Equal(o.Created) && i.Class == o.Class && i.Controller == o.Controller &&
		i.Annotated == o.Annotated && i.ClassUnknown == o.ClassUnknown &&
		(i.DefaultBackend == nil) == (o.DefaultBackend == nil) &&
		(i.DefaultBackend == nil || *i.DefaultBackend == *o.DefaultBackend) &&
		slices.Equal(i.Status, o.Status) && slices.Equal(i.Published, o.Published) && maps.Equal(i.Annotations, o.Annotations) &&
		slices.EqualFunc(i.TLS, o.TLS, IngressTLS.equal) &&
		slices.EqualFunc(i.Rules, o.Rules, func(a, b IngressRule) bool {
			return a.Host == b.Host && slices.Equal(a.Paths, b.Paths)
		})
}

// Service is a v1 Service.
type Service struct {
	Meta
	Type  string // "ClusterIP", "NodePort", "LoadBalancer" or "ExternalName"
	Ports []ServicePort
	// Local says that spec.externalTrafficPolicy is Local: only nodes with a ready endpoint
	// of the Service answer on its node ports.
	Local bool
	// Families are those in which the Service answers (spec.ipFamilies).
	Families Families
	// Balancers is status.loadBalancer.ingress.
	Balancers []Address
	// ExternalIPs is spec.externalIPs.
	ExternalIPs []string
	// ExternalName is spec.externalName of a Service of that type.
	ExternalName string
}

// Families says which IP families something has. The zero value is both, as for objects
// that do not say.
type Families struct{ OnlyIPv4, OnlyIPv6 bool }

// ServicePort is an element of spec.ports.
type ServicePort struct {
	Name        string
	Protocol    string // "TCP", "UDP" or "SCTP"
	Port        int32
	NodePort    int32 // 0: it has none, or none yet
	AppProtocol string
}

// Equal reports whether both say the same, whatever their resource versions.
func (s Service) Equal(o Service) bool {
	return s.Namespace == o.Namespace && s.Name == o.Name && s.UID == o.UID &&
		s.Type == o.Type && s.Local == o.Local && s.Families == o.Families && s.ExternalName == o.ExternalName &&
		slices.Equal(s.Ports, o.Ports) && slices.Equal(s.Balancers, o.Balancers) && slices.Equal(s.ExternalIPs, o.ExternalIPs)
}

// EndpointSlice is a discovery.k8s.io/v1 EndpointSlice, reduced to the nodes whose
// endpoints can take traffic.
type EndpointSlice struct {
	Meta
	Service string // of the same namespace; "" for a slice of no Service
	IPv6    bool   // the addresses of the endpoints are IPv6
	// Nodes are the names of the nodes with an endpoint that is ready and not terminating,
	// sorted.
	Nodes []string
}

// Equal reports whether both say the same, whatever their resource versions.
func (e EndpointSlice) Equal(o EndpointSlice) bool {
	return e.Namespace == o.Namespace && e.Name == o.Name && e.UID == o.UID &&
		e.Service == o.Service && e.IPv6 == o.IPv6 && slices.Equal(e.Nodes, o.Nodes)
}

// IngressClass is a networking.k8s.io/v1 IngressClass.
type IngressClass struct {
	Meta
	Controller string // spec.controller
}

// Equal reports whether both say the same, whatever their resource versions.
func (c IngressClass) Equal(o IngressClass) bool {
	return c.Name == o.Name && c.UID == o.UID && c.Controller == o.Controller
}

// Node is a v1 Node that clusters[].node_selector selects.
type Node struct {
	Meta
	Addresses []NodeAddress // status.addresses, in their order
	// Ready is the status of the condition Ready. A node without that condition is not
	// ready.
	Ready bool
	// Changed is when Ready last changed (lastTransitionTime) by the cluster's clock, or
	// when the node was created where there is no such condition.
	Changed time.Time
	// Since is when a node that is not ready turned so by the clock of this process:
	// Changed, but no later than the process first saw it so, since the cluster's clock may
	// be ahead. Zero: nobody has looked.
	Since time.Time
	// Excluded says why the node may take no traffic from outside at all: it is being
	// deleted, or a taint or a label says so. "": it may.
	Excluded string
}

// NodeAddress is an element of status.addresses.
type NodeAddress struct {
	Type    string // "ExternalIP", "InternalIP", "Hostname", …
	Address string
}

// Equal reports whether both say the same, whatever their resource versions and Since.
func (n Node) Equal(o Node) bool {
	return n.Name == o.Name && n.UID == o.UID && n.Ready == o.Ready && n.Changed.Equal(o.Changed) &&
		n.Excluded == o.Excluded && slices.Equal(n.Addresses, o.Addresses)
}
