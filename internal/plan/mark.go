package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// MarkHeader is the request header by which a rule of ours says whose it is;
// the rule's option req_send_header carries it (CONTRACT: "Rules").
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
	return m.Owner + "/" + m.IngressID.String() + "/" + hash(key.String())
}

// ParseMark reads a mark found on a rule at key. It is not ok for anything
// that is not a mark, and for one whose hash belongs to another host and path:
// that rule is a copy somebody made of ours.
func ParseMark(s string, key RuleKey) (m Mark, ok bool) {
	part := strings.Split(s, "/")
	if len(part) != 5 || part[4] != hash(key.String()) {
		return Mark{}, false
	}
	m = Mark{Owner: part[0], IngressID: IngressID{Cluster: part[1], Namespace: part[2], Name: part[3]}}
	return m, m.Owner != "" && m.Cluster != "" && m.Namespace != "" && m.Name != ""
}

// hash is the first 64 bits of a SHA-256, in hexadecimal: enough to tell a
// rule from its copy, not a secret.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
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
