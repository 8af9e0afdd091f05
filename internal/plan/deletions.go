package plan

import (
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/hostalias"
)

// newGuard is the guard of this plan.
func newGuard(f *facts, clusters map[string]*cluster) *guard.Guard {
	known := make(map[string]guard.Cluster)
	for name, c := range clusters {
		if c.ready {
			want := f.Want.Clusters[name]
			known[name] = guard.Cluster{
				Selection: want.Selection, LastInSync: c.says.Config, Listed: want.Listed,
				AllowDelete: c.leaving || f.AllowDelete && !f.Memory.compared[name],
			}
		}
	}
	return guard.New(guard.Policy{MaxDelete: f.Settings.MaxDelete, ConfirmAfter: f.Settings.ConfirmAfter}, known, f.Memory.guard, f.Now)
}

// ruleVerdicts are the hosts with a rule that nobody wants: those with one that the guard
// holds back, and those with one that it lets go.
type ruleVerdicts struct{ held, mayGo map[string]bool }

// deleteRules lets rules go that nobody wants, as far as the guard does. The DNS of the
// hosts of those that are held back stays for as long.
func deleteRules(d *draft, u usage, rules rulePlan, g *guard.Guard) ruleVerdicts {
	verdicts := ruleVerdicts{make(map[string]bool), make(map[string]bool)}
	for of, deletions := range rules.leaving {
		loss := guard.LossOf(g, u.rules[of]-rules.condemned[of], deletions)
		d.out.Rules = append(d.out.Rules, guard.Judge(g, guard.Group{Provider: of.cdn, Cluster: of.cluster}, loss, deletions)...)
		for _, deletion := range deletions {
			if rule := deletion.Op.From; g.MayGo(rule.ID) {
				verdicts.mayGo[rule.Host] = true
			} else {
				verdicts.held[rule.Host] = true
			}
		}
	}
	return verdicts
}

// deleteRecords lets records go that nobody wants, as far as the guard does.
func deleteRecords(d *draft, found hostalias.Aliases, sets setPlan, aliases aliasPlan, g *guard.Guard) {
	for _, s := range sets.leaving {
		group := guard.Group{Provider: d.Settings.DNS.Name, Cluster: s.cluster, Set: s.name + "." + d.Settings.Domain}
		d.records.Ops = append(d.records.Ops, guard.Judge(g, group, s.loss, s.records)...)
	}
	for cluster, deletions := range aliases.leaving {
		group := guard.Group{Provider: d.Settings.DNS.Name, Cluster: cluster}
		d.records.Ops = append(d.records.Ops, guard.Judge(g, group, guard.LossOf(g, found.OwnedBy(cluster), deletions), deletions)...)
	}
}
