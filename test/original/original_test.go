// Package original runs the demo that edgeward was made after, as it is but for
// hosts and keys, against a real Kubernetes API server and the emulated providers.
// What it needs of them, they have to do. Nothing of it is part of edgeward:
//
//	go test ./original -demo edgio-delivery-k8s-ingress-demo -sdk llnw-sdk-python
//
// with the folders of clones of both repositories, and a Python that has requests,
// PyYAML and kubernetes (Debian's python3-requests, python3-yaml and
// python3-kubernetes).
package original

import (
	"context"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

var (
	demo   = flag.String("demo", "", "folder of the original demo; empty: do not test it")
	sdk    = flag.String("sdk", "", "folder of the Python SDK that it uses")
	python = flag.String("python", "python3", "the Python to run it with")
)

const (
	username  = "cdn-bot@example.com"
	sharedKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	shortname = "acme"
	apiKey    = "EMULATED-VULTR-KEY"
	domain    = "k8s.example.net"
)

// manifest is the demo's kind of Ingress.
const manifest = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8000, nodePort: 30080}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: default
  labels: {cdn: edgio}
  annotations: {kubernetes.io/ingress.class: edgio}
spec:
  rules:
  - host: www.example.com
    http:
      paths:
      - {path: /bob, pathType: Exact, backend: {service: {name: web, port: {name: http}}}}
`

func TestOriginalDemo(t *testing.T) {
	if *demo == "" || *sdk == "" {
		t.Skip("no -demo and -sdk")
	}
	server, err := kube.Start(t.Context(), kube.Options{})
	must(t, err)
	t.Cleanup(server.Stop)
	must(t, server.CreateNode(t.Context(), "one", "192.0.2.1"))
	must(t, server.CreateNode(t.Context(), "two", "192.0.2.2"))
	must(t, server.CreateNode(t.Context(), "inside", ""))
	must(t, server.Apply(t.Context(), []byte(manifest)))

	edgio := edgiotest.NewAccount(edgiotest.Options{Username: username, SharedKey: sharedKey, Shortname: shortname, RefuseDuplicates: true})
	vultr := vultrtest.NewAccount(vultrtest.Options{Key: apiKey, Domains: []string{domain}, Limit: 30})
	dir := install(t, edgio, vultr)

	// Each start tells of every Ingress as a new one. The second finds what the
	// first has made.
	for version := 1; version <= 2; version++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out strings.Builder
		program := exec.CommandContext(ctx, *python, "-u", "watch.py")
		program.Dir, program.Stdout, program.Stderr = dir, &out, &out
		program.Env = append(os.Environ(),
			"KUBECONFIG="+server.AdminKubeconfig(), "PYTHONPATH="+absolute(t, filepath.Join(*sdk, "src")),
			"REQUESTS_CA_BUNDLE="+filepath.Join(dir, "ca.pem"))
		must(t, program.Start())
		standing := lab.Until(ctx, func() error { return stands(edgio, vultr, version) })
		cancel()
		_ = program.Wait() // it was killed
		t.Logf("start %d printed:\n%s", version, &out)
		must(t, standing)
	}
	for _, call := range append(edgio.Calls(), vultr.Calls()...) {
		if call.Status >= 300 {
			t.Errorf("refused: %s", call)
		}
	}
}

// stands says what is not as the demo wants it.
func stands(edgio *edgiotest.Account, vultr *vultrtest.Account, version int) error {
	rules := edgio.Instances()
	if len(rules) != 1 || rules[0].Version != version {
		return fmt.Errorf("%d rules: %+v", len(rules), rules)
	}
	r := rules[0]
	got := fmt.Sprintf("%s%s from %s%s by %+v", r.Host, r.Path, r.SourceHost, r.SourcePath, r.ProtocolSets)
	want := "www.example.com/bob from web." + domain + "/ by [{PublishedProtocol:https SourceProtocol:http PublishedPort:443 SourcePort:30080 Options:[]}]"
	if got != want {
		return fmt.Errorf("the rule is %s, want %s", got, want)
	}
	var addresses []string
	for _, record := range vultr.Records(domain) {
		addresses = append(addresses, fmt.Sprintf("%s %s %s %d", record.Name, record.Type, record.Data, record.TTL))
	}
	return lab.Same("records", addresses, "web A 192.0.2.1 120", "web A 192.0.2.2 120")
}

// install copies the demo into a folder, with its configuration, and has it call
// the emulators.
func install(t *testing.T, edgio, vultr http.Handler) (dir string) {
	t.Helper()
	dir = t.TempDir()
	hosts := strings.NewReplacer("apis.llnw.com", serve(t, dir, edgio), "api.vultr.com", serve(t, dir, vultr))
	programs, err := filepath.Glob(filepath.Join(*demo, "*.py"))
	must(t, err)
	if len(programs) == 0 {
		t.Fatalf("no programs in %s", *demo)
	}
	files := map[string]string{
		"edgiocdn.yml": fmt.Sprintf("edgio-llnw: {username: %s, key: '%s'}\n", username, sharedKey),
		"vdns.yml":     fmt.Sprintf("vultr-dns: {domain: %s, token: %s}\n", domain, apiKey),
		"watch.yml":    fmt.Sprintf("source_domain: %s\nshortname: %s\n", domain, shortname),
	}
	for _, program := range programs {
		text, err := os.ReadFile(program)
		must(t, err)
		files[filepath.Base(program)] = hosts.Replace(string(text))
	}
	for name, text := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// serve has an emulator answer on https, and returns host and port. The clients
// find its certificate in ca.pem.
func serve(t *testing.T, dir string, h http.Handler) (address string) {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	must(t, os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600)) // it is the same for all
	return server.Listener.Addr().String()
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	must(t, err)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is no %s", path)
	}
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
