package syncer

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

func TestBackoff(t *testing.T) {
	tests := map[string]struct {
		failures int
		refused  bool
		want     time.Duration // and up to a fifth more
	}{
		"the first":               {1, false, time.Second},
		"the second":              {2, false, 2 * time.Second},
		"the fifth":               {5, false, 16 * time.Second},
		"the longest":             {10, false, 5 * time.Minute},
		"never longer":            {1000, false, 5 * time.Minute},
		"the first refusal":       {1, true, 10 * time.Second},
		"the second refusal":      {2, true, 20 * time.Second},
		"a refusal, never longer": {1000, true, 5 * time.Minute},
	}
	target := newTarget[model.Rule](model.Edgio, nil, nil)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for range 100 {
				if got := target.backoff(test.failures, test.refused); got < test.want || got > test.want+test.want/5 {
					t.Fatalf("got %s, want %s or up to a fifth more", got, test.want)
				}
			}
		})
	}
}

// times returns when the calls with the given text arrived, since the first.
func times(calls []call, text string) []time.Duration {
	var list []time.Duration
	var first time.Time
	for _, c := range calls {
		if c.text != text {
			continue
		}
		if first.IsZero() {
			first = c.at
		}
		list = append(list, c.at.Sub(first))
	}
	return list
}

// TestRetries has a rule that cannot be made for a while: it is tried again
// after growing pauses, while another one goes through, and in the end stands.
func TestRetries(t *testing.T) {
	tests := map[string]struct {
		err     error
		looksUp bool            // before it tries again
		least   []time.Duration // between one try and the next
	}{
		"throttled, so without effect": {refusal(http.StatusTooManyRequests), false, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		"no longer allowed":            {refusal(http.StatusUnauthorized), false, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second}},
		"out of order":                 {refusal(http.StatusServiceUnavailable), true, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		"no reply":                     {errors.New("connection reset"), true, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		"refused":                      {refusal(http.StatusBadRequest), true, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				r.cdn.answer(func(call string, n int) reply {
					if call == "create blog.example.com/a" && n <= len(test.least) {
						return reply{err: test.err}
					}
					return reply{}
				})
				r.add(ingress("blog"), ingress("wiki"))
				r.pass(2 * time.Minute)
				calls := r.journal.take()
				at := times(calls, "cdn create blog.example.com/a")
				if len(at) != len(test.least)+1 {
					t.Fatalf("tried after %s, want %d times", at, len(test.least)+1)
				}
				for i, least := range test.least {
					// A reply takes a millisecond, and so does a search.
					if pause := at[i+1] - at[i]; pause < least || pause > least+least/5+10*time.Millisecond {
						t.Errorf("pause %d is %s, want %s or up to a fifth more", i+1, pause, least)
					}
				}
				if got := len(times(calls, "cdn find blog.example.com")); (got == len(test.least)) != test.looksUp || !test.looksUp && got > 0 {
					t.Errorf("looked up %d times", got)
				}
				if got := times(calls, "cdn create wiki.example.com/a"); len(got) != 1 {
					t.Errorf("the other rule was made %d times", len(got))
				}
				if !slices.Contains(r.standing(), "rule blog.example.com/a") {
					t.Errorf("standing: %q", r.standing())
				}
			})
		})
	}
}

