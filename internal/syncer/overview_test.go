package syncer

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
)

// TestOverview has what is to be seen of a cluster in sync, and what is not
// yet to be seen before.
func TestOverview(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.tune = func(s *Syncer) {
			if s.Overview() != nil {
				t.Error("there is an overview before the first plan")
			}
		}
		r.start()
		r.pass(time.Millisecond / 2)
		if got, want := r.Overview().Awaited, "cluster main: no complete snapshot yet"; got != want {
			t.Errorf("at first it awaits %q, want %q", got, want)
		}
		r.add(ingress("shop"), web(), node(1))
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Second)
		o := r.Overview()
		id := model.IngressID{Cluster: "main", Namespace: "default", Name: "shop"}
		// The reading, the claim, the address and the rule take a millisecond each.
		synced := r.begun.Add(4 * time.Millisecond)
		begun := r.begun
		want := &outcome.Overview{
			At: synced, Settings: r.opts.Settings, Want: o.Want,
			Step: plan.Step{
				Routes: []plan.RouteState{{Route: &desired.Route{Ingress: id, Key: model.RuleKey{CDN: fixture.Edgio, Host: "shop.example.com", Path: "/a"}}, State: desired.Synced}},
				Held:   map[model.RuleKey]model.IngressID{}, Compared: true, Reread: map[model.Provider]bool{}, Open: map[model.IngressID]plan.Open{}, Stale: map[string]plan.Stale{},
				Owned: plan.Owned{Rules: map[model.Provider]int{fixture.Edgio: 1}, Addresses: 1, Claims: 1},
			},
			Rules: observed.Refs(r.cdn.standing()), Records: o.Records, Found: map[model.IngressID]bool{},
			Nodes: map[string][]kube.Node{"main": {node(1)}},
			Providers: []outcome.Provider{
				{Name: fixture.Edgio, Reachable: true, Read: begun, NextRead: begun.Add(10*time.Minute + time.Millisecond)},
				{Name: fixture.Vultr, Reachable: true, Read: begun, NextRead: begun.Add(10*time.Minute + time.Millisecond)},
			},
		}
		if diff := cmp.Diff(want, o, cmp.Comparer(func(a, b plan.Memory) bool { return reflect.DeepEqual(a, b) }), cmpopts.IgnoreUnexported(desired.Want{}, desired.Route{}), cmpopts.IgnoreFields(outcome.Overview{}, "LastSync"), cmpopts.IgnoreFields(desired.Route{}, "Rule", "Set"), cmp.Transformer("instant", time.Time.UnixNano)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := o.LastSync(id); !got.Equal(synced) {
			t.Errorf("last in sync at %s, want %s", got, synced)
		}
		if len(o.Want.Routes) != 1 || len(o.Records) != 2 {
			t.Errorf("%d routes and %d records, want 1 and 2", len(o.Want.Routes), len(o.Records))
		}
		r.remove(ingress("shop"))
		r.pass(time.Minute)
		if got := r.Overview().LastSync(id); !got.IsZero() {
			t.Errorf("a deleted Ingress is remembered: %v", got)
		}
	})
}

// TestOverviewFailures has one failure at each provider, as they come, last and
// go.
func TestOverviewFailures(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.answer(func(call string, n int) reply { return reply{err: refusal(http.StatusForbidden)} })
		r.dns.answer(func(call string, n int) reply { return reply{err: refusal(http.StatusTooManyRequests)} })
		r.add(ingress("blog"), node(2))
		r.pass(time.Minute)
		failures := r.Overview().Failures
		var got []string
		for _, f := range failures {
			got = append(got, fmt.Sprint(f.Provider, " ", f.Verb, " ", f.Place, " for ", f.Ingress.Name, ": ", f.Error))
			if since := time.Since(f.Since).Round(time.Second); f.Times < 3 || since != time.Minute || !f.Next.After(time.Now()) {
				t.Errorf("%s: %d times since %s, next in %s", f.Place, f.Times, since, time.Until(f.Next))
			}
		}
		want := []string{
			"edgio create blog.example.com/a for blog: POST /x: 403 Forbidden",
			"vultr create " + addr2 + " for : POST /x: 429 Too Many Requests",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if w := [2]int{r.Overview().Providers[0].Waiting, r.Overview().Providers[1].Waiting}; w != [2]int{1, 1} {
			t.Errorf("%d operations wait, want one at each", w)
		}
		r.pass(10 * time.Minute)
		for _, s := range r.Overview().Providers {
			if s.Reachable || s.ReadError == "" || time.Since(s.Read) < 10*time.Minute {
				t.Errorf("while all fails: %+v", s)
			}
		}
		r.cdn.answer(nil)
		r.dns.answer(nil)
		r.pass(10 * time.Minute)
		if got := r.Overview().Failures; got != nil {
			t.Errorf("when all is well again: %v", got)
		}
	})
}

// TestOverviewStays reads every overview, each of them again at the end, while
// rules and addresses come, change, fail and go: none may have changed. The race
// detector watches.
func TestOverviewStays(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.start()
		type seen struct {
			*outcome.Overview
			text string
		}
		var all []seen
		done := make(chan struct{})
		reader := make(chan struct{})
		go func() {
			defer close(reader)
			for {
				select {
				case <-r.Planned():
					o := r.Overview()
					all = append(all, seen{o, fmt.Sprintf("%+v", *o)})
				case <-done:
					return
				}
			}
		}()
		r.dns.answer(func(_ string, n int) reply { return reply{effect: true, err: errEvery(n, 2)} })
		r.cdn.answer(func(_ string, n int) reply { return reply{err: errEvery(n, 2)} })
		r.add(web(), node(1), node(2))
		r.Cluster("main").Ready("uid-main")
		for i := range 20 {
			r.add(ingress(fmt.Sprint("i", i)), node(10+i))
			r.pass(7 * time.Second)
			r.modify(stripped(ingress(fmt.Sprint("i", i/2)), "strip"))
			r.remove(ingress(fmt.Sprint("i", i/3)), node(10+i/3))
			r.pass(time.Minute)
		}
		close(done)
		<-reader
		if len(all) < 40 {
			t.Fatalf("only %d overviews", len(all))
		}
		for i, s := range all {
			if now := fmt.Sprintf("%+v", *s.Overview); now != s.text {
				t.Errorf("overview %d has changed (-then +now):\n%s", i, cmp.Diff(s.text, now))
			}
		}
	})
}

// errEvery is an error for the first of every n calls.
func errEvery(call, n int) error {
	if call%n == 1 {
		return refusal(http.StatusServiceUnavailable)
	}
	return nil
}

// TestTextsAreShared has a rule that stood at the start take no memory for what it
// says: the texts are those of what is wanted, also after a resync.
func TestTextsAreShared(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.stop()
		r.ready(ingress("shop"), web(), node(1))
		for range 2 {
			r.pass(11 * time.Minute)
			rule := r.Overview().Rules[0]
			want := r.Overview().Want.Route(rule.RuleKey).Rule
			if unsafe.StringData(rule.SourceHost) != unsafe.StringData(want.SourceHost) || &rule.Protocols[0] != &want.Protocols[0] {
				t.Errorf("rule %s has texts of its own", rule)
			}
		}
	})
}
