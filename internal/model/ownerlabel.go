package model

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// OwnerHeader is the request header by which a rule of ours says whose it is;
// a provider says how its rules carry it.
const OwnerHeader = "X-Edgeward"

// MaxOwnerLabel bounds an owner label's length in characters. No provider documents a
// limit; 255 is what such fields commonly hold.
const MaxOwnerLabel = 255

// OwnerLabel is who a rule belongs to.
type OwnerLabel struct {
	Owner string
	IngressID
}

// String is the header's value for a rule at key:
//
//	<owner>/<cluster>/<namespace>/<ingress>/<hash of published host and path>
func (m OwnerLabel) String(key RuleKey) string {
	sum := key.hash()
	return m.Owner + "/" + m.Cluster + "/" + m.Namespace + "/" + m.Name + "/" + string(sum[:])
}

// Length is that of the header's value, whatever the key.
func (m OwnerLabel) Length() int {
	return len(m.Owner) + len(m.Cluster) + len(m.Namespace) + len(m.Name) + len("////") + hashSize
}

// ParseOwnerLabel reads the label found on a rule at key. It is not ok for anything
// that is not an owner label, and for one whose hash belongs to another host and path:
// that rule is a copy somebody made of ours.
func ParseOwnerLabel(s string, key RuleKey) (m OwnerLabel, ok bool) {
	owner, rest, _ := strings.Cut(s, "/")
	cluster, rest, _ := strings.Cut(rest, "/")
	namespace, rest, _ := strings.Cut(rest, "/")
	name, found, _ := strings.Cut(rest, "/")
	if sum := key.hash(); found != string(sum[:]) {
		return OwnerLabel{}, false
	}
	m = OwnerLabel{Owner: owner, IngressID: IngressID{Cluster: cluster, Namespace: namespace, Name: name}}
	return m, m.Owner != "" && m.Cluster != "" && m.Namespace != "" && m.Name != ""
}

// hashSize is how many characters a hash has.
const hashSize = 16

// hash is the first 64 bits of a SHA-256 of host and path, in hexadecimal:
// enough to tell a rule from its copy, not a secret. It is made for each rule
// whenever what became of the Ingresses is told, so without an allocation.
func (k RuleKey) hash() (text [hashSize]byte) {
	var short [128]byte
	sum := sha256.Sum256(append(append(short[:0], k.Host...), k.Path...))
	hex.Encode(text[:], sum[:hashSize/2])
	return text
}

// Hash is the same of any string.
func Hash(s string) string {
	text := RuleKey{Host: s}.hash()
	return string(text[:])
}

// OwnerLabel returns whose rule it is: the label that its protocol sets carry. It is
// not ok where none carries a valid one or two carry different ones. A set
// without a label beside a labelled one is drift, not another's rule.
func (r Rule) OwnerLabel() (found OwnerLabel, ok bool) {
	for _, p := range r.Protocols {
		if p.Label == "" {
			continue
		}
		label, valid := ParseOwnerLabel(p.Label, r.RuleKey)
		if !valid || ok && label != found {
			return OwnerLabel{}, false
		}
		found, ok = label, true
	}
	return found, ok
}

// SharesLabels reports whether a rule carries in every protocol set the label that a wanted
// one has there, as all wanted ones have.
func (r *Rule) SharesLabels(wanted *Rule) bool {
	return r.sharesProtocols(wanted) || r.Labelled() &&
		slices.EqualFunc(r.Protocols, wanted.Protocols, func(a, b Protocol) bool { return a.Label == b.Label })
}

// LabelledAs reports whether a rule stands where another one was asked for, with just the
// label of that.
func (r Rule) LabelledAs(asked Rule) bool {
	found, ok := r.OwnerLabel()
	want, _ := asked.OwnerLabel()
	return ok && found == want && r.RuleKey == asked.RuleKey
}

// SameOwner reports whether both rules stand at one host and path and carry a valid
// label of one owner.
func (r Rule) SameOwner(o Rule) bool {
	mine, ok := r.OwnerLabel()
	theirs, too := o.OwnerLabel()
	return ok && too && mine.Owner == theirs.Owner && r.RuleKey == o.RuleKey
}

// LostLabel reports whether a rule stands as the one of ours that was found without its
// label, see Unkept, and nobody has labelled it since.
func (r Rule) LostLabel(found Rule) bool {
	_, valid := r.OwnerLabel()
	return found.Unkept && !valid && r.RuleKey == found.RuleKey && r.SourceHost == found.SourceHost
}

// Unlabelled returns the rule without any owner label: nobody's, for whoever wants it.
func (r Rule) Unlabelled() Rule {
	r.Protocols = slices.Clone(r.Protocols)
	for i := range r.Protocols {
		r.Protocols[i].Label = ""
	}
	return r
}

// Labelled reports whether any protocol set carries a label, valid or not. Only a
// rule that nobody labelled may be adopted.
func (r Rule) Labelled() bool {
	for _, p := range r.Protocols {
		if p.Label != "" {
			return true
		}
	}
	return false
}
