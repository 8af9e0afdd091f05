package syncer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

const (
	claim = "claim _edgeward.main.acme"
	addr1 = "nodes.main.acme A 192.0.2.1"
	addr2 = "nodes.main.acme A 192.0.2.2"
	shopA = "shop.example.com/a"
)

// TestFirstSync has an empty start: both providers are read once, then the
// claim, the addresses and the rule are made, in that order.
func TestFirstSync(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.start()
		r.add(ingress("shop"), web(), node(1), node(2))
		r.pass(time.Second)
		if diff := cmp.Diff([]string{"cdn list", "dns list"}, r.calls()); diff != "" {
			t.Errorf("before the snapshots are complete (-want +got):\n%s", diff)
		}
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Second)
		want := []string{"dns create " + claim, "dns create " + addr1, "dns create " + addr2, "cdn create " + shopA}
		if diff := cmp.Diff(want, r.calls()); diff != "" {
			t.Errorf("then (-want +got):\n%s", diff)
		}
	})
}

// TestRestartWritesNothing starts again with nothing changed.
func TestRestartWritesNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1), node(2))
		if err := r.stop(); err != nil {
			t.Fatalf("the first run ended with %v", err)
		}
		r.start()
		r.add(ingress("shop"), web(), node(1), node(2))
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Minute)
		if diff := cmp.Diff([]string{"cdn list", "dns list"}, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestIdle makes no call between two resyncs, not even for events that change
// nothing, and one reading of each provider at a resync.
func TestIdle(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.pass(5 * time.Minute)
		r.modify(ingress("shop"), web(), node(1))
		r.pass(4*time.Minute + 58*time.Second)
		if got := r.calls(); got != nil {
			t.Errorf("calls between two resyncs: %q", got)
		}
		r.pass(10 * time.Second)
		if diff := cmp.Diff([]string{"cdn list", "dns list"}, r.calls()); diff != "" {
			t.Errorf("at the resync (-want +got):\n%s", diff)
		}
		r.pass(9 * time.Minute)
		if got := r.calls(); got != nil {
			t.Errorf("calls after the resync: %q", got)
		}
	})
}