// TestLostReplies has operations that happen although their reply is lost: they
// are looked up, not repeated.
func TestLostReplies(t *testing.T) {
	lost := reply{err: errors.New("connection reset"), effect: true}
	tests := map[string]struct {
		call   string
		change func(*rig)
		want   []string
	}{
		"a rule's creation": {"create blog.example.com/a", func(r *rig) { r.add(ingress("blog")) },
			[]string{"cdn create blog.example.com/a", "cdn find blog.example.com"}},
		"a rule's update": {"update " + shopA, func(r *rig) { r.modify(service(30081)) },
			[]string{"cdn update " + shopA, "cdn find shop.example.com"}},
		"a rule's deletion": {"delete " + shopA, func(r *rig) { r.remove(ingress("shop")) },
			[]string{"cdn delete " + shopA, "cdn find shop.example.com"}},
		"an address's creation": {"create nodes.main.acme A 192.0.2.3", func(r *rig) { r.add(node(3)) },
			[]string{"dns create nodes.main.acme A 192.0.2.3", "dns find "}},
		"an address's deletion": {"delete " + addr2, func(r *rig) { r.remove(node(2)) },
			[]string{"dns delete " + addr2, "dns find "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1), node(2))
				r.cdn.answer(func(call string, n int) reply {
					if call == test.call && n == 1 {
						return lost
					}
					return reply{}
				})
				r.dns.answer(r.cdn.reply)
				test.change(r)
				r.pass(30 * time.Second)
				if diff := cmp.Diff(test.want, r.calls()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestGone has a rule that somebody removed when it is to be changed: it is
// made anew at once.
func TestGone(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.meddle(t, shopA, nil)
		r.modify(service(30081))
		r.pass(time.Second)
		if diff := cmp.Diff([]string{"cdn update " + shopA, "cdn create " + shopA}, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestNotKept has providers that keep something else than they are sent, for
// ever: what can be made on top of that is made, and it is tried again ever more
// rarely.
func TestNotKept(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.Settings.TTL = 1
		r.dns.keep = func(o model.Record) model.Record { o.TTL = max(o.TTL, 60); return o }
		r.cdn.keep = func(o model.Rule) model.Rule { o.Profile = "forced"; return o }
		r.ready(ingress("shop"), web(), node(1), node(2))
		if diff := cmp.Diff([]string{claim, addr1, addr2, "rule " + shopA}, r.standing()); diff != "" {
			t.Errorf("standing after a second (-want +got):\n%s", diff)
		}
		r.pass(time.Hour)
		counts := make(map[string]int)
		for _, c := range r.writes() {
			counts[c]++
		}
		// After 10, 20, 40, 80 and 160 seconds, then each 5 minutes or a little more.
		for _, c := range []string{"dns update " + claim, "cdn update " + shopA} {
			if counts[c] < 13 || counts[c] > 17 {
				t.Errorf("%s was tried %d times in an hour, want about 15", c, counts[c])
			}
			delete(counts, c)
		}
		if len(counts) > 0 {
			t.Errorf("further calls: %v", counts)
		}
		if got := r.log.take("the provider keeps something else"); len(got) == 0 {
			t.Error("nothing is said of it in the log")
		}
	})
}

// TestForgottenFailure has a rule that failed, is not wanted any more, and then
// wanted again: it does not wait for what it was before.
func TestForgottenFailure(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.answer(func(call string, n int) reply {
			if call == "create blog.example.com/a" && n == 1 {
				return reply{err: refusal(http.StatusBadRequest)}
			}
			return reply{}
		})
		r.add(ingress("blog"))
		r.pass(time.Second)
		r.remove(ingress("blog"))
		r.pass(time.Second)
		r.journal.take()
		r.add(ingress("blog"))
		r.pass(time.Second)
		if diff := cmp.Diff([]string{"cdn create blog.example.com/a"}, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestSearchesBackOff has a provider that answers nothing any more, with many
// outcomes to be looked up: the one search for all of them backs off, whichever
// it is made for.
func TestSearchesBackOff(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.dns.answer(func(call string, _ int) reply { return reply{err: errors.New("connection reset")} })
		for i := range 9 {
			r.add(node(10 + i))
		}
		r.pass(time.Minute)
		calls := r.journal.take()
		// After 1, 2, 4, 8, 16 and 32 seconds.
		if got := times(calls, "dns find "); len(got) < 5 || len(got) > 7 {
			t.Errorf("searched %d times in a minute, after %s; want 6 times", len(got), got)
		}
	})
}

// TestDuplicateDeletionFails has three rules at one place, and a deletion that
// fails: each is an operation of its own.
func TestDuplicateDeletionFails(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			twin := r.cdn.standing()[0].WithIdentity(fmt.Sprint("twin-", i))
			r.cdn.plant(twin)
		}
		r.cdn.answer(func(call string, n int) reply {
			if strings.HasPrefix(call, "delete") && n%2 == 1 {
				return reply{err: refusal(http.StatusBadGateway), after: time.Second}
			}
			return reply{}
		})
		r.ready(ingress("shop"), web(), node(1))
		r.pass(time.Minute)
		if diff := cmp.Diff([]string{claim, addr1, "rule " + shopA}, r.standing()); diff != "" {
			t.Errorf("standing (-want +got):\n%s", diff)
		}
	})
}

