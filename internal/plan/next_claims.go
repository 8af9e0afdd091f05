package plan

import "fmt"

// recordsByCluster sorts out what lies in the owner's part of the zone and
// reports what belongs to clusters that the configuration does not name.
func (p *planner) recordsByCluster() map[string][]*Record {
	byCluster := make(map[string][]*Record)
	for _, r := range p.Records.Objects {
		cluster, ok := clusterOf(r, p.Settings.Owner)
		if !ok {
			continue
		}
		if p.clusters.get(cluster) != nil {
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
func (p *planner) planClaim(cluster string, c *clusterState, records []*Record) {
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
			p.step.Records = append(p.step.Records, Op[Record]{Verb: Update, old: standing, new: &claim, Urgency: urgentClaim})
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
