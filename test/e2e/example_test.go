package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/test/lab"
)

// TestExampleProvider has the main job done at the provider of
// docs/adding-a-provider.md, which is in the table of a program of its own: rules in a
// file, and the origins' names in the emulated zone.
func TestExampleProvider(t *testing.T) {
	root, err := lab.Root()
	must(t, err)
	program := filepath.Join(t.TempDir(), "edgeward")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./internal/provider/example/edgeward")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b := newBed(t, lab.Options{})
	file := filepath.Join(t.TempDir(), "rules.json")
	config := b.config(sections{"edgio": lab.Left})
	b.extend(config, "example:\n  file: "+file+"\n")

	d := b.startProgram(program, config)
	b.until(d.ready)
	b.nodes("192.0.2.11", "192.0.2.12")
	shop := func(path string) string {
		return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: example
  rules: [{host: www.example.com, http: {paths: [{path: %s, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}]}}]
`, path)
	}
	const origin = " http://nodes.main.acme.k8s.example.net:30080"
	b.apply(service(30080), shop("/a"))
	b.until(func() error { return standsInFile(file, "www.example.com/a"+origin+"/a") })
	b.addresses("192.0.2.11", "192.0.2.12")

	b.apply(shop("/b"))
	b.until(func() error { return standsInFile(file, "www.example.com/b"+origin+"/b") })
	b.nodes("192.0.2.13")
	b.addresses("192.0.2.11", "192.0.2.12", "192.0.2.13")

	before, err := os.Stat(file)
	must(t, err)
	_, err = d.Stop()
	must(t, err)
	b.forgetCalls()
	d = b.startProgram(program, config)
	b.until(d.ready)
	b.until(func() error { return d.routes(map[string]float64{"synced": 1}) })
	must(t, b.nothingWritten())
	if after, err := os.Stat(file); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("a restart wrote the file: %v", err)
	}

	for _, command := range []struct {
		args []string
		want string
	}{
		{[]string{"check"}, "ok    example: " + file + " has 1 rules, 1 of them ours"},
		{[]string{"list"}, "example  rule"},
		{[]string{"plan"}, "Nothing"},
	} {
		run := b.startProgram(program, config, command.args...)
		if status := run.ends(); status != 0 || !strings.Contains(run.Log(), command.want) {
			t.Errorf("%s ends with %d, and %q is not in\n%s", command.args[0], status, command.want, run.Log())
		}
	}

	b.delete(shop("/b"))
	b.until(func() error { return standsInFile(file) })
	b.until(func() error { return lab.Same("addresses", b.Addresses()) })
}

// standsInFile compares the rules in a file of the example, a line each: host and path,
// and the origin's URL.
func standsInFile(path string, want ...string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte("[]"), nil
	}
	var rules []struct {
		Host, Path string
		OriginHost string `json:"origin_host"`
		OriginPath string `json:"origin_path"`
		Protocols  []struct {
			Source     string
			SourcePort int
		}
	}
	if err = errors.Join(err, json.Unmarshal(text, &rules)); err != nil {
		return err
	}
	var got []string
	for _, r := range rules {
		for _, p := range r.Protocols {
			got = append(got, fmt.Sprintf("%s%s %s://%s:%d%s", r.Host, r.Path, p.Source, r.OriginHost, p.SourcePort, r.OriginPath))
		}
	}
	slices.Sort(got)
	return lab.Same("rules", slices.Compact(got), want...)
}

// extend adds lines to a configuration.
func (b *bed) extend(config, lines string) {
	b.t.Helper()
	file, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	must(b.t, err)
	_, err = file.WriteString(lines)
	must(b.t, errors.Join(err, file.Close()))
}
