package watcher

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/edgeward/edgeward/internal/kube"
)

// ClusterOptions say what to watch in a cluster, and who is told.
type ClusterOptions struct {
	Name    string // as in the configuration; for messages
	Clients *Clients
	// Namespaces to watch Ingresses and Services in; none means all.
	Namespaces []string
	// LabelSelector and IngressClasses select Ingresses: one that either admits
	// is taken. "" and none turn it off; not both may be off.
	LabelSelector  string
	IngressClasses []string
	// Controllers select Ingresses whose IngressClass object names one of them
	// as its spec.controller, if IngressClasses may be read.
	Controllers []string
	// NodeSelector is the label selector for Nodes; "" means all.
	NodeSelector string
	// ReadTLS says that Secrets of type kubernetes.io/tls are watched too, as far
	// as they may be read.
	ReadTLS bool
	// TLSFor says whose hosts have these certificates, for the log: "Some CDN".
	TLSFor string
	// Handlers; nil if nobody is to be told.
	Ingresses      Handler[*kube.Ingress]
	Services       Handler[kube.Service]
	EndpointSlices Handler[kube.EndpointSlice]
	Nodes          Handler[kube.Node]
	TLSSecrets     Handler[kube.TLSSecret]
	// TLSRefused is called when the TLS Secrets of a namespace ("": of all) may
	// not be read, before Synced, and when they may be after all; nil if nobody
	// is to be told.
	TLSRefused func(namespace string, refused bool)
	// Synced is called once, when every resource has had a complete snapshot
	// and the handlers were told of it, with the UID of the namespace
	// kube-system; nil if nobody is to be told.
	Synced func(uid string)
	// Listed is called when the copy was renewed, with when the oldest of the resources'
	// latest snapshots began; nil if nobody is to be told.
	Listed func(time.Time)
	// Timings are DefaultTimings if left out.
	Timings Timings
	Metrics Metrics
	Log     *slog.Logger
}

// Cluster is the copy of one cluster: its Ingresses, Services, EndpointSlices,
// Nodes and, if they are asked for, TLS Secrets.
type Cluster struct {
	clients   *Clients
	identity  identity
	classes   *Loop[kube.IngressClass] // nil: they have no say
	ingresses []*Loop[*kube.Ingress]   // one per namespace
	services  []*Loop[kube.Service]    // one per namespace
	slices    []*Loop[kube.EndpointSlice]
	nodes     *Loop[kube.Node]
	tls       []*Loop[kube.TLSSecret] // one per namespace

	classesKnown chan struct{} // closed when the classes have had a snapshot

	synced func(uid string) // nil: nobody is to be told
	told   sync.Once

	listing sync.Mutex
	listed  []time.Time // when the latest snapshot of each loop began
}

// classHandler brings what IngressClass objects say into the selection, and has
// the Ingresses selected anew where that matters.
type classHandler struct {
	selection *selection
	ingresses []*Loop[*kube.Ingress]
}

func (h classHandler) Added(c kube.IngressClass)               { h.learn(c.Name, c.Controller) }
func (h classHandler) Modified(_, c kube.IngressClass, _ bool) { h.learn(c.Name, c.Controller) }
func (h classHandler) Deleted(c kube.IngressClass, _ bool)     { h.learn(c.Name, "") }

func (h classHandler) learn(class, controller string) {
	if h.selection.learn(class, controller) {
		for _, l := range h.ingresses {
			l.Renew()
		}
	}
}

// New returns a Cluster that does nothing before Run. An error is a fault in
// the selectors.
func New(opts ClusterOptions) (*Cluster, error) {
	selected, onServer, err := parseSelection(opts.LabelSelector, opts.IngressClasses, opts.Controllers)
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
	selected.log = opts.Log
	c := &Cluster{clients: opts.Clients, synced: opts.Synced, classesKnown: make(chan struct{})}

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
		c.slices = append(c.slices, newLoop(opts, source{
			connect: c.connect, group: discoveryGroup, newList: newList[discoveryv1.EndpointSliceList],
			resource: "endpointslices", namespace: namespace,
		}, reduceAll(ReduceEndpointSlice), opts.EndpointSlices, c.loopSynced))
		if opts.ReadTLS {
			c.tls = append(c.tls, newTLSLoop(opts, c, namespace))
		}
	}
	if len(opts.Controllers) > 0 {
		c.classes = newLoop(opts, source{
			connect: c.connect, group: networkingGroup, newList: newList[networkingv1.IngressClassList], resource: "ingressclasses",
		}, reduceAll(ReduceIngressClass), classHandler{selected, c.ingresses}, c.classesSynced)
		c.classes.opts.Optional = "Ingresses are known by their class's name alone, and rules of those whose class it does not tell stay as they are; deploy/rbac.yaml allows it"
		c.classes.opts.DoneWithout = slog.LevelWarn
		c.classes.opts.Forbidden = func(forbidden bool) { c.classesForbidden(selected, forbidden) }
	}
	c.nodes = newLoop(opts, source{
		connect: c.connect, group: coreGroup, newList: newList[corev1.NodeList],
		resource: "nodes", selector: opts.NodeSelector,
	}, reduceAll(ReduceNode), opts.Nodes, c.loopSynced)
	if opts.Listed != nil {
		c.noteListed(opts.Listed)
	}
	return c, nil
}

