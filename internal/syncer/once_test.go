package syncer

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/model"
)

// TestOnce has runs that end by themselves: with what error, when, and what
// they leave behind.
func TestOnce(t *testing.T) {
	fails := func(text string, err error) func(*rig) {
		return func(r *rig) {
			r.cdn.answer(func(call string, _ int) reply {
				if strings.HasPrefix(call, text) {
					return reply{err: err}
				}
				return reply{}
			})
			r.dns.answer(r.cdn.reply)
		}
	}
	// A rule of an Ingress that is gone stands, with the addresses.
	left := func(count int) func(*rig) {
		return func(r *rig) {
			r.opts.Once = false
			objects := []any{web(), node(1)}
			for _, name := range []string{"a", "b", "c"}[:count] {
				objects = append(objects, ingress(name))
			}
			r.ready(objects...)
			r.stop()
			r.opts.Once = true
			r.journal.take()
		}
	}
	first := []string{"dns create " + claim, "dns create " + addr1, "cdn create " + shopA}
	tests := map[string]struct {
		prepare  func(*rig)
		objects  []any
		notReady bool
		want     error
		atLeast  time.Duration // how long it runs
		atMost   time.Duration
		writes   []string
	}{
		"all goes well": {
			objects: []any{ingress("shop"), web(), node(1)}, atMost: time.Second, writes: first,
		},
		"nothing to do": {atMost: time.Second},
		"Ingresses that cannot be published do not count": {
			objects: []any{ingress("shop"), stripped(ingress("bad"), "nonsense"), web(), node(1)}, atMost: time.Second, writes: first,
		},
		"no node does not count": {objects: []any{ingress("shop"), web()}, atMost: time.Second},
		"a deletion waits for grace and linger": {
			prepare: left(2), objects: []any{ingress("a"), web(), node(1)},
			atLeast: 10 * time.Second, atMost: 11 * time.Second, writes: []string{"cdn delete b.example.com/a"},
		},
		"a deletion is blocked": {
			prepare: left(1), objects: []any{web(), node(1)}, want: ErrIncomplete, atMost: time.Second,
		},
		"a blocked deletion is allowed": {
			prepare: func(r *rig) { left(1)(r); r.opts.AllowDelete = true }, objects: []any{web(), node(1)},
			atLeast: 70 * time.Second, atMost: 72 * time.Second, writes: []string{"cdn delete a.example.com/a", "dns delete " + addr1},
		},
		"an operation fails for good": {
			prepare: fails("create "+shopA, refusal(http.StatusTooManyRequests)), objects: []any{ingress("shop"), web(), node(1)},
			want: ErrIncomplete, atLeast: 3 * time.Second, atMost: 5 * time.Second,
			writes: append(first, first[2], first[2]),
		},
		"an operation is refused": {
			prepare: fails("create "+shopA, refusal(http.StatusBadRequest)), objects: []any{ingress("shop"), web(), node(1)},
			want: ErrIncomplete, atMost: time.Second, writes: first,
		},
		"an address is refused, and the rest goes on": {
			prepare: fails("create "+addr2, refusal(http.StatusBadRequest)), objects: []any{ingress("shop"), web(), node(1), node(2)},
			want: ErrIncomplete, atMost: time.Second, writes: []string{first[0], first[1], "dns create " + addr2, first[2]},
		},
		"a search fails": {
			prepare: func(r *rig) {
				fails("find", errors.New("reset"))(r)
				finds := r.cdn.reply
				r.cdn.answer(func(call string, n int) reply {
					if strings.HasPrefix(call, "create") {
						return reply{err: errors.New("reset"), effect: true}
					}
					return finds(call, n)
				})
			},
			objects: []any{ingress("shop"), web(), node(1)}, want: ErrIncomplete, atLeast: 3 * time.Second, atMost: 5 * time.Second, writes: first,
		},
		"a provider cannot be read": {
			prepare: fails("list", errors.New("reset")), objects: []any{ingress("shop"), web(), node(1)},
			want: ErrIncomplete, atLeast: 3 * time.Second, atMost: 5 * time.Second,
		},
		"a provider refuses to be read": {
			prepare: fails("list", refusal(http.StatusForbidden)), objects: []any{ingress("shop"), web(), node(1)},
			want: ErrIncomplete, atMost: time.Second,
		},
		"a cluster is never ready": {
			objects: []any{ingress("shop"), web(), node(1)}, notReady: true,
			want: ErrIncomplete, atLeast: patience, atMost: patience + heartbeat,
		},
		"a cluster's names are another's": {
			prepare: func(r *rig) {
				r.dns.plant(model.Record{ID: "x", Name: "_edgeward.main.acme", Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-other"}.String()})
			},
			objects: []any{ingress("shop"), web(), node(1)}, want: ErrIncomplete, atMost: time.Second,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.opts.Once = true
				if test.prepare != nil {
					test.prepare(r)
				}
				r.start()
				r.add(test.objects...)
				if !test.notReady {
					r.Cluster("main").Ready("uid-main")
				}
				if err := r.wait(); !errors.Is(err, test.want) {
					t.Errorf("it ends with %v, want %v", err, test.want)
				}
				if took := time.Since(r.begun); took < test.atLeast || took > test.atMost {
					t.Errorf("it took %s, want %s to %s", took, test.atLeast, test.atMost)
				}
				if diff := cmp.Diff(test.writes, r.writes()); diff != "" {
					t.Errorf("writes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestOnceGivesUpOneProviderOnly has one that refuses to be read: what the
// other needs is done all the same.
func TestOnceGivesUpOneProviderOnly(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.Once = true
		r.cdn.answer(func(string, int) reply { return reply{err: refusal(http.StatusForbidden), after: time.Second} })
		r.dns.answer(func(call string, _ int) reply {
			if strings.HasPrefix(call, "create") {
				return reply{after: 5 * time.Second}
			}
			return reply{}
		})
		r.start()
		r.add(ingress("shop"), web(), node(1))
		r.Cluster("main").Ready("uid-main")
		if err := r.wait(); !errors.Is(err, ErrIncomplete) {
			t.Errorf("it ends with %v, want %v", err, ErrIncomplete)
		}
		want := []string{"dns create claim _edgeward.main.acme", "dns create nodes.main.acme A 192.0.2.1"}
		if diff := cmp.Diff(want, r.writes()); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}
