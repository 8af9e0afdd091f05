package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// MarkHeader is the request header by which a rule of ours says whose it is;
// the rule's option req_send_header carries it.
const MarkHeader = "X-Edgeward"

// maxMark bounds a mark's length in characters. Edgio documents no limit for
// an option's parameter; 255 is what such fields commonly hold.
const maxMark = 255

// Mark is who a rule belongs to.
type Mark struct {
	Owner string
	IngressID
}

// String is the header's value for a rule at key:
//
//	<owner>/<cluster>/<namespace>/<ingress>/<hash of published host and path>
func (m Mark) String(key RuleKey) string {
	sum := key.hash()
	return m.Owner + "/" + m.Cluster + "/" + m.Namespace + "/" + m.Name + "/" + string(sum[:])
}

// length is that of the header's value, whatever the key.
func (m Mark) length() int {
	return len(m.Owner) + len(m.Cluster) + len(m.Namespace) + len(m.Name) + len("////") + hashSize
}

// ParseMark reads a mark found on a rule at key. It is not ok for anything
// that is not a mark, and for one whose hash belongs to another host and path:
// that rule is a copy somebody made of ours.
func ParseMark(s string, key RuleKey) (m Mark, ok bool) {
	owner, rest, _ := strings.Cut(s, "/")
	cluster, rest, _ := strings.Cut(rest, "/")
	namespace, rest, _ := strings.Cut(rest, "/")
	name, found, _ := strings.Cut(rest, "/")
	if sum := key.hash(); found != string(sum[:]) {
		return Mark{}, false
	}
	m = Mark{Owner: owner, IngressID: IngressID{Cluster: cluster, Namespace: namespace, Name: name}}
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

// hash is the same of any string.
func hash(s string) string {
	text := RuleKey{Host: s}.hash()
	return string(text[:])
}

// Mark returns whose rule it is: the mark that its protocol sets carry. It is
// not ok where none carries a valid one or two carry different ones. A set
// without a mark beside a marked one is drift, not another's rule.
func (r Rule) Mark() (found Mark, ok bool) {
	for _, p := range r.Protocols {
		if p.Mark == "" {
			continue
		}
		m, valid := ParseMark(p.Mark, r.RuleKey)
		if !valid || ok && m != found {
			return Mark{}, false
		}
		found, ok = m, true
	}
	return found, ok
}

// markedAs reports whether a rule carries in every protocol set the mark that a wanted
// one has there, as all wanted ones have.
func (r *Rule) markedAs(wanted *Rule) bool {
	return r.sharesProtocols(wanted) || r.Marked() &&
		slices.EqualFunc(r.Protocols, wanted.Protocols, func(a, b Protocol) bool { return a.Mark == b.Mark })
}

// MarkedAs reports whether a rule stands where another one was asked for, with just the
// mark of that.
func (r Rule) MarkedAs(asked Rule) bool {
	found, ok := r.Mark()
	want, _ := asked.Mark()
	return ok && found == want && r.RuleKey == asked.RuleKey
}

// LostMark reports whether a rule stands as the one of ours that was found without its
// mark, see Unkept, and nobody has marked it since.
func (r Rule) LostMark(found Rule) bool {
	_, valid := r.Mark()
	return found.Unkept && !valid && r.RuleKey == found.RuleKey && r.SourceHost == found.SourceHost
}

// Unmarked returns the rule without any mark: nobody's, for whoever wants it.
func (r Rule) Unmarked() Rule {
	r.Protocols = slices.Clone(r.Protocols)
	for i := range r.Protocols {
		r.Protocols[i].Mark = ""
	}
	return r
}

// Marked reports whether any protocol set carries a mark, valid or not. Only a
// rule that nobody marked may be adopted.
func (r Rule) Marked() bool {
	for _, p := range r.Protocols {
		if p.Mark != "" {
			return true
		}
	}
	return false
}
