// Package packaging tests what goes to users besides the program: the versions
// of packages, and whether a cluster takes the manifests.
package packaging

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/yaml"

	"github.com/edgeward/edgeward/test/kube"
)

var server *kube.Server // set by TestMain, before any test

func TestMain(m *testing.M) { os.Exit(kube.RunMain(m, &server)) }

// read returns a manifest of deploy/.
func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// podTemplate returns that of the Deployment in deploy/deployment.yaml.
func podTemplate(t *testing.T) *corev1.PodTemplateSpec {
	t.Helper()
	_, document, _ := bytes.Cut(read(t, "deployment.yaml"), []byte("\n---\n"))
	var deployment appsv1.Deployment
	if err := yaml.UnmarshalStrict(document, &deployment); err != nil {
		t.Fatal(err)
	}
	return &deployment.Spec.Template
}

// TestClusterAcceptsManifests applies the manifests in the order of docs/install.md, and
// makes a Pod of the Deployment's where only restricted ones may be
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
func TestClusterAcceptsManifests(t *testing.T) {
	ctx := t.Context()
	for _, name := range []string{"rbac.yaml", "rbac-secrets.yaml", "rbac-certificates.yaml", "deployment.yaml"} {
		if err := server.Apply(ctx, read(t, name)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	namespaces := server.Clientset().CoreV1().Namespaces()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		namespace, err := namespaces.Get(ctx, "edgeward", metav1.GetOptions{})
		if err != nil {
			return err
		}
		metav1.SetMetaDataLabel(&namespace.ObjectMeta, "pod-security.kubernetes.io/enforce", "restricted")
		_, err = namespaces.Update(ctx, namespace, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	create := func(change func(*corev1.PodSpec)) error {
		template := podTemplate(t)
		template.Name = "edgeward"
		change(&template.Spec)
		_, err := server.Clientset().CoreV1().Pods("edgeward").Create(ctx,
			&corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec},
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := create(func(*corev1.PodSpec) {}); err != nil {
		t.Error(err)
	}
	err = create(func(spec *corev1.PodSpec) { spec.SecurityContext.RunAsNonRoot = nil })
	if !apierrors.IsForbidden(err) {
		t.Errorf("a Pod that is not restricted: %v, want that it is forbidden", err)
	}
}
