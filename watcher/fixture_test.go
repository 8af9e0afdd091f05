package watcher

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/edgeward/edgeward/internal/kube"
)

// fast are timings for tests: retries at once, limits that no test reaches.
func fast() Timings {
	return Timings{
		Call:         20 * time.Second,
		WatchMin:     20 * time.Second,
		WatchMax:     20 * time.Second,
		WatchGrace:   time.Second,
		RetryMin:     time.Millisecond,
		RetryMax:     4 * time.Millisecond,
		SlowRetry:    8 * time.Millisecond,
		SuggestedMax: 2 * time.Second,
	}
}

// receive waits for the next value, as long as a slow machine might need.
func receive[T any](t *testing.T, what string, values <-chan T) T {
	t.Helper()
	select {
	case v := <-values:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: nothing came", what)
		panic("unreachable")
	}
}

// An answer is what a scripted API server does with one request.
type answer func(http.ResponseWriter, *http.Request)

// An apiServer gives scripted answers to lists and watches of Ingresses, the
// last one for ever, and tells what it was asked.
type apiServer struct {
	*httptest.Server
	asked chan string // "list", "list continue=x", "watch 7"
	times chan time.Time
	// version answers lists of one object, which ask how far the server has come, and
	// are not told of.
	version func() string
}

func newAPIServer(t *testing.T, lists, watches []answer) *apiServer {
	t.Helper()
	s := &apiServer{asked: make(chan string, 1000), times: make(chan time.Time, 1000), version: func() string { return "99999" }}
	var mu sync.Mutex
	next := func(script *[]answer) answer {
		mu.Lock()
		defer mu.Unlock()
		a := (*script)[0]
		if len(*script) > 1 {
			*script = (*script)[1:]
		}
		return a
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("limit") == "1" {
			page(s.version(), "")(w, r)
			return
		}
		request, script := "list", &lists
		switch {
		case query.Get("watch") != "":
			request, script = "watch "+query.Get("resourceVersion"), &watches
		case query.Get("continue") != "":
			request += " continue=" + query.Get("continue")
		}
		s.times <- time.Now()
		s.asked <- request
		next(script)(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// source reads Ingresses from the server.
func (s *apiServer) source(t *testing.T) source {
	t.Helper()
	client, err := newClient(&rest.Config{
		Host: s.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeJSON},
	}, nil, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return source{
		connect:  func(context.Context) (*Client, error) { return client, nil },
		group:    networkingGroup,
		newList:  newList[networkingv1.IngressList],
		resource: "ingresses",
	}
}

func sendJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}

// page answers one page of a list.
func page(version, next string, items ...networkingv1.Ingress) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, networkingv1.IngressList{
			TypeMeta: metav1.TypeMeta{Kind: "IngressList", APIVersion: "networking.k8s.io/v1"},
			ListMeta: metav1.ListMeta{ResourceVersion: version, Continue: next},
			Items:    items,
		})
	}
}

func statusOf(code int32, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: "as scripted",
	}
}

// fails answers with a Status as the API server sends it.
func fails(code int32, reason metav1.StatusReason) answer {
	return func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, int(code), statusOf(code, reason)) }
}

// failsPlainly answers as a proxy or the server's own limits do: without a Status.
func failsPlainly(code int, header ...string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		http.Error(w, "as scripted", code)
	}
}

// A frame is one event of a watch on the wire.
type frame struct {
	Type   watch.EventType `json:"type"`
	Object any             `json:"object"`
}

// stream answers a watch with frames and a clean close.
func stream(frames ...frame) answer {
	return func(w http.ResponseWriter, _ *http.Request) { sendFrames(w, frames) }
}

// streamOn answers a watch with frames, and then sends nothing more.
func streamOn(frames ...frame) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		sendFrames(w, frames)
		<-r.Context().Done()
	}
}

// streamFor answers a watch with a clean close after a time without frames.
func streamFor(d time.Duration) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		sendFrames(w, nil)
		sleep(r.Context(), d)
	}
}

// cut answers a watch with frames and a connection that breaks.
func cut(frames ...frame) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		sendFrames(w, frames)
		panic(http.ErrAbortHandler)
	}
}

// silent never answers at all.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func sendFrames(w http.ResponseWriter, frames []frame) {
	w.Header().Set("Content-Type", "application/json")
	for _, f := range frames {
		json.NewEncoder(w).Encode(f)
	}
	w.(http.Flusher).Flush()
}

func bookmark(version string) frame {
	return frame{watch.Bookmark, networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{Kind: "Ingress", APIVersion: "networking.k8s.io/v1"},
		ObjectMeta: metav1.ObjectMeta{ResourceVersion: version},
	}}
}

// ingress is shop/<name> of the class acme, which testSelection selects.
func ingress(name, version string, change ...func(*networkingv1.Ingress)) networkingv1.Ingress {
	class := "acme"
	in := networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{Kind: "Ingress", APIVersion: "networking.k8s.io/v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name), ResourceVersion: version},
		Spec:       networkingv1.IngressSpec{IngressClassName: &class},
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

func testSelection() *selection { return &selection{classes: []string{"acme"}} }

func host(name string) func(*networkingv1.Ingress) {
	return func(in *networkingv1.Ingress) { in.Spec.Rules = []networkingv1.IngressRule{{Host: name}} }
}

func class(name string) func(*networkingv1.Ingress) {
	return func(in *networkingv1.Ingress) { in.Spec.IngressClassName = &name }
}

func uid(uid types.UID) func(*networkingv1.Ingress) {
	return func(in *networkingv1.Ingress) { in.UID = uid }
}

func finalizing(in *networkingv1.Ingress) {
	in.DeletionTimestamp = &metav1.Time{Time: time.Unix(1_700_000_000, 0)}
	in.Finalizers = []string{"example.com/held"}
}

// A recorder is a Handler that writes down its calls.
type recorder[T Object[T]] chan string

func newRecorder[T Object[T]]() recorder[T] { return make(recorder[T], 1000) }

func label(m kube.Meta) string { return m.Key().String() + "@" + m.ResourceVersion }

func (r recorder[T]) Added(obj T) { r <- "added " + label(obj.Identity()) }
func (r recorder[T]) Modified(old, obj T, seen bool) {
	entry := "modified " + label(old.Identity()) + " to " + obj.Identity().ResourceVersion
	if !seen {
		entry += " seen=false"
	}
	r <- entry
}
func (r recorder[T]) Deleted(old T, seen bool) {
	r <- fmt.Sprintf("deleted %s seen=%t", label(old.Identity()), seen)
}

// A tally is a list that several goroutines append to.
type tally struct {
	mu   sync.Mutex
	list []string
}

func (c *tally) add(entry string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, entry)
}

func (c *tally) entries() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// start runs until the test's end, or until the returned func is called, which
// waits for it to return.
func start(t *testing.T, run func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	stop = func() {
		cancel()
		receive(t, "end of Run", done)
	}
	t.Cleanup(stop)
	return stop
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// A lockedBuffer takes the log of several goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	buf []byte
}

var _ io.Writer = (*lockedBuffer)(nil)

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf)
}
