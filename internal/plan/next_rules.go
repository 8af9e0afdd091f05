package plan

import (
	"maps"
	"slices"
)

// planRules goes through every host and path that is wanted or that a rule of
// ours has.
func (p *planner) planRules() {
	keys := slices.AppendSeq(make([]RuleKey, 0, len(p.Want.Routes)), maps.Keys(p.Want.Routes))
	unknown := make(map[string]int)
	for _, r := range p.Rules.Objects {
		m, ours := p.owner(r)
		if !ours {
			continue
		}
		if _, wanted := p.Want.Routes[r.RuleKey]; !wanted {
			keys = append(keys, r.RuleKey)
		}
		if c, ok := p.clusters[m.Cluster]; ok {
			c.rules[r.CDN]++
			p.step.Owned.Rules[r.CDN]++
		} else {
			unknown[m.Cluster]++
		}
	}
	for cluster, n := range unknown {
		p.notice(false, "%d rules belong to a cluster %q that is not in the configuration; they are left alone", n, cluster)
	}
	slices.SortFunc(keys, RuleKey.Compare)
	p.step.Routes = make([]RouteState, 0, len(p.Want.Routes))
	p.step.Rules = slices.Grow(p.step.Rules, max(0, len(p.Want.Routes)-len(p.Rules.Objects)))
	for _, key := range slices.Compact(keys) {
		if p.Rules.knows(key.CDN) {
			p.planRule(key)
		}
	}
}

// ownersOf reads the marks of the rules that are the owner's, once: a mark's
// hash is what costs most in planning. One that is as wanted need not be read.
func ownersOf(rules []Rule, wanted map[RuleKey]Route, owner string) map[string]Mark {
	owners := make(map[string]Mark, len(rules))
	for _, r := range rules {
		route := wanted[r.RuleKey]
		if r.sameMarks(route.Rule) {
			owners[r.ID] = Mark{owner, route.Ingress}
		} else if m, ok := r.Mark(); ok && m.Owner == owner {
			owners[r.ID] = m
		}
	}
	return owners
}

// owner returns whose rule r is, if it stands and is this installation's.
func (p *planner) owner(r Rule) (Mark, bool) {
	m, ok := p.owners[r.ID]
	return m, ok
}

// divide tells our rules at a place from those of others.
func (p *planner) divide(place string) (ours, others []Rule) {
	all := p.rules.at[place]
	if len(all) == 1 { // nearly always: nothing is to be divided
		if _, ok := p.owner(all[0]); ok {
			return all, nil
		}
		return nil, all
	}
	for _, r := range all {
		if _, ok := p.owner(r); ok {
			ours = append(ours, r)
		} else {
			others = append(others, r)
		}
	}
	return ours, others
}

// barred reports whether a route cannot be published because its place belongs
// to others, or to a cluster that is not in the configuration.
func (p *planner) barred(key RuleKey, route Route) bool {
	ours, others := p.divide(Rule{RuleKey: key}.Key())
	for _, r := range ours {
		if m, _ := p.owner(r); p.clusters[m.Cluster] == nil {
			return true
		}
	}
	return len(ours) == 0 && len(others) > 0 && !adoptable(route, others)
}

// adoptable reports whether a route may take over the rule that stands in its
// way: a single one that nobody marked.
func adoptable(route Route, others []Rule) bool {
	return route.Adopt && len(others) == 1 && !others[0].Marked()
}

// planRule decides about all rules at one host and path.
func (p *planner) planRule(key RuleKey) {
	route := p.Want.Routes[key]
	place := Rule{RuleKey: key}.Key()
	ours, others := p.divide(place)
	switch {
	case p.rules.is(place, InFlight):
		p.outcome(route, Pending, "on the way")
		p.stillThere(ours)
		return
	case p.rules.doubtful(place):
		p.outcome(route, Pending, "it has to be looked up what became of the last attempt")
		p.stillThere(ours)
		return
	}
	if held, ok := p.held(route, ours); ok {
		p.step.Held[key] = held
		if route.Wanted() || route.Release {
			p.step.Problems = append(p.step.Problems, Problem{route.Ingress, key, Conflict,
				"it is served by Ingress " + held.String() + ", which goes before and cannot be understood as it is now"})
		}
		return
	}
	if route.Release {
		p.releaseRule(route, ours, others)
		return
	}
	if !route.Wanted() {
		for _, r := range ours {
			p.unwantedRule(r)
		}
		return
	}
	for _, r := range ours {
		if m, _ := p.owner(r); p.clusters[m.Cluster] == nil || !p.clusters[m.Cluster].claimed {
			p.problem(route, "its rule belongs to cluster "+m.Cluster+", which is not in the configuration or cannot be served now")
			return
		}
	}
	if p.cdns[key.CDN].OriginFixed {
		if ours = p.successors(route, ours, others); len(ours) == 0 {
			return
		}
	}
	if len(ours) > 0 {
		if len(others) > 0 {
			p.notice(false, "beside our rule %s there is another at the same host and path that is not ours; which of them the CDN follows is not known: delete one", key)
		}
		p.keepRule(route, ours)
		return
	}
	p.newRule(route, others)
}

