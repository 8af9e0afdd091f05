package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// address is the record of one address in a set.
func address(set, ip string, ttl int) Record {
	t := "A"
	if strings.Contains(ip, ":") {
		t = "AAAA"
	}
	return Record{Name: set, Type: t, Data: ip, TTL: ttl}
}

// resolves reports whether a record leads to where something answers.
func (r Record) resolves() bool { return r.Type == "A" || r.Type == "AAAA" || r.Type == "CNAME" }

// relative is host as a name within domain.
func relative(host, domain string) (name string, ok bool) {
	return strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), "."+domain)
}

// planRecords walks through the clusters: who may be written for, which sets
// stand there, and what each of them needs.
func (p *planner) planRecords() {
	byCluster := p.recordsByCluster()
	for _, cluster := range slices.Sorted(maps.Keys(p.clusters)) {
		c := p.clusters[cluster]
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
		byName := make(map[string][]Record)
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

// recordsByCluster sorts out what lies in the owner's part of the zone and
// reports what belongs to clusters that the configuration does not name.
func (p *planner) recordsByCluster() map[string][]Record {
	byCluster := make(map[string][]Record)
	for _, o := range p.Records.Objects {
		r := *o
		cluster, ok := clusterOf(r, p.Settings.Owner)
		if !ok {
			continue
		}
		if _, ok := p.clusters[cluster]; ok {
			byCluster[cluster] = append(byCluster[cluster], r)
		} else if isClaim(r, cluster, p.Settings.Owner) {
			p.notice(false, "the names below %s.%s belong to a cluster %q that is not in the configuration; they are left alone",
				subtree(cluster, p.Settings.Owner), p.Settings.Domain, cluster)
		}
	}
	return byCluster
}

// planClaim finds out whether the cluster's part of the zone is its own, and
// claims it where it is free and needed.
func (p *planner) planClaim(cluster string, c *clusterState, records []Record) {
	name := ClaimName(cluster, p.Settings.Owner)
	claim := Record{Name: name, Type: "TXT", Data: ClaimData(p.Settings.Owner, p.Want.Clusters[cluster].UID), TTL: p.Settings.TTL}
	fqdn := name + "." + p.Settings.Domain
	if p.records.doubtful(claim.Key()) {
		return
	}
	c.compared = true
	for _, r := range records {
		if r.Name != name || r.Type != "TXT" || r.Data == claim.Data {
			continue
		}
		if uid, ok := claimedBy(r.Data); ok && uid != p.Want.Clusters[cluster].UID {
			c.refused = fmt.Sprintf("%s is claimed by another cluster: its kube-system has the UID %.64q, that of cluster %s is %s. "+
				"Nothing is written for this cluster. Correct its kubeconfig, or give it another clusters[].name or another owner; "+
				"if the other cluster is gone for good, delete that TXT record", fqdn, uid, cluster, p.Want.Clusters[cluster].UID)
		} else {
			c.refused = fmt.Sprintf("the TXT record %s is not a claim of edgeward. Nothing is written for cluster %s. "+
				"Delete it, or give the cluster another clusters[].name or another owner", fqdn, cluster)
		}
		p.notice(true, "%s", c.refused)
		return
	}
	standing, sure := p.records.sure(claim.Key())
	switch {
	case sure:
		c.claimed = true
		c.ttl = standing.TTL
		p.removeDuplicates(claim.Key(), standing)
		changes := standing.TTL != p.Settings.TTL
		c.ttlChanges = changes && !p.records.is(claim.Key(), Parked)
		// While there are two of it the change would give them two TTLs.
		if changes && len(p.records.at[claim.Key()]) == 1 {
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, old: &standing, new: &claim, Urgency: urgentClaim})
		}
	case len(p.records.at[claim.Key()]) > 0:
		// A change of its TTL is under way, so it stands.
		c.claimed = true
		c.ttl, c.ttlChanges = p.records.at[claim.Key()][0].TTL, true
	case p.records.is(claim.Key(), InFlight):
		c.compared = false
	case len(records) > 0:
		c.refused = fmt.Sprintf("there are %d records below %s.%s, but no claim. Nothing is written for cluster %s. "+
			"If they are nobody else's, create the TXT record %s with the text %q; otherwise give the cluster another clusters[].name or another owner",
			len(records), subtree(cluster, p.Settings.Owner), p.Settings.Domain, cluster, fqdn, claim.Data)
		p.notice(true, "%s", c.refused)
	case p.wantsRecords(cluster):
		c.compared = false
		c.claimFailed = p.records.is(claim.Key(), Parked)
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, new: &claim, Urgency: urgentClaim})
	}
}

