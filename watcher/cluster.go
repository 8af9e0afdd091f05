package watcher

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/edgeward/edgeward/internal/kube"
)

// ClusterOptions say what to watch in a cluster, and who is told.
type ClusterOptions struct {
	Name    string // as in the configuration; for messages
	Clients *Clients
	// Namespaces to watch Ingresses and Services in; none means all.
	Namespaces []string
	// LabelSelector and IngressClasses select Ingresses: one that either admits is taken.
	// "" and none turn it off; not both may be off.
	LabelSelector  string
	IngressClasses []string
	// Controllers select Ingresses whose IngressClass object names one of them as its
	// spec.controller, if IngressClasses may be read.
	Controllers []string
	// NodeSelector is the label selector for Nodes; "" means all.
	NodeSelector string
	// ReadTLS says that Secrets of type kubernetes.io/tls are watched too, as far as they
	// may be read.
	ReadTLS bool
	// TLSFor says whose hosts have these certificates, for the log: "Some CDN".
	TLSFor string

	Timings Timings // DefaultTimings if left out
	Log     *slog.Logger

	// Who is told; nil: nobody.

	Ingresses      Handler[*kube.Ingress]
	Services       Handler[kube.Service]
	EndpointSlices Handler[kube.EndpointSlice]
	Nodes          Handler[kube.Node]
	TLSSecrets     Handler[kube.TLSSecret]
	// TLSRefused is called when the TLS Secrets of a namespace ("": of all) may not be
	// read, before Synced, and when they may be after all.
	TLSRefused func(namespace string, refused bool)
	// Synced is called once, when every resource has had a complete snapshot and the
	// handlers were told of it, with the UID of the namespace kube-system.
	Synced func(uid string)
	// Listed is called when the copy was renewed, with when the oldest of the resources'
	// latest snapshots began.
	Listed  func(time.Time)
	Metrics Metrics
}

// Cluster is the copy of one cluster: its Ingresses, Services, EndpointSlices, Nodes and,
// if they are asked for, TLS Secrets.
type Cluster struct {
	clients  *Clients
	identity identity
	synced   func(uid string)
	told     sync.Once // that all loops are synced

	// The loops: of each resource one per namespace where it has namespaces.
	loops     []anyLoop // all of them
	ingresses []*Loop[*kube.Ingress]
	services  []*Loop[kube.Service]
	slices    []*Loop[kube.EndpointSlice]
	tls       []*Loop[kube.TLSSecret]
	nodes     *Loop[kube.Node]
}

// New returns a Cluster that does nothing before Run. An error is a fault in the
// selectors.
func New(opts ClusterOptions) (*Cluster, error) {
	selection, onServer, err := parseSelection(opts.LabelSelector, opts.IngressClasses, opts.Controllers)
	if err != nil {
		return nil, err
	}
	if _, err := labels.Parse(opts.NodeSelector); err != nil {
		return nil, fmt.Errorf("node selector: %w", err)
	}
	if opts.Timings == (Timings{}) {
		opts.Timings = DefaultTimings()
	}
	if opts.TLSRefused == nil {
		opts.TLSRefused = func(string, bool) {}
	}
	if opts.Synced == nil {
		opts.Synced = func(string) {}
	}
	opts.Log = opts.Log.With("cluster", opts.Name)
	c := &Cluster{clients: opts.Clients, synced: opts.Synced}
	c.makeLoops(opts, selection, onServer)
	return c, nil
}

// connect returns a client that leads to the same cluster as the ones before.
// It asks that before every list and watch: a snapshot of another cluster would
// look like the deletion of everything, a watch of it like changes.
func (c *Cluster) connect(ctx context.Context) (*Client, error) {
	client, err := c.clients.Get()
	if err != nil {
		return nil, err
	}
	var namespace corev1.Namespace
	err = coreGroup(client).Get().Resource("namespaces").Name(metav1.NamespaceSystem).MaxRetries(0).Do(ctx).Into(&namespace)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", metav1.NamespaceSystem, err)
	}
	if err := c.identity.pin(string(namespace.UID)); err != nil {
		return nil, err
	}
	return client, nil
}

// Renew has all resources listed anew.
func (c *Cluster) Renew() {
	for _, l := range c.loops {
		l.Renew()
	}
}

func (c *Cluster) renewIngresses() {
	for _, l := range c.ingresses {
		l.Renew()
	}
}

// loopSynced calls Synced once all loops have had a snapshot.
func (c *Cluster) loopSynced() {
	if ok, _ := c.Synced(); ok {
		c.told.Do(func() { c.synced(c.UID()) })
	}
}

// UID returns the UID of the namespace kube-system, by which a cluster is
// known, or "" as long as nothing was read.
func (c *Cluster) UID() string { return c.identity.get() }

// Run watches until ctx is done and every loop has ended.
func (c *Cluster) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, l := range c.loops {
		wg.Go(func() { l.Run(ctx) })
	}
	wg.Wait()
}

// Ingresses returns the kept Ingresses in no particular order.
func (c *Cluster) Ingresses() []*kube.Ingress { return objects(c.ingresses) }

// Services returns the kept Services in no particular order.
func (c *Cluster) Services() []kube.Service { return objects(c.services) }

// EndpointSlices returns the kept EndpointSlices in no particular order.
func (c *Cluster) EndpointSlices() []kube.EndpointSlice { return objects(c.slices) }

// Nodes returns the kept Nodes in no particular order.
func (c *Cluster) Nodes() []kube.Node { return c.nodes.Objects() }

// TLSSecrets returns the kept Secrets in no particular order.
func (c *Cluster) TLSSecrets() []kube.TLSSecret { return objects(c.tls) }

func objects[T Object[T]](loops []*Loop[T]) []T {
	var all []T
	for _, l := range loops {
		all = append(all, l.Objects()...)
	}
	return all
}

// Synced reports whether every resource has had a complete snapshot. If not,
// the reason names one that has not, the latest error and what helps.
func (c *Cluster) Synced() (bool, string) {
	var reason string
	missing := 0
	for _, l := range c.loops {
		if l.Synced() {
			continue
		}
		if missing++; missing == 1 {
			reason = l.waiting()
		}
	}
	if missing > 1 {
		reason += fmt.Sprintf(" (and %d more)", missing-1)
	}
	return missing == 0, reason
}

// anyLoop is a Loop of whatever type.
type anyLoop interface {
	Run(context.Context)
	Synced() bool
	waiting() string
	Renew()
}