// held finds the Ingress whose live rule stays although its claim cannot be
// understood.
func (p *planner) held(route Route, ours []Rule) (IngressID, bool) {
	if len(route.Holds) == 0 {
		return IngressID{}, false
	}
	for _, r := range ours {
		m, _ := p.owner(r)
		for _, h := range route.Holds {
			if h.Ingress == m.IngressID && h.covers(r, p.Settings.Domain) {
				return h.Ingress, true
			}
		}
	}
	return IngressID{}, false
}

// covers reports whether all of a rule's origins still stand.
func (h Hold) covers(r Rule, domain string) bool {
	set, ok := relative(r.SourceHost, domain)
	return ok && (slices.Contains(h.Sets, set) || !slices.ContainsFunc(r.Protocols, func(p Protocol) bool {
		return !h.Origins[Origin{set, p.SourcePort}]
	}))
}

// newRule makes the rule of a route that has none, once its addresses stand,
// unless somebody else's rule has the place.
func (p *planner) newRule(route Route, others []Rule) {
	op := Op[Rule]{Verb: Create, New: route.Rule, Ingress: route.Ingress, Urgency: urgentCreate}
	if len(others) > 0 {
		if !adoptable(route, others) {
			p.problem(route, p.strangers(others))
			return
		}
		op.Verb, op.Old, op.Adopt, op.Urgency = Update, others[0], true, urgentChange
	}
	if p.originStands(route) {
		p.step.Rules = append(p.step.Rules, op)
		p.waiting(route, "on the way")
	}
}

// strangers says whose rules stand in the way.
func (p *planner) strangers(others []Rule) string {
	for _, r := range others {
		if m, ok := r.Mark(); ok {
			return "a rule of another edgeward, owner " + m.Owner + ", has it already"
		}
	}
	return "a rule that edgeward did not make has it already"
}

// keepRule brings the rule of a route up to date and removes its duplicates.
func (p *planner) keepRule(route Route, ours []Rule) {
	stands := ours[0]
	if i := slices.IndexFunc(ours, route.Rule.Equal); i >= 0 {
		stands = ours[i]
	}
	if !stands.Equal(route.Rule) {
		if stands.SourceHost == route.Rule.SourceHost && p.clusters[route.Ingress.Cluster].claimed || p.originStands(route) {
			p.step.Rules = append(p.step.Rules, Op[Rule]{
				Verb: Update, Old: stands, New: route.Rule, Ingress: route.Ingress, Urgency: urgentChange,
			})
			p.waiting(route, "on the way")
		}
		return
	}
	for _, r := range ours {
		if r.ID != stands.ID {
			p.step.Rules = append(p.step.Rules, Op[Rule]{Verb: Delete, Old: r, Ingress: route.Ingress, Urgency: urgentTidy})
		}
	}
	p.lead(route, stands)
	switch set := p.sets[route.Set]; {
	case stands.Pending:
		p.open(route.Ingress, Open{Rules: true})
		p.outcomeOnly(route, Pending, "the CDN is still preparing it")
		p.poll(route.Rule.CDN)
	case set.failed:
		p.open(route.Ingress, Open{Records: true})
		p.outcomeOnly(route, Failed, "an address of "+route.Rule.SourceHost+" could not be made")
	case !set.exact:
		p.open(route.Ingress, Open{Records: true})
		p.outcomeOnly(route, Pending, "the addresses of "+route.Rule.SourceHost+" are on the way")
	default:
		p.outcomeOnly(route, Synced, "")
	}
}

