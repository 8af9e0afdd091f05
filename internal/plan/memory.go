package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Memory is what Next remembers from one call to the next. The zero value is
// that of a start.
type Memory struct {
	absent map[string]absence // by the provider's ID
	// stood are the IDs of what an address set had when it began to lose some by inference,
	// without those that were condemned since.
	stood map[string][]string
	// unused is since when a cluster has no rule at a CDN.
	unused map[clusterCDN]time.Time
	// What was wanted and, as the watch reported, is not any more.
	droppedRules   map[model.RuleKey]bool
	droppedRecords map[model.Place]bool
	// decided are Ingresses that the watch reported to be gone, or to be nobody's,
	// when their class was not known: what stands for them was wanted.
	decided map[model.IngressID]bool
	// named are the zone names that some rule named, or that a record is on its
	// way to since some rule did: when none does any more, it was this process
	// that took the rules away, or changed them.
	named map[string]bool
	// compared are the clusters whose first comparison is over.
	compared map[string]bool
	// settled are the clusters of which no loss waits, as the last plan found; see
	// planner.noteSettled.
	settled map[string]bool
	// pointed is when a published host last led to a name at a CDN, as long as that
	// may be remembered.
	pointed    map[pointer]time.Time
	refused    map[string]time.Time          // see planner.dark
	ttlRefused map[string]refusal            // by ID
	taken      map[model.RuleKey]string      // see planner.makesRoom
	unkept     map[model.RuleKey]unkeptLabel // see planner.planUnkept
	rows       rows                          // of the last call, which had the same owner
	stands     directory                     // likewise
}

// remember keeps of the memory what still concerns an object, or may do once
// the provider is read.
func (p *planner) remember() Memory {
	if !p.Records.Known { // nothing was looked at
		next := p.Memory
		next.rows, next.stands = p.rows, p.stands
		return next
	}
	next := Memory{
		absent: p.absent, stood: p.stood, settled: p.settled, unused: p.unused, named: p.named, compared: maps.Clone(p.Memory.compared), pointed: p.pointed, refused: p.refused, ttlRefused: p.ttls, taken: p.taken, unkept: p.unkept,
		droppedRules: make(map[model.RuleKey]bool), droppedRecords: make(map[model.Place]bool), rows: p.rows, stands: p.stands, decided: p.decided,
	}
	if next.compared == nil {
		next.compared = make(map[string]bool)
	}
	for name, c := range p.clusters.of {
		if p.Rules.Tried() && p.Records.Tried() && c.ready && c.compared {
			next.compared[name] = true
		}
	}
	for _, a := range p.Records.Attempts {
		// Its record may turn up when the name is in use no more.
		if a.Status != observed.BackingOff && p.Memory.named[a.New().Name] {
			next.named[a.New().Name] = true
		}
	}
	if !p.Rules.Known {
		next.decided = p.Memory.decided
		maps.Copy(next.named, p.Memory.named)
	}
	for id, a := range p.Memory.absent {
		if _, again := next.absent[id]; !again && !p.looksAt(a) {
			next.absent[id] = a
		}
	}
	for key, extra := range p.Memory.taken {
		if !p.Rules.Part(string(key.CDN)).Known {
			next.taken[key] = extra
		}
	}
	for key := range p.Memory.droppedRules {
		if !p.Rules.Part(string(key.CDN)).Known || p.hasRule(key) {
			next.droppedRules[key] = true
		}
	}
	for key := range p.Memory.droppedRecords {
		if !p.Records.Known || p.records.Has(key) {
			next.droppedRecords[key] = true
		}
	}
	return next
}

// looksAt reports whether what somebody did not want would have been found to be so again
// if it were.
func (p *planner) looksAt(a absence) bool {
	c := p.clusters.get(a.cluster)
	return c == nil || c.claimed && (a.provider == p.Settings.DNS.Name || p.Rules.Part(string(a.provider)).Known)
}

// Reloaded is what of a memory holds for a process that has read its configuration again:
// what was reported stays reported. The owner, the zone of the origins and the CDNs'
// accounts have to be the same, or else the zero Memory is right.
func (m Memory) Reloaded() Memory {
	m.compared, m.settled, m.rows, m.stands = nil, nil, rows{}, directory{}
	return m
}

// Follow returns the memory after what is wanted changed from old to now. With
// reported, the watch said so: what it leads to delete does not count for
// max_delete. Without, objects were only missing in a new snapshot.
func (m Memory) Follow(old, now desired.Want, reported bool) Memory {
	next := m
	next.droppedRules, next.droppedRecords = make(map[model.RuleKey]bool), make(map[model.Place]bool)
	for key := range m.droppedRules {
		if !now.Route(key).Wanted() {
			next.droppedRules[key] = true
		}
	}
	if reported && len(now.Decided) > 0 {
		next.decided = make(map[model.IngressID]bool)
		maps.Copy(next.decided, m.decided)
		for _, id := range now.Decided {
			next.decided[id] = true
		}
	}
	records := make(map[model.Place]bool)
	maps.Copy(records, m.droppedRecords)
	if reported {
		rest := now.Routes
		for _, r := range old.Routes {
			for len(rest) > 0 && rest[0] != r && rest[0].Key.Compare(r.Key) < 0 {
				rest = rest[1:] // new ones
			}
			if len(rest) > 0 && rest[0] == r {
				rest = rest[1:]
			} else if r.Wanted() && !now.Route(r.Key).Wanted() {
				next.droppedRules[r.Key] = true
			}
		}
		for name, set := range old.Sets {
			if !slices.Equal(set.Members(), now.Sets[name].Members()) {
				for _, place := range set.Places(name) {
					records[place] = true
				}
			}
		}
	}
	if len(records) == 0 {
		return next
	}
	wanted := make(map[model.Place]bool)
	for name, set := range now.Sets {
		for _, place := range set.Places(name) {
			wanted[place] = true
		}
	}
	for key := range records {
		if !wanted[key] {
			next.droppedRecords[key] = true
		}
	}
	return next
}
