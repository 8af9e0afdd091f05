// Package plan decides, without doing anything, what shall stand at the CDN
// and in DNS and which step towards it is safe now. It has two pure steps:
//
//	Desired(input, settings, now)      Kubernetes objects -> rules, address sets, problems
//	Next(desired, observed, …, now)    what stands -> the operations that are safe now
//
// There is no I/O here and no clock: time is a parameter. All of the product's
// promises about order and ownership (CONTRACT: "Order", "Names", "Rules")
// live in Next, so that they can be tested by brute force.
package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
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

// RuleKey is the unit that a CDN rule publishes and an Ingress claims: a host
// and a URL path after mapping. Host is lower case, Path begins with "/".
type RuleKey struct {
	Host, Path string
}

// String is host and path joined, as in a URL without its scheme.
func (k RuleKey) String() string { return k.Host + k.Path }

// Compare orders keys by host, then path.
func (k RuleKey) Compare(o RuleKey) int {
	if c := strings.Compare(k.Host, o.Host); c != 0 {
		return c
	}
	return strings.Compare(k.Path, o.Path)
}

// Protocol is one protocol set of a rule: what is published, and how and on
// which port the origin is asked. Mark is the value of the request header
// MarkHeader that the CDN sends to the origin, empty where it sends none.
type Protocol struct {
	Published     string // "http" or "https"
	PublishedPort int    // 0: not told
	Source        string // "http" or "https"
	SourcePort    int
	Mark          string
}

// Rule is a CDN rule, wanted or observed, reduced to the fields that are ours.
type Rule struct {
	ID string // the provider's; empty for one that is only wanted
	RuleKey
	SourceHost string // lower case, no trailing dot
	SourcePath string
	Profile    string
	Protocols  []Protocol // ordered by Published
	// Certificate is what the host is published with on https; nil where the
	// CDN is not given one for each host.
	Certificate *Certificate

	// Observed only, and not compared:

	// Published is the CDN's own host name for the rule, which the published
	// host's CNAME must point at; empty where the rule does not tell.
	Published string
	// Pending says that the CDN does not serve the rule yet.
	Pending bool
}

// Key names the rule's place: no two operations at one place run at a time.
func (r Rule) Key() string { return r.RuleKey.String() }

// Identity is the provider's name for the rule.
func (r Rule) Identity() string { return r.ID }

// WithIdentity returns the rule under another ID.
func (r Rule) WithIdentity(id string) Rule { r.ID = id; return r }

// Scope names the part of the account that a search for this rule covers:
// all rules of its host.
func (r Rule) Scope() string { return r.Host }

// Equal reports whether both rules say the same, whatever their IDs and what
// can only be observed. A published port that was not told counts as the
// protocol's own.
func (r Rule) Equal(o Rule) bool {
	return r.RuleKey == o.RuleKey && r.SourceHost == o.SourceHost && r.SourcePath == o.SourcePath &&
		r.Profile == o.Profile && r.Certificate.Equal(o.Certificate) && slices.EqualFunc(r.Protocols, o.Protocols, func(a, b Protocol) bool {
		a.PublishedPort, b.PublishedPort = a.port(), b.port()
		return a == b
	})
}

func (p Protocol) port() int {
	if p.PublishedPort == 0 {
		return PublishedPort(p.Published)
	}
	return p.PublishedPort
}

// PublishedPort is the port a protocol is published on: 443 for https, 80 for http.
func PublishedPort(protocol string) int {
	if protocol == "https" {
		return 443
	}
	return 80
}

// Record is a DNS record in the zone. Name is relative to the zone ("" is the
// apex) and lower case, Data is without quotes and trailing dots, TTL is in
// seconds.
type Record struct {
	ID   string // the provider's; empty for one that is only wanted
	Name string
	Type string
	Data string
	TTL  int
}

// Key names the record's place: no two operations at one place run at a time. A
// name has one CNAME, whatever it says.
func (r Record) Key() string {
	if r.Type == "CNAME" {
		return r.Name + " CNAME"
	}
	return r.Name + " " + r.Type + " " + r.Data
}

// Identity is the provider's name for the record.
func (r Record) Identity() string { return r.ID }

// WithIdentity returns the record under another ID.
func (r Record) WithIdentity(id string) Record { r.ID = id; return r }

// Scope is the same for all records: a search means reading the zone.
func (r Record) Scope() string { return "" }

// Equal reports whether both records say the same, whatever their IDs.
func (r Record) Equal(o Record) bool {
	r.ID, o.ID = "", ""
	return r == o
}

// Settings are the parts of the configuration that decide what becomes what.
type Settings struct {
	Owner  string
	Domain string // the zone, lower case, without a trailing dot
	TTL    int    // of our records, seconds

	ServiceProfile     string
	PublishedProtocols []string
	SourcePath         string // "keep" or "strip"
	CNAMETarget        string // the CDN's host that Ingress statuses show; "" if none
	Adopt              string // "never", "annotated" or "always"

	DeletionGrace time.Duration
	Linger        time.Duration
	MaxDelete     float64
}

// Cluster is what is known of one cluster of the configuration.
type Cluster struct {
	Name          string
	AddressTypes  []string // node address types, tried in order
	NotReadyDelay time.Duration
	Allow         []Allow // none: see Allow

	// Ready says that each resource has had a complete snapshot. Until then
	// the fields below are not looked at and nothing is written for it.
	Ready     bool
	UID       string // of the namespace kube-system
	Ingresses []kube.Ingress
	Services  []kube.Service
	Nodes     []kube.Node
	// EndpointSlices tell where a Service of policy Local answers.
	EndpointSlices []kube.EndpointSlice
}
