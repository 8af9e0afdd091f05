package plan

import (
	"cmp"
	"slices"

	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/observed"
)

// Next returns the operations that are safe now: after any of them, in any
// order, stopped anywhere, no foreign object was touched, no origin that a
// rule names is empty, and asking again leads on to what is wanted. It does not
// change its input.
func Next(in Input) Step {
	f := gather(in)
	d := newDraft(f)
	u := survey(f)
	u.tell(d)
	if !in.Records.Known { // nothing can be told of anything
		lookUp(d, nil)
		d.out.Memory = rememberUnread(f)
		return d.finish()
	}
	found := hostalias.Find(hostalias.Input{
		Settings: in.Settings, Configured: f.configured, Routes: in.Want.Routes, Rows: f.rows, Records: f.directory,
		Places: f.places, View: in.Records, Cached: in.Memory.cached, Now: in.Now,
	})
	clusters, noRules := planOwnership(d, u, found)
	g := newGuard(f, clusters)
	sets := planSets(d, u, clusters, g)
	labels := planLabels(d, clusters, found)
	rules := planRules(d, clusters, sets.states, labels, found, g)
	verdicts := deleteRules(d, u, rules, g)
	aliases := planAliases(d, clusters, rules, verdicts, found, g)
	deleteRecords(d, found, sets, aliases, g)
	lookUp(d, found.Hosts)

	shareTurns(d, found, aliases)
	tellUnread(d, clusters, sets.kept, aliases.kept)
	tellBlocked(d, g)
	d.out.Memory = remember(f, results{u, found, clusters, noRules, sets, labels, rules, aliases, g, clustersInSync(d, clusters, rules)})
	return d.finish()
}

// lookUp adds what is neither there nor gone until somebody has looked.
func lookUp(d *draft, hosts []string) {
	d.out.Rules = append(d.out.Rules, observed.LookUps(d.Rules, d.rows.Concerning(hosts))...)
	d.records.Ops = append(d.records.Ops, observed.LookUps(d.Records, d.directory.Concerning(hosts, d.Settings))...)
}

// tellBlocked adds what the guard has found.
func tellBlocked(d *draft, g *guard.Guard) {
	d.out.Blocked, d.out.Relist = g.Blocked, g.Relist
	slices.SortFunc(d.out.Blocked, func(a, b guard.Blocked) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Set, b.Set))
	})
	d.wakeAt(g.Wake)
}
