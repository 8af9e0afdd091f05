package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// resolves reports whether a record leads to where something answers.
func (r *Record) resolves() bool { return r.Type == "A" || r.Type == "AAAA" || r.Type == "CNAME" }

// relative is host as a name within domain.
func relative(host, domain string) (name string, ok bool) {
	return strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), "."+domain)
}

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
		byName := make(map[string][]*Record)
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
		cluster, ours := clusterOf(r, p.Settings.Owner)
		set, wanted := p.Want.Sets[r.Name]
		pub := p.published[p.host(recordName{r.Zone, strings.TrimPrefix(r.Name, markLabel)})]
		switch {
		case op.Verb == LookUp, ours && r.Name == ClaimName(cluster, p.Settings.Owner):
		case pub != nil:
			op.Ingress, op.Turn = pub.of, Tenant{Cluster: pub.cluster}
		case ours && !wanted:
			op.Turn = Tenant{Cluster: cluster}
		case ours && set.Namespace != "":
			op.Turn = Tenant{cluster, set.Namespace}
		}
	}
}

// support returns one of some records for whose sake others may go. Where only
// lists that may be too old have shown them, one is read by itself first.
func (p *planner) support(records []*Record) (stays *Record, ok bool) {
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
func (p *planner) unproven(records []*Record) *Record {
	if len(records) == 0 || slices.ContainsFunc(records, func(r *Record) bool { return !p.Records.Unproven[r.ID] }) {
		return nil
	}
	return records[0]
}

// verify has a record be read by itself: that reply is never out of date.
func (p *planner) verify(r Record) {
	if op := Verification(r); !p.records.is(op.Key(), InFlight) {
		p.step.Records = append(p.step.Records, op)
	}
}

// removeDuplicates takes away all records that say the same as the one that
// stands: a create whose reply was lost may have happened twice.
func (p *planner) removeDuplicates(stands *Record) {
	p.removeOthers(p.records.at[stands.Key()], stands)
}

// removeOthers takes away all of some records of ours but the one that stands.
func (p *planner) removeOthers(all []*Record, stands *Record) {
	if len(all) < 2 {
		return
	}
	if _, ok := p.support([]*Record{stands}); !ok {
		return
	}
	for _, r := range all {
		if r.ID != stands.ID {
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Delete, From: r, Urgency: urgentTidy})
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
func (p *planner) unwantedRecord(cluster string, r *Record, lingers, safe bool) {
	beyond := contains(p.Want.Sets[r.Name].Left, r.Data) // others stand for it
	gone := p.unwanted(Vultr, cluster, r.ID, saidIf(p.Memory.droppedRecords[r.Key()] || beyond || lingers && p.Memory.named[r.Name]))
	if !safe {
		return
	}
	d := deletion[Record]{op: Op[Record]{Verb: Delete, From: r, Urgency: urgentRemove}, due: p.Now}
	d.safe = !p.records.doubtful(r.Key()) && !p.records.is(r.Key(), InFlight)
	if lingers {
		d.op.Urgency = urgentTidy
		d.due = gone.since.Add(p.Settings.Linger)
		if !p.Now.Before(d.due) && !p.readSince(p.Rules.whole(), d.due) {
			d.safe = false
			for _, cdn := range p.Settings.CDNs {
				if !p.readSince(p.Rules.part(string(cdn.Target)), d.due) {
					p.step.Reread[cdn.Target] = true
				}
			}
		}
	}
	set := p.clusters.get(cluster).lost.of(r.Name)
	set.deletions = append(set.deletions, d)
}

// readSince reports whether a reading began at t or later, and ended not long ago.
func (p *planner) readSince(of Part, t time.Time) bool {
	return !of.Read.Before(t) && p.Now.Sub(of.Read) <= of.Took+freshReading
}
