package kube

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	readerAccount = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
`
	readerRole = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
- {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader}]
`
)

func TestServiceAccountHasTheRightsOfRBAC(t *testing.T) {
	ctx := t.Context()
	namespace := newNamespace(t)
	if err := server.ApplyIn(ctx, namespace, []byte(readerAccount)); err != nil {
		t.Fatal(err)
	}
	path, err := server.ServiceAccountKubeconfig(ctx, namespace, "reader", 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := listIngresses(t, path, namespace); !apierrors.IsForbidden(err) {
		t.Errorf("without a role: %v, want 403", err)
	}
	if err := server.ApplyIn(ctx, namespace, []byte(readerRole)); err != nil {
		t.Fatal(err)
	}
	// The authorizer learns of roles by a watch, soon after they are written.
	deadline := time.After(10 * time.Second)
	for err = listIngresses(t, path, namespace); err != nil; err = listIngresses(t, path, namespace) {
		select {
		case <-deadline:
			t.Fatalf("with a role: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestServiceAccountMustExist(t *testing.T) {
	if _, err := server.ServiceAccountKubeconfig(t.Context(), "default", "nobody", time.Hour); !apierrors.IsNotFound(err) {
		t.Errorf("%v, want 404", err)
	}
}

func TestKubeconfigs(t *testing.T) {
	unknown, err := server.TokenKubeconfig("never-issued")
	if err != nil {
		t.Fatal(err)
	}
	if err := listIngresses(t, unknown, "default"); !apierrors.IsUnauthorized(err) {
		t.Errorf("unknown token: %v, want 401", err)
	}
	if err := listIngresses(t, server.AdminKubeconfig(), "default"); err != nil {
		t.Errorf("admin: %v", err)
	}
}

// listIngresses asks with the rights of a kubeconfig.
func listIngresses(t *testing.T, kubeconfig, namespace string) error {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = clientset.NetworkingV1().Ingresses(namespace).List(t.Context(), metav1.ListOptions{})
	return err
}
