package desired

import (
	"fmt"

	"github.com/edgeward/edgeward/internal/model"
)

// State is what became of a route, or of an Ingress, or a rule of it, that yields no
// host and path.
type State string

const (
	Synced   State = "synced"   // the rule and its addresses stand
	Pending  State = "pending"  // on the way, or waiting for an object in the cluster
	Conflict State = "conflict" // another Ingress, or somebody else's rule, has the place
	Invalid  State = "invalid"  // cannot be published as it is written
	Failed   State = "error"    // the provider refuses it or does not answer
	Released State = "released" // the Ingress let go of its rule
)

// Problem is why something is not published. Key is zero where the problem concerns an
// Ingress, or a rule of it, that yields no host and path.
type Problem struct {
	Ingress model.IngressID
	Key     model.RuleKey
	State   State
	Reason  string
}

// Warning is something that the author of an Ingress should know although it is
// published.
type Warning struct {
	Ingress model.IngressID
	Message string
}

// refusal is why something is not published.
type refusal struct {
	state  State
	reason string
	// denied: the configuration does not allow it. Other refusals mean that an Ingress
	// is not understood, so that its live rules may stay; this one does not.
	denied bool
}

func invalid(format string, a ...any) *refusal {
	return &refusal{state: Invalid, reason: fmt.Sprintf(format, a...)}
}

func pending(format string, a ...any) *refusal {
	return &refusal{state: Pending, reason: fmt.Sprintf(format, a...)}
}

func denied(format string, a ...any) *refusal {
	return &refusal{state: Invalid, reason: fmt.Sprintf(format, a...), denied: true}
}

// notAllowed ends the reason of a refusal that is denied.
const notAllowed = "the configuration does not allow this namespace (clusters[].allow)"
