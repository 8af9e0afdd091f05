package hostalias

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Pointing is that a published host leads to a name at a CDN.
type Pointing struct{ Host, CDNName string }

// noteSeen notes where our CNAMEs lead now, or may, beside what caches may remember.
func (f *finder) noteSeen(found *Aliases) {
	for seen, at := range f.LastSeen {
		if f.Now.Before(at.Add(found.cacheTime(found.Of[seen.Host]))) {
			found.LastSeen[seen] = at
		}
	}
	note := func(r model.Record) {
		if r.Type != "CNAME" {
			return
		}
		if host := f.Settings.HostAt(model.RecordName{Zone: r.Zone, Name: r.Name}); found.Of[host] != nil {
			found.LastSeen[Pointing{host, r.Data}] = f.Now
		}
	}
	for host, alias := range found.Of {
		for _, r := range alias.here {
			note(*r)
		}
		for _, at := range f.Settings.PlacesOf(host) { // which may be in several zones
			if at == alias.At {
				continue
			}
			for _, r := range f.Records.At(at) {
				note(*r)
			}
		}
	}
	for _, a := range f.View.Attempts {
		if a.Status != observed.BackingOff {
			note(a.Old())
			note(a.New())
		}
	}
}

// cacheTime is how long caches may know where a host's name leads: as long as the TTL
// with which it stands, or else that of the configuration, says.
func (a Aliases) cacheTime(alias *Alias) time.Duration {
	ttl := a.settings.TTL
	if alias != nil {
		if alias.CNAME != nil {
			ttl = max(ttl, alias.CNAME.TTL)
		}
		for _, label := range alias.Labels {
			ttl = max(ttl, label.TTL)
		}
	}
	return time.Duration(ttl) * time.Second
}

// Forgotten is when no cache leads from a host to a rule any more, which nobody wants
// since then.
func (a Aliases) Forgotten(alias *Alias, r *model.Rule, since time.Time) time.Time {
	for _, name := range a.CDNNames(alias, r) {
		if last := a.LastSeen[Pointing{alias.Host, name}]; last.After(since) {
			since = last
		}
	}
	return since.Add(a.cacheTime(alias))
}

// Concerns reports whether the host's DNS says, or said a moment ago, that it leads to a
// rule.
func (a Aliases) Concerns(alias *Alias, r *model.Rule) bool {
	return a.settings.CanLead(r) && (alias.Labelled() || alias.Busy || slices.ContainsFunc(a.CDNNames(alias, r), func(name string) bool {
		_, seen := a.LastSeen[Pointing{alias.Host, name}]
		return seen
	}))
}

// LeadsTo reports whether the host's CNAME leads to a rule, or may.
func (a Aliases) LeadsTo(alias *Alias, r *model.Rule) bool {
	return alias.CNAME != nil && slices.Contains(a.CDNNames(alias, r), alias.CNAME.Data)
}

// CDNNames are the names by which a host's DNS leads, or led, to a rule. Where the one
// name of a CDN is not known these are all that no rule has.
func (a Aliases) CDNNames(alias *Alias, r *model.Rule) []string {
	if name := a.settings.CDNName(r); name != "" {
		return []string{name}
	}
	var names []string
	for seen := range a.LastSeen {
		if seen.Host == alias.Host && !a.named()[seen.CDNName] {
			names = append(names, seen.CDNName)
		}
	}
	return names
}

func cdnNames(rules []*model.Rule) map[string]bool {
	names := make(map[string]bool)
	for _, r := range rules {
		names[r.Published] = true
	}
	return names
}