// TestEvents has what each change leads to, without any reading.
func TestEvents(t *testing.T) {
	moved := ingress("shop")
	moved.Rules[0].Paths[0].Path = "/b"
	notReady := node(2)
	notReady.Ready = false
	tests := map[string]struct {
		change func(*rig)
		wait   time.Duration
		want   []string
	}{
		"an Ingress is added": {func(r *rig) { r.add(ingress("blog")) }, time.Second, []string{"cdn create blog.example.com/a"}},
		"one is modified":     {func(r *rig) { r.modify(stripped(ingress("shop"), "strip")) }, time.Second, []string{"cdn update " + shopA}},
		"its path changes":    {func(r *rig) { r.modify(moved) }, 11 * time.Second, []string{"cdn create shop.example.com/b", "cdn delete " + shopA}},
		"one is deleted": {func(r *rig) { r.remove(ingress("shop")) }, 80 * time.Second,
			// The list is to see that nobody uses the addresses.
			[]string{"cdn delete " + shopA, "cdn list", "dns delete " + addr1, "dns delete " + addr2}},
		"and back in time":      {func(r *rig) { r.remove(ingress("shop")); r.pass(9 * time.Second); r.add(ingress("shop")) }, time.Minute, nil},
		"the node port changes": {func(r *rig) { r.modify(service(30081)) }, time.Second, []string{"cdn update " + shopA}},
		"a node joins":          {func(r *rig) { r.add(node(3)) }, time.Second, []string{"dns create nodes.main.acme A 192.0.2.3"}},
		"a node goes":           {func(r *rig) { r.remove(node(2)) }, time.Second, []string{"dns delete " + addr2}},
		"a node is not ready": {func(r *rig) {
			notReady.Changed = time.Now()
			r.modify(notReady)
			r.pass(29 * time.Second)
			if got := r.calls(); got != nil {
				r.t.Errorf("calls before the delay is over: %q", got)
			}
		}, 2 * time.Second, []string{"dns delete " + addr2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1), node(2))
				test.change(r)
				r.pass(test.wait)
				if diff := cmp.Diff(test.want, r.calls()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestNodeDelayDuringEvents has a node's delay end while an event waits for others:
// both are taken together.
func TestNodeDelayDuringEvents(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1), node(2))
		fading := node(2)
		fading.Ready, fading.Changed = false, time.Now()
		r.modify(fading)
		r.pass(30*time.Second - eventPause/2)
		r.modify(service(30081))
		r.pass(eventPause / 4)
		r.modify(service(30082))
		r.pass(time.Second)
		if diff := cmp.Diff([]string{"cdn update " + shopA, "cdn update " + shopA, "dns delete " + addr2}, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestInferred has changes that no watch reported: what they lead to delete
// counts for sync.max_delete.
func TestInferred(t *testing.T) {
	moved := ingress("shop")
	moved.Rules[0].Paths[0].Path = "/b"
	tests := map[string]struct {
		change func(*rig)
		want   []string
	}{
		"reported as modified": {func(r *rig) { r.modify(moved) }, []string{"cdn create shop.example.com/b", "cdn delete " + shopA}},
		"found modified":       {func(r *rig) { r.find(moved) }, []string{"cdn create shop.example.com/b"}},
		"reported as deleted":  {func(r *rig) { r.remove(ingress("shop")) }, []string{"cdn delete " + shopA}},
		"found deleted":        {func(r *rig) { r.miss(ingress("shop")) }, nil},
		"a later change is reported": {func(r *rig) { r.find(web()); r.pass(time.Second); r.remove(ingress("shop")) },
			[]string{"cdn delete " + shopA}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.opts.Settings.MaxDelete = 0
				r.ready(ingress("shop"), web(), node(1))
				test.change(r)
				r.pass(30 * time.Second)
				if diff := cmp.Diff(test.want, r.calls()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestBurst has many events, as of one kubectl apply: the first that leads to
// anything is planned for at once, those that follow wait a little for one another.
func TestBurst(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.pass(time.Second)
		r.calls()
		nothing := web()
		nothing.Name = "nothing"
		r.add(nothing)
		r.pass(time.Millisecond)
		r.add(ingress("first"))
		r.pass(2 * time.Millisecond)
		if diff := cmp.Diff([]string{"cdn create first.example.com/a"}, r.calls()); diff != "" {
			t.Errorf("2 ms after the first event (-want +got):\n%s", diff)
		}
		for i := range 100 {
			r.add(ingress(fmt.Sprint("i", i)))
			r.pass(100 * time.Microsecond)
		}
		r.pass(eventPause - 12*time.Millisecond - time.Nanosecond)
		if got := r.calls(); got != nil {
			t.Errorf("before the loop has rested: %q", got)
		}
		r.log.take("")
		r.pass(time.Nanosecond)
		if got := r.log.take("msg=planned operations=100"); len(got) != 1 {
			t.Errorf("%d plans of 100 operations then, want one", len(got))
		}
	})
}

// TestFinishedOperationsAreGathered has a thousand rules to make, ten at a
// time: there is not a plan for each.
func TestFinishedOperationsAreGathered(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cdn.slow(10 * time.Millisecond)
		r.ready(web(), node(1))
		var objects []any
		for i := range 1000 {
			objects = append(objects, ingress(fmt.Sprint("i", i)))
		}
		r.add(objects...)
		r.log.take("")
		r.pass(2 * time.Second) // 1000 calls of 10 ms, ten at a time, take one
		if got := len(r.cdn.standing()); got != 1000 {
			t.Errorf("%d rules stand, want 1000", got)
		}
		if got := len(r.log.take("msg=planned")); got < 2 || got > 30 {
			t.Errorf("%d plans for 1000 operations in a second, want one in 100 ms", got)
		}
	})
}

// TestDrift has somebody change what is ours: the next resync repairs and
// counts it, each thing once.
func TestDrift(t *testing.T) {
	tests := map[string]struct {
		meddle func(*testing.T, *rig)
		want   []string
		cdn    int // repaired
		dns    int
	}{
		"nothing": {func(*testing.T, *rig) {}, []string{"cdn list", "dns list"}, 0, 0},
		"a rule is changed": {func(t *testing.T, r *rig) {
			r.cdn.meddle(t, shopA, func(o model.Rule) model.Rule { o.SourcePath = "/x"; return o })
		}, []string{"cdn list", "dns list", "cdn update " + shopA}, 1, 0},
		"a rule is removed": {func(t *testing.T, r *rig) { r.cdn.meddle(t, shopA, nil) },
			[]string{"cdn list", "dns list", "cdn find shop.example.com", "cdn create " + shopA}, 1, 0},
		"an address is removed": {func(t *testing.T, r *rig) { r.dns.meddle(t, addr1, nil) },
			[]string{"cdn list", "dns list", "dns find ", "dns create " + addr1}, 0, 1},
		"an address is changed": {func(t *testing.T, r *rig) {
			r.dns.meddle(t, addr1, func(o model.Record) model.Record { o.Data = "192.0.2.9"; return o })
		}, []string{"cdn list", "dns list", "dns create " + addr1, "dns delete nodes.main.acme A 192.0.2.9"}, 0, 2},
		"somebody else's rule is changed": {func(t *testing.T, r *rig) {
			r.cdn.meddle(t, "foreign.example.com/", func(o model.Rule) model.Rule { o.SourcePath = "/x"; return o })
		}, []string{"cdn list", "dns list"}, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.cdn.plant(model.Rule{ID: "foreign", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "foreign.example.com", Path: "/"}})
				r.ready(ingress("shop"), web(), node(1), node(2))
				test.meddle(t, r)
				r.pass(10*time.Minute + 10*time.Second)
				if diff := cmp.Diff(test.want, r.calls()); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				lines := []string{
					fmt.Sprintf(`edgeward_drift_repaired_total{target="edgio"} %d`, test.cdn),
					fmt.Sprintf(`edgeward_drift_repaired_total{target="vultr"} %d`, test.dns),
				}
				if diff := cmp.Diff(lines, r.metrics("edgeward_drift_repaired_total")); diff != "" {
					t.Errorf("repaired (-want +got):\n%s", diff)
				}
				r.pass(10 * time.Minute)
				if got := r.writes(); got != nil {
					t.Errorf("it writes again at the next resync: %q", got)
				}
			})
		})
	}
}

