package syncer

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
)

// TestUrgentBeforeBulk has a thousand rules to make, one each 1.2 seconds: what
// takes away a deleted rule, or changes one, does not wait for them.
func TestUrgentBeforeBulk(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.Settings.DeletionGrace = 0
		r.ready(ingress("shop"), ingress("gone"), web(), node(1))
		r.stop()
		r.opts.CDNs[0].Account = httpapi.NewAccount(50, time.Minute)
		r.ready(ingress("shop"), ingress("gone"), web(), node(1))
		for i := range 1000 {
			r.add(ingress(fmt.Sprint("bulk", i)))
		}
		r.pass(time.Minute)
		r.journal.take()
		if got := len(r.cdn.standing()); got < 49 || got > 52 {
			t.Fatalf("%d rules stand after a minute, want the 49 that the limit allows", got)
		}
		r.modify(stripped(ingress("shop"), "strip"))
		r.remove(ingress("gone"))
		r.pass(3650 * time.Millisecond) // three calls
		calls := r.calls()
		if len(calls) != 3 {
			t.Fatalf("calls %q, want three", calls)
		}
		// One may have been let through just before.
		want := []string{"cdn delete gone.example.com/a", "cdn update " + shopA}
		if diff := cmp.Diff(want, calls[:2]); diff != "" && cmp.Diff(want, calls[1:]) != "" {
			t.Errorf("calls %q, want %q first", calls, want)
		}
	})
}

// TestManyAtATime keeps latency from holding the rate below its limit, and
// bounds what is under way.
func TestManyAtATime(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.slow(2 * time.Second)
		for i := range 25 {
			r.add(ingress(fmt.Sprint("i", i)))
		}
		for i, want := range []int{10, 20, 25} {
			r.pass(1900 * time.Millisecond)
			if got := len(r.cdn.standing()) - 1; got != want {
				t.Errorf("%d calls were made in %d times their duration, want %d", got, i+1, want)
			}
			r.pass(100 * time.Millisecond)
		}
	})
}

// TestBothProvidersGoOn has one provider that hardly lets anything through: the
// other does not wait for it.
func TestBothProvidersGoOn(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.stop()
		r.opts.CDNs[0].Account = httpapi.NewAccount(1, time.Minute)
		r.ready(ingress("shop"), web(), node(1))
		for i := range 100 {
			r.add(ingress(fmt.Sprint("i", i)))
		}
		r.pass(time.Second)
		r.journal.take()
		r.add(node(2))
		r.remove(node(1))
		r.pass(time.Second)
		if diff := cmp.Diff([]string{"dns create " + addr2, "dns delete " + addr1}, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
