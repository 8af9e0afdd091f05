package feedback

import (
	"context"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/edgeward/edgeward/watcher"
)

var _ API = (*watcher.Client)(nil)

var (
	namespacesResource = corev1.SchemeGroupVersion.WithResource("namespaces")
	eventsResource     = corev1.SchemeGroupVersion.WithResource("events")
	ingressesResource  = networkingv1.SchemeGroupVersion.WithResource("ingresses")
	reviewsResource    = authorizationv1.SchemeGroupVersion.WithResource("selfsubjectaccessreviews")
)

// fakeAPI keeps objects as the fake clientset of client-go does. It does without the clientset, which
// has clients of all kinds and takes longer to compile than everything else here together.
type fakeAPI struct {
	clienttesting.Fake
	tracker clienttesting.ObjectTracker
}

func newFakeAPI(t *testing.T, objects ...runtime.Object) *fakeAPI {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, networkingv1.AddToScheme, authorizationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	f := &fakeAPI{tracker: clienttesting.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder())}
	for _, object := range objects {
		if err := f.tracker.Add(object); err != nil {
			t.Fatal(err)
		}
	}
	f.AddReactor("*", "*", clienttesting.ObjectReaction(f.tracker))
	return f
}

// answer gives what a reactor has returned its type.
func answer[T runtime.Object](object runtime.Object, err error) (answer T, _ error) {
	if err != nil {
		return answer, err
	}
	return object.(T), nil
}

func (f *fakeAPI) Namespace(_ context.Context, name string) (*corev1.Namespace, error) {
	return answer[*corev1.Namespace](f.Invokes(clienttesting.NewRootGetAction(namespacesResource, name), nil))
}

func (f *fakeAPI) Ingress(_ context.Context, namespace, name string) (*networkingv1.Ingress, error) {
	return answer[*networkingv1.Ingress](f.Invokes(clienttesting.NewGetAction(ingressesResource, namespace, name), nil))
}

func (f *fakeAPI) PatchIngressStatus(_ context.Context, namespace, name string, patch []byte, _ string) error {
	_, err := f.Invokes(clienttesting.NewPatchSubresourceAction(ingressesResource, namespace, name, types.MergePatchType, patch, "status"), nil)
	return err
}

func (f *fakeAPI) CreateEvent(_ context.Context, e *corev1.Event, _ string) error {
	_, err := f.Invokes(clienttesting.NewCreateAction(eventsResource, e.Namespace, e), nil)
	return err
}

func (f *fakeAPI) PatchEvent(_ context.Context, namespace, name string, patch []byte, _ string) (*corev1.Event, error) {
	return answer[*corev1.Event](f.Invokes(clienttesting.NewPatchAction(eventsResource, namespace, name, types.MergePatchType, patch), nil))
}

func (f *fakeAPI) Allowed(_ context.Context, what authorizationv1.ResourceAttributes) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &what}}
	review, err := answer[*authorizationv1.SelfSubjectAccessReview](f.Invokes(clienttesting.NewRootCreateAction(reviewsResource, review), nil))
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
