package syncer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// drops has the CDN drop the mark of each rule that such a call writes, whatever its
// reply says.
func drops(f *fake[model.Rule], which func(call string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = func(call string) {
		if !which(call) {
			return
		}
		for id, r := range f.objects {
			if strings.HasSuffix(call, " "+short(r)) {
				f.objects[id] = r.Unlabelled()
			}
		}
	}
}

func creates(call string) bool { return strings.HasPrefix(call, "cdn create ") }

// unmarked are the rules that stand without a mark.
func (r *rig) unmarked() (list []string) {
	for _, o := range r.cdn.standing() {
		if !o.Labelled() {
			list = append(list, short(o))
		}
	}
	return list
}

// TestMarksNotKept has the CDN say of 20 new rules that it has made them as asked, and
// keep none of their marks: the next reading shows it, and they are marked again.
func TestMarksNotKept(t *testing.T) {
	for name, prepare := range map[string]func(*rig){"the only CDN": func(*rig) {}, "one of two": func(r *rig) { r.beside(true) }} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				prepare(r)
				r.ready(web(), node(1))
				drops(r.cdn, creates)
				var want []string
				for i := range 20 {
					r.add(ingress(fmt.Sprint("i", i)))
					place := fmt.Sprintf("i%d.example.com/a", i)
					want = append(want, "cdn create "+place, "cdn update "+place)
				}
				r.pass(25 * time.Minute)
				got := slices.DeleteFunc(r.writes(), func(c string) bool { return !strings.HasPrefix(c, "cdn ") })
				slices.Sort(got)
				slices.Sort(want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("writes (-want +got):\n%s", diff)
				}
				if left := r.unmarked(); left != nil {
					t.Errorf("unmarked: %q", left)
				}
				if said := r.log.take("has not kept edgeward's mark"); len(said) != 1 || !strings.Contains(said[0], "rules: 20") {
					t.Errorf("said: %q", said)
				}
			})
		})
	}
}

// TestMarksNeverKept has the CDN keep no mark of a rule, for a day: it is written and
// removed ever more rarely, and others are not.
func TestMarksNeverKept(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("wiki"), web(), node(1))
		drops(r.cdn, func(call string) bool { return strings.HasSuffix(call, " "+shopA) })
		r.add(ingress("shop"))
		r.pass(24 * time.Hour)
		writes := slices.DeleteFunc(r.writes(), func(c string) bool { return !strings.HasPrefix(c, "cdn ") })
		count := func(verb string) (n int) {
			for _, c := range writes {
				if c == "cdn "+verb+" "+shopA {
					n++
				}
			}
			return n
		}
		made, marked, removed := count("create"), count("update"), count("delete")
		if made < 3 || made > 8 || marked > made || removed > made || made+marked+removed != len(writes) {
			t.Errorf("made %d times, marked again %d times, removed %d times: %q", made, marked, removed, writes)
		}
		drops(r.cdn, func(string) bool { return false })
		r.pass(30 * time.Hour)
		if left := r.unmarked(); left != nil || !slices.Contains(r.standing(), "rule "+shopA) {
			t.Errorf("afterwards: unmarked %q of %q", left, r.standing())
		}
	})
}

// TestMarksLostOtherwise has rules stand without a mark for other reasons than that this
// process wrote it in vain: they are left alone, and it is said how to take them over.
func TestMarksLostOtherwise(t *testing.T) {
	strip := func(r model.Rule) model.Rule { return r.Unlabelled() }
	for name, test := range map[string]struct {
		cause func(*rig)
		stays bool
	}{
		"somebody took it off, after a reading had shown it": {func(r *rig) {
			r.add(ingress("shop"))
			r.pass(15 * time.Minute)
			r.cdn.meddle(r.t, shopA, strip)
		}, true},
		"the reply was lost": {func(r *rig) {
			drops(r.cdn, creates)
			r.cdn.answer(func(call string, n int) reply {
				if creates("cdn "+call) && n == 1 {
					return reply{err: errors.New("connection reset"), effect: true}
				}
				return reply{}
			})
			r.add(ingress("shop"))
		}, true},
		"another process wrote it": {func(r *rig) {
			drops(r.cdn, creates)
			r.add(ingress("shop"))
			r.pass(time.Second)
			r.stop()
			r.ready(ingress("shop"), web(), node(1))
		}, true},
		"it was made in vain, and removing it failed": {func(r *rig) {
			drops(r.cdn, creates)
			r.cdn.answer(func(call string, n int) reply {
				if creates("cdn "+call) && n == 1 {
					return reply{err: fmt.Errorf("%w; removing it failed", httpapi.ErrNotKept), effect: true}
				}
				return reply{}
			})
			r.add(ingress("shop"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(web(), node(1))
				test.cause(r)
				r.pass(time.Second)
				r.calls()
				r.pass(time.Hour)
				writes, left := r.writes(), r.unmarked()
				if !test.stays {
					if left != nil || !slices.Contains(r.standing(), "rule "+shopA) {
						t.Errorf("unmarked %q of %q", left, r.standing())
					}
					return
				}
				if writes != nil || !slices.Equal(left, []string{shopA}) {
					t.Errorf("unmarked %q; writes %q", left, writes)
				}
				if said := r.log.take("let edgeward take it over (annotation edgeward/adopt, sync.adopt)"); len(said) != 1 {
					t.Errorf("said: %q", said)
				}
			})
		})
	}
}

// TestMarksNotKeptByReply has the CDN drop the mark of a rule that is changed, and say so.
func TestMarksNotKeptByReply(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.pass(15 * time.Minute) // a reading has shown the mark
		r.calls()
		n := 0
		r.cdn.mu.Lock()
		r.cdn.keep = func(o model.Rule) model.Rule {
			if n++; n <= 2 {
				return o.Unlabelled()
			}
			return o
		}
		r.cdn.mu.Unlock()
		r.modify(service(30081))
		r.pass(30 * time.Minute)
		if diff := cmp.Diff([]string{"cdn update " + shopA, "cdn update " + shopA, "cdn update " + shopA}, r.writes()); diff != "" {
			t.Errorf("writes (-want +got):\n%s", diff)
		}
		if left := r.unmarked(); left != nil {
			t.Errorf("unmarked: %q", left)
		}
	})
}
