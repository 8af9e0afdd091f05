package watcher

import (
	"context"
	"log/slog"
	"net/http"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Client calls one API server. It can do what edgeward does there and no more:
// client-go's Clientset has the types and calls of every API group, which make
// up half of a program that has it, and 14 MiB of its memory from the start.
type Client struct {
	core, networking, discovery, authorization rest.Interface
	parameters                                 runtime.ParameterCodec
}

// newClient follows no redirects: client-go would send the token with them.
func newClient(config *rest.Config, plugins *Plugins, log *slog.Logger) (*Client, error) {
	shared, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	own := *shared // which may be http.DefaultClient
	transport := &own
	if config.ExecProvider != nil {
		if transport.Transport, err = plugins.around(own.Transport, config.ExecProvider, log); err != nil {
			return nil, err
		}
	}
	transport.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, networkingv1.AddToScheme, discoveryv1.AddToScheme, authorizationv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	c := &Client{parameters: runtime.NewParameterCodec(scheme)}
	codecs := rest.CodecFactoryForGeneratedClient(scheme, serializer.NewCodecFactory(scheme))
	for _, group := range []struct {
		client  *rest.Interface
		version schema.GroupVersion
		path    string
	}{
		{&c.core, corev1.SchemeGroupVersion, "/api"},
		{&c.networking, networkingv1.SchemeGroupVersion, "/apis"},
		{&c.discovery, discoveryv1.SchemeGroupVersion, "/apis"},
		{&c.authorization, authorizationv1.SchemeGroupVersion, "/apis"},
	} {
		own := rest.CopyConfig(config)
		own.GroupVersion, own.APIPath = &group.version, group.path
		own.NegotiatedSerializer = codecs.WithoutConversion()
		if *group.client, err = rest.RESTClientForConfigAndClient(own, transport); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Namespace reads a namespace.
func (c *Client) Namespace(ctx context.Context, name string) (*corev1.Namespace, error) {
	namespace := new(corev1.Namespace)
	return namespace, c.core.Get().Resource("namespaces").Name(name).Do(ctx).Into(namespace)
}

// Secret reads a Secret.
func (c *Client) Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	secret := new(corev1.Secret)
	return secret, c.core.Get().Namespace(namespace).Resource("secrets").Name(name).Do(ctx).Into(secret)
}

// Secrets is a request to list or watch Secrets, which is not repeated by
// itself.
func (c *Client) Secrets(namespace string, opts metav1.ListOptions) *rest.Request {
	return c.core.Get().Namespace(namespace).Resource("secrets").VersionedParams(&opts, c.parameters).MaxRetries(0)
}

// Ingress reads an Ingress.
func (c *Client) Ingress(ctx context.Context, namespace, name string) (*networkingv1.Ingress, error) {
	ingress := new(networkingv1.Ingress)
	return ingress, c.networking.Get().Namespace(namespace).Resource("ingresses").Name(name).Do(ctx).Into(ingress)
}

// PatchIngressStatus applies a merge patch to an Ingress's status for a field
// manager.
func (c *Client) PatchIngressStatus(ctx context.Context, namespace, name string, patch []byte, manager string) error {
	return c.networking.Patch(types.MergePatchType).Namespace(namespace).Resource("ingresses").Name(name).SubResource("status").
		VersionedParams(&metav1.PatchOptions{FieldManager: manager}, c.parameters).Body(patch).Do(ctx).Error()
}

// CreateEvent makes an Event for a field manager.
func (c *Client) CreateEvent(ctx context.Context, e *corev1.Event, manager string) error {
	return c.core.Post().Namespace(e.Namespace).Resource("events").
		VersionedParams(&metav1.CreateOptions{FieldManager: manager}, c.parameters).Body(e).Do(ctx).Error()
}

// PatchEvent applies a merge patch to an Event for a field manager and returns
// what comes of it.
func (c *Client) PatchEvent(ctx context.Context, namespace, name string, patch []byte, manager string) (*corev1.Event, error) {
	event := new(corev1.Event)
	return event, c.core.Patch(types.MergePatchType).Namespace(namespace).Resource("events").Name(name).
		VersionedParams(&metav1.PatchOptions{FieldManager: manager}, c.parameters).Body(patch).Do(ctx).Into(event)
}

// Allowed asks whether the client's credentials allow something (a
// SelfSubjectAccessReview).
func (c *Client) Allowed(ctx context.Context, what authorizationv1.ResourceAttributes) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &what}}
	err := c.authorization.Post().Resource("selfsubjectaccessreviews").Body(review).Do(ctx).Into(review)
	return review.Status.Allowed, err
}
