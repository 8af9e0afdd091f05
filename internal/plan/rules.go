package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// planRules goes through every host and path that is wanted or that a rule of
// ours has.
func (p *planner) planRules() {
	p.step.Routes = make([]RouteState, 0, len(p.Want.Routes))
	p.step.Rules = slices.Grow(p.step.Rules, max(0, len(p.Want.Routes)-len(p.Rules.Objects)))
	for _, s := range p.rows.all {
		switch {
		case p.synced(s):
			p.outcomeOnly(s.route, desired.Synced, "")
		case p.Rules.Part(string(s.Where().CDN)).Known:
			p.planRule(s)
		}
	}
}

// synced reports whether all is well at a site, without a look at its rule and its
// route. It is not where planRule has something to do or another thing to say.
func (p *planner) synced(s *row) bool {
	return s.plain && p.sets.get(s.group.set).converged && !p.written.Has(s) && len(p.aliases) == 0 && !p.missing(s)
}

// barred reports whether a route cannot be published because its place belongs
// to others, or to a cluster that is not in the configuration.
func (p *planner) barred(s *row) bool {
	for _, r := range s.ours {
		if p.clusters.get(r.of.Cluster) == nil {
			return true
		}
	}
	return len(s.ours) == 0 && len(s.others) > 0 && !adoptable(s.route, s.others)
}

// writable reports whether all of our rules may be written to: whether their
// clusters are in the configuration and can be served.
func (p *planner) writable(ours []ownedRule) (obstacle string, ok bool) {
	for _, r := range ours {
		if c := p.clusters.get(r.of.Cluster); c == nil || !c.claimed {
			return r.of.Cluster, false
		}
	}
	return "", true
}

// adoptable reports whether a route may take over the rule that stands in its
// way: a single one that nobody marked.
func adoptable(route *desired.Route, others []*model.Rule) bool {
	return route.Adopt && len(others) == 1 && !others[0].Labelled()
}

// planRule decides about all rules at one host and path.
func (p *planner) planRule(s *row) {
	route, ours, key := s.route, s.ours, *s.Where()
	switch {
	case p.written.Is(s, observed.InFlight):
		p.outcome(route, desired.Pending, "on the way")
		p.stillThere(ours)
		return
	case p.written.Is(s, observed.Unknown) || p.missing(s):
		p.outcome(route, desired.Pending, "it has to be looked up what became of the last attempt")
		p.stillThere(ours)
		return
	}
	if lost := p.unmarked[key]; lost != nil {
		if route.Wanted() {
			p.lead(route, lost)
		}
		p.outcome(route, desired.Failed, unkeptReason)
		return
	}
	if held, ok := p.held(route, ours); ok {
		p.step.Held[key] = held
		why := ", which goes before and cannot be understood as it is now"
		if p.Want.Undecided(held) {
			p.undecided[held], why = true, ", whose class cannot be looked up now"
		}
		if route.Wanted() || route.Release {
			p.step.Problems = append(p.step.Problems, desired.Problem{Ingress: route.Ingress, Key: key, State: desired.Conflict, Reason: "it is served by Ingress " + held.String() + why})
		}
		return
	}
	if route.Release {
		p.releaseRule(s)
		return
	}
	if !route.Wanted() {
		for _, r := range ours {
			p.unwantedRule(r)
		}
		return
	}
	if cluster, ok := p.writable(ours); !ok {
		p.problem(route, "its rule belongs to cluster "+cluster+", which is not in the configuration or cannot be served now")
		return
	}
	if p.cdn(key.CDN).OriginFixed {
		if ours = p.successors(s); len(ours) == 0 {
			return
		}
	}
	if len(ours) > 0 {
		if len(s.others) > 0 {
			p.notice("beside our rule %s there is another at the same host and path that is not ours; which of them the CDN follows is not known: delete one", key)
		}
		p.keepRule(s, ours)
		return
	}
	p.newRule(s)
}

// missing reports whether a rule at a place was not to be seen at the last
// reading, so that it is unknown what stands there.
func (p *planner) missing(s *row) bool {
	if len(p.Rules.Missing) == 0 {
		return false
	}
	return slices.ContainsFunc(s.ours, func(r ownedRule) bool { return p.Rules.Missing[r.ID] }) ||
		slices.ContainsFunc(s.others, func(r *model.Rule) bool { return p.Rules.Missing[r.ID] })
}

