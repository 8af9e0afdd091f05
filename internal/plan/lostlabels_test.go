package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// lose has the mark of the only rule read otherwise than this process has written it.
func (s *stage) lose(t *testing.T, w observed.Written[model.Rule], text func(mark string) string) {
	r := s.rule(t, s.Want.Routes[0].Key)
	as := *r
	as.Protocols = slices.Clone(r.Protocols)
	w.As = &as
	if w.At.IsZero() {
		w.At = s.Now
	}
	r.Protocols = slices.Clone(r.Protocols)
	for i := range r.Protocols {
		r.Protocols[i].Label = text(r.Protocols[i].Label)
	}
	s.Rules.Written = map[string]observed.Written[model.Rule]{r.ID: w}
}

func noMark(string) string { return "" }

// TestLostMarks has our mark on a rule that this process wrote read as another text: it
// is written again, unless it may be somebody else's.
func TestLostMarks(t *testing.T) {
	again := []string{"update rule www.example.com/a for shop"}
	edit := func(old, new string) func(string) string {
		return func(mark string) string { return strings.Replace(mark, old, new, 1) }
	}
	for name, test := range map[string]struct {
		text   func(string) string
		change func(*stage, *model.Rule)
		want   []string
		state  string // "": that it is written again
	}{
		"no mark":                {text: noMark, want: again},
		"cut":                    {text: func(m string) string { return m[:len(m)-1] }, want: again},
		"in capitals":            {text: strings.ToUpper, want: again},
		"the owner in capitals":  {text: edit("acme", "ACME"), want: again},
		"the cluster cut":        {text: edit("/main/", "/mai/"), want: again},
		"masked":                 {text: func(string) string { return "****" }, want: again},
		"another owner's":        {text: edit("acme", "them"), state: "conflict www.example.com/a: a rule of another edgeward, owner them, has it already"},
		"the Ingress cut":        {text: edit("/shop/", "/sho/"), want: again, state: "pending www.example.com/a: on the way"}, // ours, by its mark
		"it leads elsewhere now": {text: noMark, change: func(_ *stage, r *model.Rule) { r.SourceHost = "other.example.com" }, state: foreignRuleThere},
		"another rule's ID":      {text: noMark, change: func(_ *stage, r *model.Rule) { r.ID = "other" }, state: foreignRuleThere},
		"another process wrote it": {text: noMark, change: func(s *stage, _ *model.Rule) { s.Rules.Written = nil },
			state: foreignRuleThere},
		"it was let go": {text: noMark, change: func(s *stage, r *model.Rule) {
			w := s.Rules.Written[r.ID]
			w.As = new(w.As.Unlabelled())
			s.Rules.Written[r.ID] = w
		}, state: foreignRuleThere},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.lose(t, observed.Written[model.Rule]{Made: true}, test.text)
			if test.change != nil {
				test.change(s, s.rule(t, s.Want.Routes[0].Key))
			}
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			state := test.state
			if state == "" {
				state = "error www.example.com/a: " + lostLabelReason
			}
			if diff := cmp.Diff([]string{state}, s.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if len(test.want) == 0 {
				return
			}
			if op := s.step.Rules[0]; !op.New().Equal(s.Want.Routes[0].Rule) || op.Old().Unkept == (test.state != "") {
				t.Errorf("it is %+v", op)
			}
		})
	}
}

const foreignRuleThere = "conflict www.example.com/a: a rule that edgeward did not make has it already; delete it, or let edgeward take it over (annotation edgeward/adopt, sync.adopt)"

// TestLostMarkWaits: nothing is done to a rule on which something is under way, or for a
// cluster that may not be written for.
func TestLostMarkWaits(t *testing.T) {
	for name, change := range map[string]func(*stage){
		"on the way": func(s *stage) {
			s.Rules.Attempts = []observed.Attempt[model.Rule]{{Op: s.step.Rules[0], Status: observed.InFlight}}
		},
		"missing":  func(s *stage) { s.Rules.Missing = map[string]bool{s.Rules.Objects[0].ID: true} },
		"no claim": func(s *stage) { s.Records.Objects = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.lose(t, observed.Written[model.Rule]{}, noMark)
			s.ask()
			change(s)
			for _, op := range s.ask() {
				if strings.Contains(op, " rule ") {
					t.Errorf("it does %q", op)
				}
			}
		})
	}
}

// TestLostMarkOfNobody: the Ingress is gone by the time the loss is seen. The rule is
// marked, and then goes as any other.
func TestLostMarkOfNobody(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	s.lose(t, observed.Written[model.Rule]{Made: true}, noMark)
	s.change(true, fixture.Cluster("main", fixture.Web(), fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")))
	if diff := cmp.Diff([]string{"update rule www.example.com/a for shop"}, s.ask()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	s.do()
	s.Rules.Written = nil
	if s.run(); len(s.Rules.Objects) > 0 {
		t.Errorf("standing: %q", s.standing())
	}
}

// TestLostMarkAgain has the CDN keep no mark whatever is tried. What this process made is
// removed and made anew ever more rarely, what it found is marked ever more rarely.
func TestLostMarkAgain(t *testing.T) {
	for name, test := range map[string]struct {
		made bool
		want []string
	}{
		"made":  {true, []string{"0s update", "0s delete", "10m0s create", "10m0s update", "10m0s delete", "50m0s create", "50m0s update", "50m0s delete", "3h30m0s create"}},
		"found": {false, []string{"0s update", "10m0s update", "30m0s update", "1h10m0s update", "2h30m0s update"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
			s.lose(t, observed.Written[model.Rule]{Made: test.made}, noMark)
			written := s.Rules.Written[s.Rules.Objects[0].ID]
			var got []string
			for range 40 {
				s.ask()
				if len(s.step.Rules) == 0 {
					if s.step.Wake.IsZero() {
						t.Fatalf("nothing is done any more after %q", got)
					}
					s.Now = s.step.Wake
					continue
				}
				op := s.step.Rules[0]
				got = append(got, fmt.Sprint(s.Now.Sub(fixture.Start()), " ", op.Verb))
				if len(got) == len(test.want) {
					break
				}
				s.do()
				if op.Verb == model.Delete {
					s.Rules.Written = nil
					continue
				}
				// Each write is another moment, and loses the mark.
				written.At, written.Again = written.At.Add(time.Nanosecond), op.Verb == model.Update
				r := s.rule(t, s.Want.Routes[0].Key)
				*r = r.Unlabelled()
				s.Rules.Written = map[string]observed.Written[model.Rule]{r.ID: written}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLostMarkFound: once a reading has shown the mark, a loss is a first one again.
func TestLostMarkFound(t *testing.T) {
	s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...))
	for i := range 3 {
		s.lose(t, observed.Written[model.Rule]{At: s.Now.Add(time.Duration(i))}, noMark)
		if diff := cmp.Diff([]string{"update rule www.example.com/a for shop"}, s.ask()); diff != "" {
			t.Fatalf("loss %d (-want +got):\n%s", i, diff)
		}
		s.do()
		s.Rules.Written = nil
		if diff := cmp.Diff([]string(nil), s.ask()); diff != "" {
			t.Fatalf("afterwards (-want +got):\n%s", diff)
		}
	}
}
