package feedback

import (
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// Report is what a cluster is to be told of one Ingress.
type Report struct {
	Ingress model.IngressID
	UID     string
	// Version is the resource version that Published was read at.
	Version string
	// Hostnames are the CDNs' hosts that the Ingress's status has to show, sorted;
	// none: none of ours may stand there.
	Hostnames []string
	// Published holds the hostnames of ours that stood in the status.
	Published []string
	// Found says that a rule of the Ingress stood at the CDN already when that
	// was read for the first time.
	Found bool
	// Absent says that the Ingress is not among the selected ones, but a rule of
	// it stands, or stood when this process began. Only Ingress is known then, and
	// Hostnames, which may go on standing in its status until the rule goes: what
	// follows the status must not be led away from a rule that sync.max_delete keeps.
	Absent bool
	// Undecided says that nobody knows whether the Ingress is ours: what was said of
	// it and stands in its status stays so.
	Undecided bool
	Messages  []Message // ordered by Reason, one of each
}

// hostnames are the Hostnames as one text.
func (r Report) hostnames() string { return strings.Join(r.Hostnames, " ") }

// Message is what an Event says. Reason is one word ("Synced"); Text is at most
// maxText bytes long.
type Message struct {
	Reason  string
	Warning bool
	Text    string
}
