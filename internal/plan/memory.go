package plan

import (
	"maps"
	"slices"
	"time"
)

// Memory is what Next remembers from one call to the next. The zero value is
// that of a start.
type Memory struct {
	absent map[string]absence // by the provider's ID
	// unused is since when a cluster has no rule at a CDN.
	unused map[clusterCDN]time.Time
	// What was wanted and, as the watch reported, is not any more.
	droppedRules   map[RuleKey]bool
	droppedRecords map[string]bool // keys
	// decided are Ingresses that the watch reported to be gone, or to be nobody's,
	// when their class was not known: what stands for them was wanted.
	decided map[IngressID]bool
	// named are the zone names that some rule named, or that a record is on its
	// way to since some rule did: when none does any more, it was this process
	// that took the rules away, or changed them.
	named map[string]bool
	// compared are the clusters whose first comparison is over.
	compared map[string]bool
	// pointed is when a published host last led to a name at a CDN, as long as that
	// may be remembered.
	pointed    map[pointer]time.Time
	refused    map[string]time.Time // see planner.dark
	ttlRefused map[string]refusal   // by ID
	taken      map[RuleKey]string   // see planner.makesRoom
	sites      sites                // of the last call, which had the same owner
	stands     directory            // likewise
}

// absence is since when nobody wants an object. Reported says that the watch
// told so, or that the user allowed it: such deletions are not limited.
type absence struct {
	since    time.Time
	reported bool
	refused  bool // it was one of too many: that new rules dilute the share does not excuse it
}

// Follow returns the memory after what is wanted changed from old to now. With
// reported, the watch said so: what it leads to delete does not count for
// max_delete. Without, objects were only missing in a new snapshot.
func (m Memory) Follow(old, now Want, reported bool) Memory {
	next := m
	next.droppedRules, next.droppedRecords = make(map[RuleKey]bool), make(map[string]bool)
	for key := range m.droppedRules {
		if !now.Route(key).Wanted() {
			next.droppedRules[key] = true
		}
	}
	if reported && len(now.decided) > 0 {
		next.decided = make(map[IngressID]bool)
		maps.Copy(next.decided, m.decided)
		for _, id := range now.decided {
			next.decided[id] = true
		}
	}
	records := maps.Clone(m.droppedRecords)
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
				records = set.addKeys(name, records)
			}
		}
	}
	if len(records) == 0 {
		return next
	}
	var wanted map[string]bool
	for name, set := range now.Sets {
		wanted = set.addKeys(name, wanted)
	}
	for key := range records {
		if !wanted[key] {
			next.droppedRecords[key] = true
		}
	}
	return next
}

// addKeys adds the keys of the set's records to some.
func (s Set) addKeys(name string, keys map[string]bool) map[string]bool {
	if keys == nil {
		keys = make(map[string]bool)
	}
	for _, ip := range s.Addresses {
		keys[address(name, ip, 0).Key()] = true
	}
	if s.CNAME != "" {
		keys[Record{Name: name, Type: "CNAME"}.Key()] = true
	}
	return keys
}
