package status

import (
	"cmp"
	"fmt"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"slices"
)

// addIngresses lists all Ingresses: what the plan says of each route that is
// wanted, what is not published and why, and what of ours stands besides.
func (c *catalog) addIngresses() {
	all := make(map[model.IngressID]*Ingress)
	of := func(id model.IngressID) *Ingress {
		if all[id] == nil {
			all[id] = &Ingress{
				Cluster: id.Cluster, Namespace: id.Namespace, Name: id.Name, State: desired.Synced, LastSync: c.o.LastSync(id),
			}
		}
		return all[id]
	}
	type place struct {
		id  model.IngressID
		key model.RuleKey
	}
	told := make(map[place]bool)   // by the plan
	shown := make(map[string]bool) // IDs of rules
	add := func(id model.IngressID, key model.RuleKey, state desired.State, reason string) {
		told[place{id, key}] = true
		r, live := c.route(id, key, state, reason)
		shown[live] = true
		of(id).Routes = append(of(id).Routes, r)
	}
	for _, r := range c.o.Step.Routes {
		add(r.Ingress, r.Key, r.State, r.Reason)
	}
	for _, p := range plan.Problems(c.o.Want, c.o.Step) {
		add(p.Ingress, p.Key, p.State, p.Reason)
	}
	for _, r := range c.o.Want.Routes {
		if r.Wanted() && !told[place{r.Ingress, r.Key}] {
			add(r.Ingress, r.Key, desired.Pending, "not compared with the providers yet")
		}
	}
	for key, list := range c.live {
		for _, r := range list {
			if _, ours := c.o.Want.Clusters[r.ingress.Cluster]; ours && !shown[r.ID] {
				of(r.ingress).Routes = append(of(r.ingress).Routes, c.leftover(key, r))
			}
		}
	}
	warned := make(map[desired.Warning]bool)
	for _, w := range slices.Concat(c.o.Want.Warnings, c.o.Step.Warnings) {
		if i := of(w.Ingress); !warned[w] {
			warned[w] = true
			i.Warnings = append(i.Warnings, w.Message)
		}
	}
	c.Ingresses = make([]Ingress, 0, len(all))
	for _, i := range all {
		c.Ingresses = append(c.Ingresses, c.arranged(*i))
	}
	slices.SortFunc(c.Ingresses, func(a, b Ingress) int {
		return cmp.Or(cmp.Compare(c.rank[a.State], c.rank[b.State]), a.ID().Compare(b.ID()))
	})
}

// arranged sorts an Ingress's routes and sums them up.
func (c *catalog) arranged(i Ingress) Ingress {
	slices.SortFunc(i.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path),
			cmp.Compare(c.rank[a.State], c.rank[b.State]), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Rule, b.Rule))
	})
	for _, r := range i.Routes {
		if c.rank[r.State] < c.rank[i.State] {
			i.State = r.State
		}
	}
	return i
}

// route describes one host and path of an Ingress, and returns the ID of the
// live rule, if it has one.
func (c *catalog) route(id model.IngressID, key model.RuleKey, state desired.State, reason string) (r Route, live string) {
	r = Route{Host: key.Host, Path: key.Path, State: state, Reason: reason}
	if key == (model.RuleKey{}) {
		return r, ""
	}
	want := c.o.Want.Route(key)
	wanted := want.Wanted() && want.Ingress == id && state != desired.Conflict && state != desired.Invalid
	for _, rule := range c.live[key] {
		if wanted || rule.ingress == id {
			r.Rule = rule.ID
			r.show(rule.Rule)
			break
		}
	}
	if wanted {
		r.show(want.Rule)
	}
	if state == desired.Failed || state == desired.Pending {
		r.Failure = cmp.Or(c.failures[key.Place()], c.failures[model.Rule{RuleKey: key}.Scope()])
	}
	if state == desired.Failed && r.Failure == nil {
		r.Failure = cmp.Or(c.ofName[want.Set], c.ofName[model.OwnershipName(id.Cluster, c.o.Settings.Owner)])
	}
	return r, r.Rule
}

// leftover describes a rule of ours that no route accounts for.
func (c *catalog) leftover(key model.RuleKey, rule liveRule) Route {
	r := Route{Host: key.Host, Path: key.Path, State: desired.Pending, Rule: rule.ID, Failure: c.failures[key.Place()]}
	r.show(rule.Rule)
	cluster := rule.ingress.Cluster
	switch {
	case c.o.Want.Clusters[cluster] == nil:
		r.Reason = "the cluster was not read yet; until then the rule stays as it is"
	case c.o.Step.Kept[rule.ID] != "":
		r.Reason = c.o.Step.Kept[rule.ID]
	case slices.ContainsFunc(c.o.Step.Blocked, func(b guard.Blocked) bool { return b.Cluster == cluster && b.Provider == rule.CDN }):
		r.Reason = "no Ingress wants this rule any more, but sync.max_delete forbids to delete so much"
	case r.Failure != nil:
		r.State, r.Reason = desired.Failed, "no Ingress wants this rule any more, and it could not be deleted"
	default:
		r.Reason = "no Ingress wants this rule any more; it is about to be deleted"
	}
	return r
}

// show takes over what a rule publishes and where from.
func (r *Route) show(rule model.Rule) {
	r.CDN, r.Origin, r.URLs, r.OriginURLs = rule.CDN, rule.SourceHost, nil, nil
	for _, p := range rule.Protocols {
		r.URLs = append(r.URLs, p.Published+"://"+rule.Host+rule.Path)
		from := fmt.Sprintf("%s://%s:%d%s", p.Source, rule.SourceHost, p.SourcePort, rule.SourcePath)
		if !slices.Contains(r.OriginURLs, from) {
			r.OriginURLs = append(r.OriginURLs, from)
		}
	}
}
