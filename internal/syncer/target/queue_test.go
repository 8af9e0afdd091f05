package target

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/model"
)

// asked are operations of a plan, most urgent first, each written as
// "<namespace> <urgency>", with " later" if it waits for a back-off.
func asked(texts ...string) (ops []model.Op[model.Rule]) {
	for _, text := range texts {
		var namespace string
		op := model.Op[model.Rule]{}
		fmt.Sscan(text, &namespace, &op.Urgency)
		op.Ingress = model.IngressID{Cluster: "main", Namespace: namespace, Name: text}
		ops = append(ops, op)
	}
	slices.SortStableFunc(ops, func(a, b model.Op[model.Rule]) int { return a.Urgency - b.Urgency })
	return ops
}

// later is when what waits for a back-off may begin.
func later(op *model.Op[model.Rule]) time.Time {
	if strings.HasSuffix(op.Ingress.Name, "later") {
		return time.Unix(100, 0)
	}
	return time.Time{}
}

// repeated is a text so many times.
func repeated(n int, text string) []string { return slices.Repeat([]string{text}, n) }

func TestWhoseTurn(t *testing.T) {
	type plans [][]string // what each plan asks for; between two of them two operations begin
	for name, tc := range map[string]struct {
		plans plans
		want  []string
	}{
		"one namespace": {plans{{"a 4", "a 1", "a 3"}}, []string{"a 1", "a 3", "a 4"}},
		"a burst is not waited for": {
			plans{slices.Concat(repeated(4, "a 4"), []string{"b 4"})},
			[]string{"a 4", "b 4", "a 4", "a 4", "a 4"},
		},
		"nor are changes without end": {
			plans{repeated(3, "a 3"), slices.Concat(repeated(3, "a 3"), []string{"b 4"}), repeated(3, "a 3")},
			[]string{"a 3", "a 3", "a 3", "b 4", "a 3", "a 3", "a 3"},
		},
		"what is urgent does not wait for the bulk of others": {
			plans{{"a 4", "b 4", "c 4", "d 4", "a 4", "b 4"}, {"a 4", "b 4", "c 4", "d 4", "e 1"}},
			[]string{"a 4", "b 4", "e 1", "c 4", "d 4", "a 4", "b 4"},
		},
		"of what is equally urgent every namespace gets some": {
			plans{{"a 1", "a 1", "a 1", "b 1", "b 1", "c 1"}},
			[]string{"a 1", "b 1", "c 1", "a 1", "b 1", "a 1"},
		},
		"a back-off holds up nobody": {
			plans{{"a 1 later", "b 4 later", "b 4", "a 4"}},
			[]string{"a 4", "b 4"},
		},
		"whose turn was last is kept from plan to plan": {
			plans{{"a 4", "b 4", "c 4", "d 4"}, {"a 4", "b 4", "c 4", "d 4"}, {"a 4", "b 4", "c 4", "d 4"}},
			[]string{"a 4", "b 4", "c 4", "d 4", "a 4", "b 4", "c 4", "d 4"},
		},
		"nobody has saved up turns when nothing has waited": {
			plans{{"a 4", "a 4"}, {}, {"b 4", "a 4", "b 4"}},
			[]string{"a 4", "a 4", "b 4", "a 4", "b 4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var q queue[model.Rule]
			var got []string
			for i, ops := range tc.plans {
				q.refill(asked(ops...), later)
				for n := 0; n < 2 || i == len(tc.plans)-1; n++ {
					at, again, ok := q.next(time.Unix(50, 0))
					if !ok {
						if waits := slices.ContainsFunc(ops, func(s string) bool { return strings.HasSuffix(s, "later") }); waits != (again == time.Unix(100, 0)) {
							t.Errorf("to be asked again at %v", again)
						}
						break
					}
					op := q.take(at)
					got = append(got, op.Ingress.Name)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("began (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNobodyStarves has some namespaces ask for ever more, of any urgency, with a plan
// after every few operations: each of them waits for two operations of each other one
// at most.
func TestNobodyStarves(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		namespaces := 2 + rng.IntN(5)
		pending := make(map[string][]string) // by namespace
		since := make(map[string][]string)   // who had turns since it began to wait
		var q queue[model.Rule]
		for range 300 {
			var all []string
			for n := range namespaces {
				ns := string(rune('a' + n))
				if rng.IntN(3) > 0 && len(pending[ns]) < 10 {
					pending[ns] = append(pending[ns], repeated(rng.IntN(4), fmt.Sprint(ns, " ", rng.IntN(6)))...)
				}
				all = append(all, pending[ns]...)
			}
			q.refill(asked(all...), later)
			for range 1 + rng.IntN(5) {
				at, _, ok := q.next(time.Now())
				if !ok {
					break
				}
				op := q.take(at)
				turn := op.Ingress.Namespace
				i := slices.Index(pending[turn], op.Ingress.Name)
				pending[turn] = slices.Delete(pending[turn], i, i+1)
				delete(since, turn)
				for ns, waits := range pending {
					if ns == turn || len(waits) == 0 {
						continue
					}
					since[ns] = append(since[ns], turn)
					others := len(slices.Compact(slices.Sorted(slices.Values(since[ns]))))
					if len(since[ns]) > 2*others {
						t.Fatalf("seed %d: %s waits while %v had turns", seed, ns, since[ns])
					}
				}
				for ns := range since {
					if len(pending[ns]) == 0 {
						delete(since, ns)
					}
				}
			}
		}
	}
}
