package table

import (
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// Row is a host and path at a CDN: what is wanted there, and what stands. It is not
// changed once made.
type Row struct {
	Route  *desired.Route // the zero Route: nobody wants anything here
	Ours   []OwnRule
	Others []*model.Rule // that are not ours
	// InSync says that one rule stands here, ours and just as wanted, and is served. So it
	// is nearly everywhere at any time, and then Group says all that a plan has to know.
	InSync bool
	Group  Group
}

// OwnRule is a rule of ours and the Ingress that it is for.
type OwnRule struct {
	*model.Rule
	Ingress *model.IngressID
}

// Group is what many rows have in common: the cluster, the CDN, and the zone name of the
// origin.
type Group struct {
	Cluster string
	CDN     model.Provider
	Set     string
}

// Where is the key of the row, without a copy.
func (r *Row) Where() *model.RuleKey {
	switch {
	case len(r.Ours) > 0:
		return &r.Ours[0].RuleKey
	case len(r.Others) > 0:
		return &r.Others[0].RuleKey
	}
	return &r.Route.Key
}

// newRow is what a route, if there is one, and the rules at its key make.
func newRow(route *desired.Route, rules []*model.Rule, owner string) *Row {
	row := &Row{Route: route}
	if route == nil {
		row.Route = new(desired.Route)
	}
	for _, r := range rules {
		if id := ingressOf(r, row.Route, owner); id != nil {
			row.Ours = append(row.Ours, OwnRule{r, id})
		} else {
			row.Others = append(row.Others, r)
		}
	}
	row.InSync = route.Wanted() && len(row.Ours) == 1 && len(row.Others) == 0 && !row.Ours[0].Pending && row.Ours[0].SameAs(&route.Rule)
	if row.InSync {
		row.Group = Group{route.Ingress.Cluster, route.Rule.CDN, route.Set}
	}
	return row
}

// ingressOf returns the Ingress that a rule is for, nil if the rule is not the owner's. To
// check a label's hash is what costs most in planning: one that is as wanted is not read.
func ingressOf(r *model.Rule, wanted *desired.Route, owner string) *model.IngressID {
	if r.SharesLabels(&wanted.Rule) {
		return &wanted.Ingress
	}
	if label, ok := r.OwnerLabel(); ok && label.Owner == owner {
		return &label.IngressID
	}
	return nil
}
