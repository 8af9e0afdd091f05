package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// unkeptLabel is when the CDN was last found not to have kept our mark at a host and path,
// how often in a row it did not, and when the mark is written again.
type unkeptLabel struct {
	written time.Time // when the mark that was not kept was written
	times   int
	due     time.Time
}

// unkeptReason is what is said of a route meanwhile.
const unkeptReason = "the CDN has not kept edgeward's mark on its rule; it is written again"

// planUnkept looks after rules that this process has written and on which our mark does
// not stand: the CDN has taken the change, as its reply said, and does not keep the mark,
// or another text in its place. Nobody else would ever know such a rule for ours. So it is
// written again and, should that be of no use, removed if it was this process that made it.
// A rule whose mark a reading has shown since is somebody's own once it has none.
func (p *planner) planUnkept() {
	defer p.tellUnkept()
	for id, w := range p.Rules.Written {
		r, of := p.withoutMark(id, w)
		if r == nil {
			continue
		}
		p.unmarked[r.RuleKey] = r
		p.open(of, Open{Rules: true})
		again := p.noteUnkept(r.RuleKey, w.At)
		if c := p.clusters.get(of.Cluster); c == nil || !c.claimed || p.writes.Is(r.RuleKey, observed.InFlight) || p.writes.Is(r.RuleKey, observed.Unknown) || p.Rules.Missing[id] {
			continue
		}
		old := *r
		old.Unkept = true
		switch {
		case w.Made && w.Again && p.aliases[r.Host] == nil:
			p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{Verb: model.Delete, From: &old, Ingress: of, Urgency: model.UrgentRemove})
		case p.Now.Before(again.due) && (w.Again || !w.Made): // a new rule has waited already
			p.wakeAt(again.due)
		default:
			p.step.Rules = append(p.step.Rules, model.Op[model.Rule]{Verb: model.Update, From: &old, To: w.As, Ingress: of, Urgency: model.UrgentRemove})
		}
	}
	for key, mark := range p.Memory.unkept {
		if _, again := p.unkept[key]; !again && p.unconfirmed(key) {
			p.unkept[key] = mark
		}
	}
}

// tellUnkept tells the operator which CDNs do not keep our marks.
func (p *planner) tellUnkept() {
	of := make(map[model.Provider][]string)
	for key := range p.unmarked {
		of[key.CDN] = append(of[key.CDN], key.String())
	}
	for cdn, rules := range of {
		p.step.Notices = append(p.step.Notices, model.Notice{
			About: "marks that are not kept at " + string(cdn),
			Text: fmt.Sprintf("%s has not kept edgeward's mark on what it has taken (rules: %d; the first: %s): it is written again, ever more rarely; "+
				"if that does not help, ask the CDN's support what becomes of the marks", cdn, len(rules), slices.Min(rules)),
		})
	}
}

// withoutMark returns a rule that was written so, if it stands where and as it was written
// but for our mark, and for which Ingress; nil if not, or if another owner's mark is on it.
func (p *planner) withoutMark(id string, w observed.Written[model.Rule]) (r *model.Rule, of model.IngressID) {
	mark, ok := w.As.OwnerLabel()
	here, _ := at(p.Rules.Objects, &w.As.RuleKey)
	i := slices.IndexFunc(here, func(r *model.Rule) bool { return r.ID == id })
	if !ok || mark.Owner != p.Settings.Owner || i < 0 || here[i].SourceHost != w.As.SourceHost {
		return nil, model.IngressID{}
	}
	found, valid := here[i].OwnerLabel()
	garbled := strings.EqualFold(found.Owner, mark.Owner) && (found.Owner != mark.Owner || p.clusters.get(found.Cluster) == nil)
	if valid && !garbled {
		return nil, model.IngressID{}
	}
	return here[i], mark.IngressID
}

// noteUnkept remembers that a mark written at that time was not kept. The first is written
// again at once, each further one in a row later than the one before.
func (p *planner) noteUnkept(key model.RuleKey, written time.Time) unkeptLabel {
	before, known := p.Memory.unkept[key]
	if !known || !before.written.Equal(written) {
		before = unkeptLabel{written: written, times: before.times + 1, due: p.Now}
		if n := before.times - 2; n >= 0 {
			before.due = p.Now.Add(min(firstRefusal<<min(n, 10), lastRefusal))
		}
	}
	p.unkept[key] = before
	return before
}

// unconfirmed reports whether no reading has shown our mark at a host and path yet,
// while somebody still wants a rule there.
func (p *planner) unconfirmed(key model.RuleKey) bool {
	s := p.row(key)
	return s != nil && s.route.Wanted() && !slices.ContainsFunc(s.ours, func(r ownedRule) bool {
		_, open := p.Rules.Written[r.ID]
		return !open
	})
}
