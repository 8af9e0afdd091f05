package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/test/lab"
)

// TestBadIngresses has one Ingress for each way not to be publishable. Each is
// told of in one warning, however much else happens, and stops nobody else.
func TestBadIngresses(t *testing.T) {
	long := strings.Repeat("n", 253) // the longest name that Kubernetes admits
	bad := []struct {
		name, manifest string
		state          string
		reason         string // in the warning
	}{
		{"no-rules", ingressSpec("no-rules", `{defaultBackend: {service: {name: web, port: {number: 80}}}}`), "invalid", "no rules"},
		{"no-paths", ingressSpec("no-paths", `{rules: [{host: no-paths.example.com}]}`), "invalid", "no paths"},
		{"no-host", ingressSpec("no-host", `{rules: [{http: {paths: [{path: /, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}]}}]}`), "invalid", "no host"},
		{"wildcard", ingress("wildcard", `"*.example.com"/`), "invalid", "wildcard"},
		{"pattern", strings.Replace(ingress("pattern", "pattern.example.com/a(.*)"), "Exact", "ImplementationSpecific", 1), "invalid", "pattern"},
		{"missing-service", ingressFor("missing-service", "missing.example.com/", "nobody", 80), "pending", "Service nobody does not exist"},
		{"cluster-ip", ingressFor("cluster-ip", "cluster-ip.example.com/", "inside", 80), "invalid", "ClusterIP"},
		{"wrong-port", ingressFor("wrong-port", "wrong-port.example.com/", "web", 81), "invalid", "no port 81"},
		{"bad-annotation", annotated(ingress("bad-annotation", "annotation.example.com/"), "edgeward/published-protocols", "gopher"), "invalid", "gopher"},
		{"prefix", strings.Replace(ingressFor("prefix", "prefix.example.com/a", "web", 82), "Exact", "Prefix", 1), "invalid", "rules=\"[prefix.example.com/a prefix.example.com/a/]\""},
		{long, ingress(long, "long.example.com/"), "invalid", "too long"},
	}
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), `
apiVersion: v1
kind: Service
metadata: {name: inside}
spec: {ports: [{port: 80}]}
`)
	states := map[string]float64{"synced": 1}
	for _, i := range bad {
		b.apply(i.manifest)
		states[i.state]++
	}
	states["invalid"]++ // a Prefix is two routes
	b.apply(ingress("good", "good.example.com/"))

	d := b.start(b.config(sections{"sync": "resync_interval: 1s"}))
	b.exact(rule("good.example.com/", 30080))
	b.until(func() error { return d.routes(states) })

	// Unrelated events of each kind, and two resyncs.
	b.nodes("192.0.2.2")
	b.apply(serviceNamed("another", 30081), ingressFor("another", "good.example.com/another", "another", 80))
	b.exact(rule("good.example.com/", 30080), rule("good.example.com/another", 30081))
	b.addresses("192.0.2.1", "192.0.2.2")
	reads := b.Edgio.Reads()
	b.until(func() error {
		if n := b.Edgio.Reads() - reads; n < 2 {
			return fmt.Errorf("%d resyncs", n)
		}
		return nil
	})
	states["synced"]++
	b.until(func() error { return d.routes(states) })

	for _, i := range bad {
		lines := d.about("main", i.name)
		if len(lines) != 1 || !hasAll(lines[0], []string{i.reason, "state=" + i.state}) {
			t.Errorf("%.20s: wanted one warning with %q, got\n%s", i.name, i.reason, strings.Join(lines, "\n"))
		}
	}

	// What is mended is published; what is deleted is counted no more.
	b.apply(ingress("wrong-port", "wrong-port.example.com/"))
	b.delete(bad[0].manifest)
	states["synced"]++
	states["invalid"] -= 2
	b.until(func() error { return d.routes(states) })
	must(t, errors.Join(d.running(), lab.Same("rules", b.Rules(), rule("good.example.com/", 30080),
		rule("good.example.com/another", 30081), rule("wrong-port.example.com/", 30080))))
}

// TestLiveRuleOutlastsBadEdit breaks an Ingress that is published: its rule
// stays as it was until the Ingress can be understood again.
func TestLiveRuleOutlastsBadEdit(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	good := ingress("web", "www.example.com/")
	b.apply(service(30080), good)
	d := b.start(b.config(nil))
	b.exact(rule("www.example.com/", 30080))
	b.idle(d)
	b.forgetCalls()

	b.apply(annotated(good, "edgeward/source-path", "sideways"))
	b.until(func() error { return d.routes(map[string]float64{"invalid": 1}) })
	must(t, b.nothingWritten())
	b.exact(rule("www.example.com/", 30080))

	b.apply(annotated(good, "edgeward/published-protocols", "http"))
	b.exact(strings.Replace(rule("www.example.com/", 30080), "https://", "http://", 1))
	b.until(func() error { return b.wrote(1, 0) })
}
