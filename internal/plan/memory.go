package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/recordset"
	"github.com/edgeward/edgeward/internal/table"
)

// Memory is what Next remembers from one call to the next. The zero value is
// that of a start.
type Memory struct {
	guard guard.Memory
	// noRules is since when a cluster has no rule at a CDN.
	noRules map[clusterCDN]time.Time
	// What was wanted and, as the watch reported, is not any more.
	droppedRules   map[model.RuleKey]bool
	droppedRecords map[model.Place]bool
	// decided are Ingresses that the watch reported to be gone, or to be nobody's,
	// when their class was not known: what stands for them was wanted.
	decided map[model.IngressID]bool
	// names are the zone names that some rule used, or that a record is on its way to
	// since some rule did: when none does any more, it was this process that took the
	// rules away, or changed them.
	names map[string]bool
	// compared are the clusters whose first comparison is over, inSync those of which no
	// loss waits; see clustersInSync.
	compared, inSync map[string]bool
	cached           map[hostalias.Pointing]time.Time // see hostalias.Aliases
	refusedAliases   map[string]time.Time             // by host, see aliases.tooEarly
	ttlRefused       map[string]recordset.Refusal     // by the record's ID
	// madeRoom are the rows whose rule goes so that there is room for its successor, each
	// with the Extra of that rule.
	madeRoom   map[model.RuleKey]string
	lostLabels map[model.RuleKey]lostLabel
	// Of the last call, which had the same owner.
	rows      table.Rows
	directory table.Directory
}

// results are what the stages of a plan have found.
type results struct {
	usage
	found    hostalias.Aliases
	clusters map[string]*cluster
	noRules  map[clusterCDN]time.Time
	sets     setPlan
	labels   labelPlan
	rules    rulePlan
	aliases  aliasPlan
	guard    *guard.Guard
	inSync   map[string]bool
}

// rememberUnread is the memory after a call that could not look at anything.
func rememberUnread(f *facts) Memory {
	next := f.Memory
	next.rows, next.directory = f.rows, f.directory
	return next
}

// remember keeps of the memory what still concerns an object, or may do once
// the provider is read.
func remember(f *facts, r results) Memory {
	ruleKnown := func(key model.RuleKey) bool { return f.Rules.Part(string(key.CDN)).Known }
	next := Memory{
		noRules: r.noRules, droppedRules: make(map[model.RuleKey]bool), droppedRecords: make(map[model.Place]bool),
		decided: r.rules.decided, names: r.names, compared: make(map[string]bool), inSync: r.inSync,
		cached: r.found.Cached, refusedAliases: r.aliases.refused, ttlRefused: r.sets.ttlRefused,
		madeRoom: r.rules.madeRoom, lostLabels: r.labels.memory, rows: f.rows, directory: f.directory,
	}
	next.guard = r.guard.Memory(func(cluster string, at model.Provider) bool {
		c := r.clusters[cluster]
		return c == nil || c.owned && (at == f.Settings.DNS.Name || f.Rules.Part(string(at)).Known)
	})
	maps.Copy(next.compared, f.Memory.compared)
	for name, c := range r.clusters {
		if f.Rules.Tried() && f.Records.Tried() && c.known {
			next.compared[name] = true
		}
	}
	for _, a := range f.Records.Attempts {
		// Its record may turn up when the name is in use no more.
		if a.Status != observed.BackingOff && f.Memory.names[a.New().Name] {
			next.names[a.New().Name] = true
		}
	}
	if !f.Rules.Known {
		next.decided = f.Memory.decided
		maps.Copy(next.names, f.Memory.names)
	}
	for key, extra := range f.Memory.madeRoom {
		if !ruleKnown(key) {
			next.madeRoom[key] = extra
		}
	}
	for key := range f.Memory.droppedRules {
		if !ruleKnown(key) || f.hasRule(key) {
			next.droppedRules[key] = true
		}
	}
	for key := range f.Memory.droppedRecords {
		if f.places.Has(key) {
			next.droppedRecords[key] = true
		}
	}
	return next
}

// Reloaded is what of a memory holds for a process that has read its configuration again:
// what was reported stays reported. The owner, the zone of the origins and the CDNs'
// accounts have to be the same, or else the zero Memory is right.
func (m Memory) Reloaded() Memory {
	m.compared, m.inSync, m.rows, m.directory = nil, nil, table.Rows{}, table.Directory{}
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
