package outcome

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Finding is what holds for one or more routes of an Ingress, as for the two of a Prefix.
type Finding struct {
	Kind   Kind
	State  desired.State
	Reason string
	// Cause is what a provider answered to the operation that failed, as far as that is for
	// this Ingress or for many; "" if nothing failed.
	Cause  string
	Routes []string // "host/path", sorted; none: it holds for the Ingress as a whole
}

// Findings returns what is to be said of an Ingress's routes, those together for which the
// same holds, in the order of state, reason and cause.
func (in *Ingress) Findings() (all []Finding) {
	type same struct {
		kind          Kind
		state         desired.State
		reason, cause string
	}
	index := make(map[same]int)
	for _, r := range in.Routes {
		is := same{r.Kind, r.State, r.Reason, r.cause(in.ID)}
		i, ok := index[is]
		if !ok {
			i = len(all)
			index[is] = i
			all = append(all, Finding{Kind: is.kind, State: is.state, Reason: is.reason, Cause: is.cause})
		}
		if r.Key != (model.RuleKey{}) {
			all[i].Routes = append(all[i].Routes, r.Key.String())
		}
	}
	for i := range all {
		all[i].Routes = ordered.Distinct(all[i].Routes)
	}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.State, b.State), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Cause, b.Cause), cmp.Compare(a.Kind, b.Kind))
	})
	return all
}

// cause is what a provider answered for an Ingress. What it answered for another one at the
// same place concerns nobody else.
func (r Route) cause(id model.IngressID) string {
	if f := r.Failure; r.State == desired.Failed && f != nil && (f.Ingress == id || f.Ingress == model.IngressID{}) {
		return f.Error
	}
	return ""
}

// Waits reports whether what it says waits for an object in the cluster.
func (f Finding) Waits() bool { return f.Kind == Unpublished && f.State == desired.Pending }
