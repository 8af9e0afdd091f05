package vultrcdn

import (
	"regexp"

	"github.com/edgeward/edgeward/internal/model"
)

// label says, in the only text that a pull zone has room for, whose it is and
// which certificate it has (package documentation: "The label").
type label struct {
	mark        string // as in model.Protocol.Label; empty: there is none
	fingerprint string // of the certificate; empty: it has none
}

var labelForm = regexp.MustCompile(`^edgeward (\S+)(?: cert=([0-9a-f]{16}))?$`)

// parseLabel reads a label. One that is not of our form, to the byte, is empty.
func parseLabel(text string) label {
	part := labelForm.FindStringSubmatch(text)
	if part == nil {
		return label{}
	}
	return label{mark: part[1], fingerprint: part[2]}
}

// labelOf is the label that says what r does.
func labelOf(r model.Rule) label {
	l := label{mark: r.Protocols[0].Label}
	if r.Certificate != nil {
		l.fingerprint = r.Certificate.Fingerprint
	}
	return l
}

func (l label) String() string {
	text := "edgeward " + l.mark
	if l.fingerprint != "" {
		text += " cert=" + l.fingerprint
	}
	return text
}
