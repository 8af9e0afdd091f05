package watcher

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

// TestSynced: only a complete snapshot makes a loop synced, the latest failure
// can be read until it works, and losing the server afterwards changes neither
// the state nor the copy.
func TestSynced(t *testing.T) {
	gate := make(chan struct{})
	held := func(a answer) answer {
		return func(w http.ResponseWriter, r *http.Request) { <-gate; a(w, r) }
	}
	failure := fails(500, metav1.StatusReasonInternalError)
	server := newAPIServer(t,
		[]answer{failure, held(page("10", "p2", ingress("a", "5"))), held(page("10", ""))},
		[]answer{held(failure), held(streamOn(bookmark("11"), bookmark("12")))})
	events, restarts, synced := make(chan string, 10), make(chan string, 1000), make(chan string, 10)
	loop := ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
		o.Synced = func() { synced <- "synced" }
		o.Metrics.Events = func(_, eventType string) { events <- eventType }
		o.Metrics.Restarts = func(_, reason string) { restarts <- reason }
	})
	check := func(when string, wantSynced bool, wantErr string, wantObjects int) {
		t.Helper()
		text := errorText(loop.Err())
		if loop.Synced() != wantSynced || !strings.Contains(text, wantErr) || wantErr == "" && text != "" || len(loop.Objects()) != wantObjects {
			t.Errorf("%s: synced %t, error %q, %d objects", when, loop.Synced(), text, len(loop.Objects()))
		}
	}
	check("before Run", false, "", 0)
	start(t, loop.Run)

	receive(t, "failed list", restarts)
	check("after a failed list", false, "as scripted", 0)
	receive(t, "first list", server.asked)
	receive(t, "second list", server.asked)
	gate <- struct{}{}
	receive(t, "second page", server.asked)
	check("before the last page", false, "as scripted", 0)
	gate <- struct{}{}
	receive(t, "synced", synced)
	check("after the snapshot", true, "", 1)
	gate <- struct{}{}
	receive(t, "failed watch", restarts)
	check("after a failed watch", true, "as scripted", 1)
	gate <- struct{}{}
	for _, want := range []string{"added", "bookmark", "bookmark"} {
		if got := receive(t, want, events); got != want {
			t.Fatalf("event %q, want %q", got, want)
		}
	}
	check("after an event", true, "", 1)

	server.Listener.Close()
	server.CloseClientConnections()
	for receive(t, "error", restarts) != "error" { // first the watch is closed
	}
	check("without a server", true, "connection refused", 1)
}

// TestEvents: what is counted.
func TestEvents(t *testing.T) {
	server := newAPIServer(t,
		[]answer{page("10", "", ingress("a", "5"), ingress("x", "6", class("nginx")))},
		[]answer{streamOn(
			frame{watch.Modified, ingress("a", "11")},                // nothing kept changes
			frame{watch.Added, ingress("y", "12", class("nginx"))},   // not selected
			frame{watch.Deleted, ingress("y", "13", class("nginx"))}, //
			bookmark("14"),
		)})
	events := make(chan string, 10)
	loop := ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
		o.Metrics.Events = func(resource, eventType string) { events <- resource + " " + eventType }
	})
	start(t, loop.Run)
	for _, want := range []string{"ingresses added", "ingresses modified", "ingresses added", "ingresses deleted", "ingresses bookmark"} {
		if got := receive(t, want, events); got != want {
			t.Fatalf("counted %q, want %q", got, want)
		}
	}
}

// TestWatchOptions: the parameters of list and watch, and that every watch is
// stopped.
func TestWatchOptions(t *testing.T) {
	fake := watch.NewFake()
	watched := make(chan metav1.ListOptions, 1)
	listed := make(chan metav1.ListOptions, 1)
	loop := NewLoop(LoopOptions[*kube.Ingress]{
		Resource: "ingresses", Reduce: testSelection().reduce, Timings: DefaultTimings(), Log: quiet(),
		List: func(_ context.Context, o metav1.ListOptions) (runtime.Object, error) {
			listed <- o
			return &networkingv1.IngressList{ListMeta: metav1.ListMeta{ResourceVersion: "10"}}, nil
		},
		Watch: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			watched <- o
			return fake, nil
		},
	})
	stop := start(t, loop.Run)
	if diff := cmp.Diff(metav1.ListOptions{Limit: 100}, receive(t, "list", listed)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	opts := receive(t, "watch", watched)
	if s := *opts.TimeoutSeconds; s < 300 || s > 600 {
		t.Errorf("timeoutSeconds %d, want 300 to 600", s)
	}
	opts.TimeoutSeconds = nil
	if diff := cmp.Diff(metav1.ListOptions{ResourceVersion: "10", AllowWatchBookmarks: true}, opts); diff != "" {
		t.Errorf("watch (-want +got):\n%s", diff)
	}
	stop()
	if !fake.IsStopped() {
		t.Error("the watch was not stopped")
	}
}

// onAdded is a Handler that only does something with new objects.
type onAdded func(*kube.Ingress)

func (f onAdded) Added(obj *kube.Ingress)           { f(obj) }
func (onAdded) Modified(_, _ *kube.Ingress, _ bool) {}
func (onAdded) Deleted(_ *kube.Ingress, _ bool)     {}

// TestPanic: the object is named in the log with the stack, and the panic goes
// on.
func TestPanic(t *testing.T) {
	type options = *LoopOptions[*kube.Ingress]
	bad := func(obj *kube.Ingress) {
		if obj.Name == "bad" {
			panic("boom")
		}
	}
	inHandler := func(o options) { o.Handler = onAdded(bad) }
	inReduce := func(o options) {
		reduce := o.Reduce
		o.Reduce = func(object runtime.Object) (*kube.Ingress, bool) {
			in, selected := reduce(object)
			bad(in)
			return in, selected
		}
	}
	tests := map[string]struct {
		list  answer
		where func(options)
	}{
		"handler, snapshot": {page("10", "", ingress("a", "5"), ingress("bad", "6")), inHandler},
		"handler, stream":   {page("10", ""), inHandler},
		"reduce, snapshot":  {page("10", "", ingress("a", "5"), ingress("bad", "6")), inReduce},
		"reduce, stream":    {page("10", ""), inReduce},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := newAPIServer(t, []answer{test.list}, []answer{streamOn(frame{watch.Added, ingress("bad", "11")})})
			var log lockedBuffer
			loop := ingressLoop(t, server, func(o options) {
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				test.where(o)
			})
			panicked := make(chan any, 1)
			go func() {
				defer func() { panicked <- recover() }()
				loop.Run(t.Context())
			}()
			if got := receive(t, "panic", panicked); got != "boom" {
				t.Errorf("panicked with %v", got)
			}
			for _, want := range []string{"level=ERROR", "resource=ingresses", "object=shop/bad", "panic=boom", "state_test.go"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("no %s in the log:\n%s", want, log.String())
				}
			}
		})
	}
}
