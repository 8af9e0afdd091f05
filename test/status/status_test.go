// Package status looks at the daemon's status page as an operator would: in a
// browser, with the daemon as a process and things to see.
package status

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

var server *kube.Server // set by TestMain, before any test

func TestMain(m *testing.M) { os.Exit(kube.RunMain(m, &server)) }

// patience is how long the daemon may take to come to rest.
const patience = 30 * time.Second

const service = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  ports: [{name: http, port: 80, nodePort: 30080}]
`

func ingress(name, host, path, service string) string {
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s, labels: {cdn: edgio}}
spec:
  rules:
    - host: %q
      http:
        paths: [{path: %s, pathType: Prefix, backend: {service: {name: %s, port: {number: 80}}}}]
`, name, host, path, service)
}

// TestPage has an Ingress in each state that users can bring one to, and names
// as long as can be.
func TestPage(t *testing.T) {
	b := newBrowser(t)
	must(t, server.Clean(t.Context()))
	l, err := lab.New(t.Context(), server, t.TempDir(), lab.Options{})
	must(t, err)
	t.Cleanup(l.Close)
	must(t, server.CreateNode(t.Context(), "node-1", "192.0.2.1"))
	must(t, server.CreateNode(t.Context(), "node-2", "192.0.2.2"))
	long := strings.Repeat("a-very-long-label-indeed.", 8) + "example.com"
	for _, manifest := range []string{
		service,
		ingress("shop", "www.example.com", "/shop", "web"),
		ingress("taken", "www.example.com", "/shop/", "web"),
		ingress("wildcard", "*.example.com", "/", "web"),
		ingress("waiting", "waiting.example.com", "/", "missing"),
		ingress(strings.Repeat("l", 200), long, "/"+strings.Repeat("long", 200), "web"),
	} {
		must(t, server.Apply(t.Context(), []byte(manifest)))
	}
	config, err := l.Config(t.Context(), nil)
	must(t, err)
	d, err := l.Start(config, nil)
	must(t, err)
	t.Cleanup(func() {
		if status, err := d.Stop(); status != 0 || err != nil {
			t.Errorf("the daemon ended with %d, %v\n%s", status, err, d.Log())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, lab.Until(ctx, func() error { return counts(ctx, d, "conflict 1, invalid 1, pending 1, synced 2") }))

	url, err := d.URL("/")
	must(t, err)
	text := b.text(url)
	id := ""
	for _, r := range l.Edgio.Instances() {
		if r.Host == "www.example.com" {
			id = r.UUID
		}
	}
	for _, want := range []string{
		"Owner <b>acme</b>", "reachable", "Cluster main", "2 ready",
		"default/shop", ">https://www.example.com/shop</a>", ">https://www.example.com/shop/</a>", id,
		"http://nodes.main.acme.k8s.example.net:30080/shop", "192.0.2.1 node-1, 192.0.2.2 node-2", "last sync",
		"default/taken", "claimed by Ingress main/default/shop already",
		"default/wildcard", "is a wildcard, which the CDN cannot publish",
		"default/waiting", "Service missing does not exist",
		"<h3>nodes.main.acme.k8s.example.net</h3>", "<td>192.0.2.2</td>",
	} {
		if want == "" || !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	_, source, err := d.Get(ctx, "/")
	must(t, err)
	_, data, err := d.Get(ctx, "/status.json")
	must(t, err)
	for _, secret := range []string{lab.SharedKey, lab.APIKey} {
		if strings.Contains(source+data, secret) {
			t.Error("a secret is shown")
		}
	}
	if tried, wider := b.overflow(source); tried != 2 || wider != nil {
		t.Errorf("wider than the window at %q; %d of 2 widths were tried", wider, tried)
	}

	// A reload puts another syncer in force, and the page follows.
	must(t, os.WriteFile(config, []byte(strings.Replace(read(t, config), "owner: acme\n", "owner: other\n", 1)), 0o600))
	must(t, d.Signal(syscall.SIGHUP))
	must(t, lab.Until(ctx, func() error {
		_, body, err := d.Get(ctx, "/")
		if err == nil && !strings.Contains(body, "Owner <b>other</b>") {
			err = fmt.Errorf("after a reload the page shows the old owner still")
		}
		return err
	}))
}

// counts returns nil if so many Ingresses are in each state.
func counts(ctx context.Context, d *lab.Daemon, want string) error {
	_, body, err := d.Get(ctx, "/status.json")
	if err != nil {
		return err
	}
	var report struct{ Counts map[string]int }
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		return fmt.Errorf("%w: %s", err, body)
	}
	var got []string
	for _, s := range []string{"error", "conflict", "invalid", "pending", "synced"} {
		if n := report.Counts[s]; n > 0 {
			got = append(got, fmt.Sprint(s, " ", n))
		}
	}
	if text := strings.Join(got, ", "); text != want {
		return fmt.Errorf("Ingresses: %s; wanted %s", text, want)
	}
	return nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