// wantsRecords reports whether any rule wants an address set of the cluster
// that could be filled.
func (p *planner) wantsRecords(cluster string) bool {
	for name, set := range p.Want.Sets {
		if set.Cluster == cluster && p.named[name] && !set.empty() {
			return true
		}
	}
	return false
}

// planName decides about all records of one name. A name that some rule uses,
// ours or not, keeps its addresses; any other goes after it has lingered.
func (p *planner) planName(cluster string, c *clusterState, name string, records []Record) {
	set, known := p.Want.Sets[name]
	used := p.named[name]
	if !used && !p.Rules.Known {
		return // whether a rule names it is not known yet
	}
	var members, others []Record
	for _, r := range records {
		switch {
		case name == ClaimName(cluster, p.Settings.Owner) && r.Type == "TXT":
		case used && !known:
			// Somebody's rule names it although no Service has such a set.
		case used && r.resolves() && (r.Type == "CNAME") == (set.CNAME != ""):
			members = append(members, r)
		default:
			others = append(others, r)
			p.unwantedRecord(cluster, r, !used, true)
		}
	}
	switch {
	case !used || !known:
	case set.CNAME != "":
		p.sets[name] = p.planCNAME(c, name, set.CNAME, members, slices.ContainsFunc(others, Record.resolves))
	default:
		blocked := slices.ContainsFunc(others, Record.resolves) // a CNAME stands alone
		p.sets[name] = p.planSet(cluster, c, name, set, members, blocked || c.ttlChanges)
	}
}

// planCNAME brings a name that is one CNAME towards its target. That changes in
// place, so that the name resolves at any time. Nothing is made while blocked:
// a CNAME cannot stand beside other records.
func (p *planner) planCNAME(c *clusterState, name, target string, records []Record, blocked bool) setState {
	want := Record{Name: name, Type: "CNAME", Data: target, TTL: c.ttl}
	stands, sure := p.records.sure(want.Key())
	switch {
	case sure && stands.Equal(want):
		p.removeDuplicates(want.Key(), stands)
		return setState{standing: 1, settled: true, exact: true, unproven: p.unproven([]Record{stands})}
	case sure:
		state := setState{settled: p.records.is(want.Key(), Parked), failed: p.records.is(want.Key(), Parked)}
		if stands.Data == target {
			state.standing = 1
		}
		if len(records) > 1 {
			p.removeDuplicates(want.Key(), stands)
		} else if !c.ttlChanges || stands.Data != target {
			want.TTL = c.ttl
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, old: &stands, new: &want, Urgency: urgentChange})
		}
		return state
	case p.records.doubtful(want.Key()) || p.records.is(want.Key(), InFlight):
		return setState{}
	}
	if !blocked {
		p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, new: &want, Urgency: urgentCreate})
	}
	failed := p.records.is(want.Key(), Parked)
	return setState{settled: failed, failed: failed}
}

// planSet brings one address set that is in use towards its addresses. New
// ones come before old ones go, and one that stands is always left. Nothing is
// made while blocked: a CNAME has the name, or the TTL is about to change.
func (p *planner) planSet(cluster string, c *clusterState, name string, set Set, records []Record, blocked bool) setState {
	want := slices.Clone(set.Addresses)
	for _, ip := range set.Keep {
		if p.records.has(address(name, ip, 0).Key()) {
			want = append(want, ip)
		}
	}
	found := p.examine(name, want, records)
	state := setState{standing: len(found.inWant), failed: found.failed}
	if len(want) == 0 {
		state.standing, state.settled, state.exact = len(found.standing), true, true
		if state.standing > 0 {
			state.unproven = p.unproven(found.standing)
			p.step.Stale[name] = Stale{cluster, set.Lacks}
		}
		return state
	}
	changing := false // a TTL
	for _, t := range []string{"A", "AAAA"} {
		of := found.of(t)
		switch {
		case len(of.inWant)+len(of.missing) == 0:
		case p.otherTTL(name, t, c.ttl, records):
			changing = true
			if !blocked {
				p.changeTTL(c.ttl, of)
			}
		case !blocked:
			for _, ip := range of.missing {
				p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, new: new(address(name, ip, c.ttl)), Urgency: urgentCreate})
			}
		}
	}
	if changing {
		return state
	}
	state.settled = !found.waiting
	state.exact = !found.waiting && len(found.missing) == 0
	state.unproven = p.unproven(found.inWant)
	for _, r := range found.standing {
		p.removeDuplicates(r.Key(), r)
		if !slices.Contains(want, r.Data) {
			state.exact = false
			safe := false
			if !found.waiting {
				_, safe = p.support(found.inWant)
			}
			p.unwantedRecord(cluster, r, false, safe)
		}
	}
	return state
}

