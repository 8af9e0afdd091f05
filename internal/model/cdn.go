package model

import (
	"strings"
	"time"
)

// CDN says which Ingresses are for a CDN, and what it cannot express. The zero
// value but for its Target can express everything.
type CDN struct {
	Name Provider
	// Class is the ingress class whose Ingresses are for it; that of Edgio is each
	// cluster's own.
	Class string
	// WholeHosts: it publishes "/" of a host from "/" of one origin, and nothing
	// else. It has no service profiles.
	WholeHosts bool
	// OriginPorts are the only ports on which an origin can be asked, by
	// protocol; nil: any.
	OriginPorts map[string]int
	// OriginFixed: the host and protocol of a rule's origin cannot be changed.
	// Another origin takes a new rule beside the old one.
	OriginFixed bool
	// Domain is the CDN's own, in which the names lie that published hosts are led
	// to; "" if it has none.
	Domain string
	// Poll is how often up to a thousand rules may be read while it prepares one; 0:
	// every five seconds.
	Poll time.Duration
	// Certificates: a host is published on https with a certificate of its own,
	// and without one on http. It may ask an origin by https only with one.
	Certificates bool
}

// Alone reports whether the CDN publishes nothing below a path with it, but one
// object.
func (c CDN) Alone(path string) bool { return !c.WholeHosts && !strings.HasSuffix(path, "/") }

// Controller is the spec.controller of the IngressClass objects whose Ingresses
// are for the CDN.
func (c CDN) Controller() string { return "edgeward/" + string(c.Name) }
