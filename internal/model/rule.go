package model

import (
	"cmp"
	"slices"
	"strings"
)

// RuleKey is the unit that a CDN rule publishes and an Ingress claims: a host
// and a URL path after mapping, at a CDN. Host is lower case, Path begins with
// "/".
type RuleKey struct {
	CDN        Provider
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
// which port the origin is asked. Label is the value of the request header
// OwnerHeader that the CDN sends to the origin, empty where it sends none.
type Protocol struct {
	Published     string // "http" or "https"
	PublishedPort int    // 0: not told
	Source        string // "http" or "https"
	SourcePort    int
	Label         string
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
	// Unkept, of a rule to be changed, says that this process has written our owner label
	// on it, which the CDN has not kept: it is ours although it does not say so.
	Unkept bool
}

// Key names the rule's place: no two operations at one place run at a time.
func (r Rule) Key() Place { return r.RuleKey.Place() }

// Place is the place of what the key names.
func (k RuleKey) Place() Place {
	return Place{CDN: k.CDN, Kind: RulePlace, Name: k.Host, Detail: k.Path}
}

// Identity is the provider's name for the rule.
func (r Rule) Identity() string { return r.ID }

// WithIdentity returns the rule under another ID.
func (r Rule) WithIdentity(id string) Rule { r.ID = id; return r }

// Scope names the part of the account that a search for this rule covers:
// all rules of its host.
func (r Rule) Scope() Place { return Place{CDN: r.CDN, Kind: SearchArea, Name: r.Host} }

// Equal reports whether both rules say the same, whatever their IDs and what
// can only be observed. A published port that was not told counts as the
// protocol's own.
func (r Rule) Equal(o Rule) bool { return r.SameAs(&o) }

// SameAs is Equal without copies: every plan compares all rules.
func (r *Rule) SameAs(o *Rule) bool {
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

// RulesAt are those of a list, in the order that Compare makes, that have a key.
func RulesAt(list []*Rule, key RuleKey) []*Rule {
	from, _ := slices.BinarySearchFunc(list, key, func(r *Rule, key RuleKey) int { return r.RuleKey.Compare(key) })
	to := from
	for to < len(list) && list[to].RuleKey == key {
		to++
	}
	return list[from:to]
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

// Where is the key of the rule, without a copy.
func (r *Rule) Where() *RuleKey { return &r.RuleKey }
