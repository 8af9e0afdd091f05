package plan

import (
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
	"github.com/edgeward/edgeward/internal/recordset"
)

// sets is the stage that brings the records behind the origins' names towards what is
// wanted.
type sets struct {
	*draft
	usage
	clusters map[string]*cluster
	guard    *guard.Guard
	setPlan
}

// setPlan is what the stage has found.
type setPlan struct {
	states  map[string]recordset.State // by zone name
	leaving []setDeletions
	// kept are the names, by cluster, that stay for the sake of CDNs that are not read.
	kept map[string][]string
	// ttlRefused is the memory being built, by the record's ID.
	ttlRefused map[string]recordset.Refusal
}

// setDeletions is what nobody wants of one name.
type setDeletions struct {
	cluster, name string
	loss          guard.Loss
	records       []guard.Deletion[model.Record]
}

// planSets goes through the names in the clusters' parts of the zone, and through those
// that are wanted there.
func planSets(d *draft, u usage, clusters map[string]*cluster, g *guard.Guard) setPlan {
	s := &sets{d, u, clusters, g, setPlan{
		states: make(map[string]recordset.State), kept: make(map[string][]string), ttlRefused: make(map[string]recordset.Refusal),
	}}
	for _, name := range slices.Sorted(maps.Keys(clusters)) {
		c := clusters[name]
		if !c.owned {
			continue
		}
		byName := make(map[string][]*model.Record)
		for _, r := range c.records {
			byName[r.Name] = append(byName[r.Name], r)
		}
		for name, set := range d.Want.Sets {
			if set.Cluster == c.name && u.names[name] && byName[name] == nil {
				byName[name] = nil // nothing stands there yet
			}
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			s.plan(c, name, byName[name])
		}
	}
	return s.setPlan
}

// plan decides about all records of one name. A name that some rule uses, ours or not,
// keeps its addresses; any other goes after it has lingered.
func (s *sets) plan(c *cluster, name string, records []*model.Record) {
	if !s.names[name] && !s.Rules.Known { // whether a rule uses it is not known yet
		s.remember(name, records)
		return
	}
	set, wanted := s.Want.Sets[name]
	isOwnership := name == model.OwnershipName(c.name, s.Settings.Owner)
	used := s.names[name]
	if !used && len(s.Settings.Unread(c.says)) > 0 { // a rule of a CDN that nobody reads may use it
		used = true
		if !isOwnership {
			s.kept[c.name] = append(s.kept[c.name], name)
		}
	}
	leaving := setDeletions{cluster: c.name, name: name}
	use := recordset.Name{Name: name, Set: set, TTL: c.ttl, TTLChanges: c.ttlChanges, Refusals: s.Memory.ttlRefused, Now: s.Now}
	for _, r := range records {
		if !s.idle(r) {
			s.remember(name, []*model.Record{r})
		}
		switch {
		case isOwnership && r.Type == "TXT":
		case used && !wanted:
			// Somebody's rule uses it although no Service has such a set.
		case used && r.Resolves() && (r.Type == "CNAME") == (set.CNAME != ""):
			use.Records = append(use.Records, r)
		case used:
			leaving.records = append(leaving.records, s.surplus(c, r))
			use.Blocked = use.Blocked || r.Resolves()
		default:
			leaving.records = append(leaving.records, s.unused(c, r))
		}
	}
	left := 0
	if used && wanted {
		var surplus []guard.Deletion[model.Record]
		surplus, left = s.bring(c, use)
		leaving.records = append(leaving.records, surplus...)
	}
	leaving.loss = s.guard.LossOfSet(name, ids(records), left)
	if len(leaving.records) > 0 {
		s.leaving = append(s.leaving, leaving)
	}
}

// bring brings a name that is in use towards what is wanted of it. It returns the
// addresses that nobody wants and that may go, and how many are left then. It tells of a
// set that is too large, or that has only the addresses that were known last.
func (s *sets) bring(c *cluster, use recordset.Name) (surplus []guard.Deletion[model.Record], left int) {
	if use.Set.CNAME != "" {
		s.states[use.Name] = s.records.CNAME(use)
		return nil, s.states[use.Name].Standing
	}
	result := s.records.Addresses(use, s.Settings.DNS)
	if notice, ok := use.Set.TooLarge(use.Name+"."+s.Settings.Domain, result.Addresses); ok {
		s.out.Notices = append(s.out.Notices, notice)
	}
	if result.LastKnown {
		s.out.Stale[use.Name] = Stale{c.name, use.Set.Lacks}
	}
	maps.Copy(s.ttlRefused, result.Refusals)
	for _, r := range result.Surplus {
		// What cannot go yet, since other addresses come first, is not judged by the guard
		// either: the loss would be less when they have come.
		if deletion := s.surplus(c, r.Record); r.MayGo {
			surplus = append(surplus, deletion)
		}
	}
	s.states[use.Name] = result.State
	return surplus, result.Left
}

func ids(records []*model.Record) (list []string) {
	for _, r := range records {
		list = append(list, r.ID)
	}
	return list
}

// remember keeps what is known of records of a set, as long as it is not known what
// becomes of them.
func (s *sets) remember(name string, records []*model.Record) {
	for _, r := range records {
		s.guard.Remember(r.ID)
	}
	s.guard.RememberSet(name)
}

// surplus notes that nobody wants a record of a name that is in use.
func (s *sets) surplus(c *cluster, r *model.Record) guard.Deletion[model.Record] {
	replaced := ordered.Contains(s.Want.Sets[r.Name].Surplus, r.Data) // others stand for it
	s.guard.NoteUnwanted(s.Settings.DNS.Name, c.name, r.ID, guard.SaidIf(s.Memory.droppedRecords[r.Key()] || replaced))
	return guard.Deletion[model.Record]{
		Op:  model.Op[model.Record]{Verb: model.Delete, From: r, Urgency: model.UrgentRemove},
		Due: s.Now, Safe: s.idle(r),
	}
}

// unused notes that no rule uses the name of a record. The record goes after the linger,
// once all CDNs were read again: nobody may have pointed a rule at the name meanwhile.
func (s *sets) unused(c *cluster, r *model.Record) guard.Deletion[model.Record] {
	replaced := ordered.Contains(s.Want.Sets[r.Name].Surplus, r.Data)
	by := guard.SaidIf(s.Memory.droppedRecords[r.Key()] || replaced || s.Memory.names[r.Name])
	unwanted := s.guard.NoteUnwanted(s.Settings.DNS.Name, c.name, r.ID, by)
	due := unwanted.Since.Add(s.Settings.Linger)
	stale := !s.Now.Before(due) && !s.readSince(s.Rules.Whole(), due)
	if stale {
		for _, cdn := range s.Settings.CDNs {
			if !s.readSince(s.Rules.Part(string(cdn.Name)), due) {
				s.out.Reread[cdn.Name] = true
			}
		}
	}
	return guard.Deletion[model.Record]{
		Op:  model.Op[model.Record]{Verb: model.Delete, From: r, Urgency: model.UrgentTidy},
		Due: due, Safe: s.idle(r) && !stale,
	}
}