// originStands reports whether a rule may name the route's origin: the claim
// stands, and so do all addresses but those that the provider refuses.
func (p *planner) originStands(route Route) bool {
	c := p.clusters[route.Ingress.Cluster]
	set := p.sets[route.Set]
	switch {
	case c.refused != "":
		p.outcome(route, Failed, "the cluster's names in the zone are not its own")
	case set.standing == 0 && p.Want.Sets[route.Set].empty():
		p.outcome(route, Pending, p.Want.Sets[route.Set].Lacks)
	case c.claimFailed:
		p.outcome(route, Failed, "its cluster's claim in the zone could not be made")
	case !c.claimed:
		p.outcome(route, Pending, "its cluster's claim in the zone is on the way")
	case set.standing == 0 && set.failed && set.settled:
		p.outcome(route, Failed, "no address of "+route.Rule.SourceHost+" could be made")
	case set.standing == 0 || !set.settled:
		p.outcome(route, Pending, "the addresses of "+route.Rule.SourceHost+" are on the way")
	default:
		return true
	}
	return false
}

// waiting records that a route's rule still has to be written: it is pending,
// or in error after a failed attempt.
func (p *planner) waiting(route Route, reason string) {
	if len(p.rules.status) > 0 && p.rules.is(route.Rule.Key(), Parked) {
		p.outcome(route, Failed, "the provider refused or did not answer")
		return
	}
	p.outcome(route, Pending, reason)
}

// outcome records what became of a wanted route that has work outstanding.
func (p *planner) outcome(route Route, s State, reason string) {
	if route.Wanted() {
		p.open(route.Ingress, Open{Rules: true, Records: !p.sets[route.Set].exact})
		p.outcomeOnly(route, s, reason)
	}
}

func (p *planner) outcomeOnly(route Route, s State, reason string) {
	p.step.Routes = append(p.step.Routes, RouteState{route.Ingress, route.Rule.RuleKey, s, reason})
}

// problem records that something which is not to be touched has the place.
func (p *planner) problem(route Route, reason string) {
	p.step.Problems = append(p.step.Problems, Problem{route.Ingress, route.Rule.RuleKey, Conflict, reason})
}

func (p *planner) open(id IngressID, o Open) {
	was := p.step.Open[id]
	p.step.Open[id] = Open{Rules: was.Rules || o.Rules, Records: was.Records || o.Records}
}

// releaseRule takes the mark from the rule of an Ingress that lets go of it; all
// else of it stays. A rule that has none is somebody's own already.
func (p *planner) releaseRule(route Route, ours, others []Rule) {
	for _, r := range ours {
		if m, _ := p.owner(r); p.clusters[m.Cluster] == nil || !p.clusters[m.Cluster].claimed {
			continue
		}
		p.step.Rules = append(p.step.Rules, Op[Rule]{Verb: Update, Old: r, New: r.Unmarked(), Ingress: route.Ingress, Urgency: urgentChange})
		p.open(route.Ingress, Open{Rules: true})
	}
	if len(ours) == 0 && len(others) > 0 {
		p.step.Released = append(p.step.Released, route.Ingress)
	}
}

// unwantedRule notes that nobody wants r, a rule of ours. It goes after the
// deletion grace, if its cluster may be written for.
func (p *planner) unwantedRule(r Rule) {
	m, _ := p.owner(r)
	c := p.clusters[m.Cluster]
	if c == nil || !c.claimed {
		return
	}
	gone := p.unwanted(m.Cluster, r.ID, p.Memory.droppedRules[r.RuleKey])
	due, safe := gone.since.Add(p.Settings.DeletionGrace), true
	if pub := p.published[r.Host]; pub != nil && pub.marked && p.target(r) != "" {
		// First its host must not lead to it any more, nor be remembered to.
		if at := p.forgotten(pub, r, gone.since); at.After(due) {
			due = at
		}
		safe = !pub.busy && !(pub.hasCNAME && pub.cname.Data == p.target(r))
	}
	c.ruleDeletions[r.CDN] = append(c.ruleDeletions[r.CDN], deletion[Rule]{
		op:       Op[Rule]{Verb: Delete, Old: r, Ingress: m.IngressID, Urgency: urgentRemove},
		reported: gone.reported, due: due, safe: safe,
	})
	p.open(m.IngressID, Open{Rules: true})
}

// stillThere keeps the Ingresses of rules at a busy place open, and what is
// remembered of them.
func (p *planner) stillThere(ours []Rule) {
	for _, r := range ours {
		if gone, ok := p.Memory.absent[r.ID]; ok {
			p.absent[r.ID] = gone
			m, _ := p.owner(r)
			p.open(m.IngressID, Open{Rules: true})
		}
	}
}
