package syncer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// metrics returns the samples of the named families as a scraper reads them,
// sorted; of histograms the counts.
func (r *rig) metrics(names ...string) []string {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		if !slices.Contains(names, f.GetName()) {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			line := f.GetName()
			if len(labels) > 0 {
				line += "{" + strings.Join(labels, ",") + "}"
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			lines = append(lines, fmt.Sprintf("%s %v", line, value))
		}
	}
	slices.Sort(lines)
	return lines
}

// syncs is edgeward_sync_total in few words: "edgio added success 1".
func (r *rig) syncs() []string {
	var lines []string
	for _, m := range r.metrics("edgeward_sync_total") {
		// Labels are sorted by name: cluster, event, result, target.
		part := strings.Split(m, `"`)
		lines = append(lines, part[7]+" "+part[3]+" "+part[5]+strings.TrimPrefix(part[8], "}"))
	}
	slices.Sort(lines)
	return lines
}

// TestSyncTotal counts each completed attempt once for each Ingress and target,
// under the latest event.
func TestSyncTotal(t *testing.T) {
	start := []string{"edgio added success 1", "vultr added success 1"} // of shop
	tests := map[string]struct {
		change func(*rig)
		wait   time.Duration
		want   []string // beside start
	}{
		"added":         {func(r *rig) {}, time.Second, nil},
		"another added": {func(r *rig) { r.add(ingress("blog")) }, time.Second, []string{"edgio added success 2", "vultr added success 2"}},
		"modified":      {func(r *rig) { r.modify(stripped(ingress("shop"), "strip")) }, time.Second, []string{"edgio modified success 1", "vultr modified success 1"}},
		"modified twice at once": {func(r *rig) {
			r.add(ingress("blog"))
			r.pass(eventPause / 2) // so that the next events are waited for
			r.modify(stripped(ingress("shop"), "strip"))
			r.modify(stripped(ingress("shop"), "keep"))
		}, time.Second, []string{"edgio added success 2", "edgio modified success 1", "vultr added success 2", "vultr modified success 1"}},
		"deleted, within the grace": {func(r *rig) { r.remove(ingress("shop")) }, time.Second, []string{"vultr deleted success 1"}},
		"deleted":                   {func(r *rig) { r.remove(ingress("shop")) }, 11 * time.Second, []string{"edgio deleted success 1", "vultr deleted success 1"}},
		"deleted and added":         {func(r *rig) { r.remove(ingress("shop")); r.pass(time.Second); r.add(ingress("shop")) }, time.Minute, []string{"edgio added success 2", "vultr added success 2", "vultr deleted success 1"}},
		"a resync":                  {func(r *rig) {}, 11 * time.Minute, []string{"edgio resync success 1", "vultr resync success 1"}},
		"what cannot be published":  {func(r *rig) { r.add(stripped(ingress("bad"), "nonsense")) }, time.Second, nil},
		"what never was, deleted": {func(r *rig) {
			r.add(stripped(ingress("bad"), "nonsense"))
			r.pass(time.Second)
			r.remove(ingress("bad"))
		}, time.Second, nil},
		"other objects are no events": {func(r *rig) { r.modify(service(30081)); r.add(node(2)) }, time.Second, nil},
		"a rule fails twice": {func(r *rig) {
			r.cdn.answer(func(call string, n int) reply {
				if strings.HasPrefix(call, "create") && n <= 2 {
					return reply{err: refusal(http.StatusTooManyRequests)}
				}
				return reply{}
			})
			r.add(ingress("blog"))
		}, 10 * time.Second, []string{"edgio added error 2", "edgio added success 2", "vultr added success 2"}},
		"an address fails, for all that wait": {func(r *rig) {
			r.dns.answer(func(call string, n int) reply {
				if strings.HasPrefix(call, "create") && n == 1 {
					return reply{err: refusal(http.StatusTooManyRequests)}
				}
				return reply{}
			})
			r.add(ingress("blog"))
			r.pass(time.Second)
			r.add(node(2))
		}, 10 * time.Second, []string{"edgio added success 2", "vultr added success 2", "vultr resync error 2"}},
		"a repair fails": {func(r *rig) {
			r.cdn.meddle(r.t, shopA, func(o model.Rule) model.Rule { o.SourcePath = "/x"; return o })
			r.cdn.answer(func(call string, n int) reply {
				if strings.HasPrefix(call, "update") && n == 1 {
					return reply{err: refusal(http.StatusTooManyRequests)}
				}
				return reply{}
			})
		}, 11 * time.Minute, []string{"edgio resync error 1", "edgio resync success 1", "vultr resync success 1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				if diff := cmp.Diff(start, r.syncs()); diff != "" {
					t.Fatalf("at first (-want +got):\n%s", diff)
				}
				test.change(r)
				r.pass(test.wait)
				want := slices.Clone(test.want)
				for _, s := range start {
					if event := strings.TrimSuffix(s, "1"); !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, event) }) {
						want = append(want, s)
					}
				}
				slices.Sort(want)
				if diff := cmp.Diff(want, r.syncs()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestSyncDuration measures from the event until the target is exact.
func TestSyncDuration(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.slow(3 * time.Second)
		r.add(ingress("blog"))
		r.pass(10 * time.Second)
		families, err := r.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "edgeward_sync_duration_seconds" {
				continue
			}
			h := f.GetMetric()[0].GetHistogram() // event added, target edgio
			if got := h.GetSampleSum(); h.GetSampleCount() != 2 || got < 3 || got > 5 {
				t.Errorf("%d samples, %v s together; want 2 of some 1 and 3 s", h.GetSampleCount(), got)
			}
			return
		}
		t.Error("it is not measured")
	})
}

