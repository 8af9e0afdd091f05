package syncer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStop stops a run while calls are under way.
func TestStop(t *testing.T) {
	const create = "create blog.example.com/a"
	tests := map[string]struct {
		busy map[string]time.Duration // how long a call takes from the stop on
		want time.Duration            // from the stop to the end
		made bool                     // the log tells that the rule was made
	}{
		"nothing under way":       {nil, 0, true},
		"a write that ends soon":  {map[string]time.Duration{create: 3 * time.Second}, 3 * time.Second, true},
		"a write that ends late":  {map[string]time.Duration{create: 9 * time.Second}, 9 * time.Second, true},
		"a write that never ends": {map[string]time.Duration{create: time.Hour}, drainTime, false},
		"a reading just ends":     {map[string]time.Duration{"list": time.Hour}, 0, true},
		"a reading and a write":   {map[string]time.Duration{"list": time.Hour, create: 3 * time.Second}, 3 * time.Second, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				const before = time.Second
				r.cdn.answer(func(call string, _ int) reply {
					if busy, ok := test.busy[call]; ok {
						return reply{after: busy + before}
					}
					return reply{}
				})
				if _, ok := test.busy["list"]; ok {
					r.pass(time.Until(r.begun.Add(r.opts.ResyncInterval + time.Second)))
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
				log := strings.Join(r.log.take("msg="), "\n")
				if strings.Contains(log, "msg=created target=edgio op=create rule=blog.example.com/a") != test.made {
					t.Errorf("the log says that the rule was made: %v, want %v", !test.made, test.made)
				}
				if strings.Contains(log, "reading what stands failed") {
					t.Errorf("a reading that was stopped is told as a failure:\n%s", log)
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
			if idle := time.Since(r.Alive()); idle > heartbeat {
				t.Errorf("no sign of life for %s", idle)
			}
		}
	})
}
