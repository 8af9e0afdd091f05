package hostalias

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Pointing is that a published host leads to a name at a CDN.
type Pointing struct{ Host, CDNName string }

// noteCached notes where our CNAMEs lead now, or may, beside what caches still know.
func (f *finder) noteCached(found *Aliases) {
	for pointing, until := range f.Cached {
		if f.Now.Before(until) {
			found.Cached[pointing] = until
		}
	}
	note := func(r model.Record) {
		if r.Type != "CNAME" {
			return
		}
		host := f.Settings.HostAt(model.RecordName{Zone: r.Zone, Name: r.Name})
		if alias := found.Of[host]; alias != nil {
			at := Pointing{host, r.Data}
			found.Cached[at] = latest(found.Cached[at], f.Now.Add(max(found.cacheTime(alias), seconds(r.TTL))))
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

// cacheTime is how long caches may know where a host's name leads, if that was not seen: as
// long as the TTL with which the name stands, or else that of the configuration, says.
func (a Aliases) cacheTime(alias *Alias) time.Duration {
	ttl := a.settings.TTL
	if alias.CNAME != nil {
		ttl = max(ttl, alias.CNAME.TTL)
	}
	for _, label := range alias.Labels {
		ttl = max(ttl, label.TTL)
	}
	return seconds(ttl)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Forgotten is when no cache leads from a host to a rule any more, which nobody wants
// since then.
func (a Aliases) Forgotten(alias *Alias, r *model.Rule, since time.Time) time.Time {
	forgotten := since.Add(a.cacheTime(alias))
	for _, name := range a.CDNNames(alias, r) {
		forgotten = latest(forgotten, a.Cached[Pointing{alias.Host, name}])
	}
	return forgotten
}

// Concerns reports whether the host's DNS says, or said so lately that caches may know,
// that it leads to a rule.
func (a Aliases) Concerns(alias *Alias, r *model.Rule) bool {
	return a.settings.CanLead(r) && (alias.Labelled() || alias.Busy || slices.ContainsFunc(a.CDNNames(alias, r), func(name string) bool {
		_, cached := a.Cached[Pointing{alias.Host, name}]
		return cached
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
	for to := range a.Cached {
		if to.Host == alias.Host && !a.named()[to.CDNName] {
			names = append(names, to.CDNName)
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
