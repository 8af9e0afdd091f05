package syncer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStop stops a run while a call is under way, that takes so long.
func TestStop(t *testing.T) {
	tests := map[string]struct {
		call string
		busy time.Duration // the call, at the stop
		want time.Duration // from the stop to the end
		made bool          // the log tells that the call ended well
	}{
		"nothing under way":       {"none", 0, 0, true},
		"a write that ends soon":  {"create blog.example.com/a", 3 * time.Second, 3 * time.Second, true},
		"a write that ends late":  {"create blog.example.com/a", 9 * time.Second, 9 * time.Second, true},
		"a write that never ends": {"create blog.example.com/a", time.Hour, 10 * time.Second, false},
		"a reading just ends":     {"list", time.Hour, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				const before = time.Second
				r.cdn.answer(func(call string, _ int) reply {
					if call == test.call {
						return reply{after: test.busy + before - gather}
					}
					return reply{}
				})
				if test.call == "list" {
					r.pass(time.Until(r.begun.Add(10*time.Minute + time.Second)))
				}
				r.add(ingress("blog"))
				r.pass(before)
				at := time.Now()
				if err := r.stop(); err != nil {
					t.Errorf("it ends with %v", err)
				}
				if took := time.Since(at); took != test.want {
					t.Errorf("it took %s, want %s", took, test.want)
				}
				if got := r.log.take("msg=created"); strings.Contains(strings.Join(got, ""), "blog") != test.made {
					t.Errorf("the log says that %q was made, want the rule: %v", got, test.made)
				}
			})
		})
	}
}

// TestStopBeginsNothing has operations waiting for the one under way.
func TestStopBeginsNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.dns.slow(2 * time.Second)
		r.start()
		r.add(ingress("shop"), web(), node(1))
		r.Cluster("main").Ready("uid-main")
		r.pass(3 * time.Second) // the list has come, the claim is under way
		r.journal.take()
		if err := r.stop(); err != nil {
			t.Errorf("it ends with %v", err)
		}
		r.pass(time.Minute)
		if got := r.calls(); got != nil {
			t.Errorf("calls after the stop: %q", got)
		}
		if diff := cmp.Diff([]string{claim}, r.standing()); diff != "" {
			t.Errorf("standing (-want +got):\n%s", diff)
		}
	})
}

// TestAlive shows that the loop turns when nothing happens.
func TestAlive(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		for range 10 {
			r.pass(7 * time.Second)
			if idle := time.Since(r.Alive()); idle > beat {
				t.Errorf("no sign of life for %s", idle)
			}
		}
	})
}
