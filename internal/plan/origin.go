package plan

import (
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// readiness is whether a rule may name an origin; if not, what is to be said of its route.
type readiness struct {
	ready  bool
	state  desired.State
	reason string
	verify *model.Record // has to be read by itself first
}

// originReady finds out whether a rule may name the route's origin: the record of
// ownership stands, and so do all addresses but those that the provider refuses.
func (r *rules) originReady(route *desired.Route) readiness {
	c, set, want := r.clusters[route.Ingress.Cluster], r.sets[route.Set], r.Want.Sets[route.Set]
	addresses := "the addresses of " + route.Rule.SourceHost
	switch {
	case c.why != "":
		return readiness{state: desired.Failed, reason: "the cluster's names in the zone are not its own"}
	case set.Standing == 0 && want.Empty():
		return readiness{state: desired.Pending, reason: want.Lacks}
	case c.owned && c.says.ListsCDN(route.Key.CDN):
	case c.failed:
		return readiness{state: desired.Failed, reason: "its cluster's claim in the zone could not be made"}
	default:
		return readiness{state: desired.Pending, reason: "its cluster's claim in the zone is on the way"}
	}
	switch {
	case set.Standing == 0 && set.Failed && set.Tried:
		return readiness{state: desired.Failed, reason: "no address of " + route.Rule.SourceHost + " could be made"}
	case set.Standing == 0 || !set.Tried:
		return readiness{state: desired.Pending, reason: addresses + " are on the way"}
	case set.Unproven != nil:
		return readiness{state: desired.Pending, reason: "it is made sure that " + addresses + " stand", verify: set.Unproven}
	}
	return readiness{ready: true}
}

// awaitOrigin reports whether a rule may name the route's origin; until then it says what
// the route waits for, and does what helps.
func (r *rules) awaitOrigin(route *desired.Route) bool {
	origin := r.originReady(route)
	if origin.ready {
		return true
	}
	if origin.verify != nil {
		r.records.Verify(origin.verify)
	}
	r.outcome(route, origin.state, origin.reason)
	return false
}
