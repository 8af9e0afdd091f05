package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/table"
)

// sameOrigin reports whether both rules get their content from one origin, as
// far as a CDN cannot change that.
func sameOrigin(r, o model.Rule) bool {
	source := func(r model.Rule) string {
		if len(r.Protocols) == 0 {
			return ""
		}
		return r.Protocols[0].Source
	}
	return r.SourceHost == o.SourceHost && source(r) == source(o)
}

// succeed returns the one of our rules that has the route's origin, where that cannot be
// changed in place. If there is none, one is made beside the others, or after them where
// the CDN has no room for two. Once it is served, and nobody is led to the others any more,
// they go.
func (r *rules) succeed(row *table.Row) (current table.OwnRule, ok bool) {
	var with, without []table.OwnRule // the route's origin
	for _, own := range row.Ours {
		if sameOrigin(row.Route.Rule, *own.Rule) {
			with = append(with, own)
		} else {
			without = append(without, own)
		}
	}
	if len(with) == 0 {
		r.makeSuccessor(row)
		return table.OwnRule{}, false
	}
	current = r.chosen(row.Route, with)
	for _, twin := range with {
		if twin.ID != current.ID {
			r.removeTwin(row.Route, twin, *current.Rule)
		}
	}
	for _, old := range without {
		r.retire(row.Route, old, *current.Rule)
	}
	return current, true
}

// chosen is the one of several rules of the same origin to which the host leads: a second
// one, which a lost reply left behind, is not to change that.
func (r *rules) chosen(route *desired.Route, rules []table.OwnRule) table.OwnRule {
	alias := r.aliases.Of[route.Rule.Host]
	rank := func(own table.OwnRule) int {
		switch {
		case alias != nil && alias.LeadsTo(own.Published):
			return 0
		case route.Rule.Equal(*own.Rule):
			return 1
		}
		return 2
	}
	return slices.MinFunc(rules, func(a, b table.OwnRule) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
	})
}

// removeTwin removes a rule that a lost reply left beside the current one.
func (r *rules) removeTwin(route *desired.Route, twin table.OwnRule, current model.Rule) {
	if zone := r.unseenZone(twin); zone != "" {
		r.keepUnseen(twin, zone)
	} else if r.aliases.Of[route.Rule.Host] == nil {
		r.rule(model.Op[model.Rule]{Verb: model.Delete, From: twin.Rule, Ingress: route.Ingress, Urgency: model.UrgentTidy})
	} else {
		r.retire(route, twin, current)
	}
}

// makeSuccessor makes a rule with the route's origin beside those that have another one.
func (r *rules) makeSuccessor(row *table.Row) {
	route := row.Route
	if r.lacksRoom(row) {
		alias := r.aliases.Of[row.Where().Host]
		if alias != nil && alias.Barred == "" && alias.Foreign == nil {
			r.makeRoom(row, alias)
			return
		}
		// Where the host's DNS is not ours to change that is for a person to decide.
		r.notice("%s cannot be published from another origin beside the present one: the CDN has room for one rule of a host. "+
			"Delete the old one (%s) at the CDN, lead the host's DNS name to the new one when that is there", row.Where().Host, row.Ours[0].ID)
	}
	if r.awaitOrigin(route) {
		next := route.Rule
		next.Extra = row.Ours[0].Extra
		r.rule(model.Op[model.Rule]{Verb: model.Create, To: &next, Ingress: route.Ingress, Urgency: model.UrgentChange})
		r.waiting(row, "on the way, beside the one with the origin before")
	}
	for _, old := range row.Ours {
		r.guard.NoteUnwanted(old.CDN, route.Ingress.Cluster, old.ID, guard.Said)
	}
}

// lacksRoom reports whether the CDN has no room for a second rule of a host, as a creation
// that failed has shown.
func (r *rules) lacksRoom(row *table.Row) bool {
	_, making := r.Memory.madeRoom[*row.Where()]
	return making || r.Rules.Taken[row.Route.Rule.Key()]
}

// makeRoom lets the rules of a row go before their successor is made. First nobody must be
// led to them, so that the host is away until the successor is served.
func (r *rules) makeRoom(row *table.Row, alias *hostalias.Alias) {
	route, key := row.Route, *row.Where()
	if !r.awaitOrigin(route) {
		return
	}
	r.madeRoom[key] = row.Ours[0].Extra
	led := alias.Busy || slices.ContainsFunc(row.Ours, func(own table.OwnRule) bool { return alias.LeadsTo(own.Published) })
	r.giveWay[key.Host] = led
	r.outcome(route, desired.Pending, "the CDN has room for one rule of a host: that with the origin before goes first")
	for _, old := range row.Ours {
		since := r.guard.NoteUnwanted(old.CDN, old.Ingress.Cluster, old.ID, guard.Said).Since
		d := guard.Deletion[model.Rule]{
			Op:  model.Op[model.Rule]{Verb: model.Delete, From: old.Rule, Ingress: route.Ingress, Urgency: model.UrgentRemove},
			Due: r.aliases.Forgotten(alias, old.Rule, since), Safe: !led,
		}
		r.seeZone(&d, alias, d.Due)
		r.leave(old, d)
	}
}

// retire removes a rule whose successor is served, once the published host has
// led there for as long as caches remember.
func (r *rules) retire(route *desired.Route, old table.OwnRule, current model.Rule) {
	since := r.guard.NoteUnwanted(old.CDN, old.Ingress.Cluster, old.ID, guard.Said).Since
	alias := r.aliases.Of[route.Rule.Host]
	switch {
	case current.Pending || alias != nil && alias.Busy:
		return
	case alias == nil || !alias.Labelled():
		r.notice("%s was published anew as %s, since the origin of %s could not be changed: "+
			"lead its DNS name to the new one, then delete the old one (%s) at the CDN", route.Rule.Host, current.Published, old.Published, old.ID)
		return
	}
	d := guard.Deletion[model.Rule]{
		Op:  model.Op[model.Rule]{Verb: model.Delete, From: old.Rule, Ingress: route.Ingress, Urgency: model.UrgentTidy},
		Due: r.aliases.Forgotten(alias, old.Rule, since), Safe: alias.CNAME != nil && alias.CNAME.Data != old.Published,
	}
	r.seeZone(&d, alias, d.Due)
	r.leave(old, d)
}

// pollEvery is how often a CDN is read while it prepares something, unless it says
// otherwise.
const pollEvery = 5 * time.Second

// poll has a CDN read again soon, since what it is preparing may be ready. A long list
// is read less often: reading it takes calls from what is to be done.
func (r *rules) poll(cdn model.Provider) {
	const short = 1000
	every := cmp.Or(r.Settings.CDN(cdn).Poll, pollEvery) * time.Duration(max(1, len(r.Rules.Objects)/short))
	at := r.Rules.Part(string(cdn)).Read.Add(every)
	if !r.Now.Before(at) {
		r.out.Reread[cdn] = true
		at = r.Now.Add(every)
	}
	r.askAgain(at)
}
