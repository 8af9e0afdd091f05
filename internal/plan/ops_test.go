package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// checkOps has what holds of every answer, whatever was asked about.
func checkOps(t *testing.T, in Input, step Step) {
	t.Helper()
	checkPlaces(t, in.Rules, step.Rules)
	checkPlaces(t, in.Records, step.Records)
	for _, op := range step.Rules {
		if !op.Verb.Reads() {
			checkRuleOp(t, in, op)
		}
	}
	for _, op := range step.Records {
		if !op.Verb.Reads() {
			checkRecordOp(t, in, op)
		}
	}
	checkNeverEmpty(t, in, step)
}

// checkPlaces fails if two operations are at one place, or one where another is
// under way or what stands there is in doubt.
func checkPlaces[T model.Object[T]](t *testing.T, v observed.View[T], ops []model.Op[T]) {
	t.Helper()
	doubtful := make(map[model.Place]bool)
	for _, o := range v.Objects {
		if v.Missing[(*o).Identity()] {
			doubtful[(*o).Key()] = true
		}
	}
	for _, a := range v.Attempts {
		if a.Status != observed.BackingOff {
			doubtful[a.Key()] = true
		}
	}
	taken := make(map[model.Place]bool)
	for _, op := range ops {
		if taken[op.Key()] || doubtful[op.Key()] {
			t.Errorf("%s is not the only operation at its place, or it is in doubt what stands there", line(op))
		}
		taken[op.Key()] = true
	}
}

// claims reports whether a record claims something for a cluster.
func claims(r *model.Record, uid string) bool {
	o, ok := model.ParseOwnership(r.Data)
	return ok && o.Owner == fixture.Owner && o.UID == uid
}

// served reports whether the cluster may be written for: it is ready, its claim
// stands, and no other.
func served(in Input, cluster string) bool {
	want := in.Want.Clusters[cluster]
	if want == nil {
		return false
	}
	own := false
	for _, r := range in.Records.Objects {
		if r.Name != model.OwnershipName(cluster, fixture.Owner) || r.Type != "TXT" {
			continue
		}
		if !claims(r, want.UID) {
			return false
		}
		own = true
	}
	return own
}

func checkRuleOp(t *testing.T, in Input, op model.Op[model.Rule]) {
	t.Helper()
	ours := func(r model.Rule) bool {
		m, ok := r.OwnerLabel()
		return ok && m.Owner == fixture.Owner && served(in, m.Cluster)
	}
	adoptable := op.Adopt && in.Settings.Adopt == "always" && !op.Old().Labelled()
	if op.Verb != model.Create && !ours(op.Old()) && !adoptable {
		t.Errorf("%s: %+v is not ours to touch", line(op), op.Old())
	}
	if op.Verb != model.Delete && !ours(op.New()) {
		t.Errorf("%s: %+v would not be ours", line(op), op.New())
	}
	if op.Verb == model.Create && slices.ContainsFunc(in.Rules.Objects, func(r *model.Rule) bool { return r.RuleKey == op.New().RuleKey }) {
		t.Errorf("%s although a rule stands there", line(op))
	}
	if op.Verb == model.Delete {
		return
	}
	origin := strings.TrimSuffix(op.New().SourceHost, "."+fixture.Domain)
	if !slices.ContainsFunc(in.Records.Objects, func(r *model.Record) bool { return r.Name == origin && (r.Type == "A" || r.Type == "AAAA") }) && op.Old().SourceHost != op.New().SourceHost {
		t.Errorf("%s although its origin resolves to nothing", line(op))
	}
}

func checkRecordOp(t *testing.T, in Input, op model.Op[model.Record]) {
	t.Helper()
	r := op.New()
	if op.Verb != model.Create {
		r = op.Old()
	}
	cluster, ok := model.ClusterOf(&r, fixture.Owner)
	want := in.Want.Clusters[cluster]
	if !ok || want == nil {
		t.Errorf("%s: it is not in the part of a ready cluster", line(op))
		return
	}
	claim := op.Verb == model.Create && r.Type == "TXT" && claims(&r, want.UID)
	if !claim && !served(in, cluster) {
		t.Errorf("%s: the part of cluster %s is not its own", line(op), cluster)
	}
	if claim && slices.ContainsFunc(in.Records.Objects, func(r *model.Record) bool { c, ok := model.ClusterOf(r, fixture.Owner); return ok && c == cluster }) {
		t.Errorf("%s although something stands in that part already", line(op))
	}
}

// checkNeverEmpty fails if the deletions, all carried out with those under way,
// would leave a name without an address that some rule names or may soon.
func checkNeverEmpty(t *testing.T, in Input, step Step) {
	t.Helper()
	gone := make(map[string]bool) // IDs
	for _, op := range step.Records {
		if op.Verb == model.Delete {
			gone[op.Old().ID] = true
		}
	}
	left, had := make(map[string]bool), make(map[string]bool) // names
	for _, r := range in.Records.Objects {
		if r.Type != "A" && r.Type != "AAAA" {
			continue
		}
		sure := !in.Records.Missing[r.ID] && !slices.ContainsFunc(in.Records.Attempts, func(a observed.Attempt[model.Record]) bool {
			return a.Status != observed.BackingOff && a.Key() == r.Key()
		})
		left[r.Name] = left[r.Name] || sure && !gone[r.ID] && !in.Records.Unproven[r.ID]
		had[r.Name] = had[r.Name] || gone[r.ID]
	}
	names := func(r model.Rule) {
		name := strings.TrimSuffix(r.SourceHost, "."+fixture.Domain)
		if had[name] && !left[name] {
			t.Errorf("the deletions would leave %s, the origin of rule %s, empty", name, r.RuleKey)
		}
	}
	for _, r := range in.Rules.Objects {
		names(*r)
	}
	for _, a := range in.Rules.Attempts {
		names(a.New())
		names(a.Old())
	}
	for _, op := range step.Rules {
		names(op.New())
	}
}
