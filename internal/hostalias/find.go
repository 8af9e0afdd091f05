package hostalias

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/table"
)

// Input is what the DNS of hosts is found in.
type Input struct {
	Settings   model.Settings
	Configured func(cluster string) bool // it is in the configuration
	Routes     []*desired.Route          // that are wanted
	Rows       table.Rows
	Records    table.Directory
	Places     observed.Index[model.Record] // of those of the owner
	View       observed.View[model.Record]
	Cached     map[Pointing]time.Time // as the answer before had it
	Now        time.Time
}

// Aliases is how the DNS of published hosts stands.
type Aliases struct {
	Hosts []string          // in order
	Of    map[string]*Alias // by host
	// Misplaced is DNS of ours in another zone than that in which the host's is made now.
	Misplaced []*Alias
	// Cached is until when caches may lead a host to a name at a CDN.
	Cached map[Pointing]time.Time

	settings model.Settings
	// named tells the names at the CDNs that some rule has, whosever it is.
	named func() map[string]bool
}

// finder has what is known of the zones while hosts are looked at.
type finder struct {
	Input
	written map[model.RecordName]bool // names of what is being made or changed, or may have been
	owners  map[string]bool           // of parts of the origins' zone
	// What was looked up of names that have many hosts below them.
	delegations map[model.RecordName]bool // has NS records, so that others are asked for what lies there
	wildcards   map[model.RecordName]bool // has a wildcard below it
}

// Find finds out how the DNS of hosts stands: of those that are wanted, of those that a
// label of ours names, and of those that were led to a CDN a moment ago.
func Find(in Input) Aliases {
	found := Aliases{
		Of: make(map[string]*Alias), Cached: make(map[Pointing]time.Time),
		settings: in.Settings, named: sync.OnceValue(func() map[string]bool { return cdnNames(in.Rows.Rules()) }),
	}
	if len(in.Settings.PublishZones) == 0 {
		return found
	}
	f := newFinder(in)
	labelled := f.labelled()
	places := f.places(labelled)
	found.Hosts = slices.Sorted(maps.Keys(places))
	for _, host := range found.Hosts {
		alias := f.examine(host, places[host])
		alias.Barred = f.bar(alias)
		found.Of[host] = alias
	}
	for _, at := range labelled {
		place, ok := places[in.Settings.HostAt(at)]
		if !ok || place == at {
			continue
		}
		alias := f.examine(in.Settings.HostAt(at), at)
		alias.Barred = "its DNS is made in the zone " + in.Settings.ZoneName(place.Zone)
		found.Misplaced = append(found.Misplaced, alias)
	}
	f.noteCached(&found)
	return found
}

func newFinder(in Input) *finder {
	f := &finder{
		Input: in, written: make(map[model.RecordName]bool), owners: map[string]bool{in.Settings.Owner: true},
		delegations: make(map[model.RecordName]bool), wildcards: make(map[model.RecordName]bool),
	}
	for _, a := range in.View.Attempts {
		if !a.Verb.Reads() && a.Status != observed.BackingOff {
			f.written[model.RecordName{Zone: a.New().Zone, Name: a.New().Name}] = true
		}
	}
	for _, r := range in.Records.Ours {
		if owner, ok := table.OwnerOf(r); ok {
			f.owners[owner] = true
		}
	}
	return f
}

// labelled are the names that have a label of ours.
func (f *finder) labelled() (names []model.RecordName) {
	for _, r := range f.Records.Ours {
		if _, ours := model.ParseAliasLabel(r, f.Settings.Owner); ours {
			names = append(names, model.RecordName{Zone: r.Zone, Name: strings.TrimPrefix(r.Name, model.OwnerPrefix)})
		}
	}
	return names
}

// places are the hosts to look at, each with the name that its DNS has or would have.
func (f *finder) places(labelled []model.RecordName) map[string]model.RecordName {
	places := make(map[string]model.RecordName)
	note := func(host string) {
		if at, ok := f.Settings.ZoneOf(host); ok && at.Name != "" {
			places[host] = at
		}
	}
	latest := "" // neighbours are often of one host
	for _, r := range f.Routes {
		if r.Key.Host != latest && r.Wanted() {
			latest = r.Key.Host
			note(latest)
		}
	}
	for _, at := range labelled {
		note(f.Settings.HostAt(at))
	}
	for pointing := range f.Cached {
		note(pointing.Host)
	}
	if f.View.Complete() {
		return places
	}
	for _, row := range f.Rows.All { // as long as a zone is not known there may be a label
		if at, ok := f.Settings.ZoneOf(row.Where().Host); ok && len(row.Ours) > 0 && !f.View.Part(at.Zone).Seen() {
			note(row.Where().Host)
		}
	}
	return places
}

// OwnedBy is how many hosts are labelled for a cluster.
func (a Aliases) OwnedBy(cluster string) (n int) {
	for _, alias := range a.Of {
		if alias.Labelled() && alias.Cluster == cluster {
			n++
		}
	}
	return n
}
