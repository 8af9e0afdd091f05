// Package invariants checks, after every single change at the emulated
// providers, what must hold there whatever fails: no rule of ours names an
// origin without an address, what others made stays as it is, and nothing is
// made that is not marked, or named, as ours. A published host leads to no pull
// zone that is not there.
//
// What is ours is decided here by the documented marks and names alone, without
// any of edgeward's code.
package invariants

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
)

// Providers are the emulators to look at. They share the Changes.
type Providers struct {
	Edgio   *edgiotest.Account
	Vultr   *vultrtest.Account
	Changes *emulator.Changes
	Domain  string // the zone
	// PublishZone is the zone of published hosts; "": none.
	PublishZone string
}

// Part is what one installation may write for one cluster: the rules with its
// mark and the names below <cluster>.<owner>.
type Part struct{ Owner, Cluster string }

// Guard checks every change; see Watch.
type Guard struct {
	Providers
	report func(string)

	mu      sync.Mutex
	ours    map[Part]bool
	adopts  bool
	frees   bool              // our rules may lose their marks
	rules   map[string]rule   // as they stood after the last change, by UUID
	records map[string]record // by ID
	zones   map[string]zone   // by ID
}

type rule struct {
	edgiotest.Instance
	ours   bool
	marked bool // by whomever
}

type record struct {
	vultrtest.Record
	zone string
	ours bool
}

// Watch has every change checked from now on. What changes by a call of the API
// may concern nothing but the given parts. report is told of each violation, on
// the goroutine that made the change.
func Watch(p Providers, report func(string), ours ...Part) *Guard {
	g := &Guard{Providers: p, report: report, ours: make(map[Part]bool)}
	g.Also(ours...)
	g.rules, g.records = g.look()
	g.zones = g.lookAtZones()
	p.Changes.OnChange(g.check)
	return g
}

// Also admits further parts.
func (g *Guard) Also(ours ...Part) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range ours {
		g.ours[p] = true
	}
}

// Adopts admits that a rule that nobody marked becomes ours.
func (g *Guard) Adopts() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.adopts = true
}

// Releases admits that a rule of ours loses its mark. From then on it is somebody
// else's.
func (g *Guard) Releases() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.frees = true
}

func (g *Guard) check() {
	g.mu.Lock()
	defer g.mu.Unlock()
	rules, records := g.look()
	zones := g.lookAtZones()
	g.origins(rules, zones, records)
	if g.Changes.ByCall() {
		g.foreignRules(rules)
		g.foreignRecords(records)
		g.foreignZones(zones)
		g.led(zones, records)
	}
	g.rules, g.records, g.zones = rules, records, zones
}

// look takes down what stands.
func (g *Guard) look() (map[string]rule, map[string]record) {
	rules, records := make(map[string]rule), make(map[string]record)
	for _, r := range g.Edgio.Instances() {
		if before, ok := g.rules[r.UUID]; ok && before.Version == r.Version {
			rules[r.UUID] = before
			continue
		}
		part, marked, valid := markOf(r)
		rules[r.UUID] = rule{r, valid && g.ours[part], marked}
	}
	for _, r := range g.Vultr.Records(g.Domain) {
		labels := strings.Split(r.Name, ".")
		n := len(labels)
		records[r.ID] = record{r, g.Domain, n > 2 && g.ours[Part{labels[n-1], labels[n-2]}]}
	}
	g.lookAtPublished(records)
	return rules, records
}

// markOf reads the header by which a rule says whose it is.
func markOf(r edgiotest.Instance) (part Part, marked, valid bool) {
	for _, set := range r.ProtocolSets {
		for _, o := range set.Options {
			if o.Name != "req_send_header" || len(o.Parameters) != 2 || o.Parameters[0] != "X-Edgeward" {
				continue
			}
			marked = true
			if p, ok := mark(fmt.Sprint(o.Parameters[1]), r.Host+r.Path); ok {
				part, valid = p, true
			}
		}
	}
	return part, marked, valid
}

// mark reads who a published host and path belongs to; it is not ok if the mark
// is that of another:
//
//	<owner>/<cluster>/<namespace>/<ingress>/<hash of host and path>
func mark(text, published string) (Part, bool) {
	host, path, _ := strings.Cut(published, "/")
	sum := sha256.Sum256([]byte(strings.ToLower(host) + "/" + path))
	fields := strings.Split(text, "/")
	if len(fields) != 5 || fields[4] != hex.EncodeToString(sum[:8]) {
		return Part{}, false
	}
	return Part{fields[0], fields[1]}, true
}

// origins: each rule and pull zone with an origin in a part of ours finds an
// address there.
func (g *Guard) origins(rules map[string]rule, zones map[string]zone, records map[string]record) {
	filled := make(map[string]bool)
	for _, r := range records {
		if r.zone == g.Domain && (r.Type == "A" || r.Type == "AAAA" || r.Type == "CNAME") {
			filled[r.Name+"."+g.Domain] = true
		}
	}
	check := func(published, origin string) {
		if strings.HasSuffix(origin, "."+g.Domain) && !filled[origin] {
			g.report(fmt.Sprintf("%s is published from %s, which has no address now", published, origin))
		}
	}
	for _, r := range rules {
		if r.ours {
			check(r.Host+r.Path, r.SourceHost)
		}
	}
	for _, z := range zones {
		if z.ours {
			check(z.VanityDomain, z.OriginDomain)
		}
	}
}

func (g *Guard) foreignRules(now map[string]rule) {
	for id, before := range g.rules {
		after, stands := now[id]
		switch {
		case before.ours && stands && !after.ours && g.frees && !after.marked:
		case before.ours && stands && !after.ours:
			g.report(fmt.Sprintf("our rule %s%s lost its mark: %s", before.Host, before.Path, after.Raw))
		case before.ours, stands && string(before.Raw) == string(after.Raw):
		case stands && after.ours && g.adopts && !before.marked:
		default:
			g.report(fmt.Sprintf("the rule %s%s of others was touched:\n%s\n%s", before.Host, before.Path, before.Raw, after.Raw))
		}
	}
	for id, r := range now {
		if _, known := g.rules[id]; !known && !r.ours {
			g.report(fmt.Sprintf("a rule was made without our mark: %s", r.Raw))
		}
	}
}

func (g *Guard) foreignRecords(now map[string]record) {
	for id, before := range g.records {
		if after := now[id]; !before.ours && before.Record != after.Record {
			g.report(fmt.Sprintf("the record %+v of others was touched; now %+v", before.Record, after.Record))
		}
	}
	for id, r := range now {
		if _, known := g.records[id]; !known && !r.ours {
			g.report(fmt.Sprintf("a record was made outside of what is ours: %+v", r.Record))
		}
	}
}
