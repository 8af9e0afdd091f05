package plan

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/table"
)

// release takes the label from the rule of an Ingress that lets go of it; all else of it
// stays. A rule that has none is somebody's own already. What stands for another Ingress
// is not this one's to let go of: it goes as it would have to go if this one published
// something there.
func (r *rules) release(row *table.Row) {
	for i, own := range row.Ours {
		if *own.Ingress != row.Route.Ingress {
			r.unwanted(own)
			continue
		}
		if _, ok := r.writable(row.Ours[i : i+1]); !ok {
			continue
		}
		r.rule(model.Op[model.Rule]{Verb: model.Update, From: own.Rule, To: new(own.Unlabelled()), Ingress: row.Route.Ingress, Urgency: model.UrgentChange})
		r.openFor(row.Route.Ingress, Open{Rules: true})
	}
	if len(row.Ours) == 0 && len(row.Others) > 0 {
		r.out.Released = append(r.out.Released, row.Route.Ingress)
	}
}

// unwanted notes that nobody wants a rule of ours. It goes after the deletion grace, if its
// cluster may be written for and no host leads to it.
func (r *rules) unwanted(own table.OwnRule) {
	c := r.clusters[own.Ingress.Cluster]
	if c == nil || !c.owned {
		return
	}
	if r.Memory.decided[*own.Ingress] {
		r.decided[*own.Ingress] = true
	}
	said := r.Memory.droppedRules[own.RuleKey] || r.decided[*own.Ingress] || r.Want.Denies(*own.Ingress, own.Host) || r.replaced(own)
	since := r.guard.NoteUnwanted(own.CDN, c.name, own.ID, guard.SaidIf(said)).Since
	if zone := r.unseenZone(own); zone != "" {
		r.keepUnseen(own, zone)
		return
	}
	d := guard.Deletion[model.Rule]{
		Op:  model.Op[model.Rule]{Verb: model.Delete, From: own.Rule, Ingress: *own.Ingress, Urgency: model.UrgentRemove},
		Due: since.Add(r.Settings.DeletionGrace), Safe: true,
	}
	alias := r.aliases.Of[own.Host]
	if alias != nil && r.aliases.Concerns(alias, own.Rule) && !r.hostStays(own) {
		// First its host must not lead to it any more, nor be remembered to.
		d.SafeFrom = latest(d.Due, r.aliases.Forgotten(alias, own.Rule, since))
		d.Safe = !alias.Busy && !r.aliases.LeadsTo(alias, own.Rule)
		r.seeZone(&d, alias, d.SafeFrom)
		if alias.Unread != "" {
			r.keep(own.Rule, "its zone "+r.Settings.ZoneName(alias.At.Zone)+" cannot be read: "+alias.Unread)
		}
	}
	r.leave(own, d)
	r.openFor(*own.Ingress, Open{Rules: true})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r *rules) leave(own table.OwnRule, d guard.Deletion[model.Rule]) {
	of := clusterCDN{own.Ingress.Cluster, own.CDN}
	r.leaving[of] = append(r.leaving[of], d)
}

// seeZone has a deletion wait until a host's zone was read again since nobody should be led
// to the rule any more: the list that a start rests on may have been an old one.
func (r *rules) seeZone(d *guard.Deletion[model.Rule], alias *hostalias.Alias, due time.Time) {
	if d.Safe && !r.Now.Before(due) && !r.readSince(r.Records.Part(alias.At.Zone), due) {
		r.rereadZone(alias.At.Zone)
		d.Safe = false
	}
}

// replaced reports whether another CDN publishes what a rule did, so that it is not missed.
// That is only believed where nothing else has changed than the cluster: a class that was
// mistyped in the configuration leads to another CDN, too.
func (r *rules) replaced(own table.OwnRule) bool {
	if !r.guard.Unchanged(own.Ingress.Cluster) {
		return false
	}
	return slices.ContainsFunc(r.Settings.CDNs, func(cdn model.CDN) bool {
		key := own.RuleKey
		if key.CDN = cdn.Name; cdn.Paths == model.WholeHosts {
			key.Path = "/"
		}
		row := r.rows.Row(key)
		return row != nil && cdn.Name != own.CDN && row.Route.Wanted() &&
			slices.ContainsFunc(row.Ours, func(o table.OwnRule) bool { return !o.Pending && o.SameAs(&row.Route.Rule) })
	})
}

// hostStays reports whether another rule of the host stays at a CDN that gives all of
// them one name, be it that the guard holds it back: then the host may go on leading there.
func (r *rules) hostStays(own table.OwnRule) bool {
	if !r.Settings.CDN(own.CDN).OneName {
		return false
	}
	for _, row := range r.rows.OfHost(own.Host) {
		if row.Where().CDN != own.CDN || len(row.Ours) == 0 {
			continue
		}
		if _, held := r.heldFor(row); held || row.Route.Wanted() || r.guard.Waited(row.Ours[0].ID) {
			return true
		}
	}
	return false
}

// unseenZone is the zone in which the host of a rule may be led to it though nobody sees
// that; "" if there is none.
func (r *rules) unseenZone(own table.OwnRule) string {
	if !r.Settings.CanLead(own.Rule) {
		return ""
	}
	return r.Settings.UnlistedZone(r.clusters[own.Ingress.Cluster].says, own.Host)
}

// keepUnseen says of a rule that nobody wants that it stays for the sake of such a zone.
func (r *rules) keepUnseen(own table.OwnRule, zone string) {
	r.keep(own.Rule, "its zone "+zone+" is not in "+r.Settings.DNS.Key("publish_zones")+" any more, so that edgeward does not see it")
}

// stillThere keeps the Ingresses of rules at a busy place open, and what is
// remembered of them.
func (r *rules) stillThere(ours []table.OwnRule) {
	for _, own := range ours {
		unwanted, ok := r.guard.Remember(own.ID)
		if !ok {
			continue
		}
		r.openFor(*own.Ingress, Open{Rules: true})
		if unwanted.MayGo {
			r.condemned[clusterCDN{own.Ingress.Cluster, own.CDN}]++
		}
	}
}