// members is what is known of the addresses of a set.
type members struct {
	standing []Record // sure to stand
	inWant   []Record // of these, the ones that shall
	missing  []string // addresses to make
	waiting  bool     // something is under way or unknown
	failed   bool     // one to make failed at the last attempt
}

// examine finds out how far each address is that a set wants or has.
func (p *planner) examine(name string, want []string, records []Record) members {
	var m members
	for _, ip := range p.addressesOf(name, want, records) {
		place := address(name, ip, 0)
		wanted := slices.Contains(want, ip)
		r, sure := p.records.sure(place.Key())
		switch {
		case sure:
			m.standing = append(m.standing, r)
			if wanted {
				m.inWant = append(m.inWant, r)
			}
		case p.records.doubtful(place.Key()) || p.records.is(place.Key(), InFlight):
			m.waiting = true
		case wanted:
			m.missing = append(m.missing, ip)
			if p.records.is(place.Key(), Parked) {
				m.failed = true
			} else {
				m.waiting = true
			}
		}
	}
	return m
}

// of returns what concerns records of one type.
func (m members) of(recordType string) members {
	other := func(r Record) bool { return r.Type != recordType }
	return members{
		standing: slices.DeleteFunc(slices.Clone(m.standing), other),
		inWant:   slices.DeleteFunc(slices.Clone(m.inWant), other),
		missing:  slices.DeleteFunc(slices.Clone(m.missing), func(ip string) bool { return other(address("", ip, 0)) }),
	}
}

// addressesOf lists, sorted, the addresses that a set wants, has, or has
// operations for.
func (p *planner) addressesOf(name string, want []string, records []Record) []string {
	all := slices.Clone(want)
	for _, r := range records {
		all = append(all, r.Data)
	}
	for _, a := range p.Records.Attempts {
		for _, r := range []Record{a.Old(), a.New()} {
			if !a.Verb.Reads() && r.Name == name && (r.Type == "A" || r.Type == "AAAA") {
				all = append(all, r.Data)
			}
		}
	}
	return sortedSet(all)
}

// changeTTL carries the addresses of one type over to another TTL. Vultr refuses
// two TTLs in one record set (facts: Vultr record rules), so all records but one
// go, that one is changed, and the others come back. The one that stays is
// wanted; if none of those that stand is, one is made first, with the old TTL.
func (p *planner) changeTTL(ttl int, m members) {
	if len(m.inWant) == 0 {
		if len(m.standing) > 0 && len(m.missing) > 0 && !p.othersInFlight(m.standing[0]) {
			first := address(m.standing[0].Name, m.missing[0], m.standing[0].TTL)
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Create, new: &first, Urgency: urgentCreate})
		}
		return
	}
	stays, ok := p.support(m.inWant)
	if !ok {
		return
	}
	for _, r := range m.standing {
		for _, same := range p.records.at[r.Key()] {
			if same.ID != stays.ID {
				p.step.Records = append(p.step.Records, Op[Record]{Verb: Delete, old: same, Urgency: urgentChange})
			}
		}
	}
	if !p.othersInFlight(stays) && !p.othersStand(stays) {
		p.step.Records = append(p.step.Records, Op[Record]{
			Verb: Update, old: &stays, new: new(address(stays.Name, stays.Data, ttl)), Urgency: urgentChange,
		})
	}
}

