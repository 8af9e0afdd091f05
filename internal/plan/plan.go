// Package plan decides, without doing anything, what shall stand at the CDN
// and in DNS and which step towards it is safe now. It has two pure steps:
//
//	Desired(clusters, settings, now)   Kubernetes objects -> rules, address sets, problems
//	Next(input)                        what is wanted and what stands -> the operations that are safe now
//
// There is no I/O here and no clock: time is a parameter. All of the product's
// promises about order and ownership (docs/guarantees.md) live in Next, so
// that they can be tested by brute force.
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
// and a URL path after mapping, at a CDN. Host is lower case, Path begins with
// "/".
type RuleKey struct {
	CDN        Target
	Host, Path string
}

// String is host and path joined, as in a URL without its scheme.
func (k RuleKey) String() string { return k.Host + k.Path }

// Compare orders keys by host, path, then CDN.
func (k RuleKey) Compare(o RuleKey) int {
	if c := strings.Compare(k.Host, o.Host); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(k.Path, o.Path), strings.Compare(string(k.CDN), string(o.CDN)))
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
	// Extra is what somebody set on the rule beside our fields, in the CDN's own
	// form; "" if nothing. A rule that has to be made anew is made with it.
	Extra string
	// Unkept, of a rule to be changed, says that this process has written our mark on it,
	// which the CDN has not kept: it is ours although it does not say so.
	Unkept bool
}

// Key names the rule's place: no two operations at one place run at a time.
func (r Rule) Key() string { return r.at(r.RuleKey.String()) }

// at tells a place at a CDN from that of the same name at another. Edgio was
// there first and needs no name.
func (k RuleKey) at(place string) string {
	if k.CDN == Edgio {
		return place
	}
	return string(k.CDN) + " " + place
}

// Identity is the provider's name for the rule.
func (r Rule) Identity() string { return r.ID }

// WithIdentity returns the rule under another ID.
func (r Rule) WithIdentity(id string) Rule { r.ID = id; return r }

// Scope names the part of the account that a search for this rule covers:
// all rules of its host.
func (r Rule) Scope() string { return r.at(r.Host) }

// Equal reports whether both rules say the same, whatever their IDs and what
// can only be observed. A published port that was not told counts as the
// protocol's own.
func (r Rule) Equal(o Rule) bool { return r.equal(&o) }

// equal is Equal without copies: every plan compares all rules.
func (r *Rule) equal(o *Rule) bool {
	return r.RuleKey == o.RuleKey && r.SourceHost == o.SourceHost && r.SourcePath == o.SourcePath &&
		r.Profile == o.Profile && r.Certificate.Equal(o.Certificate) &&
		(r.sharesProtocols(o) || slices.EqualFunc(r.Protocols, o.Protocols, func(a, b Protocol) bool {
			a.PublishedPort, b.PublishedPort = a.port(), b.port()
			return a == b
		}))
}

// sharesProtocols reports whether both rules refer to one list of protocol sets,
// as they do once a wanted rule stands: then nobody has to read it.
func (r *Rule) sharesProtocols(o *Rule) bool {
	return len(r.Protocols) > 0 && len(r.Protocols) == len(o.Protocols) && &r.Protocols[0] == &o.Protocols[0]
}

// Compare orders rules by their keys, those of one key by their IDs.
func (r Rule) Compare(o Rule) int {
	if c := r.RuleKey.Compare(o.RuleKey); c != 0 {
		return c
	}
	return strings.Compare(r.ID, o.ID)
}

// Observed returns the rule with what only the provider says of it as it stands.
func (r Rule) Observed(stands Rule) Rule {
	r.ID, r.Certificate, r.Published, r.Pending, r.Extra = stands.ID, stands.Certificate, stands.Published, stands.Pending, stands.Extra
	return r
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

// Record is a DNS record. Name is relative to the zone ("" is the apex) and lower
// case, Data is without quotes and trailing dots, TTL is in seconds.
type Record struct {
	ID   string // the provider's; empty for one that is only wanted
	Zone string // "": that of the origins
	Name string
	Type string
	Data string
	TTL  int
}

// Key names the record's place: no two operations at one place run at a time. A
// name has one CNAME, and one claim or mark of ours, whatever it says.
func (r Record) Key() string {
	name := r.Name
	if r.Zone != "" {
		name += "." + r.Zone
	}
	if r.Type == "CNAME" || r.Type == "TXT" && strings.HasPrefix(r.Name, markLabel) {
		return name + " " + r.Type
	}
	return name + " " + r.Type + " " + r.Data
}

// withData returns the record as it is to be changed into, with other data.
func (r Record) withData(data string) Record {
	r.ID, r.Data = "", data
	return r
}

// Identity is the provider's name for the record.
func (r Record) Identity() string { return r.ID }

// WithIdentity returns the record under another ID.
func (r Record) WithIdentity(id string) Record { r.ID = id; return r }

// Scope is the zone: a search means reading it.
func (r Record) Scope() string { return r.Zone }

// Equal reports whether both records say the same, whatever their IDs.
func (r Record) Equal(o Record) bool {
	r.ID, o.ID = "", ""
	return r == o
}

// Compare orders records by zone, name, type, data, then ID.
func (r Record) Compare(o Record) int {
	return cmp.Or(strings.Compare(r.Zone, o.Zone), strings.Compare(r.Name, o.Name), strings.Compare(r.Type, o.Type),
		strings.Compare(r.Data, o.Data), strings.Compare(r.ID, o.ID))
}

// Observed returns the record with what only the provider says of it as it
// stands.
func (r Record) Observed(stands Record) Record { return r.WithIdentity(stands.ID) }

// CDN says which Ingresses are for a CDN, and what it cannot express. The zero
// value but for its Target can express everything.
type CDN struct {
	Target Target
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

// alone reports whether the CDN publishes nothing below a path with it, but one
// object.
func (c CDN) alone(path string) bool { return !c.WholeHosts && !strings.HasSuffix(path, "/") }

// Controller is the spec.controller of the IngressClass objects whose Ingresses
// are for the CDN.
func (c CDN) Controller() string { return "edgeward/" + string(c.Target) }

// Settings are the parts of the configuration that decide what becomes what.
type Settings struct {
	Owner  string
	Domain string // the zone, lower case, without a trailing dot
	TTL    int    // of our records, seconds

	CDNs []CDN // the first is for Ingresses whose class names none

	ServiceProfile     string
	PublishedProtocols []string
	SourcePath         string // "keep" or "strip"
	CNAMETarget        string // the CDN's host that Ingress statuses show; "" if none
	Adopt              string // "never", "annotated" or "always"
	// PublishZones are the account's zones in which published hosts get a CNAME
	// to their CDN.
	PublishZones []string
	// Forget are CDNs and zones that are not in the configuration any more and hold
	// nothing of ours: what was kept for their sake may go.
	Forget []string

	DeletionGrace time.Duration
	Linger        time.Duration
	MaxDelete     float64       // see Loss
	ConfirmAfter  time.Duration // 0: never
}

// Cluster is what is known of one cluster of the configuration.
type Cluster struct {
	Name          string
	AddressTypes  []string // node address types, tried in order
	NotReadyDelay time.Duration
	Allow         []Allow // none: see Allow
	EdgioClass    string  // the ingress class for Edgio, "" if none
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
