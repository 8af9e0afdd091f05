package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// pollEvery is how often a CDN is read while it prepares something, unless it says
// otherwise.
const pollEvery = 5 * time.Second

// poll has a CDN read again soon, since what it is preparing may be ready. A long list
// is read less often: reading it takes calls from what is to be done.
func (p *planner) poll(cdn model.Provider) {
	const short = 1000
	every := cmp.Or(p.cdn(cdn).Poll, pollEvery) * time.Duration(max(1, len(p.Rules.Objects)/short))
	at := p.Rules.Part(string(cdn)).Read.Add(every)
	if !p.Now.Before(at) {
		p.step.Reread[cdn] = true
		at = p.Now.Add(every)
	}
	p.askAgain(at)
}

// askAgain makes sure that Next is asked again at t, for what others have to do first.
func (p *planner) askAgain(t time.Time) {
	if p.step.Poll.IsZero() || t.Before(p.step.Poll) {
		p.step.Poll = t
	}
}

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

// successors returns the one of our rules that has the route's origin, where
// that cannot be changed in place. If there is none, one is made beside the
// others. Once it is served, and nobody is led to the others any more, they go.
func (p *planner) successors(s *row) []ownedRule {
	route, ours, others := s.route, s.ours, s.others
	with, without := split(ours, func(r model.Rule) bool { return sameOrigin(route.Rule, r) })
	switch {
	case len(with) > 0:
	case len(ours) > 0 && p.makesRoom(s):
		return nil
	case len(ours) > 0:
		if p.originStands(route) {
			next := route.Rule
			next.Extra = without[0].Extra
			p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{Verb: model.Create, To: &next, Ingress: route.Ingress, Urgency: model.UrgentChange})
			p.waiting(s, "on the way, beside the one with the origin before")
		}
		for _, old := range without {
			p.unwanted(old.CDN, route.Ingress.Cluster, old.ID, said)
		}
		return nil
	case len(others) > 0 && adoptable(route, others) && !sameOrigin(*others[0], route.Rule):
		p.problem(route, "a rule that nobody marked has it, with another origin, which cannot be changed")
		return nil
	default:
		p.newRule(s)
		return nil
	}
	// Of several the one that the host leads to is kept: a second one, which a
	// lost reply left behind, is not to change that.
	pub := p.aliases[route.Rule.Host]
	current := slices.MinFunc(with, func(a, b ownedRule) int {
		rank := func(r ownedRule) int {
			switch {
			case pub != nil && pub.hasCNAME && pub.cname.Data == r.Published:
				return 0
			case route.Rule.Equal(*r.Rule):
				return 1
			}
			return 2
		}
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
	})
	for _, twin := range with {
		zone := p.unseenZone(twin)
		switch {
		case twin.ID == current.ID:
		case zone != "":
			p.keepsUnseen(twin, zone)
		case pub == nil:
			p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{Verb: model.Delete, From: twin.Rule, Ingress: route.Ingress, Urgency: model.UrgentTidy})
		default:
			p.retire(route, twin, *current.Rule)
		}
	}
	for _, old := range without {
		p.retire(route, old, *current.Rule)
	}
	return []ownedRule{current}
}

// makesRoom lets the rules of a site go before their successor is made, where the CDN
// has no room for two of a host, and reports whether it does: first nobody must be
// led to them, so that the host is away until the successor is served. Where the
// host's DNS is not ours to change that is for a person to decide.
func (p *planner) makesRoom(s *row) bool {
	route, key := s.route, *s.Where()
	if _, was := p.Memory.taken[key]; !p.Rules.Taken[route.Rule.Key()] && !was {
		return false
	}
	pub := p.aliases[key.Host]
	if pub == nil || pub.barred != "" || pub.foreign != nil {
		p.notice("%s cannot be published from another origin beside the present one: the CDN has room for one rule of a host. "+
			"Delete the old one (%s) at the CDN, lead the host's DNS name to the new one when that is there", key.Host, s.ours[0].ID)
		return false
	}
	if !p.originStands(route) {
		return true
	}
	p.taken[key] = s.ours[0].Extra
	isOld := func(name string) bool {
		return slices.ContainsFunc(s.ours, func(r ownedRule) bool { return r.Published == name })
	}
	led := pub.hasCNAME && isOld(pub.cname.Data) || pub.busy
	p.yields[key.Host] = led
	p.outcome(route, desired.Pending, "the CDN has room for one rule of a host: that with the origin before goes first")
	for _, old := range s.ours {
		gone := p.unwanted(old.CDN, old.of.Cluster, old.ID, said)
		due := p.forgotten(pub, old.Rule, gone.since)
		lost := p.clusters.get(old.of.Cluster).lost.at(old.CDN)
		lost.deletions = append(lost.deletions, deletion[model.Rule]{
			op:  model.Op[model.Rule]{Verb: model.Delete, From: old.Rule, Ingress: route.Ingress, Urgency: model.UrgentRemove},
			due: due, safe: !led && p.seenToLead(pub, due),
		})
	}
	return true
}

// retire removes a rule whose successor is served, once the published host has
// led there for as long as caches remember.
func (p *planner) retire(route *desired.Route, old ownedRule, current model.Rule) {
	gone := p.unwanted(old.CDN, old.of.Cluster, old.ID, said)
	pub := p.aliases[route.Rule.Host]
	switch {
	case current.Pending || pub != nil && pub.busy:
		return
	case pub == nil || !pub.marked():
		p.notice("%s was published anew as %s, since the origin of %s could not be changed: "+
			"lead its DNS name to the new one, then delete the old one (%s) at the CDN", route.Rule.Host, current.Published, old.Published, old.ID)
		return
	}
	lost, due := p.clusters.get(old.of.Cluster).lost.at(old.CDN), p.forgotten(pub, old.Rule, gone.since)
	lost.deletions = append(lost.deletions, deletion[model.Rule]{
		op:  model.Op[model.Rule]{Verb: model.Delete, From: old.Rule, Ingress: route.Ingress, Urgency: model.UrgentTidy},
		due: due, safe: pub.hasCNAME && pub.cname.Data != old.Published && p.seenToLead(pub, due),
	})
}

func split(rules []ownedRule, is func(model.Rule) bool) (yes, no []ownedRule) {
	for _, r := range rules {
		if is(*r.Rule) {
			yes = append(yes, r)
		} else {
			no = append(no, r)
		}
	}
	return yes, no
}
