package outcome

import (
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// Ingress is what became of an Ingress that asks for something, or for which a rule stands.
type Ingress struct {
	ID       model.IngressID
	Routes   []Route  // in no particular order
	Warnings []string // each once
	// Stands says that a rule stands for it. Hostnames are the CDNs' names at which the
	// hosts of such rules are served, sorted, as far as they are known.
	Stands    bool
	Hostnames []string
}

// Route is what became of one host and path of an Ingress.
type Route struct {
	Kind    Kind
	Key     model.RuleKey // zero where it concerns no single host and path
	State   desired.State
	Reason  string      // why it is in this state; "" if there is nothing to say
	Wanted  *model.Rule // what shall be published for the Ingress; nil: nothing
	Stands  *model.Rule // the rule of ours that stands there; nil: none
	Failure *Failure    // the operation that keeps it from its place; nil: none is known
	// Hostname is the CDN's name to which DNS has to lead the host; "": not known (yet).
	Hostname string
}

// Kind says what made a route part of an Ingress's outcome.
type Kind int

const (
	Planned     Kind = iota // the Ingress wants it, and the plan compared it with what stands
	Uncompared              // the Ingress wants it, and no plan has compared it yet
	Unpublished             // the Ingress asks for it, but it is not to be published as things are
	Released                // the Ingress has let go of its rule
	LeftOver                // nobody wants the rule that stands
)

// Rule is what the route publishes or, as long as nothing stands, shall publish; nil where
// that is nothing.
func (r Route) Rule() *model.Rule {
	if r.Wanted != nil {
		return r.Wanted
	}
	return r.Stands
}
