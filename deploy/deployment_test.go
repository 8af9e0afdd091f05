// Package deploy tests that the manifests for a daemon inside the cluster fit
// each other.
package deploy

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/providers"
)

// manifest returns both objects of deployment.yaml.
func manifest(t *testing.T) (*corev1.ConfigMap, *appsv1.Deployment) {
	t.Helper()
	data, err := os.ReadFile("deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documents := bytes.Split(data, []byte("\n---\n"))
	if len(documents) != 2 {
		t.Fatalf("%d documents, want a ConfigMap and a Deployment", len(documents))
	}
	var configMap corev1.ConfigMap
	var deployment appsv1.Deployment
	for i, object := range []any{&configMap, &deployment} {
		if err := yaml.UnmarshalStrict(documents[i], object); err != nil {
			t.Fatal(err)
		}
	}
	return &configMap, &deployment
}

// TestDeploymentFitsItsConfiguration puts the ConfigMap and the Secret where the
// Deployment mounts them, and compares it with what the configuration says then.
func TestDeploymentFitsItsConfiguration(t *testing.T) {
	configMap, deployment := manifest(t)
	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]

	dir := t.TempDir()
	for name, content := range map[string]string{
		"config.yaml":      configMap.Data["config.yaml"],
		"edgio-shared-key": "c0ffee",
		"vultr-api-key":    "HUSH",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "config.yaml"), nil, providers.All())
	if err != nil {
		t.Fatal(err)
	}

	var mounted []string
	for _, source := range pod.Volumes[0].Projected.Sources {
		switch {
		case source.ConfigMap != nil:
			mounted = append(mounted, "ConfigMap "+source.ConfigMap.Name)
		case source.Secret != nil:
			mounted = append(mounted, "Secret "+source.Secret.Name)
		}
	}
	port := strconv.Itoa(int(container.Ports[0].ContainerPort))
	for _, test := range []struct{ name, got, want string }{
		{"kubeconfig, none in a cluster", cfg.Clusters[0].Kubeconfig, ""},
		{"--config", container.Args[1], path.Join(container.VolumeMounts[0].MountPath, "config.yaml")},
		{"first in the volume", mounted[0], "ConfigMap " + configMap.Name},
		{"second in the volume", mounted[1], "Secret edgeward-keys"},
		{"metrics.listen", cfg.Metrics.Listen, ":" + port},
		{"port to scrape", deployment.Spec.Template.Annotations["prometheus.io/port"], port},
		{"port of the liveness probe", container.LivenessProbe.HTTPGet.Port.String(), container.Ports[0].Name},
		{"port of the readiness probe", container.ReadinessProbe.HTTPGet.Port.String(), container.Ports[0].Name},
		{"strategy", string(deployment.Spec.Strategy.Type), string(appsv1.RecreateDeploymentStrategyType)},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}
