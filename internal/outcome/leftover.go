package outcome

import (
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// ruleGroup are the rules of a cluster at a CDN, of which the guard lets go, or not, as a
// whole.
type ruleGroup struct {
	cluster string
	cdn     model.Provider
}

// blockedRules are the groups of rules that the guard does not let go of.
func (j *join) blockedRules() map[ruleGroup]bool {
	blocked := make(map[ruleGroup]bool)
	for _, b := range j.Step.Blocked {
		blocked[ruleGroup{b.Cluster, b.Provider}] = true
	}
	return blocked
}

// leftOver is the route of a rule that no route accounts for, and why it still stands.
func (j *join) leftOver(rule *model.Rule, cluster string, blocked map[ruleGroup]bool) Route {
	r := Route{Kind: LeftOver, Key: rule.RuleKey, State: desired.Pending, Stands: rule, Failure: j.failures.at[rule.Key()]}
	switch {
	case j.Want.Clusters[cluster] == nil:
		r.Reason = "the cluster was not read yet; until then the rule stays as it is"
	case j.Step.Kept[rule.ID] != "":
		r.Reason = j.Step.Kept[rule.ID]
	case blocked[ruleGroup{cluster, rule.CDN}]:
		r.Reason = "no Ingress wants this rule any more, but sync.max_delete forbids to delete so much"
	case r.Failure != nil:
		r.State, r.Reason = desired.Failed, "no Ingress wants this rule any more, and it could not be deleted"
	default:
		r.Reason = "no Ingress wants this rule any more; it is about to be deleted"
	}
	return r
}
