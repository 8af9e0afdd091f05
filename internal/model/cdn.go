package model

import (
	"time"
)

// CDN is a CDN of the configuration: which Ingresses are for it, what it publishes
// unless an Ingress says otherwise, and what a rule of it can express.
type CDN struct {
	Name    Provider
	Title   string // in prose: "Some CDN"
	Section string // of the configuration: "some_cdn"

	// Class is the ingress class of the Ingresses that are for it. With ClusterClass
	// each cluster has a class of its own for it, and Class is not used.
	Class        string
	ClusterClass bool

	// What it publishes by default. A CDN of WholeHosts has none of these settings.
	PublishedProtocols []string // "http", "https" or both, sorted
	StripPath          bool     // the origin is asked for "/" instead of the published path
	Profile            string   // the service profile

	// What a rule can express. It has one origin, by name, which it asks on one port for
	// each protocol.

	// Paths is what the path of a rule stands for.
	Paths PathStyle
	// Wildcards: the host of a rule may be a wildcard, "*.example.com".
	Wildcards bool
	// OriginPorts are the only ports on which an origin can be asked, by protocol
	// ("http", "https"); nil if every port is possible.
	OriginPorts map[string]int
	// OriginFixed: the host and the protocol of a rule's origin cannot be changed, so
	// that another origin takes a new rule beside the old one.
	OriginFixed bool
	// Certificates: a host is published on https with a certificate of its own, and on
	// http without one. An origin can be asked by https only where there is one.
	Certificates bool

	// Where DNS has to lead a published host.

	// OneName: DNS leads every published host to Host, which the key HostKey of the
	// configuration says; Host is "" where it does not. Without OneName the CDN gives
	// each rule a name of its own, see Rule.Published.
	OneName bool
	Host    string
	HostKey string
	// Domain is the CDN's own, in which such names lie; "" if there is none.
	Domain string

	// Poll is how often up to a thousand rules may be read while the CDN prepares one;
	// 0 stands for every five seconds.
	Poll time.Duration
}

// PathStyle is what the path of a CDN's rule stands for. Package desired maps the paths
// of Ingresses onto rules by it, in paths.go. A style that takes Exact and Prefix as
// Kubernetes does would have two rules at one path, which RuleKey cannot tell apart.
type PathStyle int

const (
	// SlashPaths: a path with a trailing slash publishes all that lies below it, and a
	// path without one publishes a single object.
	SlashPaths PathStyle = iota
	// WholeHosts: the only path is "/", which publishes all of a host from one origin.
	WholeHosts
)

// HostOf returns the name at the CDN that DNS has to lead the host of a rule to; "" if
// that is not known, or not yet.
func (c *CDN) HostOf(r *Rule) string {
	if c.OneName {
		return c.Host
	}
	return r.Published
}

// Controller is the spec.controller of the IngressClass objects whose Ingresses are for
// the CDN.
func (c CDN) Controller() string { return "edgeward/" + string(c.Name) }
