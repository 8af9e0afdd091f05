package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/table"
)

// aliases is the stage that leads published hosts to their CDN, and takes away the DNS of
// those that nobody wants.
type aliases struct {
	*draft
	clusters map[string]*cluster
	rules    rulePlan
	verdicts ruleVerdicts
	aliases  hostalias.Aliases
	guard    *guard.Guard
	dropped  map[string]bool // hosts with a rule that, as the watch reported, is not wanted any more
	aliasPlan
}

// aliasPlan is what the stage has found.
type aliasPlan struct {
	// ingress is, by host, the Ingress for whose sake the host is led to a CDN, or for which
	// a rule of it stands.
	ingress map[string]model.IngressID
	leaving map[string][]guard.Deletion[model.Record] // by cluster
	// kept are the hosts, by cluster, that stay for the sake of CDNs that are not read.
	kept map[string][]string
	// refused is the memory being built; see tooEarly.
	refused map[string]time.Time
}

// hostRules is what the rows say of one host.
type hostRules struct {
	wanted   bool // somebody wants a rule of it, which is not lost
	held     bool // a rule of it stays though nobody understands what asks for it
	released bool
	lost     bool // see rowLost
	// Of those at a CDN whose name for the host is known, or will be: whether there is any,
	// and whether one of ours stands.
	nameable, standing bool
	leadsToRule        bool // its CNAME leads to a rule that was read
}

func planAliases(d *draft, clusters map[string]*cluster, rules rulePlan, verdicts ruleVerdicts, found hostalias.Aliases, g *guard.Guard) aliasPlan {
	a := &aliases{d, clusters, rules, verdicts, found, g, make(map[string]bool), aliasPlan{
		ingress: make(map[string]model.IngressID), leaving: make(map[string][]guard.Deletion[model.Record]),
		kept: make(map[string][]string), refused: make(map[string]time.Time),
	}}
	for key := range d.Memory.droppedRules {
		a.dropped[key.Host] = true
	}
	for host, at := range d.Memory.refusedAliases {
		if d.Now.Before(at.Add(retryAlias)) {
			a.refused[host] = at
		}
	}
	for _, host := range found.Hosts {
		rows := d.rows.OfHost(host)
		for _, row := range rows {
			if len(row.Ours) > 0 {
				a.ingress[host] = *row.Ours[0].Ingress
			}
		}
		a.plan(found.Of[host], a.examine(found.Of[host], rows))
	}
	for _, alias := range found.Misplaced {
		a.planMisplaced(alias)
	}
	return a.aliasPlan
}

// examine gathers what the rows of a host say.
func (a *aliases) examine(alias *hostalias.Alias, rows []*table.Row) hostRules {
	var h hostRules
	for _, row := range rows {
		lost := row.Route.Wanted() && a.rowLost(alias, row)
		h.lost = h.lost || lost
		h.wanted = h.wanted || row.Route.Wanted() && !lost
		h.released = h.released || row.Route.Release
		_, held := a.heldFor(row)
		h.held = h.held || held
		if a.namesHosts(row.Where().CDN) {
			h.nameable = true
			h.standing = h.standing || len(row.Ours) > 0
		}
	}
	for _, r := range a.rows.RulesOf(alias.Host) { // of others, too
		h.leadsToRule = h.leadsToRule || alias.LeadsTo(a.Settings.CDNName(r))
		h.nameable = h.nameable || a.namesHosts(r.CDN)
	}
	return h
}

// namesHosts reports whether the name at a CDN that a host has to be led to is known, or
// will be.
func (a *aliases) namesHosts(name model.Provider) bool {
	cdn := a.Settings.CDN(name)
	return !cdn.OneName || cdn.Host != ""
}

// rowLost reports whether the place of a route is somebody else's, with no rule of
// ours there or on its way, while its host still leads to a rule that is gone: a
// name at the CDN that anybody may get.
func (a *aliases) rowLost(alias *hostalias.Alias, row *table.Row) bool {
	if len(row.Ours) > 0 || a.rowWrites.Has(row) || a.missing(row) || !a.taken(row) {
		return false
	}
	return !slices.ContainsFunc(row.Others, func(r *model.Rule) bool { return alias.SurelyLeadsTo(a.Settings.CDNName(r)) })
}

// plan decides about the DNS of one host.
func (a *aliases) plan(alias *hostalias.Alias, h hostRules) {
	c, leads := a.clusters[alias.Cluster], a.rules.leads[alias.Host]
	served := len(leads) > 0
	stays := alias.Barred == "" && !a.rules.giveWay[alias.Host] && (served || h.wanted || h.held)
	owned := c != nil && c.owned
	switch {
	case h.released && !served:
		if alias.Labelled() && !alias.Busy && owned { // the CNAME stays, nobody's
			a.records.Remove(alias.Labels[0], model.UrgentTidy)
		}
	case stays && served:
		a.publish(alias, leads)
	case stays && (alias.CNAME != nil || h.nameable && !alias.Shadowed):
	case !alias.Labelled() || !owned:
	case !a.Rules.Known && !(alias.CNAME != nil && h.leadsToRule):
	case alias.CNAME != nil && !h.leadsToRule && len(a.Settings.Unread(c.says)) > 0:
		a.kept[c.name] = append(a.kept[c.name], alias.Host)
	default:
		a.unpublish(alias, h)
	}
	if alias.Barred != "" && served {
		a.noDNS(alias, leads)
	}
}

