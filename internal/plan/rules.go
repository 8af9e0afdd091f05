package plan

import (
	"fmt"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/recordset"
	"github.com/edgeward/edgeward/internal/table"
)

// rules is the stage that decides about every host and path that is wanted or that a rule
// of ours has.
type rules struct {
	*draft
	clusters map[string]*cluster
	sets     map[string]recordset.State
	labels   labelPlan
	aliases  hostalias.Aliases
	guard    *guard.Guard
	rulePlan
}

// rulePlan is what the stage has found.
type rulePlan struct {
	// leads are, by host, the names at CDNs to which it may be led: the rules are served.
	leads map[string][]lead
	// giveWay are the hosts that must not lead to their CDN for now: the rule there has to
	// go before its successor can be made.
	giveWay map[string]bool
	leaving map[clusterCDN][]guard.Deletion[model.Rule]
	// condemned is how many more rules may go on which an operation is under way.
	condemned map[clusterCDN]int
	// undecided are the Ingresses for which a rule stands while their class is unknown.
	undecided map[model.IngressID]bool

	// The memory being built.
	decided  map[model.IngressID]bool
	madeRoom map[model.RuleKey]string
}

// lead is where a host may lead, for which Ingress.
type lead struct {
	cdnName string
	ingress model.IngressID
	adopt   bool // a CNAME that nobody labelled may be taken over, if it leads there
}

func planRules(d *draft, clusters map[string]*cluster, sets map[string]recordset.State, labels labelPlan, aliases hostalias.Aliases, g *guard.Guard) rulePlan {
	r := &rules{d, clusters, sets, labels, aliases, g, rulePlan{
		leads: make(map[string][]lead), giveWay: make(map[string]bool),
		leaving: make(map[clusterCDN][]guard.Deletion[model.Rule]), condemned: make(map[clusterCDN]int),
		undecided: make(map[model.IngressID]bool), decided: make(map[model.IngressID]bool), madeRoom: make(map[model.RuleKey]string),
	}}
	d.out.Routes = make([]RouteState, 0, len(d.Want.Routes))
	d.out.Rules = slices.Grow(d.out.Rules, max(0, len(d.Want.Routes)-len(d.Rules.Objects)))
	for _, row := range d.rows.All {
		switch {
		case r.synced(row):
			d.result(row.Route, desired.Synced, "")
		case d.Rules.Part(string(row.Where().CDN)).Known:
			r.plan(row)
		}
	}
	r.tellUndecided()
	return r.rulePlan
}

// synced reports whether all is well at a row, without a look at its rule and its
// route. It is not where plan has something to do or another thing to say.
func (r *rules) synced(row *table.Row) bool {
	return row.InSync && r.sets[row.Group.Set].Converged && !r.rowWrites.Has(row) && len(r.aliases.Of) == 0 && !r.missing(row)
}

// plan decides about all rules at one host and path.
func (r *rules) plan(row *table.Row) {
	route, key := row.Route, *row.Where()
	switch {
	case r.rowWrites.Is(row, observed.InFlight):
		r.outcome(route, desired.Pending, "on the way")
		r.stillThere(row.Ours)
		return
	case r.rowWrites.Is(row, observed.Unknown) || r.missing(row):
		r.outcome(route, desired.Pending, "it has to be looked up what became of the last attempt")
		r.stillThere(row.Ours)
		return
	}
	if lost := r.labels.lost[key]; lost != nil {
		if route.Wanted() {
			r.mayLead(route, lost)
		}
		r.outcome(route, desired.Failed, lostLabelReason)
		return
	}
	if id, held := r.heldFor(row); held {
		r.hold(row, id)
		return
	}
	switch {
	case route.Release:
		r.release(row)
		return
	case !route.Wanted():
		for _, own := range row.Ours {
			r.unwanted(own)
		}
		return
	}
	if cluster, ok := r.writable(row.Ours); !ok {
		r.conflict(route, "its rule belongs to cluster "+cluster+", which is not in the configuration or cannot be served now")
		return
	}
	switch {
	case len(row.Ours) == 0:
		r.makeRule(row)
	case r.Settings.CDN(key.CDN).OriginFixed:
		if current, ok := r.succeed(row); ok {
			r.keepUp(row, []table.OwnRule{current})
		}
	default:
		r.keepUp(row, row.Ours)
	}
}

// writable reports whether all of our rules may be written to: whether their
// clusters are in the configuration and can be served.
func (r *rules) writable(ours []table.OwnRule) (obstacle string, ok bool) {
	for _, own := range ours {
		if c := r.clusters[own.Ingress.Cluster]; c == nil || !c.owned {
			return own.Ingress.Cluster, false
		}
	}
	return "", true
}

// hold leaves a row as it is for the sake of an Ingress whose rule stands there.
func (r *rules) hold(row *table.Row, id model.IngressID) {
	route, key := row.Route, *row.Where()
	r.out.Held[key] = id
	why := ", which goes before and cannot be understood as it is now"
	if r.Want.Undecided(id) {
		r.undecided[id], why = true, ", whose class cannot be looked up now"
	}
	if route.Wanted() || route.Release {
		r.conflict(route, "it is served by Ingress "+id.String()+why)
	}
}

