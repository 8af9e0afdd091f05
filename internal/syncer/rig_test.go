package syncer

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/store"
)

// rig is a Syncer with two fake providers, under the fake clock of synctest.
type rig struct {
	t        *testing.T
	cdn      *fake[model.Rule]
	dns      *fake[model.Record]
	journal  *journal
	opts     Options
	registry *prometheus.Registry
	log      *book
	tune     func(*Syncer) // called before a Syncer runs; nil: nothing to tune
	*Syncer

	cancel context.CancelFunc
	ended  chan error
	begun  time.Time
}

// inBubble runs a test with a rig, under a fake clock: time passes when all
// goroutines wait, so that a test of hours takes no time.
func inBubble(t *testing.T, test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer func() {
			if r.cancel != nil {
				r.stop()
			}
		}()
		test(r)
	})
}

func newRig(t *testing.T) *rig {
	j, log := new(journal), new(book)
	r := &rig{t: t, cdn: newFake[model.Rule]("cdn", j), dns: newFake[model.Record]("dns", j), journal: j, log: log}
	r.cdn.slow(time.Millisecond)
	r.dns.slow(time.Millisecond)
	r.opts = usualOptions(r.cdn, r.dns)
	r.opts.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return r
}

// usualOptions are those that most tests begin with.
func usualOptions(cdn *fake[model.Rule], dns *fake[model.Record]) Options {
	settings := fixture.Settings()
	settings.Domain = "example.net"
	return Options{
		Settings: settings,
		Clusters: []desired.Cluster{{Name: "main", AddressTypes: []string{"ExternalIP"}, NotReadyDelay: 30 * time.Second}},
		CDNs:     []CDN{{fixture.Edgio, cdn, httpapi.NewAccount(0, time.Minute)}},
		DNS:      dns, DNSAccount: httpapi.NewAccount(0, time.Second),
		ResyncInterval: 10 * time.Minute,
	}
}

// start makes a Syncer of the options, without anything that one before it
// knew, and runs it.
func (r *rig) start() {
	r.registry = prometheus.NewRegistry()
	r.opts.Metrics = metrics.New(r.registry, metrics.Build{})
	r.Syncer = New(r.opts)
	if r.tune != nil {
		r.tune(r.Syncer)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	r.cancel, r.ended, r.begun = cancel, make(chan error, 1), time.Now()
	go func() { r.ended <- r.Run(ctx) }()
}

// stop ends the run and returns its error.
func (r *rig) stop() error {
	r.cancel()
	return r.wait()
}

// wait returns the error of a run that ends by itself.
func (r *rig) wait() error {
	err := <-r.ended
	r.cancel()
	r.cancel = nil
	return err
}

// ready starts, with the objects as the main cluster's first snapshot, and
// waits until nothing is left to do. The calls until then are forgotten.
func (r *rig) ready(objects ...any) {
	r.start()
	r.add(objects...)
	r.Cluster("main").Ready("uid-main")
	r.pass(time.Second)
	r.journal.take()
}

// pass lets time go by, and then all that happens at its end.
func (r *rig) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// add, modify and remove report objects of the main cluster.
func (r *rig) add(objects ...any)    { r.report("added", objects) }
func (r *rig) modify(objects ...any) { r.report("modified", objects) }
func (r *rig) remove(objects ...any) { r.report("deleted", objects) }

// miss and find report what only a new snapshot showed: that it lacks the
// objects, and that it has them in another state.
func (r *rig) miss(objects ...any) { r.report("missed", objects) }
func (r *rig) find(objects ...any) { r.report("found", objects) }

func (r *rig) report(event string, objects []any) {
	c := r.Cluster("main")
	for _, o := range objects {
		switch o := o.(type) {
		case *kube.Ingress:
			tell(c.Ingresses, event, o)
		case kube.Service:
			tell(c.Services, event, o)
		case kube.Node:
			tell(c.Nodes, event, o)
		default:
			r.t.Fatalf("a cluster has no %T", o)
		}
	}
}

func tell[T interface{ Identity() kube.Meta }](o *store.Objects[T], event string, obj T) {
	switch event {
	case "added":
		o.Added(obj)
	case "modified":
		o.Modified(obj, obj, true)
	case "deleted":
		o.Deleted(obj, true)
	case "found":
		o.Modified(obj, obj, false)
	case "missed":
		o.Deleted(obj, false)
	}
}

// calls returns the calls since it was last called, those that arrived at one
// time in alphabetical order.
func (r *rig) calls() []string {
	calls := r.journal.take()
	slices.SortStableFunc(calls, func(a, b call) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	var lines []string
	for _, c := range calls {
		lines = append(lines, c.text)
	}
	return lines
}

// writes are the calls that are neither lists nor searches.
func (r *rig) writes() []string {
	var writes []string
	for _, c := range r.calls() {
		if !strings.Contains(c, " list") && !strings.Contains(c, " find") && !strings.Contains(c, " get ") {
			writes = append(writes, c)
		}
	}
	return writes
}

// standing describes what stands at both providers.
func (r *rig) standing() []string {
	var lines []string
	for _, o := range r.cdn.standing() {
		lines = append(lines, "rule "+short(o))
	}
	for _, o := range r.dns.standing() {
		lines = append(lines, short(o))
	}
	slices.Sort(lines)
	return lines
}

// book is a log that can be read.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take returns the lines with the given text since it was last called for any.
func (b *book) take(text string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for line := range strings.Lines(b.text.String()) {
		if strings.Contains(line, text) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	b.text.Reset()
	return lines
}

// ingress publishes /a of a host of its own from Service web.
func ingress(name string) *kube.Ingress {
	return &kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name}, Rules: []kube.IngressRule{{Host: name + ".example.com", Paths: []kube.IngressPath{{
		Path: "/a", Type: "Exact", Backend: kube.Backend{Service: "web", PortName: "http"},
	}}}}}
}

// stripped is the Ingress with the annotation edgeward/source-path.
func stripped(ing *kube.Ingress, value string) *kube.Ingress {
	other := *ing
	other.Annotations = map[string]string{"edgeward/source-path": value}
	return &other
}

func web() kube.Service { return service(30080) }

func service(nodePort int32) kube.Service {
	return kube.Service{Meta: kube.Meta{Namespace: "default", Name: "web"}, Type: "NodePort",
		Ports: []kube.ServicePort{{Name: "http", Protocol: "TCP", Port: 80, NodePort: nodePort}}}
}

func node(n int) kube.Node {
	return kube.Node{Meta: kube.Meta{Name: fmt.Sprint("n", n)}, Ready: true,
		Addresses: []kube.NodeAddress{{Type: "ExternalIP", Address: fmt.Sprint("192.0.2.", n)}}}
}
