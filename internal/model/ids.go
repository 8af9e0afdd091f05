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

// Tenant is a namespace of a cluster. Tenants take turns at the providers, so that those
// who ask for much do not hold up the others. A Tenant without a namespace stands for
// what no Ingress of a cluster asks for any more, and the zero Tenant for what serves
// everybody, as the addresses of nodes do.
type Tenant struct{ Cluster, Namespace string }

// Tenant returns whose turn the operations for the Ingress take.
func (id IngressID) Tenant() Tenant { return Tenant{id.Cluster, id.Namespace} }
