package plan

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
)

// Step is what Next found.
type Step struct {
	Rules   []model.Op[model.Rule]   // safe now, in the order of their urgency
	Records []model.Op[model.Record] // likewise
	Memory  Memory                   // for the next call
	// Wake is when the first deletion that waits for its grace or linger may
	// go; zero: none waits.
	Wake time.Time
	// Routes tells what became of each route that is wanted; Problems those
	// that a live rule stands in the way of. Held are the Ingresses whose live
	// rules stay as they are, since they cannot be understood or their class cannot be
	// looked up.
	Routes   []RouteState // in the order of their keys
	Problems []desired.Problem
	Held     map[model.RuleKey]model.IngressID
	// Compared says that the first comparison of every cluster is over.
	Compared bool
	// Reread asks for a reading of these CDNs: before addresses go, it has to be
	// seen that nobody has pointed a rule at them meanwhile, before a published
	// host's rule goes, that nobody is led to it, and what a CDN is still preparing
	// is looked at now and then.
	Reread map[model.Provider]bool
	// RereadZones are the zones of which that is asked.
	RereadZones map[string]bool
	// Poll is when to ask again for the sake of what a CDN is still preparing, or
	// has refused; zero: there is nothing like that.
	Poll time.Time
	// Open are the Ingresses that still have work outstanding.
	Open map[model.IngressID]Open
	// Blocked are the losses that the guard does not believe. Relist asks for new
	// snapshots of these clusters that begin at that time or later: they may confirm them.
	Blocked []guard.Blocked
	Relist  map[string]time.Time
	// Warnings are about Ingresses that are published, beside those of Want.
	Warnings []desired.Warning
	Notices  []model.Notice
	// Stale are the sets, by zone name, whose last known addresses stay for want
	// of others.
	Stale map[string]Stale
	// NoDNS are the hosts in Settings.PublishZones for which edgeward can make no DNS,
	// so that somebody else has to lead them to their CDN.
	NoDNS map[string]bool
	// Kept says of rules of ours that nobody wants, by their IDs, why they stay.
	Kept map[string]string
	// Released are the Ingresses of which a rule was let go.
	Released []model.IngressID
	Owned    Owned
}

// Stale is what a set lacks, in whose part of the zone.
type Stale struct{ Cluster, Lacks string }

// String says it to an operator.
func (s Stale) String() string {
	return "cluster " + s.Cluster + ": " + s.Lacks + "; its last known addresses stay in DNS"
}

// StaleIn reports whether a cluster has such a set.
func (s Step) StaleIn(cluster string) bool {
	for _, set := range s.Stale {
		if set.Cluster == cluster {
			return true
		}
	}
	return false
}

// Owned is how many objects of the configuration's clusters stand.
type Owned struct {
	Rules             map[model.Provider]int // by CDN
	Addresses, Claims int
}

// RouteState is what became of a route that is wanted.
type RouteState struct {
	*desired.Route
	State  desired.State
	Reason string
}

// Published is the CDN at which an Ingress is published or on its way to be; "" if
// that is none.
func Published(want desired.Want, step Step, id model.IngressID) model.Provider {
	for _, key := range want.Claimed(id) {
		i, ok := slices.BinarySearchFunc(step.Routes, key, func(r RouteState, key model.RuleKey) int { return r.Key.Compare(key) })
		if ok && step.Routes[i].Ingress == id {
			return key.CDN
		}
	}
	return ""
}

// States are how many routes of each cluster are in each state.
func States(want desired.Want, step Step) map[string]map[desired.State]int {
	counts := make(map[string]map[desired.State]int)
	for name := range want.Clusters {
		counts[name] = map[desired.State]int{desired.Synced: 0, desired.Pending: 0, desired.Conflict: 0, desired.Invalid: 0, desired.Failed: 0}
	}
	for _, p := range Problems(want, step) {
		counts[p.Ingress.Cluster][p.State]++
	}
	for _, r := range step.Routes {
		counts[r.Ingress.Cluster][r.State]++
	}
	return counts
}

// Problems are all of a plan: why what is not published is not.
func Problems(want desired.Want, step Step) []desired.Problem {
	all := slices.Concat(want.Problems, step.Problems)
	for i, p := range all {
		if held, ok := step.Held[p.Key]; ok && held == p.Ingress {
			all[i].Reason += "; until then its rule stays as it is"
		}
	}
	return all
}

// Open says at which kind of provider an Ingress has work outstanding.
type Open struct{ Rules, Records bool }
