package status

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// addRoutes adds an Ingress's routes, in order, and sums them up: its state is the worst of
// theirs. A route that was let go of is nothing to show.
func (i *Ingress) addRoutes(routes []outcome.Route) {
	i.State = desired.Synced
	for _, r := range routes {
		if r.Kind == outcome.Released {
			continue
		}
		i.Routes = append(i.Routes, shownRoute(r))
		if rank(r.State) < rank(i.State) {
			i.State = r.State
		}
	}
	slices.SortFunc(i.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path),
			cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Rule, b.Rule))
	})
}

func shownRoute(from outcome.Route) Route {
	r := Route{Host: from.Key.Host, Path: from.Key.Path, State: from.State, Reason: from.Reason, Failure: shownFailure(from.Failure)}
	if from.Stands != nil {
		r.Rule = from.Stands.ID
	}
	if rule := from.Rule(); rule != nil {
		r.show(rule)
	}
	return r
}

// show takes over what a rule publishes and where from.
func (r *Route) show(rule *model.Rule) {
	r.CDN, r.Origin = rule.CDN, rule.SourceHost
	for _, p := range rule.Protocols {
		r.URLs = append(r.URLs, p.Published+"://"+rule.Host+rule.Path)
		from := fmt.Sprintf("%s://%s:%d%s", p.Source, rule.SourceHost, p.SourcePort, rule.SourcePath)
		if !slices.Contains(r.OriginURLs, from) {
			r.OriginURLs = append(r.OriginURLs, from)
		}
	}
}
