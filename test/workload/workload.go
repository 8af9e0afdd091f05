// Package workload answers HTTP where the pods of a cluster without kubelets
// would: at the node ports and load balancers of its Services, for the demo and
// for tests of what becomes of requests. Nodes and load balancers may have any
// addresses, of IPv4 with different last numbers; see Dial.
package workload

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/edgeward/edgeward/internal/emulator/edge"
)

// Answer is what a pod answers, as JSON: what it saw of the request.
type Answer struct {
	Pod  string `json:"pod"`
	Node string `json:"node"` // of the pod
	// Entered is the node or load balancer that took the request, and where.
	Entered  string   `json:"entered"`
	Host     string   `json:"host"`
	Path     string   `json:"path"`       // with its query, as it came
	Edgeward []string `json:"x-edgeward"` // each header X-Edgeward
}

// Workload is a cluster's machines and load balancers. It follows Services,
// EndpointSlices and Nodes. A Node that is deleted goes on serving, as its
// machine would, until Kill. A pod goes with its machine, and the others know
// that at once, whatever its EndpointSlice says.
type Workload struct {
	nodes    corelisters.NodeLister
	services corelisters.ServiceLister
	slices   discoverylisters.EndpointSliceLister
	hosts    map[string]netip.Addr
	secure   *edge.Authority
	stop     func()
	turn     atomic.Uint32

	mu        sync.RWMutex
	machines  map[types.UID]machine
	dead      map[types.UID]bool
	doors     map[netip.AddrPort]door
	closed    map[netip.AddrPort]door // as they were last, for requests under way
	listeners map[netip.AddrPort]*listener
}

// Start answers for a cluster until Close. A load balancer that is known by a
// name has its address in hosts. It returns when the doors of the cluster as it
// is are open.
func Start(ctx context.Context, client kubernetes.Interface, hosts map[string]netip.Addr) (*Workload, error) {
	authority, err := edge.NewAuthority()
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	core := factory.Core().V1()
	endpointSlices := factory.Discovery().V1().EndpointSlices()
	w := &Workload{
		nodes: core.Nodes().Lister(), services: core.Services().Lister(), slices: endpointSlices.Lister(),
		hosts: hosts, secure: authority,
		machines: make(map[types.UID]machine), dead: make(map[types.UID]bool),
		listeners: make(map[netip.AddrPort]*listener), closed: make(map[netip.AddrPort]door),
	}
	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default: // it is noted already
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { note() }, UpdateFunc: func(any, any) { note() }, DeleteFunc: func(any) { note() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		core.Nodes().Informer(), core.Services().Informer(), endpointSlices.Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return nil, err
		}
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	followed := make(chan struct{})
	w.stop = func() { cancel(); factory.Shutdown(); <-followed }
	factory.Start(running.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			cancel()
			factory.Shutdown()
			return nil, fmt.Errorf("listing %s: %w", kind, context.Cause(ctx))
		}
	}
	w.follow()
	go func() {
		defer close(followed)
		for {
			select {
			case <-changed:
				w.follow()
			case <-running.Done():
				return
			}
		}
	}()
	return w, nil
}

// Close closes all doors.
func (w *Workload) Close() {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, l := range w.listeners {
		l.kill()
		delete(w.listeners, at)
	}
}

// Kill ends the machine of a node at once: its ports refuse connections, those
// that stand are reset, its pods are gone.
func (w *Workload) Kill(node string) {
	w.mu.Lock()
	for uid, m := range w.machines {
		if m.name == node {
			w.dead[uid] = true
		}
	}
	w.mu.Unlock()
	w.follow()
}

// Open returns where connections are taken, "192.0.2.1:30080", sorted.
func (w *Workload) Open() []string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []string
	for at := range w.listeners {
		list = append(list, at.String())
	}
	slices.Sort(list)
	return list
}

// follow opens and closes doors as the cluster has them now.
func (w *Workload) follow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	doors := w.view().doors()
	for at, l := range w.listeners {
		now, stays := doors[at]
		switch before := w.doors[at]; {
		case stays && now.secure == before.secure && now.machine == before.machine:
			continue
		case before.machine != "" && !w.runs(before.machine):
			l.kill()
		default:
			l.close()
		}
		delete(w.listeners, at)
	}
	for at, d := range w.doors {
		if _, stays := doors[at]; !stays {
			w.closed[at] = d
		}
	}
	w.doors = doors
	for at, d := range doors {
		if w.listeners[at] != nil {
			continue
		}
		l, err := w.listen(at, d.secure)
		if err != nil {
			slog.Warn("the workload cannot listen", "address", at, "error", err)
			continue
		}
		w.listeners[at] = l
	}
}

func (w *Workload) listen(at netip.AddrPort, secure bool) (*listener, error) {
	handler := http.HandlerFunc(func(reply http.ResponseWriter, r *http.Request) { w.answer(reply, r, at) })
	if !secure {
		return listen(at, nil, handler)
	}
	return listen(at, w.secure.ServerConfig(), handler)
}

// view is the cluster as it is now. The caller holds w.mu for writing.
func (w *Workload) view() cluster {
	// A lister's cache knows no errors.
	nodes, _ := w.nodes.List(labels.Everything())
	services, _ := w.services.List(labels.Everything())
	endpointSlices, _ := w.slices.List(labels.Everything())
	for _, n := range nodes {
		w.machines[n.UID] = machine{name: n.Name, addresses: addressesOf(n)}
	}
	c := cluster{services: services, slices: endpointSlices, hosts: w.hosts}
	for uid, m := range w.machines {
		if !w.dead[uid] {
			c.machines = append(c.machines, m)
		}
	}
	return c
}

// runs says that a machine of the name is not dead. The caller holds w.mu.
func (w *Workload) runs(name string) bool {
	for uid, m := range w.machines {
		if m.name == name && !w.dead[uid] {
			return true
		}
	}
	return false
}

func addressesOf(n *corev1.Node) []netip.Addr {
	var list []netip.Addr
	for _, a := range n.Status.Addresses {
		if address, err := netip.ParseAddr(a.Address); err == nil && !slices.Contains(list, address) {
			list = append(list, address)
		}
	}
	return list
}

// answer is what the next pod behind a door answers.
func (w *Workload) answer(reply http.ResponseWriter, r *http.Request, at netip.AddrPort) {
	w.mu.RLock()
	d, open := w.doors[at]
	if !open {
		d = w.closed[at] // the request came in before
	}
	w.mu.RUnlock()
	p := d.pods[int(w.turn.Add(1)%uint32(len(d.pods)))]
	reply.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(reply).Encode(Answer{ // fails only if the client is gone
		Pod: p.name, Node: p.node, Entered: fmt.Sprintf("%s, %s", d.name, at),
		Host: r.Host, Path: r.RequestURI, Edgeward: r.Header.Values("X-Edgeward"),
	})
}