// held finds the Ingress whose live rule stays although its claim cannot be
// understood, or its class not be looked up.
func (p *planner) held(route *desired.Route, ours []ownedRule) (model.IngressID, bool) {
	if len(route.Retained) == 0 && !p.Want.SomeUndecided {
		return model.IngressID{}, false
	}
	for _, r := range ours {
		if p.Want.Undecided(*r.of) && p.Want.MayStay(*r.Rule, *r.of, p.Settings) {
			return *r.of, true
		}
		for _, h := range route.Retained {
			if h.Ingress == *r.of && h.Covers(*r.Rule, p.Settings.Domain) {
				return h.Ingress, true
			}
		}
	}
	return model.IngressID{}, false
}

// tellUndecided tells of each class that cannot be looked up, once for all Ingresses
// of it for which a rule stands.
func (p *planner) tellUndecided() {
	type class struct{ cluster, name string }
	of := make(map[class][]model.IngressID)
	for id := range p.undecided {
		at := class{id.Cluster, p.Want.Class(id)}
		of[at] = append(of[at], id)
	}
	for at, ids := range of {
		first, more := slices.MinFunc(ids, model.IngressID.Compare), ""
		if n := len(ids) - 1; n > 0 {
			more = fmt.Sprintf(" and of %d more", n)
		}
		p.notice("cluster %s: the class %.80q of Ingress %s%s cannot be looked up, so their rules stay as they are: %s",
			at.cluster, at.name, kube.Key{Namespace: first.Namespace, Name: first.Name}, more, desired.ClassHelp)
	}
}

// newRule makes the rule of a route that has none, once its addresses stand,
// unless somebody else's rule has the place.
func (p *planner) newRule(s *row) {
	route, others := s.route, s.others
	op := model.Op[model.Rule]{Verb: model.Create, To: &route.Rule, Ingress: route.Ingress, Urgency: model.UrgentCreate}
	if len(others) > 0 {
		if !adoptable(route, others) {
			p.problem(route, p.strangers(others))
			return
		}
		op.Verb, op.From, op.Adopt, op.Urgency = model.Update, others[0], true, model.UrgentChange
	}
	if before, ok := p.Memory.taken[*s.Where()]; ok { // it made room for this one
		p.taken[*s.Where()] = before
		op.To = new(op.New())
		op.To.Extra = before
	}
	if due := p.unkept[*s.Where()].due; p.Now.Before(due) {
		p.outcome(route, desired.Failed, unkeptReason)
		p.wakeAt(due)
		return
	}
	if p.originStands(route) {
		p.step.Rules = append(p.step.Rules, op)
		p.waiting(s, "on the way")
	}
}

// strangers says whose rules stand in the way.
func (p *planner) strangers(others []*model.Rule) string {
	for _, r := range others {
		if m, ok := r.OwnerLabel(); ok {
			return "a rule of another edgeward, owner " + m.Owner + ", has it already"
		}
	}
	return "a rule that edgeward did not make has it already; delete it, or let edgeward take it over (annotation edgeward/adopt, sync.adopt)"
}

// keepRule brings the rule of a route up to date and removes its duplicates.
func (p *planner) keepRule(s *row, ours []ownedRule) {
	route, stands, exact := s.route, ours[0].Rule, false
	for _, r := range ours {
		if r.SameAs(&route.Rule) {
			stands, exact = r.Rule, true
			break
		}
	}
	if !exact {
		if stands.SourceHost == route.Rule.SourceHost && p.clusters.get(route.Ingress.Cluster).claimed || p.originStands(route) {
			p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{
				Verb: model.Update, From: stands, To: &route.Rule, Ingress: route.Ingress, Urgency: model.UrgentChange,
			})
			p.waiting(s, "on the way")
		}
		return
	}
	for _, r := range ours {
		if r.ID != stands.ID {
			p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{Verb: model.Delete, From: r.Rule, Ingress: route.Ingress, Urgency: model.UrgentTidy})
		}
	}
	p.lead(route, stands)
	switch set := p.sets.get(route.Set); {
	case stands.Pending:
		p.open(route.Ingress, Open{Rules: true})
		p.outcomeOnly(route, desired.Pending, "the CDN is still preparing it")
		p.poll(route.Rule.CDN)
	case set.failed:
		p.open(route.Ingress, Open{Records: true})
		p.outcomeOnly(route, desired.Failed, "an address of "+route.Rule.SourceHost+" could not be made")
	case !set.converged:
		p.open(route.Ingress, Open{Records: true})
		p.outcomeOnly(route, desired.Pending, "the addresses of "+route.Rule.SourceHost+" are on the way")
	default:
		p.outcomeOnly(route, desired.Synced, "")
	}
}

