package syncer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
)

// TestDryRun walks through all that a run would do, and writes nothing.
func TestDryRun(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("gone"), ingress("shop"), web(), node(1))
		r.stop()
		r.opts.DryRun = true
		stood := r.standing()
		r.start()
		r.add(ingress("shop"), ingress("blog"), service(30081), node(1), node(2))
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Minute)
		if got := r.writes(); got != nil {
			t.Errorf("it wrote %q", got)
		}
		if diff := cmp.Diff(stood, r.standing()); diff != "" {
			t.Errorf("standing (-want +got):\n%s", diff)
		}
		var would []string
		for _, line := range r.log.take("dry run: would") {
			_, line, _ = strings.Cut(line, "msg=\"dry run: would ")
			line, _, _ = strings.Cut(line, " origin=")
			line, _, _ = strings.Cut(line, " ttl=")
			would = append(would, line)
		}
		want := []string{
			`create" target=vultr op=create record="nodes.main.acme A 192.0.2.2"`,
			`update" target=edgio op=update rule=shop.example.com/a`,
			`create" target=edgio op=create rule=blog.example.com/a`,
			`delete" target=edgio op=delete rule=gone.example.com/a`,
		}
		slices.Sort(would)
		slices.Sort(want)
		if diff := cmp.Diff(want, would); diff != "" {
			t.Errorf("it would (-want +got):\n%s", diff)
		}
	})
}

// TestDryRunFromNothing has steps that depend on each other, the first of which
// only would be done.
func TestDryRunFromNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.DryRun, r.opts.Once = true, true
		r.start()
		r.add(ingress("shop"), web(), node(1))
		r.Cluster("main").Ready("uid-main")
		if err := r.wait(); err != nil {
			t.Errorf("it ends with %v", err)
		}
		if got := r.log.take("dry run: would create"); len(got) != 3 || !strings.Contains(got[2], "rule="+shopA) {
			t.Errorf("it would create %q, want the claim, an address and a rule", got)
		}
		if got := r.standing(); got != nil {
			t.Errorf("standing: %q", got)
		}
	})
}

// TestDryRunAtOnce has a rate limit, which is for calls: there are none.
func TestDryRunAtOnce(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.DryRun, r.opts.Once = true, true
		r.opts.CDNs[0].Account, r.opts.DNSAccount = httpapi.NewAccount(1, time.Minute), httpapi.NewAccount(1, time.Minute)
		r.start()
		r.add(web(), node(1))
		for i := range 100 {
			r.add(ingress(fmt.Sprint("i", i)))
		}
		r.Cluster("main").Ready("uid-main")
		if err := r.wait(); err != nil {
			t.Errorf("it ends with %v", err)
		}
		if took := time.Since(r.begun); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if got := r.log.take("dry run: would create"); len(got) != 102 {
			t.Errorf("it would do %d things, want 102", len(got))
		}
	})
}
