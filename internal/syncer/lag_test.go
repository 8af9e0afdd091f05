package syncer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

var errLost = errors.New("connection reset")

// TestListThatLags has a list that shows an address which was deleted shortly
// before. It is taken for what it is: the address is neither deleted again nor
// counted on.
func TestListThatLags(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.dns.changed = func(call string) {
			if !strings.HasPrefix(call, "dns list") {
				r.dns.remember()
			}
		}
		r.dns.answer(func(call string, n int) reply {
			if call == "list" && n == 2 {
				return reply{lag: 20 * time.Second}
			}
			return reply{}
		})
		r.ready(ingress("shop"), web(), node(1), node(2))
		r.pass(time.Until(r.begun.Add(10*time.Minute - 5*time.Second)))
		r.remove(node(1))
		r.pass(time.Minute) // the resync is over
		if diff := cmp.Diff([]string{"dns delete " + addr1}, r.writes()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{`edgeward_drift_repaired_total{target="edgio"} 0`, `edgeward_drift_repaired_total{target="vultr"} 0`}, r.metrics("edgeward_drift_repaired_total")); diff != "" {
			t.Errorf("repaired (-want +got):\n%s", diff)
		}
		r.dns.meddle(t, addr2, nil) // what is drift, is repaired all the same
		r.pass(10 * time.Minute)
		if diff := cmp.Diff([]string{"dns create " + addr2}, r.writes()); diff != "" {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
	})
}

// TestSearchThatLags has a search, for what became of another record, that shows
// an address which was deleted shortly before. That is not taken for true either.
func TestSearchThatLags(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.dns.changed = func(call string) {
			if !strings.HasPrefix(call, "dns find") {
				r.dns.remember()
			}
		}
		addr4 := strings.TrimSuffix(addr1, "1") + "4"
		r.dns.answer(func(call string, n int) reply {
			switch {
			case strings.HasPrefix(call, "find"):
				return reply{lag: 20 * time.Second}
			case call == "create "+addr4 && n == 1:
				return reply{err: errors.New("connection reset")}
			}
			return reply{}
		})
		r.ready(ingress("shop"), web(), node(1), node(2))
		r.pass(5 * time.Minute)
		r.remove(node(1))
		r.pass(5 * time.Second)
		r.add(node(4))
		r.pass(2 * time.Minute)
		if diff := cmp.Diff([]string{"dns delete " + addr1, "dns create " + addr4, "dns create " + addr4}, r.writes()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestDeletionOfUnknownEffect has an address whose deletion happened without a
// reply, and a list too old to know of it. When the address shall stand again,
// the only other one does not go before it certainly does; nor where it was the
// process before that deleted it.
func TestDeletionOfUnknownEffect(t *testing.T) {
	for name, restart := range map[string]bool{"its reply was lost": false, "the process ended": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.lagsAfter("delete "+addr1, true)
				r.ready(ingress("shop"), web(), node(1), node(2))
				r.pass(2 * time.Minute)
				r.remove(node(1))
				if restart {
					r.pass(25 * time.Millisecond)
					r.stop()
					r.start()
					r.add(ingress("shop"), web(), node(1), node(2))
					r.Cluster("main").Ready("uid-main")
				} else {
					r.pass(50 * time.Millisecond)
					r.add(node(1))
				}
				r.pass(time.Second)
				r.remove(node(2))
				for range 300 {
					r.pass(time.Second)
					if !r.resolves("nodes.main.acme") {
						t.Errorf("the origin resolves to nothing: %q", r.standing())
						return
					}
				}
				if diff := cmp.Diff([]string{"claim _edgeward.main.acme", addr1, "rule shop.example.com/a"}, r.standing()); diff != "" {
					t.Errorf("what stands in the end (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// resolves reports whether a name has a record that leads somewhere.
func (r *rig) resolves(name string) bool {
	return slices.ContainsFunc(r.dns.standing(), func(o model.Record) bool { return o.Name == name && o.Type != "TXT" })
}

// TestRuleBack has a rule come back to an origin whose addresses or CNAME went
// shortly before, as a list too old does not know: they are made first.
func TestRuleBack(t *testing.T) {
	elsewhere := ingress("shop")
	elsewhere.Rules[0].Paths[0].Backend.Service = "lb0"
	address, name := kube.Address{IP: "192.0.2.50"}, kube.Address{Hostname: "origin.example.org"}
	for test, tc := range map[string]struct {
		at, moved *kube.Ingress // nil: it is deleted
		balancer  kube.Address
		origin    string
		restart   bool
	}{
		"it moved, and the process ended": {ingress("shop"), elsewhere, address, "nodes.main.acme", true},
		"it moved":                        {ingress("shop"), elsewhere, address, "nodes.main.acme", false},
		"its CNAME went":                  {elsewhere, nil, name, "lb0.default.lb-cname.main.acme", false},
		"it and the process ended":        {elsewhere, nil, name, "lb0.default.lb-cname.main.acme", true},
	} {
		t.Run(test, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				deleted := r.lagsAfter("delete", !tc.restart)
				balancer := balancer("lb0", tc.balancer)
				r.ready(tc.at, web(), node(1), balancer)
				r.pass(2 * time.Minute)
				if tc.moved == nil {
					r.remove(tc.at)
				} else {
					r.modify(tc.moved)
				}
				for deleted().IsZero() {
					r.pass(10 * time.Millisecond)
				}
				if tc.restart {
					r.stop()
					r.start()
					r.add(tc.at, web(), node(1), balancer)
					r.Cluster("main").Ready("uid-main")
				} else {
					r.report(map[bool]string{true: "added", false: "modified"}[tc.moved == nil], []any{tc.at})
				}
				for range 1200 {
					r.pass(time.Second)
					for _, rule := range r.cdn.standing() {
						if name := strings.TrimSuffix(rule.SourceHost, ".example.net"); !r.resolves(name) {
							t.Fatalf("after %s the rule leads to %s, which resolves to nothing", time.Since(r.begun), name)
						}
					}
				}
				if rules := r.cdn.standing(); len(rules) != 1 || rules[0].SourceHost != tc.origin+".example.net" {
					t.Errorf("in the end there are the rules %+v", rules)
				}
			})
		})
	}
}

// TestLongReading has a CDN with so many rules that reading them takes twenty minutes:
// addresses that nobody needs any more go all the same.
func TestLongReading(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), ingress("gone"), web(), balancer("lb0", kube.Address{IP: "192.0.2.50"}), node(1))
		r.cdn.answer(func(call string, _ int) reply {
			if call == "list" {
				return reply{after: 20 * time.Minute}
			}
			return reply{}
		})
		moved := ingress("gone")
		moved.Rules[0].Paths[0].Backend.Service = "lb0"
		r.modify(moved)
		r.pass(time.Minute)
		r.remove(ingress("gone"))
		r.pass(2 * time.Hour)
		want := []string{"claim _edgeward.main.acme", addr1, "rule " + shopA}
		if diff := cmp.Diff(want, r.standing()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if lists := count(r.calls(), "cdn list"); lists > 6 {
			t.Errorf("%d readings of twenty minutes, and ten minutes between them, in two hours", lists)
		}
	})
}
