package model

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// OwnerHeader is the request header whose value, an owner label, says whose a rule is. A
// provider's package says how its rules carry it.
const OwnerHeader = "X-Edgeward"

// MaxOwnerLabel bounds an owner label's length in characters. No provider documents a
// limit; 255 is what such fields commonly hold.
const MaxOwnerLabel = 255

// OwnerLabel says whose a rule is: an owner's, for an Ingress.
type OwnerLabel struct {
	Owner string
	IngressID
}

// String returns the header's value for a rule at key:
//
//	<owner>/<cluster>/<namespace>/<ingress>/<hash of published host and path>
func (l OwnerLabel) String(key RuleKey) string {
	sum := key.hash()
	return l.Owner + "/" + l.Cluster + "/" + l.Namespace + "/" + l.Name + "/" + string(sum[:])
}

// Length returns the length of the header's value, which is the same for every key.
func (l OwnerLabel) Length() int {
	return len(l.Owner) + len(l.Cluster) + len(l.Namespace) + len(l.Name) + len("////") + hashSize
}

// ParseOwnerLabel reads the label found on a rule at key. It is not ok for anything that
// is not an owner label, nor for one whose hash is that of another host and path: that
// rule is a copy that somebody made of ours.
func ParseOwnerLabel(s string, key RuleKey) (l OwnerLabel, ok bool) {
	owner, rest, _ := strings.Cut(s, "/")
	cluster, rest, _ := strings.Cut(rest, "/")
	namespace, rest, _ := strings.Cut(rest, "/")
	name, found, _ := strings.Cut(rest, "/")
	if sum := key.hash(); found != string(sum[:]) {
		return OwnerLabel{}, false
	}
	l = OwnerLabel{Owner: owner, IngressID: IngressID{Cluster: cluster, Namespace: namespace, Name: name}}
	return l, l.Owner != "" && l.Cluster != "" && l.Namespace != "" && l.Name != ""
}

// hashSize is how many characters a hash has.
const hashSize = 16

// hash returns the first 64 bits of a SHA-256 of host and path, in lower-case hexadecimal:
// enough to tell a rule from a copy of it, and no secret. It is computed for every rule
// again and again, and therefore without an allocation.
func (k RuleKey) hash() (text [hashSize]byte) {
	var short [128]byte
	sum := sha256.Sum256(append(append(short[:0], k.Host...), k.Path...))
	hex.Encode(text[:], sum[:hashSize/2])
	return text
}

// Hash returns the first 64 bits of a SHA-256 of s, in lower-case hexadecimal.
func Hash(s string) string {
	text := RuleKey{Host: s}.hash()
	return string(text[:])
}

// OwnerLabel returns whose the rule is: the label that its protocol sets carry. It is not
// ok where none carries a valid one, or two carry different ones. A protocol set without
// a label beside a labelled one is drift and does not make it another's rule.
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

// SharesLabels reports whether the rule carries in every protocol set the label that a
// wanted rule has there.
func (r *Rule) SharesLabels(wanted *Rule) bool {
	return r.Labelled() &&
		slices.EqualFunc(r.Protocols, wanted.Protocols, func(a, b Protocol) bool { return a.Label == b.Label })
}

// LabelledAs reports whether the rule has the place and the owner label of a rule that was
// asked for.
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

// LostLabel reports whether the rule is the one of ours that was found without its label
// (see Rule.Unkept), and nobody has labelled it since.
func (r Rule) LostLabel(found Rule) bool {
	_, valid := r.OwnerLabel()
	return found.Unkept && !valid && r.RuleKey == found.RuleKey && r.SourceHost == found.SourceHost
}

// Unlabelled returns the rule without any owner label, so that it is nobody's.
func (r Rule) Unlabelled() Rule {
	r.Protocols = slices.Clone(r.Protocols)
	for i := range r.Protocols {
		r.Protocols[i].Label = ""
	}
	return r
}

// Labelled reports whether any protocol set carries a label, valid or not. Only a rule
// that is not labelled may be adopted.
func (r Rule) Labelled() bool {
	for _, p := range r.Protocols {
		if p.Label != "" {
			return true
		}
	}
	return false
}
