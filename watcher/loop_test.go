package watcher

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

// ingressLoop reads from the server; change adjusts its options.
func ingressLoop(t *testing.T, s *apiServer, change func(*LoopOptions[*kube.Ingress])) *Loop[*kube.Ingress] {
	t.Helper()
	src := s.source(t)
	opts := LoopOptions[*kube.Ingress]{
		Resource: "ingresses", List: src.list, Watch: src.watch,
		Reduce: testSelection().reduce, Timings: fast(), Log: quiet(),
	}
	change(&opts)
	return NewLoop(opts)
}

// TestProtocol plays what API servers do, and compares what the loop asks for,
// tells its handler and counts. Each script ends with a watch that stays open.
func TestProtocol(t *testing.T) {
	type options = LoopOptions[*kube.Ingress]
	added, modified, deleted, failed := watch.Added, watch.Modified, watch.Deleted, watch.Error
	a, b := ingress("a", "5"), ingress("b", "6")
	tooLarge := statusOf(http.StatusGatewayTimeout, metav1.StatusReasonTimeout)
	tooLarge.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}}

	tests := map[string]struct {
		lists    []answer
		watches  []answer
		change   func(*options)
		asked    []string // of the server, in order
		told     []string // to the handler, in order
		restarts []string // counted, in order
		kept     []string // at the end
	}{
		"snapshot and stream": {
			lists:   []answer{page("10", "", a, b)},
			watches: []answer{streamOn(frame{added, ingress("c", "11")}, frame{modified, ingress("a", "12", host("x"))}, frame{deleted, ingress("b", "13")})},
			asked:   []string{"list", "watch 10"},
			told:    []string{"added shop/a@5", "added shop/b@6", "added shop/c@11", "modified shop/a@5 to 12", "deleted shop/b@6 seen=true"},
			kept:    []string{"shop/a@12", "shop/c@11"},
		},
		"pages": {
			lists:   []answer{page("10", "p2", a), page("10", "p3", b), page("10", "", ingress("c", "7"))},
			watches: []answer{streamOn()},
			asked:   []string{"list", "list continue=p2", "list continue=p3", "watch 10"},
			told:    []string{"added shop/a@5", "added shop/b@6", "added shop/c@7"},
			kept:    []string{"shop/a@5", "shop/b@6", "shop/c@7"},
		},
		"an expired continue token begins the list again": {
			lists:    []answer{page("10", "p2", a), fails(410, metav1.StatusReasonExpired), page("20", "q2", b), page("20", "")},
			watches:  []answer{streamOn()},
			asked:    []string{"list", "list continue=p2", "list", "list continue=q2", "watch 20"},
			told:     []string{"added shop/b@6"},
			restarts: []string{"expired"},
			kept:     []string{"shop/b@6"},
		},
		"a bookmark is no object, and its version counts": {
			lists:    []answer{page("10", "", a)},
			watches:  []answer{stream(bookmark("30")), streamOn()},
			change:   func(o *options) { o.Reduce = reduceAll(ReduceIngress) }, // the bookmark's empty object too
			asked:    []string{"list", "watch 10", "watch 30"},
			told:     []string{"added shop/a@5"},
			restarts: []string{"closed"},
			kept:     []string{"shop/a@5"},
		},
		"a clean close goes on from the last event": {
			lists:    []answer{page("10", "")},
			watches:  []answer{stream(frame{added, ingress("a", "11")}), stream(), streamOn(frame{added, ingress("b", "12")})},
			asked:    []string{"list", "watch 10", "watch 11", "watch 11"},
			told:     []string{"added shop/a@11", "added shop/b@12"},
			restarts: []string{"closed", "closed"},
			kept:     []string{"shop/a@11", "shop/b@12"},
		},
		"410 in the stream takes a new snapshot": {
			lists:    []answer{page("10", ""), page("20", "", a)},
			watches:  []answer{stream(frame{failed, statusOf(410, metav1.StatusReasonExpired)}), streamOn()},
			asked:    []string{"list", "watch 10", "list", "watch 20"},
			told:     []string{"added shop/a@5"},
			restarts: []string{"expired"},
			kept:     []string{"shop/a@5"},
		},
		"410 in the stream, Gone": {
			lists:    []answer{page("10", ""), page("20", "")},
			watches:  []answer{stream(frame{failed, statusOf(410, metav1.StatusReasonGone)}), streamOn()},
			asked:    []string{"list", "watch 10", "list", "watch 20"},
			restarts: []string{"expired"},
		},
		"410 as the HTTP status takes a new snapshot": {
			lists:    []answer{page("10", ""), page("20", "", a)},
			watches:  []answer{fails(410, metav1.StatusReasonExpired), streamOn()},
			asked:    []string{"list", "watch 10", "list", "watch 20"},
			told:     []string{"added shop/a@5"},
			restarts: []string{"expired"},
			kept:     []string{"shop/a@5"},
		},
		"410 as the HTTP status, without a Status": {
			lists:    []answer{page("10", ""), page("20", "")},
			watches:  []answer{failsPlainly(410), streamOn()},
			asked:    []string{"list", "watch 10", "list", "watch 20"},
			restarts: []string{"expired"},
		},
		"504 too large resource version takes a new snapshot": {
			lists:    []answer{page("10", ""), page("9", "")},
			watches:  []answer{stream(frame{failed, tooLarge}), streamOn()},
			asked:    []string{"list", "watch 10", "list", "watch 9"},
			restarts: []string{"expired"},
		},
		"ERROR 500 keeps the version": {
			lists:    []answer{page("10", "")},
			watches:  []answer{stream(frame{added, ingress("a", "11")}, frame{failed, statusOf(500, metav1.StatusReasonInternalError)}), streamOn()},
			asked:    []string{"list", "watch 10", "watch 11"},
			told:     []string{"added shop/a@11"},
			restarts: []string{"error"},
			kept:     []string{"shop/a@11"},
		},
		"the fifth error in a row takes a new snapshot": {
			lists:    []answer{page("10", ""), page("20", "")},
			watches:  slices.Concat(slices.Repeat([]answer{fails(500, metav1.StatusReasonInternalError)}, 5), []answer{streamOn()}),
			asked:    []string{"list", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10", "list", "watch 20"},
			restarts: []string{"error", "error", "error", "error", "error"},
		},
		"closes after a quiet time are no failures": {
			lists:    []answer{page("10", "")},
			watches:  slices.Concat(slices.Repeat([]answer{streamFor(20 * time.Millisecond)}, 6), []answer{streamOn()}),
			asked:    []string{"list", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10"}, // the fifth would ask for a list
			restarts: slices.Repeat([]string{"closed"}, 6),
		},
		"a cut connection keeps the version": {
			lists:    []answer{page("10", "")},
			watches:  []answer{cut(frame{added, ingress("a", "11")}), cut(), streamOn(frame{added, ingress("b", "12")})},
			asked:    []string{"list", "watch 10", "watch 11", "watch 11"},
			told:     []string{"added shop/a@11", "added shop/b@12"},
			restarts: []string{"closed", "closed"},
			kept:     []string{"shop/a@11", "shop/b@12"},
		},
		"403 keeps the version, however often": {
			lists:    []answer{page("10", "")},
			watches:  slices.Concat(slices.Repeat([]answer{fails(403, metav1.StatusReasonForbidden)}, 6), []answer{streamOn()}),
			asked:    []string{"list", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10"},
			restarts: slices.Repeat([]string{"forbidden"}, 6),
		},
		"401 on the first list": {
			lists:    []answer{fails(401, metav1.StatusReasonUnauthorized), page("10", "", a)},
			watches:  []answer{streamOn()},
			asked:    []string{"list", "list", "watch 10"},
			told:     []string{"added shop/a@5"},
			restarts: []string{"unauthorized"},
			kept:     []string{"shop/a@5"},
		},
		"a list that fails is not an empty list": {
			lists: []answer{
				page("10", "", a),
				fails(500, metav1.StatusReasonInternalError), // after the 410
				page("20", "p2"), fails(500, metav1.StatusReasonInternalError), // with one page read
				func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, 200, map[string]string{}) }, // no kind
				func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>please log in</html>") },
				func(w http.ResponseWriter, _ *http.Request) { // a list, but of nothing we asked for
					sendJSON(w, 200, metav1.List{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "21"}})
				},
				page("22", "", a),
			},
			watches:  []answer{fails(410, metav1.StatusReasonExpired), streamOn(frame{modified, ingress("a", "23", host("x"))})},
			asked:    []string{"list", "watch 10", "list", "list", "list continue=p2", "list", "list", "list", "list", "watch 22"},
			told:     []string{"added shop/a@5", "modified shop/a@5 to 23"},
			restarts: []string{"expired", "error", "error", "error", "error", "error"},
			kept:     []string{"shop/a@23"},
		},
		"missed changes are found by the new snapshot": {
			lists: []answer{
				page("10", "", a, b, ingress("c", "7"), ingress("d", "8"), ingress("e", "9")),
				page("20", "", ingress("b", "6"), ingress("c", "17", host("x")), ingress("d", "18", uid("other")), ingress("e", "19"), ingress("f", "20")),
			},
			watches: []answer{fails(410, metav1.StatusReasonExpired), streamOn()},
			asked:   []string{"list", "watch 10", "list", "watch 20"},
			told: []string{
				"added shop/a@5", "added shop/b@6", "added shop/c@7", "added shop/d@8", "added shop/e@9",
				"deleted shop/a@5 seen=false",                    // gone
				"modified shop/c@7 to 17 seen=false",             // b: same version; c: other content
				"deleted shop/d@8 seen=false", "added shop/d@18", // another object of that name
				"added shop/f@20", // e: other version, same content
			},
			restarts: []string{"expired"},
			kept:     []string{"shop/b@6", "shop/c@17", "shop/d@18", "shop/e@19", "shop/f@20"},
		},
		"another UID in the stream": {
			lists:   []answer{page("10", "", a)},
			watches: []answer{streamOn(frame{modified, ingress("a", "11", uid("other"))})},
			asked:   []string{"list", "watch 10"},
			told:    []string{"added shop/a@5", "deleted shop/a@5 seen=true", "added shop/a@11"},
			kept:    []string{"shop/a@11"},
		},
		"MODIFIED that changes nothing kept": {
			lists:    []answer{page("10", "", a)},
			watches:  []answer{stream(frame{modified, ingress("a", "11")}), streamOn()},
			asked:    []string{"list", "watch 10", "watch 11"},
			told:     []string{"added shop/a@5"},
			restarts: []string{"closed"},
			kept:     []string{"shop/a@11"},
		},
		"starts and stops matching": {
			lists:   []answer{page("10", "", a, ingress("b", "6", class("nginx")))},
			watches: []answer{streamOn(frame{modified, ingress("a", "11", class("nginx"))}, frame{modified, ingress("b", "12")}, frame{modified, ingress("a", "13", class("nginx"), host("x"))})},
			asked:   []string{"list", "watch 10"},
			told:    []string{"added shop/a@5", "deleted shop/a@5 seen=true", "added shop/b@12"},
			kept:    []string{"shop/b@12"},
		},
		"being deleted, but held by a finalizer": {
			lists:   []answer{page("10", "", a)},
			watches: []answer{streamOn(frame{modified, ingress("a", "11", finalizing)}, frame{modified, ingress("a", "12", finalizing, host("x"))}, frame{deleted, ingress("a", "13")})},
			asked:   []string{"list", "watch 10"},
			told:    []string{"added shop/a@5", "modified shop/a@11 to 12", "deleted shop/a@12 seen=true"},
		},
		"a peer that falls silent": {
			lists:   []answer{page("10", "")},
			watches: []answer{streamOn(frame{added, ingress("a", "11")}), stream(frame{failed, statusOf(410, metav1.StatusReasonExpired)}), silent},
			change: func(o *options) {
				o.Timings.WatchMin, o.Timings.WatchMax, o.Timings.WatchGrace = 20*time.Millisecond, 20*time.Millisecond, 0
			},
			asked:    []string{"list", "watch 10", "watch 11", "list", "watch 10"},
			told:     []string{"added shop/a@11", "deleted shop/a@11 seen=false"},
			restarts: []string{"timeout", "expired"},
		},
		"a peer that does not answer": {
			lists:    []answer{silent, page("10", "")},
			watches:  []answer{silent, streamOn(frame{added, ingress("a", "11")})},
			change:   func(o *options) { o.Timings.Call = 300 * time.Millisecond },
			asked:    []string{"list", "list", "watch 10", "watch 10"},
			told:     []string{"added shop/a@11"},
			restarts: []string{"timeout", "timeout"},
			kept:     []string{"shop/a@11"},
		},
		"frames that cannot be understood": {
			lists: []answer{page("10", "")},
			watches: []answer{
				stream(frame{added, statusOf(200, "")}),
				stream(frame{"SURPRISE", a}),
				stream(frame{failed, a}),
				streamOn(frame{added, a}),
			},
			asked:    []string{"list", "watch 10", "watch 10", "watch 10", "watch 10"},
			told:     []string{"added shop/a@5"},
			restarts: []string{"error", "error", "error"},
			kept:     []string{"shop/a@5"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newAPIServer(t, test.lists, test.watches)
			told := newRecorder[*kube.Ingress]()
			var restarts, synced tally
			loop := ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
				o.Handler = told
				o.Synced = func() { synced.add("synced") }
				o.Metrics.Restarts = func(_, reason string) { restarts.add(reason) }
				if test.change != nil {
					test.change(o)
				}
			})
			stop := start(t, loop.Run)
			for _, want := range test.asked {
				if got := receive(t, want, server.asked); got != want {
					t.Fatalf("asked %q, want %q", got, want)
				}
			}
			for _, want := range test.told {
				if got := receive(t, want, told); got != want {
					t.Fatalf("told %q, want %q", got, want)
				}
			}
			stop()
			if len(server.asked) > 0 || len(told) > 0 {
				t.Errorf("too much: asked %d, told %d", len(server.asked), len(told))
			}
			if diff := cmp.Diff(test.restarts, restarts.entries()); diff != "" {
				t.Errorf("restarts (-want +got):\n%s", diff)
			}
			if got := len(synced.entries()); got != 1 {
				t.Errorf("Synced was called %d times", got)
			}
			var kept []string
			for _, in := range loop.Objects() {
				kept = append(kept, label(in.Meta))
			}
			slices.Sort(kept)
			if diff := cmp.Diff(test.kept, kept); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}
