package model

import (
	"cmp"
	"slices"
	"strings"
)

// RuleKey is what a CDN's rule publishes and an Ingress asks for. What a path stands for
// depends on the CDN, see PathStyle.
type RuleKey struct {
	CDN  Provider
	Host string // in lower case, without a dot at its end
	Path string // a URL path, which begins with "/"
}

// String returns host and path joined, as in a URL without its scheme.
func (k RuleKey) String() string { return k.Host + k.Path }

// Compare orders keys by host, path, then CDN.
func (k RuleKey) Compare(o RuleKey) int {
	if c := strings.Compare(k.Host, o.Host); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(k.Path, o.Path), strings.Compare(string(k.CDN), string(o.CDN)))
}

// Protocol is a protocol set of a rule: what is published, and how the origin is asked.
type Protocol struct {
	Published     string // "http" or "https"
	PublishedPort int    // 0: the CDN does not tell
	Source        string // "http" or "https"
	SourcePort    int
	// Label is the value of the request header OwnerHeader that the CDN sends to the
	// origin; "" if it sends none.
	Label string
}

// Rule is a CDN's rule, wanted or observed, reduced to the fields that are ours.
type Rule struct {
	ID string // the provider's; "" for a rule that is only wanted
	RuleKey
	SourceHost string     // the origin's host, in lower case, without a dot at its end
	SourcePath string     // the path for which the origin is asked in place of Path
	Profile    string     // the service profile; "" at a CDN without these
	Protocols  []Protocol // in the order of Published
	// Certificate is what the host is published with on https; nil where there is none,
	// or the CDN is not given one for each host.
	Certificate *Certificate

	// Observed only, and not compared:

	// Published is the CDN's own host name for the rule, to which DNS has to lead the
	// published host; "" where the CDN does not tell.
	Published string
	// Pending says that the CDN does not serve the rule yet.
	Pending bool
	// Extra is what somebody set on the rule beside our fields, in a form that only the
	// CDN's package reads; "" if nothing. A rule that has to be made anew is made with it.
	Extra string
	// Unkept says of a rule that is to be changed that this process wrote our owner label
	// on it and the CDN did not keep it. The rule is ours although it does not say so.
	Unkept bool
}

// Key returns the rule's place.
func (r Rule) Key() Place { return r.RuleKey.Place() }

// Place returns the place of the rule with that key.
func (k RuleKey) Place() Place {
	return Place{CDN: k.CDN, Kind: RulePlace, Name: k.Host, Detail: k.Path}
}

// Identity returns the provider's ID.
func (r Rule) Identity() string { return r.ID }

// WithIdentity returns the rule under another ID.
func (r Rule) WithIdentity(id string) Rule { r.ID = id; return r }

// Scope returns the place of a search for the rule: all rules of its host.
func (r Rule) Scope() Place { return Place{CDN: r.CDN, Kind: SearchArea, Name: r.Host} }

// Equal reports whether both rules say the same, whatever their IDs and what can only be
// observed. A published port that the CDN does not tell counts as the protocol's own.
func (r Rule) Equal(o Rule) bool { return r.SameAs(&o) }

// SameAs is Equal without copies, since every plan compares all rules.
func (r *Rule) SameAs(o *Rule) bool {
	return r.RuleKey == o.RuleKey && r.SourceHost == o.SourceHost && r.SourcePath == o.SourcePath &&
		r.Profile == o.Profile && r.Certificate.Equal(o.Certificate) &&
		slices.EqualFunc(r.Protocols, o.Protocols, func(a, b Protocol) bool {
			a.PublishedPort, b.PublishedPort = a.port(), b.port()
			return a == b
		})
}

// Compare orders rules by their keys, those of one key by their IDs.
func (r Rule) Compare(o Rule) int {
	if c := r.RuleKey.Compare(o.RuleKey); c != 0 {
		return c
	}
	return strings.Compare(r.ID, o.ID)
}

// RulesAt returns the rules with a key, out of a list in the order of Compare.
func RulesAt(list []*Rule, key RuleKey) []*Rule {
	from, _ := slices.BinarySearchFunc(list, key, func(r *Rule, key RuleKey) int { return r.RuleKey.Compare(key) })
	to := from
	for to < len(list) && list[to].RuleKey == key {
		to++
	}
	return list[from:to]
}

// Observed returns the rule with what only the provider says of it.
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

// PublishedPort returns the port of a protocol: 443 for "https", 80 for "http".
func PublishedPort(protocol string) int {
	if protocol == "https" {
		return 443
	}
	return 80
}

// Where returns the key of the rule without a copy.
func (r *Rule) Where() *RuleKey { return &r.RuleKey }