// TestGauges has an Ingress in each state of a route, and nodes in each of
// theirs.
func TestGauges(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.dns.answer(func(call string, _ int) reply {
			if call == "create "+addr2 {
				return reply{err: refusal(http.StatusBadRequest)}
			}
			return reply{}
		})
		r.cdn.answer(func(call string, _ int) reply {
			if call == "create refused.example.com/a" {
				return reply{err: refusal(http.StatusBadRequest)}
			}
			return reply{}
		})
		rival := ingress("tail") // the same host as shop's, and later by name
		rival.Rules = ingress("shop").Rules
		waits := ingress("waits")
		waits.Rules[0].Paths[0].Backend.Service = "absent"
		excluded, nameless := node(8), kube.Node{Meta: kube.Meta{Name: "n9"}, Ready: true}
		excluded.Excluded = "it is being deleted"
		down := node(7)
		down.Ready = false
		r.ready(ingress("shop"), ingress("refused"), rival, waits, stripped(ingress("bad"), "nonsense"), web(), node(1), excluded, nameless, down)
		want := []string{
			`edgeward_deletions_blocked{target="edgio"} 0`,
			`edgeward_deletions_blocked{target="vultr"} 0`,
			`edgeward_last_known_addresses{cluster="main"} 0`,
			`edgeward_nodes_panic{cluster="main"} 0`,
			`edgeward_nodes{cluster="main",state="excluded"} 1`,
			`edgeward_nodes{cluster="main",state="no_address"} 1`,
			`edgeward_nodes{cluster="main",state="not_ready"} 1`,
			`edgeward_nodes{cluster="main",state="ready"} 1`,
			`edgeward_owned_objects{kind="address",target="vultr"} 1`,
			`edgeward_owned_objects{kind="claim",target="vultr"} 1`,
			`edgeward_owned_objects{kind="rule",target="edgio"} 1`,
			`edgeward_queue_depth 1`,
			`edgeward_routes{cluster="main",state="conflict"} 1`,
			`edgeward_routes{cluster="main",state="error"} 1`,
			`edgeward_routes{cluster="main",state="invalid"} 1`,
			`edgeward_routes{cluster="main",state="pending"} 1`,
			`edgeward_routes{cluster="main",state="synced"} 1`,
		}
		names := []string{"edgeward_routes", "edgeward_owned_objects", "edgeward_nodes", "edgeward_deletions_blocked",
			"edgeward_queue_depth", "edgeward_nodes_panic", "edgeward_last_known_addresses"}
		if diff := cmp.Diff(want, r.metrics(names...)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}

		r.add(node(2))
		r.remove(ingress("refused"))
		r.pass(time.Second)
		if got := r.metrics("edgeward_routes"); !slices.Contains(got, `edgeward_routes{cluster="main",state="error"} 1`) || !slices.Contains(got, `edgeward_routes{cluster="main",state="synced"} 0`) {
			t.Errorf("with an address that cannot be made: %q", got)
		}
		r.remove(node(1), node(2), down)
		r.pass(time.Second)
		if got := r.metrics("edgeward_last_known_addresses"); !slices.Equal(got, []string{`edgeward_last_known_addresses{cluster="main"} 1`}) {
			t.Errorf("without nodes: %q", got)
		}
		r.add(node(1), down, kube.Node{Meta: kube.Meta{Name: "n6"}, Addresses: node(6).Addresses})
		r.pass(time.Second)
		if got := r.metrics("edgeward_nodes_panic"); !slices.Equal(got, []string{`edgeward_nodes_panic{cluster="main"} 1`}) {
			t.Errorf("with one of three nodes ready: %q", got)
		}
		r.miss(ingress("shop"), rival)
		r.pass(time.Minute)
		if got := r.metrics("edgeward_deletions_blocked"); !slices.Contains(got, `edgeward_deletions_blocked{target="edgio"} 1`) {
			t.Errorf("with a rule that nobody wants any more: %q", got)
		}
	})
}

