package syncer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// TestSlowReading has readings that take their time while writes go on, or end
// badly: what they show is older than the writes.
func TestSlowReading(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cdn.answer(func(call string, n int) reply {
			if call == "list" && n == 2 {
				return reply{after: 5 * time.Second}
			}
			return reply{}
		})
		r.ready(ingress("shop"), ingress("gone"), web(), node(1))
		r.opts.Settings.DeletionGrace = 0
		r.pass(time.Until(r.begun.Add(10*time.Minute + time.Second))) // the reading has begun
		r.journal.take()
		r.add(ingress("blog"))
		r.modify(stripped(ingress("shop"), "strip"))
		r.pass(time.Minute)
		want := []string{"cdn create blog.example.com/a", "cdn update " + shopA}
		if diff := cmp.Diff(want, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestSlowReadingAnswersNothing has a write whose reply is lost while a reading
// is under way that began before it: the reading does not tell what became of it.
func TestSlowReadingAnswersNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.answer(func(call string, n int) reply {
			switch {
			case call == "list":
				return reply{after: 5 * time.Second}
			case call == "create blog.example.com/a" && n == 1:
				return reply{err: errors.New("connection reset"), effect: true}
			case call == "find blog.example.com" && n <= 4: // 1, 2, 4 and 8 seconds apart
				return reply{err: errors.New("connection reset")}
			}
			return reply{}
		})
		r.pass(time.Until(r.begun.Add(10*time.Minute + time.Second))) // the reading has begun
		r.add(ingress("blog"))
		r.pass(time.Minute)
		if diff := cmp.Diff([]string{"cdn create blog.example.com/a"}, r.writes()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestOthersAreNotLookedUp has somebody else remove what is theirs, and what stands in
// the way of an Ingress of ours: only the latter is searched for. The rest is gone when
// a second list does not show it either.
func TestOthersAreNotLookedUp(t *testing.T) {
	inBubble(t, func(r *rig) {
		other := func(host string) model.Rule {
			return model.Rule{ID: "of " + host, RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: host, Path: "/a"}, SourceHost: "elsewhere.example.org"}
		}
		for i := range 300 {
			r.cdn.plant(other(fmt.Sprintf("other%d.example.org", i)))
		}
		r.cdn.plant(other("blog.example.com"))
		r.ready(ingress("shop"), ingress("blog"), web(), node(1))
		r.cdn.mu.Lock()
		maps.DeleteFunc(r.cdn.objects, func(id string, _ model.Rule) bool { return strings.HasPrefix(id, "of ") })
		r.cdn.mu.Unlock()
		r.pass(time.Until(r.begun.Add(r.opts.ResyncInterval + time.Minute)))
		want := []string{"cdn create blog.example.com/a", "cdn find blog.example.com", "cdn list", "dns list"}
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(r.calls()))); diff != "" {
			t.Errorf("after one list without them (-want +got):\n%s", diff)
		}
		if n := len(r.Overview().Rules); n != 302 {
			t.Errorf("%d rules are taken to stand, want ours and the 300 that one list may have left out", n)
		}
		r.pass(r.opts.ResyncInterval)
		r.modify(stripped(ingress("shop"), "strip"))
		r.pass(time.Second)
		if n := len(r.Overview().Rules); n != 2 {
			t.Errorf("%d rules are taken to stand after two lists without the others', want ours", n)
		}
	})
}
