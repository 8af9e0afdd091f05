package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
)

// planRecords walks through the clusters: who may be written for, which sets
// stand there, and what each of them needs.
func (p *planner) planRecords() {
	byCluster := p.recordsByCluster()
	for _, cluster := range slices.Sorted(maps.Keys(p.clusters.of)) {
		c := p.clusters.get(cluster)
		if !c.ready {
			continue
		}
		records := byCluster[cluster]
		p.planClaim(cluster, c, records)
		if !c.claimed {
			continue
		}
		c.records = len(records) - 1 // the claim is not counted
		p.step.Owned.Claims++
		p.step.Owned.Addresses += c.records
		byName := make(map[string][]*model.Record)
		for _, r := range records {
			byName[r.Name] = append(byName[r.Name], r)
		}
		for name, set := range p.Want.Sets {
			if set.Cluster == cluster && p.named[name] && byName[name] == nil {
				byName[name] = nil // nothing stands there yet
			}
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			p.planName(cluster, c, name, byName[name])
		}
	}
}

// shareTurns says of each operation on records whose turn it takes: that of the
// Ingress whose host it leads to a CDN, of the namespace whose object names the
// addresses, or, where nobody asks for it any more, that of nobody in a cluster.
func (p *planner) shareTurns() {
	for i := range p.step.Records {
		op := &p.step.Records[i]
		r := cmp.Or(op.From, op.To)
		cluster, ours := model.ClusterOf(r, p.Settings.Owner)
		set, wanted := p.Want.Sets[r.Name]
		pub := p.aliases[p.host(model.RecordName{Zone: r.Zone, Name: strings.TrimPrefix(r.Name, model.OwnerPrefix)})]
		switch {
		case op.Verb == model.LookUp, ours && r.Name == model.OwnershipName(cluster, p.Settings.Owner):
		case pub != nil:
			op.Ingress, op.Turn = pub.of, model.Tenant{Cluster: pub.cluster}
		case ours && !wanted:
			op.Turn = model.Tenant{Cluster: cluster}
		case ours && set.Namespace != "":
			op.Turn = model.Tenant{Cluster: cluster, Namespace: set.Namespace}
		}
	}
}

// support returns one of some records for whose sake others may go. Where only
// lists that may be too old have shown them, one is read by itself first.
func (p *planner) support(records []*model.Record) (stays *model.Record, ok bool) {
	for _, r := range records {
		if !p.Records.Unproven[r.ID] {
			return r, true
		}
	}
	if len(records) > 0 {
		p.verify(*records[0])
	}
	return nil, false
}

// unproven returns the first of some records if none of them is certain to stand.
func (p *planner) unproven(records []*model.Record) *model.Record {
	if len(records) == 0 || slices.ContainsFunc(records, func(r *model.Record) bool { return !p.Records.Unproven[r.ID] }) {
		return nil
	}
	return records[0]
}

// verify has a record be read by itself: that reply is never out of date.
func (p *planner) verify(r model.Record) {
	if op := model.Verification(r); !p.records.Is(op.Key(), observed.InFlight) {
		p.step.Records = append(p.step.Records, op)
	}
}

// removeDuplicates takes away all records that say the same as the one that
// stands: a create whose reply was lost may have happened twice.
func (p *planner) removeDuplicates(stands *model.Record) {
	p.removeOthers(p.records.At[stands.Key()], stands)
}

// removeOthers takes away all of some records of ours but the one that stands.
func (p *planner) removeOthers(all []*model.Record, stands *model.Record) {
	if len(all) < 2 {
		return
	}
	if _, ok := p.support([]*model.Record{stands}); !ok {
		return
	}
	for _, r := range all {
		if r.ID != stands.ID {
			p.step.Records = append(p.step.Records, model.Op[model.Record]{Verb: model.Delete, From: r, Urgency: model.UrgentTidy})
		}
	}
}

// freshReading is how long ago a reading of the rules may be that shows a name to be
// in nobody's use. What sync.max_delete held back may be due for long.
const freshReading = 15 * time.Minute

// unwantedRecord notes that nobody wants r. It goes if safe and, where its
// whole name is unused, after the linger. What is not safe to go yet, since
// other addresses come first, is not judged by the guard either: the loss would be
// less when they have come.
func (p *planner) unwantedRecord(cluster string, r *model.Record, lingers, safe bool) {
	beyond := ordered.Contains(p.Want.Sets[r.Name].Surplus, r.Data) // others stand for it
	gone := p.unwanted(p.Settings.DNS.Name, cluster, r.ID, saidIf(p.Memory.droppedRecords[r.Key()] || beyond || lingers && p.Memory.named[r.Name]))
	if !safe {
		return
	}
	d := deletion[model.Record]{op: model.Op[model.Record]{Verb: model.Delete, From: r, Urgency: model.UrgentRemove}, due: p.Now}
	d.safe = !p.records.Doubtful(r.Key()) && !p.records.Is(r.Key(), observed.InFlight)
	if lingers {
		d.op.Urgency = model.UrgentTidy
		d.due = gone.since.Add(p.Settings.Linger)
		if !p.Now.Before(d.due) && !p.readSince(p.Rules.Whole(), d.due) {
			d.safe = false
			for _, cdn := range p.Settings.CDNs {
				if !p.readSince(p.Rules.Part(string(cdn.Name)), d.due) {
					p.step.Reread[cdn.Name] = true
				}
			}
		}
	}
	set := p.clusters.get(cluster).lost.of(r.Name)
	set.deletions = append(set.deletions, d)
}

// readSince reports whether a reading began at t or later, and ended not long ago.
func (p *planner) readSince(of observed.Part, t time.Time) bool {
	return !of.Read.Before(t) && p.Now.Sub(of.Read) <= of.Took+freshReading
}