// lastSuccess is edgeward_last_success_timestamp_seconds, since the begin of
// the run.
func (r *rig) lastSuccess() map[string]time.Duration {
	r.t.Helper()
	at := make(map[string]time.Duration)
	for _, m := range r.metrics("edgeward_last_success_timestamp_seconds") {
		var seconds float64
		if _, err := fmt.Sscan(m[strings.LastIndex(m, " ")+1:], &seconds); err != nil {
			r.t.Fatal(err)
		}
		at[strings.Split(m, `"`)[1]] = time.Unix(int64(seconds), 0).Sub(r.begun.Truncate(time.Second))
	}
	return at
}

// TestLastSuccess is when nothing was left to do at a target last.
func TestLastSuccess(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.start()
		r.pass(time.Second)
		if got := r.lastSuccess(); len(got) > 0 {
			t.Errorf("before the first comparison: %v", got)
		}
		r.add(ingress("shop"), web(), node(1))
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Second)
		if diff := cmp.Diff(map[string]time.Duration{"edgio": time.Second, "vultr": time.Second}, r.lastSuccess()); diff != "" {
			t.Errorf("after it (-want +got):\n%s", diff)
		}
		r.cdn.answer(func(call string, _ int) reply {
			if strings.HasPrefix(call, "create") {
				return reply{err: refusal(http.StatusBadRequest)}
			}
			return reply{}
		})
		r.add(ingress("blog"))
		r.pass(11 * time.Minute)
		if got := r.lastSuccess(); got["edgio"] != time.Second || got["vultr"] < 10*time.Minute {
			t.Errorf("with a rule that is refused: %v", got)
		}
		r.remove(ingress("blog"))
		r.cdn.answer(func(string, int) reply { return reply{err: refusal(http.StatusServiceUnavailable)} })
		r.pass(20 * time.Minute)
		// When the first reading failed the one before it still counted.
		if got := r.lastSuccess(); got["edgio"] > 20*time.Minute || got["vultr"] < 30*time.Minute {
			t.Errorf("with edgio down: %v", got)
		}
	})
}

// TestNoSuccess has what keeps a target from being as it should, although
// there is nothing to do.
func TestNoSuccess(t *testing.T) {
	tests := map[string]struct {
		do    func(*rig)
		edgio bool // it still succeeds
		vultr bool
	}{
		"nothing":               {func(*rig) {}, true, true},
		"a deletion is blocked": {func(r *rig) { r.miss(ingress("shop")) }, false, true},
		"a foreign claim": {func(r *rig) {
			r.dns.plant(model.Record{ID: "x", Name: "_edgeward.main.acme", Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-other"}.String()})
		}, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				test.do(r)
				r.pass(21 * time.Minute)
				got := r.lastSuccess()
				if (got["edgio"] > 11*time.Minute) != test.edgio || (got["vultr"] > 11*time.Minute) != test.vultr {
					t.Errorf("last success after %v, want a late one %v of edgio, %v of vultr", got, test.edgio, test.vultr)
				}
			})
		})
	}
}

// TestMetricNames holds all metrics to Prometheus's own rules.
func TestMetricNames(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		families, err := r.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("problems %v, %v", problems, err)
		}
	})
}
