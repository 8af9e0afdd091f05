// Package hostalias finds out how the DNS of published hosts stands: what leads a host to
// its CDN, whose that is, and what caches may still know of it. It decides nothing.
//
//	_edgeward.www.example.com  TXT    "heritage=edgeward,…"   the label: the name is ours
//	www.example.com            CNAME  cdn-a.example.net       where the CDN answers for the host
//
// Without the label, whatever has the host's name is somebody else's.
package hostalias

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Alias is the DNS of a published host in one of Settings.PublishZones.
type Alias struct {
	Host    string
	At      model.RecordName // of the CNAME
	Cluster string           // that the label names
	Labels  []*model.Record  // ours that certainly stand
	CNAME   *model.Record    // nil if there is none for certain
	Busy    bool             // something about it is under way or unknown
	Foreign *model.Record    // what is not ours and has the host's name, or the label's
	// Shadowed says that a wildcard answers for the name, as long as nothing stands there.
	Shadowed bool
	// Barred is why no DNS can be made here for the host, in words for its Ingress; what
	// stands for it of ours goes.
	Barred string
	Unread string // why the zone cannot be read; "": it was

	here []*model.Record // all that has the name
}

// Labelled reports whether the name is certainly labelled as ours.
func (a *Alias) Labelled() bool { return len(a.Labels) > 0 }

// LeadsTo reports whether the host has a CNAME to this name at a CDN.
func (a *Alias) LeadsTo(name string) bool { return a.CNAME != nil && a.CNAME.Data == name }

// SurelyLeadsTo reports whether the host certainly leads to a name, and nowhere else.
func (a *Alias) SurelyLeadsTo(name string) bool { return a.Labelled() && a.LeadsTo(name) && !a.Busy }

// examine looks at what has a host's name, and its label's.
func (f *finder) examine(host string, at model.RecordName) *Alias {
	part := f.View.Part(at.Zone)
	alias := &Alias{Host: host, At: at, here: f.Records.At(at), Unread: part.Fault}
	alias.Busy = !part.Known || alias.Unread != ""
	labels := f.Records.At(at.OwnerName())
	for _, r := range labels {
		cluster, ours := model.ParseAliasLabel(r, f.Settings.Owner)
		switch {
		case ours && f.Configured(cluster) && f.doubtful(*r, labels):
			alias.Busy = true
		case ours && f.Configured(cluster):
			alias.Labels, alias.Cluster = append(alias.Labels, r), cluster
		default:
			alias.Foreign = r
		}
	}
	alias.Busy = alias.Busy || f.written[at.OwnerName()] ||
		f.doubtful(model.Record{Zone: at.Zone, Name: at.Name, Type: "CNAME"}, alias.here)
	for _, r := range alias.here {
		switch {
		case r.Type != "CNAME" || !alias.Labelled() && !alias.Busy:
			alias.Foreign = cmp.Or(alias.Foreign, r)
		case !alias.Busy:
			alias.CNAME = r
		}
	}
	alias.Shadowed = f.shadowed(at)
	return alias
}

// doubtful reports whether it is unknown what stands at the place of a record.
func (f *finder) doubtful(place model.Record, standing []*model.Record) bool {
	key := place.Key()
	return f.Places.Is(key, observed.InFlight) || f.Places.Is(key, observed.Unknown) ||
		slices.ContainsFunc(standing, func(r *model.Record) bool { return f.View.Missing[r.ID] && r.Key() == key })
}

// bar returns why no DNS can be made for a host; "" if it can. What stands already is
// not taken away for the sake of another owner, who has come later.
func (f *finder) bar(a *Alias) string {
	why := f.delegated(a)
	if a.At.Zone != "" {
		return why
	}
	for owner := range f.owners {
		if strings.HasSuffix(a.At.Name, "."+owner) && (owner == f.Settings.Owner || a.CNAME == nil) {
			why = "it lies below " + owner + "." + f.Settings.Domain + ", where edgeward keeps the names of origins"
		}
	}
	return why
}

// delegated says that others are asked for a host's name; "" if not.
func (f *finder) delegated(a *Alias) string {
	isNS := func(r *model.Record) bool { return r.Type == "NS" }
	here := slices.ContainsFunc(a.here, isNS)
	for name := a.At.Name; name != ""; {
		if here {
			zone := f.Settings.ZoneName(a.At.Zone)
			return "the zone " + zone + " delegates " + name + "." + zone + " to other name servers (NS), so that nobody asks this zone for it"
		}
		_, name, _ = strings.Cut(name, ".")
		above := model.RecordName{Zone: a.At.Zone, Name: name}
		here = name != "" && known(f.delegations, above, func() bool { return slices.ContainsFunc(f.Records.At(above), isNS) })
	}
	return ""
}

// shadowed reports whether a wildcard answers for a name, as long as nothing stands there.
func (f *finder) shadowed(at model.RecordName) bool {
	for above := at.Name; above != ""; {
		_, above, _ = strings.Cut(above, ".")
		here := model.RecordName{Zone: at.Zone, Name: above}
		if known(f.wildcards, here, func() bool { return len(f.Records.At(here.Wildcard())) > 0 }) {
			return true
		}
	}
	return false
}

// known is what a map has, after find was asked for it if it has nothing.
func known(answers map[model.RecordName]bool, of model.RecordName, find func() bool) bool {
	answer, ok := answers[of]
	if !ok {
		answer = find()
		answers[of] = answer
	}
	return answer
}
