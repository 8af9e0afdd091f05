package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/edgeward/edgeward/test/kube"
)

// size is how much there is in a cluster. Each Ingress has one host and path, so
// one rule; each Service an EndpointSlice.
type size struct{ ingresses, services, nodes int }

// sizes are those that are measured.
func sizes() []size {
	return []size{{100, 20, 3}, {1_000, 100, 50}, {10_000, 500, 500}}
}

// writers is how many objects are written at a time.
const writers = 16

// cluster is a Kubernetes API server with objects in it.
type cluster struct {
	*kube.Server
	client kubernetes.Interface
	size
	moved    []atomic.Int32 // how often, by Ingress
	replaced int            // nodes so far, the oldest first
}

// newCluster starts an API server and fills it.
func newCluster(ctx context.Context, s size) (*cluster, error) {
	server, err := kube.Start(ctx, kube.Options{})
	if err != nil {
		return nil, err
	}
	config := server.Config()
	config.ContentType = runtime.ContentTypeProtobuf
	client, err := kubernetes.NewForConfig(config)
	c := &cluster{Server: server, client: client, size: s, moved: make([]atomic.Int32, s.ingresses)}
	if err == nil {
		err = errors.Join(
			atOnce(s.nodes, func(i int) error { return server.CreateNode(ctx, nodeName(i), address(i)) }),
			atOnce(s.services, func(i int) error { return c.createService(ctx, i) }),
			atOnce(s.ingresses, func(i int) error { return c.createIngress(ctx, i) }),
		)
	}
	if err != nil {
		server.Stop()
		return nil, err
	}
	return c, nil
}

// atOnce does something for 0 to n-1, several at a time.
func atOnce(n int, do func(i int) error) error {
	next := make(chan int)
	errs := make([]error, writers)
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			for i := range next {
				errs[w] = errors.Join(errs[w], do(i))
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	running.Wait()
	return errors.Join(errs...)
}

func nodeName(i int) string    { return fmt.Sprint("node-", i) }
func serviceName(i int) string { return fmt.Sprint("web-", i) }
func hostName(i int) string    { return fmt.Sprintf("host-%d.example.com", i) }

// address is of the range for benchmarks (RFC 2544).
func address(i int) string { return fmt.Sprintf("198.18.%d.%d", i/250, i%250+1) }

func (c *cluster) createService(ctx context.Context, i int) error {
	labels := map[string]string{"app": serviceName(i)}
	_, err := c.client.CoreV1().Services(metav1.NamespaceDefault).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: serviceName(i), Labels: labels},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Selector: labels,
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, NodePort: int32(30000 + i)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: serviceName(i) + "-abcde", Labels: map[string]string{discoveryv1.LabelServiceName: serviceName(i)}},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	for pod := range 3 {
		node := nodeName((i + pod) % c.nodes)
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.%d.%d.%d", pod, i/250, i%250+1)}, NodeName: &node})
	}
	_, err = c.client.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault).Create(ctx, slice, metav1.CreateOptions{})
	return err
}

func (c *cluster) createIngress(ctx context.Context, i int) error {
	exact := networkingv1.PathTypeExact
	ingress := &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("ingress-", i), Labels: map[string]string{"cdn": "edgio"}},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: hostName(i),
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/path", PathType: &exact,
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
					Name: serviceName(i % c.services), Port: networkingv1.ServiceBackendPort{Name: "http"},
				}},
			}}}},
		}}},
	}
	// As kubectl apply leaves it: most of what a list transfers is not kept.
	applied, err := json.Marshal(ingress)
	if err != nil {
		return err
	}
	ingress.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: string(applied)}
	_, err = c.client.NetworkingV1().Ingresses(metav1.NamespaceDefault).Create(ctx, ingress, metav1.CreateOptions{})
	return err
}

// moveIngress has an Ingress lead to the next Service, so that its rule changes.
func (c *cluster) moveIngress(ctx context.Context, i int) error {
	service := serviceName((i + int(c.moved[i].Add(1))) % c.services)
	patch := fmt.Sprintf(`[{"op":"replace","path":"/spec/rules/0/http/paths/0/backend/service/name","value":%q}]`, service)
	_, err := c.client.NetworkingV1().Ingresses(metav1.NamespaceDefault).
		Patch(ctx, fmt.Sprint("ingress-", i), types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// replaceNode puts a new node in the place of the oldest.
func (c *cluster) replaceNode(ctx context.Context) error {
	old, fresh := c.replaced, c.nodes+c.replaced
	c.replaced++
	if err := c.CreateNode(ctx, nodeName(fresh), address(fresh)); err != nil {
		return err
	}
	return c.DeleteNode(ctx, nodeName(old))
}