// TestRecurringDrift has somebody change what is ours again and again, as a
// second daemon with the same owner and another configuration would: from the
// third time on it is told, once. Drift now and then is not.
func TestRecurringDrift(t *testing.T) {
	for name, test := range map[string]struct {
		meddles []bool // before each resync: whether somebody does
		want    int
	}{
		"now and then":       {[]bool{true, true, false, true, true, false}, 0},
		"each time":          {[]bool{true, true, true, true, true}, 1},
		"again after a rest": {[]bool{true, true, true, false, true, true, true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				r.log.take("")
				for _, meddles := range test.meddles {
					if meddles {
						r.cdn.meddle(t, shopA, func(o model.Rule) model.Rule { o.SourcePath = "/x"; return o })
					}
					r.pass(10*time.Minute + time.Second)
				}
				if got := r.log.take("is changed back each time"); len(got) != test.want {
					t.Errorf("told %d times, want %d: %q", len(got), test.want, got)
				}
				if got := r.cdn.standing()[0].SourcePath; got != "/a" {
					t.Errorf("the source path is %s", got)
				}
			})
		})
	}
}

// TestOwnWritesAreNoDrift has a reading that shows what a write has led to
// whose reply comes only later, or never.
func TestOwnWritesAreNoDrift(t *testing.T) {
	for name, late := range map[string]reply{
		"the reply comes late": {after: 5 * time.Second},
		"the reply is lost":    {after: time.Millisecond, err: refusal(http.StatusBadGateway), effect: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				r.cdn.answer(func(call string, n int) reply {
					switch {
					case n == 1 && strings.HasPrefix(call, "create"):
						return late
					case strings.HasPrefix(call, "find"):
						return reply{err: refusal(http.StatusBadGateway)} // the reading answers it
					}
					return reply{}
				})
				r.pass(time.Until(r.begun.Add(10*time.Minute - 50*time.Millisecond)))
				r.add(ingress("blog"))
				r.pass(time.Minute)
				calls := r.calls()
				finds := strings.Count(strings.Join(calls, "\n"), "cdn find")
				if len(calls) != 3+finds || !slices.Contains(calls, "cdn create blog.example.com/a") {
					t.Errorf("calls %q, want one creation beside the readings", calls)
				}
				if late.err == nil && finds > 0 || finds > 1 {
					t.Errorf("searched %d times for what the reading showed", finds)
				}
				if diff := cmp.Diff([]string{`edgeward_drift_repaired_total{target="edgio"} 0`, `edgeward_drift_repaired_total{target="vultr"} 0`}, r.metrics("edgeward_drift_repaired_total")); diff != "" {
					t.Errorf("repaired (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTwoClusters has one whose snapshots are not complete: the other goes on.
func TestTwoClusters(t *testing.T) {
	inBubble(t, func(r *rig) {
		west := r.opts.Clusters[0]
		west.Name = "west"
		r.opts.Clusters = append(r.opts.Clusters, west)
		r.ready(ingress("shop"), web(), node(1))
		if diff := cmp.Diff([]string{claim, addr1, "rule " + shopA}, r.standing()); diff != "" {
			t.Errorf("with main alone (-want +got):\n%s", diff)
		}
		c := r.Cluster("west")
		c.Ingresses.Added(ingress("blog"))
		c.Services.Added(web())
		c.Nodes.Added(kube.Node{Meta: kube.Meta{Name: "w"}, Ready: true, Addresses: node(9).Addresses})
		c.Ready("uid-west")
		r.pass(time.Second)
		want := []string{"dns create claim _edgeward.west.acme", "dns create nodes.west.acme A 192.0.2.9", "cdn create blog.example.com/a"}
		if diff := cmp.Diff(want, r.calls()); diff != "" {
			t.Errorf("then (-want +got):\n%s", diff)
		}
	})
}
