package watcher

import (
	"log/slog"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/edgeward/edgeward/internal/kube"
)

// makeLoops makes the loops of a cluster, in the order in which Synced asks for them.
// onServer is the label selector of Ingresses that the API server applies.
func (c *Cluster) makeLoops(opts ClusterOptions, s *selection, onServer string) {
	namespaces := slices.Compact(slices.Sorted(slices.Values(opts.Namespaces)))
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	listings := &listings{renewed: opts.Listed}
	classesKnown := c.watchClasses(opts, s)
	mismatches := newMismatches(opts.IngressClasses, opts.Log)
	for _, namespace := range namespaces {
		o := loopOptions(c, opts, source{
			group: networkingGroup, newList: newList[networkingv1.IngressList],
			resource: "ingresses", namespace: namespace, selector: onServer,
		}, mismatches.watching(s.reduce), opts.Ingresses)
		o.Listed, o.After = listings.add(), classesKnown
		c.ingresses = append(c.ingresses, addLoop(c, o))
	}
	for _, namespace := range namespaces {
		o := loopOptions(c, opts, source{
			group: coreGroup, newList: newList[corev1.ServiceList], resource: "services", namespace: namespace,
		}, reduceAll(ReduceService), opts.Services)
		o.Listed = listings.add()
		c.services = append(c.services, addLoop(c, o))
	}
	for _, namespace := range namespaces {
		o := loopOptions(c, opts, source{
			group: discoveryGroup, newList: newList[discoveryv1.EndpointSliceList], resource: "endpointslices", namespace: namespace,
		}, reduceAll(ReduceEndpointSlice), opts.EndpointSlices)
		o.Listed = listings.add()
		c.slices = append(c.slices, addLoop(c, o))
	}
	if opts.ReadTLS {
		for _, namespace := range namespaces {
			o := tlsOptions(c, opts, namespace)
			o.Listed = listings.add()
			c.tls = append(c.tls, addLoop(c, o))
		}
	}
	o := loopOptions(c, opts, source{
		group: coreGroup, newList: newList[corev1.NodeList], resource: "nodes", selector: opts.NodeSelector,
	}, reduceAll(ReduceNode), opts.Nodes)
	o.Listed = listings.add()
	c.nodes = addLoop(c, o)
}

// watchClasses makes the loop of the IngressClasses, if they have a say. The channel is
// closed once they are known; nil: nobody has to wait for them.
func (c *Cluster) watchClasses(opts ClusterOptions, s *selection) <-chan struct{} {
	if len(opts.Controllers) == 0 {
		return nil
	}
	o := loopOptions(c, opts, source{
		group: networkingGroup, newList: newList[networkingv1.IngressClassList], resource: "ingressclasses",
	}, reduceAll(ReduceIngressClass), classHandler{s, c})
	known := make(chan struct{})
	o.Synced = func() { close(known) }
	o.Optional = &Optional{
		Consequence: "Ingresses are known by their class's name alone, and rules of those whose class it does not tell stay as they are; deploy/rbac.yaml allows it",
		Level:       slog.LevelWarn,
	}
	o.AccessChanged = func(_, to Access) {
		if changed := s.setBlind(to != Readable); changed && to == Readable {
			c.renewIngresses() // those whose class could not be looked up
		}
	}
	addLoop(c, o)
	return known
}

// classHandler brings what IngressClass objects say into the selection, and has the
// Ingresses selected anew where that matters.
type classHandler struct {
	selection *selection
	cluster   *Cluster
}

func (h classHandler) Added(c kube.IngressClass)               { h.set(c.Name, c.Controller) }
func (h classHandler) Modified(_, c kube.IngressClass, _ bool) { h.set(c.Name, c.Controller) }
func (h classHandler) Deleted(c kube.IngressClass, _ bool)     { h.set(c.Name, "") }

func (h classHandler) set(class, controller string) {
	if matters := h.selection.setController(class, controller); matters {
		h.cluster.renewIngresses()
	}
}

// tlsOptions are those of the loop of a namespace's TLS Secrets.
func tlsOptions(c *Cluster, opts ClusterOptions, namespace string) LoopOptions[kube.TLSSecret] {
	o := loopOptions(c, opts, source{
		group: coreGroup, newList: newList[corev1.SecretList],
		resource: "secrets", namespace: namespace, fields: "type=" + string(corev1.SecretTypeTLS),
	}, ReduceTLSSecret, opts.TLSSecrets)
	o.Optional = &Optional{Consequence: "certificates of CDN hosts cannot be read; deploy/rbac-certificates.yaml allows it"}
	o.AccessChanged = func(from, to Access) {
		if refused := to == GivenUp; refused != (from == GivenUp) {
			opts.TLSRefused(namespace, refused)
		}
	}
	return o
}

// loopOptions are what the loops of a cluster have in common.
func loopOptions[T Object[T]](c *Cluster, opts ClusterOptions, s source, reduce func(runtime.Object) (T, bool), h Handler[T]) LoopOptions[T] {
	s.connect = c.connect
	return LoopOptions[T]{
		Resource: s.resource, Namespace: s.namespace, List: s.list, Watch: s.watch, Reduce: reduce,
		Handler: h, Synced: c.loopSynced,
		Timings: opts.Timings, Metrics: opts.Metrics, Log: opts.Log,
	}
}

// addLoop makes a loop that the cluster runs.
func addLoop[T Object[T]](c *Cluster, o LoopOptions[T]) *Loop[T] {
	l := NewLoop(o)
	c.loops = append(c.loops, l)
	return l
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