// otherTTL reports whether a record of the set of that type has another TTL, or
// may soon.
func (p *planner) otherTTL(name, recordType string, ttl int, records []Record) bool {
	return slices.ContainsFunc(records, func(r Record) bool { return r.Type == recordType && r.TTL != ttl }) ||
		slices.ContainsFunc(p.Records.Attempts, func(a Attempt[Record]) bool {
			return a.Status != Parked && (a.Verb == Create || a.Verb == Update) &&
				a.New().Name == name && a.New().Type == recordType && a.New().TTL != ttl
		})
}

// othersStand reports whether there is another record of r's name and type.
func (p *planner) othersStand(r Record) bool {
	return slices.ContainsFunc(p.Records.Objects, func(o *Record) bool {
		return o.Zone == r.Zone && o.Name == r.Name && o.Type == r.Type && o.ID != r.ID
	})
}

// othersInFlight reports whether a record of r's name and type is being made
// or changed, or may have been.
func (p *planner) othersInFlight(r Record) bool {
	return slices.ContainsFunc(p.Records.Attempts, func(a Attempt[Record]) bool {
		return a.Status != Parked && (a.Verb == Create || a.Verb == Update) && a.New().Name == r.Name && a.New().Type == r.Type
	})
}

// support returns one of some records for whose sake others may go. Where only
// lists that may be too old have shown them, one is read by itself first.
func (p *planner) support(records []Record) (stays Record, ok bool) {
	for _, r := range records {
		if !p.Records.Unproven[r.ID] {
			return r, true
		}
	}
	if len(records) > 0 {
		p.verify(records[0])
	}
	return stays, false
}

// unproven returns the first of some records if none of them is certain to stand.
func (p *planner) unproven(records []Record) *Record {
	if len(records) == 0 || slices.ContainsFunc(records, func(r Record) bool { return !p.Records.Unproven[r.ID] }) {
		return nil
	}
	return &records[0]
}

// verify has a record be read by itself: that reply is never out of date.
func (p *planner) verify(r Record) {
	if op := Verification(r); !p.records.is(op.Key(), InFlight) {
		p.step.Records = append(p.step.Records, op)
	}
}

// removeDuplicates takes away all records that say the same as the one that
// stands: a create whose reply was lost may have happened twice.
func (p *planner) removeDuplicates(key string, stands Record) {
	if len(p.records.at[key]) < 2 {
		return
	}
	if _, ok := p.support([]Record{stands}); !ok {
		return
	}
	for _, r := range p.records.at[key] {
		if r.ID != stands.ID {
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Delete, old: r, Urgency: urgentTidy})
		}
	}
}

// freshReading is how old a reading of the rules may be that shows a name to be
// in nobody's use. What sync.max_delete held back may be due for long.
const freshReading = 15 * time.Minute

// unwantedRecord notes that nobody wants r. It goes if safe and, where its
// whole name is unused, after the linger. What is not safe to go yet, since
// other addresses come first, does not count for sync.max_delete either: it
// would exceed it only until they have come.
func (p *planner) unwantedRecord(cluster string, r Record, lingers, safe bool) {
	gone := p.unwanted(cluster, r.ID, p.Memory.droppedRecords[r.Key()] || lingers && p.Memory.named[r.Name])
	if !safe {
		return
	}
	d := deletion[Record]{op: Op[Record]{Verb: Delete, old: &r, Urgency: urgentRemove}, reported: gone.reported, due: p.Now}
	d.safe = !p.records.doubtful(r.Key()) && !p.records.is(r.Key(), InFlight)
	if lingers {
		d.op.Urgency = urgentTidy
		d.due = gone.since.Add(p.Settings.Linger)
		if !p.Now.Before(d.due) && !p.readSince(p.Rules.Read, d.due) {
			d.safe = false
			for cdn := range p.cdns {
				if !p.readSince(p.Rules.readOf(cdn), d.due) {
					p.step.Reread[cdn] = true
				}
			}
		}
	}
	c := p.clusters[cluster]
	c.recordDeletions = append(c.recordDeletions, d)
}

// readSince reports whether a reading began at t or later, and not long ago.
func (p *planner) readSince(reading, t time.Time) bool {
	return !reading.Before(t) && p.Now.Sub(reading) <= freshReading
}
