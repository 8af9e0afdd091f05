package feedback

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// API is what feedback asks of an API server; a watcher.Client does it.
type API interface {
	Namespace(ctx context.Context, name string) (*corev1.Namespace, error)
	Ingress(ctx context.Context, namespace, name string) (*networkingv1.Ingress, error)
	PatchIngressStatus(ctx context.Context, namespace, name string, patch []byte, manager string) error
	CreateEvent(ctx context.Context, e *corev1.Event, manager string) error
	PatchEvent(ctx context.Context, namespace, name string, patch []byte, manager string) (*corev1.Event, error)
	Allowed(context.Context, authorizationv1.ResourceAttributes) (bool, error)
}
