package e2e

import (
	"fmt"
	"strings"

	"github.com/edgeward/edgeward/test/lab"
)

// service is the manifest of a NodePort Service "web" with one port, 80.
func service(nodePort int) string { return serviceNamed("web", nodePort) }

func serviceNamed(name string, nodePort int) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %s}
spec:
  type: NodePort
  ports: [{name: http, port: 80, nodePort: %d}]
`, name, nodePort)
}

// ingress is the manifest of an Ingress for one Exact path, written as a URL
// without its scheme ("www.example.com/a"), served by port 80 of "web".
func ingress(name, url string) string { return ingressFor(name, url, "web", 80) }

func ingressFor(name, url, service string, port int) string {
	host, path, _ := strings.Cut(url, "/")
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s, labels: {cdn: edgio}}
spec:
  rules:
    - host: %s
      http:
        paths: [{path: /%s, pathType: Exact, backend: {service: {name: %s, port: {number: %d}}}}]
`, name, host, path, service, port)
}

// ingressSpec is the manifest of an Ingress with the given spec, a YAML flow
// mapping.
func ingressSpec(name, spec string) string {
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s, labels: {cdn: edgio}}
spec: %s
`, name, spec)
}

// annotated adds an annotation to a manifest made by this file's functions.
func annotated(manifest, key, value string) string {
	if before, after, found := strings.Cut(manifest, "annotations: {"); found {
		return fmt.Sprintf("%sannotations: {%s: %q, %s", before, key, value, after)
	}
	return strings.Replace(manifest, "metadata: {", fmt.Sprintf("metadata: {annotations: {%s: %q}, ", key, value), 1)
}

// labelled replaces the label by which the Ingress is selected.
func labelled(manifest, label string) string {
	key, value, _ := strings.Cut(label, "=")
	return strings.Replace(manifest, "labels: {cdn: edgio}", fmt.Sprintf("labels: {%s: %s}", key, value), 1)
}

// rule is the line of lab.Lab.Rules for a URL without its scheme, served by a
// node port of the cluster main.
func rule(url string, nodePort int) string { return ruleOf("main", lab.Owner, url, nodePort) }

func ruleOf(cluster, owner, url string, nodePort int) string {
	_, path, _ := strings.Cut(url, "/")
	return fmt.Sprintf("https://%s -> http://nodes.%s.%s.%s:%d/%s", url, cluster, owner, lab.Domain, nodePort, path)
}
