package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	webService = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  ports: [{name: http, port: 80}]
`
	webIngress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  labels: {cdn: edgio}
spec:
  rules:
  - host: www.example.com
    http:
      paths:
      - path: /a
        pathType: Exact
        backend: {service: {name: web, port: {name: http}}}
`
)

func TestApplyAndDelete(t *testing.T) {
	ctx := t.Context()
	namespace := newNamespace(t)
	manifest := []byte("# both\n---" + webService + "---" + webIngress)
	if err := server.ApplyIn(ctx, namespace, manifest); err != nil {
		t.Fatal(err)
	}
	service, err := server.Clientset().CoreV1().Services(namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The range that the API server allocates from unless told otherwise.
	if port := service.Spec.Ports[0].NodePort; port < 30000 || port > 32767 {
		t.Errorf("node port %d, want one from 30000 to 32767", port)
	}
	if diff := cmp.Diff([]string{"/a"}, ingressPaths(t, namespace, "web")); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}

	changed := strings.ReplaceAll(webIngress, "/a", "/b")
	changed = strings.ReplaceAll(changed, "  labels: {cdn: edgio}\n", "")
	if err := server.ApplyIn(ctx, namespace, []byte(changed)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/b"}, ingressPaths(t, namespace, "web")); diff != "" {
		t.Errorf("paths after the change (-want +got):\n%s", diff)
	}
	if labels := getIngress(t, namespace, "web").Labels; len(labels) > 0 {
		t.Errorf("labels %v, want none: they are no longer in the manifest", labels)
	}

	if err := server.DeleteIn(ctx, namespace, manifest); err != nil {
		t.Fatal(err)
	}
	if err := server.DeleteIn(ctx, namespace, []byte(webIngress)); !apierrors.IsNotFound(err) {
		t.Errorf("second deletion: %v, want 404", err)
	}
}

func TestNamespaceOfAnObject(t *testing.T) {
	ctx := t.Context()
	asked, own := newNamespace(t), newNamespace(t)
	withOwn := strings.Replace(webIngress, "  name: web\n", "  name: web\n  namespace: "+own+"\n", 1)
	for _, test := range []struct {
		name, manifest string
		apply, remove  func(manifest []byte) error
		want           string
	}{
		{
			"none", webIngress,
			func(m []byte) error { return server.Apply(ctx, m) },
			func(m []byte) error { return server.Delete(ctx, m) },
			corev1.NamespaceDefault,
		},
		{
			"asked for", webIngress,
			func(m []byte) error { return server.ApplyIn(ctx, asked, m) },
			func(m []byte) error { return server.DeleteIn(ctx, asked, m) },
			asked,
		},
		{
			"its own before that", withOwn,
			func(m []byte) error { return server.ApplyIn(ctx, asked, m) },
			func(m []byte) error { return server.DeleteIn(ctx, asked, m) },
			own,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.apply([]byte(test.manifest)); err != nil {
				t.Fatal(err)
			}
			getIngress(t, test.want, "web")
			if err := test.remove([]byte(test.manifest)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestApplyNamesTheObjectAtFault(t *testing.T) {
	for _, test := range []struct{ name, manifest, want string }{
		{"unknown kind", "apiVersion: v1\nkind: Pumpkin\nmetadata: {name: big}", `Pumpkin "big": no matches for kind "Pumpkin"`},
		{"refused by the API server", strings.ReplaceAll(webIngress, "/a", "a"), `Ingress "web": Ingress.networking.k8s.io "web" is invalid`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := server.Apply(t.Context(), []byte(test.manifest))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	const a, b = "kind: A\napiVersion: v1\n", "kind: B\napiVersion: v1\n"
	for _, test := range []struct {
		name, manifest string
		want           []string // kinds
		wantError      string
	}{
		{"nothing", "", nil, ""},
		{"only comments", "# nothing\n---\n# at all\n", nil, ""},
		{"one", a, []string{"A"}, ""},
		{"several, some empty", "---\n" + a + "---\n---\n# b\n" + b + "---\n", []string{"A", "B"}, ""},
		{"no kind", a + "---\nmetadata: {}\n", nil, "document 2: Object 'Kind' is missing"},
		{"no YAML", "{", nil, "document 1: yaml"},
		{"a key twice", a + "kind: B\n", nil, `key "kind" already set`},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects, err := decode([]byte(test.manifest))
			if (err == nil) != (test.wantError == "") || err != nil && !strings.Contains(err.Error(), test.wantError) {
				t.Fatalf("error %v, want %q", err, test.wantError)
			}
			var kinds []string
			for _, obj := range objects {
				kinds = append(kinds, obj.GetKind())
			}
			if diff := cmp.Diff(test.want, kinds); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClean(t *testing.T) {
	ctx := t.Context()
	namespace := newNamespace(t)
	if err := server.ApplyIn(ctx, namespace, []byte(webService+"---"+webIngress)); err != nil {
		t.Fatal(err)
	}
	if err := server.CreateNode(ctx, "to-be-cleaned", ""); err != nil {
		t.Fatal(err)
	}
	if err := server.Clean(ctx); err != nil {
		t.Fatal(err)
	}

	services, err := server.Clientset().CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, service := range services.Items {
		names = append(names, service.Namespace+"/"+service.Name)
	}
	if diff := cmp.Diff([]string{"default/kubernetes"}, names); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
	ingresses, err := server.Clientset().NetworkingV1().Ingresses("").List(ctx, metav1.ListOptions{})
	if err != nil || len(ingresses.Items) > 0 {
		t.Errorf("Ingresses: %v, %v, want none", ingresses.Items, err)
	}
	nodes, err := server.Clientset().CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil || len(nodes.Items) > 0 {
		t.Errorf("Nodes: %v, %v, want none", nodes.Items, err)
	}
}

func getIngress(t *testing.T, namespace, name string) *networkingv1.Ingress {
	t.Helper()
	ingress, err := server.Clientset().NetworkingV1().Ingresses(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ingress
}

func ingressPaths(t *testing.T, namespace, name string) []string {
	t.Helper()
	var paths []string
	for _, rule := range getIngress(t, namespace, name).Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			paths = append(paths, path.Path)
		}
	}
	return paths
}
