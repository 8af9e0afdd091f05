package syncer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestReloadRemembers has the only Ingress deleted, and the configuration read again at
// different times after that: the deletion was reported, and so it is done. Without that
// memory it is held back.
func TestReloadRemembers(t *testing.T) {
	for name, test := range map[string]struct {
		after    time.Duration // the deletion, the reload
		restart  bool          // the process is another one
		standing int           // rules, in the end
	}{
		"at once":                 {time.Millisecond, false, 0},
		"within the grace":        {5 * time.Second, false, 0},
		"within the linger":       {30 * time.Second, false, 0},
		"a restart in the grace":  {5 * time.Second, true, 1},
		"a restart in the linger": {30 * time.Second, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(web(), node(1), ingress("shop"))
				r.modify(stripped(ingress("shop"), "strip"))
				r.pass(5 * time.Millisecond) // so soon after a change the next one is not planned for yet
				r.remove(ingress("shop"))
				r.pass(test.after)
				if err := r.stop(); err != nil {
					t.Fatal(err)
				}
				if memory := r.Memory(); !test.restart {
					r.tune = func(s *Syncer) { s.Remember(memory) }
				}
				r.start()
				r.add(web(), node(1))
				r.Cluster("main").Ready("uid-main")
				r.pass(5 * time.Minute)
				if n := len(r.cdn.standing()); n != test.standing {
					t.Errorf("%d rules stand, not %d", n, test.standing)
				}
				if !test.restart {
					if diff := cmp.Diff([]string{"claim _edgeward.main.acme"}, r.standing()); diff != "" {
						t.Errorf("in the end (-want +got):\n%s", diff)
					}
				}
			})
		})
	}
}
