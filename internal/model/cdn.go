package model

import (
	"strings"
	"time"
)

// CDN says which Ingresses are for a CDN, what it cannot express, and what it publishes
// unless an Ingress says otherwise. The zero value but for its Name can express
// everything.
type CDN struct {
	Name    Provider
	Title   string // in prose: "Some CDN"
	Section string // of the configuration: "some_cdn"
	// Class is the ingress class whose Ingresses are for it. With ClusterClass it is
	// each cluster's own, see desired.Cluster.
	Class        string
	ClusterClass bool

	// PublishedProtocols are those that hosts are published with, of "http" and
	// "https", sorted; StripPath: the origin sees "/" for the published prefix; Profile
	// is the service profile. A CDN of whole hosts has none of these.
	PublishedProtocols []string
	StripPath          bool
	Profile            string

	// OneName: all published hosts are led to one name at the CDN, which is Host, or
	// is not known if that is "". HostKey is the key of the configuration that says it.
	// Without OneName the CDN gives each rule a name of its own, see Rule.Published.
	OneName bool
	Host    string
	HostKey string
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

// HostOf is the name at the CDN that the host of a rule has to be led to; "" if that is
// not known (yet).
func (c *CDN) HostOf(r *Rule) string {
	if c.OneName {
		return c.Host
	}
	return r.Published
}

// Controller is the spec.controller of the IngressClass objects whose Ingresses
// are for the CDN.
func (c CDN) Controller() string { return "edgeward/" + string(c.Name) }