// TestReadingFails has a provider that cannot be read for a while: what is
// missing is told, the reading is repeated, and nothing is written meanwhile.
func TestReadingFails(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cdn.answer(func(call string, n int) reply {
			if call == "list" && n <= 3 {
				return reply{err: refusal(http.StatusBadGateway)}
			}
			return reply{}
		})
		r.ready(ingress("shop"), web(), node(1))
		ok, reason := r.Ready()
		if ok || !strings.Contains(reason, "edgio: what stands there was not read yet: POST /x: 502 Bad Gateway") {
			t.Errorf("ready %v: %q", ok, reason)
		}
		if got := r.metrics("edgeward_provider_reachable"); !slices.Equal(got, []string{`edgeward_provider_reachable{target="edgio"} 0`, `edgeward_provider_reachable{target="vultr"} 1`}) {
			t.Errorf("reachable %q", got)
		}
		r.pass(20 * time.Second)
		if ok, reason := r.Ready(); !ok {
			t.Errorf("not ready after the fourth reading: %s", reason)
		}
		if diff := cmp.Diff([]string{"cdn list", "cdn list", "cdn list", "cdn create " + shopA}, r.calls()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestRereadingFails has addresses that nobody uses, and rules that cannot be
// read to see that: the addresses stay, and the reading backs off.
func TestRereadingFails(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("shop"), web(), node(1))
		r.cdn.answer(func(call string, n int) reply {
			if call == "list" && n <= 4 { // the first was at the start
				return reply{err: refusal(http.StatusBadGateway)}
			}
			return reply{}
		})
		r.remove(ingress("shop"))
		r.pass(72 * time.Second) // grace and linger are over
		r.pass(4 * time.Second)
		if diff := cmp.Diff([]string{"cdn delete " + shopA, "cdn list", "cdn list", "cdn list"}, r.calls()); diff != "" {
			t.Errorf("while it fails (-want +got):\n%s", diff)
		}
		r.pass(10 * time.Second)
		if diff := cmp.Diff([]string{"cdn list", "dns delete " + addr1}, r.calls()); diff != "" {
			t.Errorf("afterwards (-want +got):\n%s", diff)
		}
	})
}

// TestPause has a provider that asks for a pause: nothing begins before it is
// over, and it is known when to ask again.
func TestPause(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer api.Close()
	account := httpapi.NewAccount(0, time.Minute)
	client := httpapi.New(httpapi.Options{Account: account})
	if err := client.Do(t.Context(), httpapi.Call{Method: http.MethodGet, URL: api.URL}, nil); err == nil {
		t.Fatal("no error")
	}

	results := make(chan func(), 1)
	target := newTarget[model.Rule](model.Edgio, newFake[model.Rule]("cdn", new(journal)), account)
	target.calls, target.results, target.log = t.Context(), results, slog.New(slog.DiscardHandler)
	target.enqueue([]model.Op[model.Rule]{{Verb: model.Create}})
	now := time.Now()
	began, again, drained := target.dispatch(now)
	if wait := again.Sub(now); wait < 110*time.Second || wait > 120*time.Second || began || drained || target.flying > 0 {
		t.Errorf("during the pause: again in %s, began %v, drained %v, %d begun; want about 120s, false, false, none", wait, began, drained, target.flying)
	}
	if began, _, _ := target.dispatch(again); !began || target.flying != 1 {
		t.Errorf("after the pause: began %v, %d begun; want true, 1", began, target.flying)
	}
	if _, _, drained := target.dispatch(again); !drained {
		t.Error("after the pause: something is left to begin")
	}
	(<-results)()
}

// TestBackoffOfWhatTakesTurns has a provider that changes no TTL, and two records of one
// host, of which a plan never has the one while the other is under way: each waits longer
// after each refusal all the same.
func TestBackoffOfWhatTakesTurns(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.Settings.PublishZones, r.opts.Settings.CDNs[0].Host = []string{"example.com"}, "acme.cdn.example.org"
		r.dns.zones = []string{"example.com"}
		r.ready(web(), node(1), ingress("shop"))
		if got := r.standing(); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "CNAME") }) {
			t.Fatalf("there is no CNAME: %q", got)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		r.dns.fixedTTL = true
		for id, o := range r.dns.objects {
			if o.Zone != "" {
				o.TTL = 300
				r.dns.objects[id] = o
			}
		}
		r.start()
		r.add(web(), node(1), ingress("shop"))
		r.Cluster("main").Ready("uid-main")
		r.pass(10 * time.Minute)
		tries := 0
		for _, w := range r.writes() {
			if strings.Contains(w, "dns update") {
				tries++
			}
		}
		if tries < 2 || tries > 20 {
			t.Errorf("%d tries in ten minutes to change what cannot be", tries)
		}
	})
}