func newTLSLoop(opts ClusterOptions, c *Cluster, namespace string) *Loop[kube.TLSSecret] {
	l := newLoop(opts, source{
		connect: c.connect, group: coreGroup, newList: newList[corev1.SecretList],
		resource: "secrets", namespace: namespace, fields: "type=" + string(corev1.SecretTypeTLS),
	}, ReduceTLSSecret, opts.TLSSecrets, c.loopSynced)
	l.opts.Optional = "certificates of " + opts.TLSFor + " hosts cannot be read; deploy/rbac-certificates.yaml allows it"
	if opts.TLSRefused != nil {
		l.opts.Refused = func(refused bool) { opts.TLSRefused(namespace, refused) }
	}
	return l
}

func newLoop[T Object[T]](opts ClusterOptions, s source, reduce func(runtime.Object) (T, bool), h Handler[T], synced func()) *Loop[T] {
	return NewLoop(LoopOptions[T]{
		Resource: s.resource, Namespace: s.namespace,
		List: s.list, Watch: s.watch, Reduce: reduce, Handler: h, Synced: synced,
		Timings: opts.Timings, Metrics: opts.Metrics, Log: opts.Log,
	})
}

func coreGroup(c *Client) rest.Interface       { return c.core }
func networkingGroup(c *Client) rest.Interface { return c.networking }
func discoveryGroup(c *Client) rest.Interface  { return c.discovery }

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
	if err := c.identity.check(string(namespace.UID)); err != nil {
		return nil, err
	}
	return client, nil
}

// Renew has all resources listed anew.
func (c *Cluster) Renew() {
	if c.classes != nil {
		c.classes.Renew()
	}
	for _, l := range c.loops() {
		l.Renew()
	}
}

// noteListed has each loop tell when its snapshots begin.
func (c *Cluster) noteListed(tell func(time.Time)) {
	for _, l := range c.loops() {
		i := len(c.listed)
		c.listed = append(c.listed, time.Time{})
		l.onListed(func(began time.Time) {
			c.listing.Lock()
			defer c.listing.Unlock()
			before := slices.MinFunc(c.listed, time.Time.Compare)
			c.listed[i] = began
			if oldest := slices.MinFunc(c.listed, time.Time.Compare); oldest.After(before) {
				tell(oldest)
			}
		})
	}
}

// classesForbidden takes note that the classes may not be read, or may again: then
// those that could not be looked up are.
func (c *Cluster) classesForbidden(selected *selection, forbidden bool) {
	if selected.refuse(forbidden) && !forbidden {
		for _, l := range c.ingresses {
			l.Renew()
		}
	}
}

// classesSynced lets the Ingresses be read, now that it is known which are ours.
func (c *Cluster) classesSynced() { close(c.classesKnown) }

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
	if c.classes != nil {
		wg.Go(func() { c.classes.Run(ctx) })
	} else {
		close(c.classesKnown)
	}
	for _, l := range c.loops() {
		wg.Go(func() {
			if _, ingresses := l.(*Loop[*kube.Ingress]); ingresses {
				select {
				case <-c.classesKnown:
				case <-ctx.Done():
				}
			}
			l.Run(ctx)
		})
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
	loops := c.loops()
	if c.classes != nil {
		loops = append([]anyLoop{c.classes}, loops...)
	}
	for _, l := range loops {
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
	Renew()
	onListed(func(time.Time))
}

func (c *Cluster) loops() []anyLoop {
	var all []anyLoop
	for _, l := range c.ingresses {
		all = append(all, l)
	}
	for _, l := range c.services {
		all = append(all, l)
	}
	for _, l := range c.slices {
		all = append(all, l)
	}
	for _, l := range c.tls {
		all = append(all, l)
	}
	return append(all, c.nodes)
}