// tellUndecided tells of each class that cannot be looked up, once for all Ingresses
// of it for which a rule stands.
func (r *rules) tellUndecided() {
	type class struct{ cluster, name string }
	of := make(map[class][]model.IngressID)
	for id := range r.undecided {
		at := class{id.Cluster, r.Want.Class(id)}
		of[at] = append(of[at], id)
	}
	for at, ids := range of {
		first, more := slices.MinFunc(ids, model.IngressID.Compare), ""
		if n := len(ids) - 1; n > 0 {
			more = fmt.Sprintf(" and of %d more", n)
		}
		r.notice("cluster %s: the class %.80q of Ingress %s%s cannot be looked up, so their rules stay as they are: %s",
			at.cluster, at.name, kube.Key{Namespace: first.Namespace, Name: first.Name}, more, desired.ClassHelp)
	}
}

// makeRule makes the rule of a route that has none, once its addresses stand,
// unless somebody else's rule has the place.
func (r *rules) makeRule(row *table.Row) {
	route, key := row.Route, *row.Where()
	op := model.Op[model.Rule]{Verb: model.Create, To: &route.Rule, Ingress: route.Ingress, Urgency: model.UrgentCreate}
	if len(row.Others) > 0 {
		if !adoptable(route, row.Others) {
			r.conflict(route, strangers(row.Others))
			return
		}
		if r.Settings.CDN(key.CDN).OriginFixed && !sameOrigin(*row.Others[0], route.Rule) {
			r.conflict(route, "a rule that nobody marked has it, with another origin, which cannot be changed")
			return
		}
		op.Verb, op.From, op.Adopt, op.Urgency = model.Update, row.Others[0], true, model.UrgentChange
	}
	if extra, ok := r.Memory.madeRoom[key]; ok { // another rule has made room for this one
		r.madeRoom[key] = extra
		op.To = new(op.New())
		op.To.Extra = extra
	}
	if due := r.labels.memory[key].due; r.Now.Before(due) {
		r.outcome(route, desired.Failed, lostLabelReason)
		r.wakeAt(due)
		return
	}
	if r.awaitOrigin(route) {
		r.rule(op)
		r.waiting(row, "on the way")
	}
}

// strangers says whose rules stand in the way.
func strangers(others []*model.Rule) string {
	for _, r := range others {
		if label, ok := r.OwnerLabel(); ok {
			return "a rule of another edgeward, owner " + label.Owner + ", has it already"
		}
	}
	return "a rule that edgeward did not make has it already; delete it, or let edgeward take it over (annotation edgeward/adopt, sync.adopt)"
}

// keepUp brings one of our rules at a row up to date, and removes its duplicates.
func (r *rules) keepUp(row *table.Row, ours []table.OwnRule) {
	if len(row.Others) > 0 {
		r.notice("beside our rule %s there is another at the same host and path that is not ours; which of them the CDN follows is not known: delete one", row.Where())
	}
	route := row.Route
	i := slices.IndexFunc(ours, func(own table.OwnRule) bool { return own.SameAs(&route.Rule) })
	if i < 0 {
		stands := ours[0].Rule
		keepsOrigin := stands.SourceHost == route.Rule.SourceHost && r.clusters[route.Ingress.Cluster].owned
		if keepsOrigin || r.awaitOrigin(route) {
			r.rule(model.Op[model.Rule]{Verb: model.Update, From: stands, To: &route.Rule, Ingress: route.Ingress, Urgency: model.UrgentChange})
			r.waiting(row, "on the way")
		}
		return
	}
	stands := ours[i].Rule
	for _, own := range ours {
		if own.ID != stands.ID {
			r.rule(model.Op[model.Rule]{Verb: model.Delete, From: own.Rule, Ingress: route.Ingress, Urgency: model.UrgentTidy})
		}
	}
	r.mayLead(route, stands)
	r.tellStanding(route, stands)
}

// tellStanding says what became of a route whose rule stands as wanted.
func (r *rules) tellStanding(route *desired.Route, stands *model.Rule) {
	set := r.sets[route.Set]
	switch {
	case stands.Pending:
		r.openFor(route.Ingress, Open{Rules: true})
		r.result(route, desired.Pending, "the CDN is still preparing it")
		r.poll(route.Rule.CDN)
	case set.Failed:
		r.openFor(route.Ingress, Open{Records: true})
		r.result(route, desired.Failed, "an address of "+route.Rule.SourceHost+" could not be made")
	case !set.Converged:
		r.openFor(route.Ingress, Open{Records: true})
		r.result(route, desired.Pending, "the addresses of "+route.Rule.SourceHost+" are on the way")
	default:
		r.result(route, desired.Synced, "")
	}
}

// mayLead notes that a route is served, so that its host may lead to it.
func (r *rules) mayLead(route *desired.Route, stands *model.Rule) {
	name, host := r.Settings.CDNName(stands), route.Rule.Host
	if name != "" && !stands.Pending && r.aliases.Of[host] != nil {
		r.leads[host] = append(r.leads[host], lead{name, route.Ingress, route.Adopt})
	}
}

// waiting says that a route's rule still has to be written: it is pending, or in error
// after a failed attempt.
func (r *rules) waiting(row *table.Row, reason string) {
	if r.rowWrites.Is(row, observed.BackingOff) {
		r.outcome(row.Route, desired.Failed, "the provider refused or did not answer")
		return
	}
	r.outcome(row.Route, desired.Pending, reason)
}

// outcome says what became of a route, if it is wanted, that has work outstanding.
func (r *rules) outcome(route *desired.Route, s desired.State, reason string) {
	if route.Wanted() {
		r.openFor(route.Ingress, Open{Rules: true, Records: !r.sets[route.Set].Converged})
		r.result(route, s, reason)
	}
}
