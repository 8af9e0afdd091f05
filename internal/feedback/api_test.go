package feedback

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/edgeward/edgeward/watcher"
)

var _ API = (*watcher.Client)(nil)

// fakeAPI calls a client of client-go's, which may be a fake.
type fakeAPI struct{ client kubernetes.Interface }

func (f fakeAPI) Namespace(ctx context.Context, name string) (*corev1.Namespace, error) {
	return f.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
}

func (f fakeAPI) Ingress(ctx context.Context, namespace, name string) (*networkingv1.Ingress, error) {
	return f.client.NetworkingV1().Ingresses(namespace).Get(ctx, name, metav1.GetOptions{})
}

func (f fakeAPI) PatchIngressStatus(ctx context.Context, namespace, name string, patch []byte, manager string) error {
	_, err := f.client.NetworkingV1().Ingresses(namespace).
		Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager}, "status")
	return err
}

func (f fakeAPI) CreateEvent(ctx context.Context, e *corev1.Event, manager string) error {
	_, err := f.client.CoreV1().Events(e.Namespace).Create(ctx, e, metav1.CreateOptions{FieldManager: manager})
	return err
}

func (f fakeAPI) PatchEvent(ctx context.Context, namespace, name string, patch []byte, manager string) (*corev1.Event, error) {
	return f.client.CoreV1().Events(namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
}

func (f fakeAPI) Allowed(ctx context.Context, what authorizationv1.ResourceAttributes) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &what}}
	answer, err := f.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}