// originStands reports whether a rule may name the route's origin: the claim
// stands, and so do all addresses but those that the provider refuses.
func (p *planner) originStands(route *desired.Route) bool {
	c := p.clusters.get(route.Ingress.Cluster)
	set := p.sets.get(route.Set)
	switch {
	case c.refused != "":
		p.outcome(route, desired.Failed, "the cluster's names in the zone are not its own")
	case set.standing == 0 && p.Want.Sets[route.Set].Empty():
		p.outcome(route, desired.Pending, p.Want.Sets[route.Set].Lacks)
	case c.claimed && c.said.ListsCDN(route.Key.CDN):
		return p.setStands(route)
	case c.claimFailed:
		p.outcome(route, desired.Failed, "its cluster's claim in the zone could not be made")
	default:
		p.outcome(route, desired.Pending, "its cluster's claim in the zone is on the way")
	}
	return false
}

// setStands reports whether a route's addresses stand.
func (p *planner) setStands(route *desired.Route) bool {
	set := p.sets.get(route.Set)
	switch {
	case set.standing == 0 && set.failed && set.settled:
		p.outcome(route, desired.Failed, "no address of "+route.Rule.SourceHost+" could be made")
	case set.standing == 0 || !set.settled:
		p.outcome(route, desired.Pending, "the addresses of "+route.Rule.SourceHost+" are on the way")
	case set.unproven != nil:
		p.verify(*set.unproven)
		p.outcome(route, desired.Pending, "it is made sure that the addresses of "+route.Rule.SourceHost+" stand")
	default:
		return true
	}
	return false
}

// waiting records that a route's rule still has to be written: it is pending,
// or in error after a failed attempt.
func (p *planner) waiting(s *row, reason string) {
	if p.written.Is(s, observed.BackingOff) {
		p.outcome(s.route, desired.Failed, "the provider refused or did not answer")
		return
	}
	p.outcome(s.route, desired.Pending, reason)
}

// outcome records what became of a wanted route that has work outstanding.
func (p *planner) outcome(route *desired.Route, s desired.State, reason string) {
	if route.Wanted() {
		p.open(route.Ingress, Open{Rules: true, Records: !p.sets.get(route.Set).converged})
		p.outcomeOnly(route, s, reason)
	}
}

func (p *planner) outcomeOnly(route *desired.Route, s desired.State, reason string) {
	p.step.Routes = append(p.step.Routes, RouteState{route, s, reason})
}

// problem records that something which is not to be touched has the place.
func (p *planner) problem(route *desired.Route, reason string) {
	p.step.Problems = append(p.step.Problems, desired.Problem{Ingress: route.Ingress, Key: route.Rule.RuleKey, State: desired.Conflict, Reason: reason})
}

func (p *planner) open(id model.IngressID, o Open) {
	was := p.step.Open[id]
	p.step.Open[id] = Open{Rules: was.Rules || o.Rules, Records: was.Records || o.Records}
}

// releaseRule takes the mark from the rule of an Ingress that lets go of it; all
// else of it stays. A rule that has none is somebody's own already. What stands for
// another Ingress is not this one's to let go of: it goes as it would have to go if
// this one published something there.
func (p *planner) releaseRule(s *row) {
	for i, r := range s.ours {
		if *r.of != s.route.Ingress {
			p.unwantedRule(r)
			continue
		}
		if _, ok := p.writable(s.ours[i : i+1]); !ok {
			continue
		}
		p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{Verb: model.Update, From: r.Rule, To: new(r.Unlabelled()), Ingress: s.route.Ingress, Urgency: model.UrgentChange})
		p.open(s.route.Ingress, Open{Rules: true})
	}
	if len(s.ours) == 0 && len(s.others) > 0 {
		p.step.Released = append(p.step.Released, s.route.Ingress)
	}
}

