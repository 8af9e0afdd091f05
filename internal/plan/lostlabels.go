package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/recordset"
)

// lostLabel is that a CDN was found not to have kept our label at a host and path: when
// the label was written that was not kept, how often in a row that was so, and when it is
// written again.
type lostLabel struct {
	written time.Time
	times   int
	due     time.Time
}

// lostLabelReason is what is said of a route meanwhile.
const lostLabelReason = "the CDN has not kept edgeward's mark on its rule; it is written again"

// labels is the stage that looks after rules that this process has written and on which
// our label does not stand: the CDN has taken the change, as its reply said, and does not
// keep the label, or another text in its place. Nobody else would ever know such a rule for
// ours. So it is written again and, should that be of no use, removed if it was this
// process that made it. A rule whose label a reading has shown since is somebody's own once
// it has none.
type labels struct {
	*draft
	clusters map[string]*cluster
	aliases  hostalias.Aliases
	labelPlan
}

// labelPlan is what the stage has found.
type labelPlan struct {
	lost map[model.RuleKey]*model.Rule // the rules on which our label was not kept
	// memory is what to remember of them, and of those that were there before.
	memory map[model.RuleKey]lostLabel
}

func planLabels(d *draft, clusters map[string]*cluster, aliases hostalias.Aliases) labelPlan {
	l := &labels{d, clusters, aliases, labelPlan{make(map[model.RuleKey]*model.Rule), make(map[model.RuleKey]lostLabel)}}
	for id, w := range d.Rules.Written {
		if r, ingress := l.withoutLabel(id, w); r != nil {
			l.lost[r.RuleKey], l.memory[r.RuleKey] = r, l.again(r.RuleKey, w.At)
			l.restore(r, ingress, w)
		}
	}
	for key, before := range d.Memory.lostLabels {
		if _, again := l.memory[key]; !again && l.unconfirmed(key) {
			l.memory[key] = before
		}
	}
	l.tell()
	return l.labelPlan
}

// restore writes the label of a rule again, or removes the rule.
func (l *labels) restore(r *model.Rule, ingress model.IngressID, w observed.Written[model.Rule]) {
	l.openFor(ingress, Open{Rules: true})
	busy := l.ruleWrites.Is(r.RuleKey, observed.InFlight) || l.ruleWrites.Is(r.RuleKey, observed.Unknown) || l.Rules.Missing[r.ID]
	if c := l.clusters[ingress.Cluster]; c == nil || !c.owned || busy {
		return
	}
	old := *r
	old.Unkept = true
	due := l.memory[r.RuleKey].due
	switch {
	case w.Made && w.Again && l.aliases.Of[r.Host] == nil:
		l.rule(model.Op[model.Rule]{Verb: model.Delete, From: &old, Ingress: ingress, Urgency: model.UrgentRemove})
	case l.Now.Before(due) && (w.Again || !w.Made): // a new rule has waited already
		l.wakeAt(due)
	default:
		l.rule(model.Op[model.Rule]{Verb: model.Update, From: &old, To: w.As, Ingress: ingress, Urgency: model.UrgentRemove})
	}
}

// tell tells the operator which CDNs do not keep our labels.
func (l *labels) tell() {
	of := make(map[model.Provider][]string)
	for key := range l.lost {
		of[key.CDN] = append(of[key.CDN], key.String())
	}
	for cdn, rules := range of {
		l.out.Notices = append(l.out.Notices, model.Notice{
			About: "marks that are not kept at " + string(cdn),
			Text: fmt.Sprintf("%s has not kept edgeward's mark on what it has taken (rules: %d; the first: %s): it is written again, ever more rarely; "+
				"if that does not help, ask the CDN's support what becomes of the marks", cdn, len(rules), slices.Min(rules)),
		})
	}
}

// withoutLabel returns a rule that was written so, if it stands where and as it was written
// but for our label, and for which Ingress; nil if not, or if another owner's label is on it.
func (l *labels) withoutLabel(id string, w observed.Written[model.Rule]) (*model.Rule, model.IngressID) {
	label, ok := w.As.OwnerLabel()
	if !ok || label.Owner != l.Settings.Owner {
		return nil, model.IngressID{}
	}
	for _, r := range l.rows.RulesAt(&w.As.RuleKey) {
		if r.ID != id {
			continue
		}
		found, valid := r.OwnerLabel()
		garbled := strings.EqualFold(found.Owner, label.Owner) && (found.Owner != label.Owner || !l.configured(found.Cluster))
		if r.SourceHost == w.As.SourceHost && (!valid || garbled) {
			return r, label.IngressID
		}
	}
	return nil, model.IngressID{}
}

// again is when a label that was written at that time, and not kept, is written again. The
// first is at once, each further one in a row later than the one before.
func (l *labels) again(key model.RuleKey, written time.Time) lostLabel {
	before, known := l.Memory.lostLabels[key]
	if known && before.written.Equal(written) {
		return before
	}
	now := lostLabel{written: written, times: before.times + 1, due: l.Now}
	if n := now.times - 2; n >= 0 {
		now.due = l.Now.Add(min(recordset.FirstRefusal<<min(n, 10), recordset.LastRefusal))
	}
	return now
}

// unconfirmed reports whether no reading has shown our label at a host and path yet,
// while somebody still wants a rule there.
func (l *labels) unconfirmed(key model.RuleKey) bool {
	row := l.rows.Row(key)
	if row == nil || !row.Route.Wanted() {
		return false
	}
	for _, r := range row.Ours {
		if _, open := l.Rules.Written[r.ID]; !open {
			return false
		}
	}
	return true
}