// planMisplaced takes away the DNS of a host that is made in another zone now, once it
// stands there or nobody wants it.
func (a *aliases) planMisplaced(misplaced *hostalias.Alias) {
	alias, c := a.aliases.Of[misplaced.Host], a.clusters[misplaced.Cluster]
	h := a.examine(alias, a.rows.OfHost(misplaced.Host))
	moved := alias.CNAME != nil && !alias.Busy
	if misplaced.Labelled() && !misplaced.Busy && c.owned && (moved || !h.wanted && !h.held && !h.released) {
		a.unpublish(misplaced, hostRules{})
	}
}

// noDNS says to whom it concerns that no DNS can be made for a host.
func (a *aliases) noDNS(alias *hostalias.Alias, leads []lead) {
	if a.out.NoDNS == nil {
		a.out.NoDNS = make(map[string]bool)
	}
	a.out.NoDNS[alias.Host] = true
	for _, l := range leads {
		a.warn(l.ingress, "edgeward makes no DNS for %s: %s. Its DNS is left to you", alias.Host, alias.Barred)
	}
}

// unpublish takes away the CNAME of a host that nobody wants, after the grace; the label
// goes when no rule is left for which the CNAME has to be forgotten, or at once where a
// wildcard is to answer for the host again.
func (a *aliases) unpublish(alias *hostalias.Alias, h hostRules) {
	switch {
	case alias.Busy || alias.Foreign != nil && alias.CNAME == nil && alias.Barred == "":
	case alias.CNAME != nil:
		a.unwantedCNAME(alias, h)
	case !h.standing || alias.Shadowed || alias.Barred != "":
		a.unwantedLabel(alias)
	}
}

// unwantedCNAME notes that nobody wants the CNAME of a host. It follows the rules of its
// host, where there are some that nobody wants: as long as the guard holds one of them back
// it stays. It goes whatever the guard says where it was lost to others or cannot be; else
// it is one of all those of its cluster's hosts.
func (a *aliases) unwantedCNAME(alias *hostalias.Alias, h hostRules) {
	must := h.lost || alias.Barred != "" || a.rules.giveWay[alias.Host]
	stays := a.verdicts.held[alias.Host] && !must
	said := must || !stays && (a.dropped[alias.Host] || a.verdicts.mayGo[alias.Host])
	since := a.guard.NoteUnwanted(a.Settings.DNS.Name, alias.Cluster, alias.CNAME.ID, guard.SaidIf(said)).Since
	if !stays {
		a.leave(alias, alias.CNAME, since.Add(a.Settings.DeletionGrace))
	}
}

// unwantedLabel notes that nobody wants the label of a host, which has no CNAME any more.
func (a *aliases) unwantedLabel(alias *hostalias.Alias) {
	label := alias.Labels[0]
	due := a.guard.NoteUnwanted(a.Settings.DNS.Name, alias.Cluster, label.ID, guard.Said).Since
	if !alias.Shadowed { // else it goes as fast as it came
		due = due.Add(a.Settings.DeletionGrace)
	}
	a.leave(alias, label, due)
}

func (a *aliases) leave(alias *hostalias.Alias, r *model.Record, due time.Time) {
	a.leaving[alias.Cluster] = append(a.leaving[alias.Cluster], guard.Deletion[model.Record]{
		Op: model.Op[model.Record]{Verb: model.Delete, From: r, Urgency: model.UrgentRemove}, Due: due, Safe: true,
	})
}

// unfinished tells of the routes of a host that its DNS name is on the way.
func (a *aliases) unfinished(alias *hostalias.Alias, cname, label model.Record) {
	state, reason := desired.Pending, "its DNS name "+alias.Host+" is on the way"
	_, refused := a.refused[alias.Host]
	switch {
	case alias.Unread != "":
		state, reason = desired.Failed, "the zone "+a.Settings.ZoneName(alias.At.Zone)+" of its DNS name "+alias.Host+" cannot be read: "+alias.Unread
	case refused || a.places.Is(cname.Key(), observed.BackingOff) || a.places.Is(label.Key(), observed.BackingOff):
		state, reason = desired.Failed, "its DNS name "+alias.Host+" could not be made"
	}
	routes := a.out.Routes
	i, _ := slices.BinarySearchFunc(routes, alias.Host, func(r RouteState, host string) int { return strings.Compare(r.Key.Host, host) })
	for ; i < len(routes) && routes[i].Key.Host == alias.Host; i++ {
		if routes[i].State == desired.Synced {
			routes[i].State, routes[i].Reason = state, reason
			a.openFor(routes[i].Ingress, Open{Records: true})
		}
	}
}
