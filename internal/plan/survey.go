package plan

import (
	"github.com/edgeward/edgeward/internal/model"
)

// usage is what is in use before anything is decided.
type usage struct {
	// names are the zone names that must not be emptied: those that a rule names now,
	// whosever it is, and those that an operation under way or a wanted rule is about to
	// name.
	names map[string]bool
	// rules is how many rules a cluster has at a CDN.
	rules map[clusterCDN]int
	// wanted says that a cluster is to have a rule at a CDN, or may get one, or that one of
	// whomever rests on its addresses there.
	wanted map[clusterCDN]bool
}

// clusterCDN is a CDN as one cluster uses it.
type clusterCDN struct {
	cluster string
	cdn     model.Provider
}

// survey goes through what stands and what is wanted.
func survey(f *facts) usage {
	u := usage{names: make(map[string]bool), rules: make(map[clusterCDN]int), wanted: make(map[clusterCDN]bool)}
	latest := new(model.Rule) // neighbours mostly have the same origin
	use := func(r *model.Rule) {
		if r == nil || r.SourceHost == latest.SourceHost && r.CDN == latest.CDN {
			return
		}
		latest = r
		name, ok := model.Relative(r.SourceHost, f.Settings.Domain)
		if !ok {
			return
		}
		u.names[name] = true
		if cluster, ok := model.ClusterOf(&model.Record{Name: name}, f.Settings.Owner); ok {
			u.wanted[clusterCDN{cluster, r.CDN}] = true
		}
	}
	for group, n := range f.rows.InSync {
		u.rules[clusterCDN{group.Cluster, group.CDN}] += n
		u.names[group.Set] = true
	}
	for _, row := range f.rows.All {
		if row.InSync {
			continue
		}
		for _, r := range row.Ours {
			u.rules[clusterCDN{r.Ingress.Cluster, r.CDN}]++
			use(r.Rule)
		}
		if route := row.Route; route.Wanted() {
			u.wanted[clusterCDN{route.Ingress.Cluster, route.Key.CDN}] = true
			if !f.taken(row) && !route.Unsettled {
				use(&route.Rule)
			}
		}
	}
	for _, r := range f.rows.UsingOurs {
		use(r)
	}
	for _, a := range f.Rules.Attempts {
		use(a.From)
		use(a.To)
		if a.Verb == model.Create || a.Verb == model.Update {
			u.wanted[clusterCDN{a.Ingress.Cluster, a.New().CDN}] = true
		}
	}
	return u
}

// tell counts the rules that are ours, and tells of those of clusters that the
// configuration does not name.
func (u usage) tell(d *draft) {
	unknown := make(map[string]int)
	for of, n := range u.rules {
		if d.configured(of.cluster) {
			d.out.Owned.Rules[of.cdn] += n
		} else {
			unknown[of.cluster] += n
		}
	}
	for cluster, n := range unknown {
		d.notice("%d rules belong to a cluster %q that is not in the configuration; they are left alone", n, cluster)
	}
}
