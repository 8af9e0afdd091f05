package syncer

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// TestNodeFamilies has a node of both families join and leave a cluster whose Service
// answers on IPv4 alone, ten times, with restarts in between. It costs a DNS call each
// time, and none at the CDN; a start that reads one provider long before the other
// writes nothing.
func TestNodeFamilies(t *testing.T) {
	for _, late := range []string{"neither", "the CDN", "DNS", "another CDN"} {
		t.Run(late+" is read late", func(t *testing.T) {
			inBubble(t, func(r *rig) {
				svc := web()
				svc.Families = kube.Families{OnlyIPv4: true}
				objects := []any{svc, node(1)}
				for i := range 40 {
					objects = append(objects, ingress(fmt.Sprint("shop", i)))
				}
				joins := dualStack(node(2), 2)
				var other *fake[model.Rule]
				if late == "another CDN" {
					other = r.beside(true)
				}
				r.ready(objects...)
				for range 10 {
					r.add(joins)
					r.pass(time.Minute)
					if diff := cmp.Diff([]string{"dns create nodes.main.acme A 192.0.2.2"}, r.writes()); diff != "" {
						t.Fatalf("it joins (-want +got):\n%s", diff)
					}
					r.remove(joins)
					r.pass(time.Minute)
					if diff := cmp.Diff([]string{"dns delete nodes.main.acme A 192.0.2.2"}, r.writes()); diff != "" {
						t.Fatalf("it leaves (-want +got):\n%s", diff)
					}
				}
				r.add(joins)
				r.pass(time.Minute)
				r.calls()
				r.stop()
				switch late {
				case "the CDN":
					r.cdn.slow(20 * time.Second)
				case "DNS":
					r.dns.slow(20 * time.Second)
				case "another CDN":
					other.slow(20 * time.Second)
				}
				r.start()
				r.add(append(objects, joins)...)
				r.Cluster("main").Ready("uid-main")
				r.pass(5 * time.Minute)
				if diff := cmp.Diff([]string(nil), r.writes()); diff != "" {
					t.Errorf("started again (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestNodeFamiliesAfterDrift: somebody deletes the addresses while the daemon is down.
// The rules tell by which name they belong.
func TestNodeFamiliesAfterDrift(t *testing.T) {
	inBubble(t, func(r *rig) {
		svc := web()
		svc.Families = kube.Families{OnlyIPv4: true}
		joins := dualStack(node(2), 2)
		r.ready(ingress("shop"), svc, node(1))
		r.stop()
		r.dns.mu.Lock()
		maps.DeleteFunc(r.dns.objects, func(_ string, o model.Record) bool { return o.Type == "A" })
		r.dns.mu.Unlock()
		r.cdn.slow(20 * time.Second)
		r.start()
		r.add(ingress("shop"), svc, node(1), joins)
		r.Cluster("main").Ready("uid-main")
		r.pass(5 * time.Minute)
		want := []string{"dns create nodes.main.acme A 192.0.2.1", "dns create nodes.main.acme A 192.0.2.2"}
		if diff := cmp.Diff(want, r.writes()); diff != "" {
			t.Errorf("started again (-want +got):\n%s", diff)
		}
	})
}
