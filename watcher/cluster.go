package watcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/edgeward/edgeward/internal/kube"
)

// ClusterOptions say what to watch in a cluster, and who is told.
type ClusterOptions struct {
	Name    string // as in the configuration; for messages
	Clients *Clients
	// Namespaces to watch Ingresses and Services in; none means all.
	Namespaces []string
	// LabelSelector and IngressClass select Ingresses: one that either admits
	// is taken. "" turns it off; not both may be off.
	LabelSelector, IngressClass string
	// NodeSelector is the label selector for Nodes; "" means all.
	NodeSelector string
	// Handlers; nil if nobody is to be told.
	Ingresses Handler[kube.Ingress]
	Services  Handler[kube.Service]
	Nodes     Handler[kube.Node]
	// Synced is called once, when every resource has had a complete snapshot
	// and the handlers were told of it, with the UID of the namespace
	// kube-system; nil if nobody is to be told.
	Synced func(uid string)
	// Timings are DefaultTimings if left out.
	Timings Timings
	Metrics Metrics
	Log     *slog.Logger
}

// Cluster is the copy of one cluster: its Ingresses, Services and Nodes.
type Cluster struct {
	clients   *Clients
	identity  identity
	ingresses []*Loop[kube.Ingress] // one per namespace
	services  []*Loop[kube.Service] // one per namespace
	nodes     *Loop[kube.Node]

	synced func(uid string) // nil: nobody is to be told
	told   sync.Once
}

// New returns a Cluster that does nothing before Run. An error is a fault in
// the selectors.
func New(opts ClusterOptions) (*Cluster, error) {
	selected, onServer, err := parseSelection(opts.LabelSelector, opts.IngressClass)
	if err != nil {
		return nil, err
	}
	if _, err := labels.Parse(opts.NodeSelector); err != nil {
		return nil, fmt.Errorf("node selector: %w", err)
	}
	if opts.Timings == (Timings{}) {
		opts.Timings = DefaultTimings()
	}
	opts.Log = opts.Log.With("cluster", opts.Name)
	c := &Cluster{clients: opts.Clients, synced: opts.Synced}

	namespaces := slices.Compact(slices.Sorted(slices.Values(opts.Namespaces)))
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		c.ingresses = append(c.ingresses, newLoop(opts, source{
			connect: c.connect, group: networkingGroup, newList: newList[networkingv1.IngressList],
			resource: "ingresses", namespace: namespace, selector: onServer,
		}, selected.reduce, opts.Ingresses, c.loopSynced))
		c.services = append(c.services, newLoop(opts, source{
			connect: c.connect, group: coreGroup, newList: newList[corev1.ServiceList],
			resource: "services", namespace: namespace,
		}, reduceAll(ReduceService), opts.Services, c.loopSynced))
	}
	c.nodes = newLoop(opts, source{
		connect: c.connect, group: coreGroup, newList: newList[corev1.NodeList],
		resource: "nodes", selector: opts.NodeSelector,
	}, reduceAll(ReduceNode), opts.Nodes, c.loopSynced)
	return c, nil
}

// parseSelection returns what selects Ingresses, and the part of it that the
// server can apply: the label selector if it is alone. The API has no "or", and
// no field selector for the class.
func parseSelection(labelSelector, class string) (s selection, onServer string, err error) {
	if labelSelector == "" && class == "" {
		return s, "", errors.New("neither a label selector nor an ingress class is given")
	}
	s.class = class
	if labelSelector != "" {
		if s.labels, err = labels.Parse(labelSelector); err != nil {
			return s, "", fmt.Errorf("label selector: %w", err)
		}
	}
	if class == "" {
		onServer = labelSelector
	}
	return s, onServer, nil
}

func newLoop[T Object[T]](opts ClusterOptions, s source, reduce func(runtime.Object) (T, bool), h Handler[T], synced func()) *Loop[T] {
	return NewLoop(LoopOptions[T]{
		Resource: s.resource, Namespace: s.namespace,
		List: s.list, Watch: s.watch, Reduce: reduce, Handler: h, Synced: synced,
		Timings: opts.Timings, Metrics: opts.Metrics, Log: opts.Log,
	})
}

func coreGroup(c kubernetes.Interface) rest.Interface       { return c.CoreV1().RESTClient() }
func networkingGroup(c kubernetes.Interface) rest.Interface { return c.NetworkingV1().RESTClient() }

// newList returns an empty list of type L to decode an answer into.
func newList[L any, P interface {
	*L
	runtime.Object
}]() runtime.Object {
	return P(new(L))
}

// connect returns a client that leads to the same cluster as the ones before.
// It asks that before every list and watch: a snapshot of another cluster would
// look like the deletion of everything, a watch of it like changes.
func (c *Cluster) connect(ctx context.Context) (kubernetes.Interface, error) {
	client, err := c.clients.Get()
	if err != nil {
		return nil, err
	}
	var namespace corev1.Namespace
	err = coreGroup(client).Get().Resource("namespaces").Name(metav1.NamespaceSystem).MaxRetries(0).Do(ctx).Into(&namespace)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", metav1.NamespaceSystem, err)
	}
	if err := c.identity.check(string(namespace.UID)); err != nil {
		return nil, err
	}
	return client, nil
}

// loopSynced tells once that all loops have had a snapshot.
func (c *Cluster) loopSynced() {
	if ok, _ := c.Synced(); ok && c.synced != nil {
		c.told.Do(func() { c.synced(c.UID()) })
	}
}

// UID returns the UID of the namespace kube-system, by which a cluster is
// known, or "" as long as nothing was read.
func (c *Cluster) UID() string { return c.identity.get() }

// Run watches until ctx is done and every loop has ended.
func (c *Cluster) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, l := range c.loops() {
		wg.Go(func() { l.Run(ctx) })
	}
	wg.Wait()
}

// Ingresses returns the kept Ingresses in no particular order.
func (c *Cluster) Ingresses() []kube.Ingress { return objects(c.ingresses) }

// Services returns the kept Services in no particular order.
func (c *Cluster) Services() []kube.Service { return objects(c.services) }

// Nodes returns the kept Nodes in no particular order.
func (c *Cluster) Nodes() []kube.Node { return c.nodes.Objects() }

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
	for _, l := range c.loops() {
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

// waiting says what the first snapshot waits for.
func (l *Loop[T]) waiting() string {
	what := l.opts.Resource
	if l.opts.Namespace != "" {
		what += " in namespace " + l.opts.Namespace
	}
	err := l.Err()
	if err == nil {
		return what + ": the first snapshot is not complete yet"
	}
	reason := fmt.Sprintf("%s: no snapshot yet: %v", what, err)
	if advice := judge(err).advice; advice != "" {
		reason += ": " + advice
	}
	return reason
}

// anyLoop is a Loop of whatever type.
type anyLoop interface {
	Run(context.Context)
	Synced() bool
	waiting() string
}

func (c *Cluster) loops() []anyLoop {
	var all []anyLoop
	for _, l := range c.ingresses {
		all = append(all, l)
	}
	for _, l := range c.services {
		all = append(all, l)
	}
	return append(all, c.nodes)
}
