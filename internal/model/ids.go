package model

import (
	"cmp"
	"strings"
)

// IngressID names an Ingress across clusters.
type IngressID struct {
	Cluster, Namespace, Name string
}

// String is "cluster/namespace/name".
func (id IngressID) String() string { return id.Cluster + "/" + id.Namespace + "/" + id.Name }

// Compare orders Ingresses by cluster, namespace, then name.
func (id IngressID) Compare(o IngressID) int {
	return cmp.Or(strings.Compare(id.Cluster, o.Cluster), strings.Compare(id.Namespace, o.Namespace), strings.Compare(id.Name, o.Name))
}

// Tenant is a namespace of a cluster: those who write there share their turns at the
// providers. One without a namespace stands for what nobody claims any more in a
// cluster, and the zero Tenant for what serves everybody, as the addresses of nodes do.
type Tenant struct{ Cluster, Namespace string }

// Tenant is whose turn the operations for an Ingress take.
func (id IngressID) Tenant() Tenant { return Tenant{id.Cluster, id.Namespace} }