// unwantedRule notes that nobody wants r, a rule of ours. It goes after the
// deletion grace, if its cluster may be written for.
func (p *planner) unwantedRule(r ownedRule) {
	c := p.clusters.get(r.of.Cluster)
	if c == nil || !c.claimed {
		return
	}
	if p.Memory.decided[*r.of] {
		p.decided[*r.of] = true
	}
	gone := p.unwanted(r.CDN, r.of.Cluster, r.ID, saidIf(p.Memory.droppedRules[r.RuleKey] || p.decided[*r.of] || p.Want.Denies(*r.of, r.Host) || p.replaced(r)))
	d := deletion[model.Rule]{
		op:  model.Op[model.Rule]{Verb: model.Delete, From: r.Rule, Ingress: *r.of, Urgency: model.UrgentRemove},
		due: gone.since.Add(p.Settings.DeletionGrace), safe: true,
	}
	if zone := p.unseenZone(r); zone != "" {
		p.keepsUnseen(r, zone)
		return
	}
	if pub := p.aliases[r.Host]; pub != nil && p.concerns(pub, r.Rule) && !p.hostStays(r) {
		// First its host must not lead to it any more, nor be remembered to.
		if d.safeFrom = p.forgotten(pub, r.Rule, gone.since); d.due.After(d.safeFrom) {
			d.safeFrom = d.due
		}
		d.safe = !pub.busy && !(pub.hasCNAME && slices.Contains(p.namesOf(pub, r.Rule), pub.cname.Data)) && p.seenToLead(pub, d.safeFrom)
		if pub.unread != "" {
			p.keeps(r, "its zone "+p.zone(pub.zone)+" cannot be read: "+pub.unread)
		}
	}
	lost := c.lost.at(r.CDN)
	lost.deletions = append(lost.deletions, d)
	p.open(*r.of, Open{Rules: true})
}

// hostStays reports whether another rule of the host stays at a CDN that gives all of
// them one name, be it that the guard holds it back: then the host may go on leading there.
func (p *planner) hostStays(r ownedRule) bool {
	if !p.cdn(r.CDN).OneName {
		return false
	}
	i, _ := slices.BinarySearchFunc(p.rows.all, r.Host, func(s *row, host string) int { return strings.Compare(s.Where().Host, host) })
	for ; i < len(p.rows.all) && p.rows.all[i].Where().Host == r.Host; i++ {
		s := p.rows.all[i]
		if s.Where().CDN != r.CDN || len(s.ours) == 0 {
			continue
		}
		_, held := p.held(s.route, s.ours)
		gone, unwanted := p.Memory.absent[s.ours[0].ID]
		if held || s.route.Wanted() || unwanted && !gone.condemned {
			return true
		}
	}
	return false
}

// unseenZone is the zone in which the host of a rule may be led to it though nobody sees
// that; "" if there is none.
func (p *planner) unseenZone(r ownedRule) string {
	if !p.leadable(r.Rule) {
		return ""
	}
	return p.Settings.UnlistedZone(p.clusters.get(r.of.Cluster).said, r.Host)
}

// keepsUnseen says of a rule that nobody wants that it stays for the sake of such a zone.
func (p *planner) keepsUnseen(r ownedRule, zone string) {
	p.keeps(r, "its zone "+zone+" is not in "+p.Settings.DNS.Key("publish_zones")+" any more, so that edgeward does not see it")
}

// keeps says of a rule that nobody wants why it stays.
func (p *planner) keeps(r ownedRule, why string) {
	if p.step.Kept == nil {
		p.step.Kept = make(map[string]string)
	}
	p.step.Kept[r.ID] = fmt.Sprintf("no Ingress wants the rule %s any more, but %s may still lead to it: %s", r.RuleKey, r.Host, why)
}

// stillThere keeps the Ingresses of rules at a busy place open, and what is
// remembered of them.
func (p *planner) stillThere(ours []ownedRule) {
	for _, r := range ours {
		if gone, ok := p.Memory.absent[r.ID]; ok {
			p.absent[r.ID] = gone
			p.open(*r.of, Open{Rules: true})
			if c := p.clusters.get(r.of.Cluster); c != nil && gone.condemned {
				c.lost.at(r.CDN).condemned++
			}
		}
	}
}
