package e2e

import (
	"embed"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/lab"
)

//go:embed testdata/seed
var seed embed.FS

// TestSeedManifests applies, changes and deletes the objects that the product
// began with, oddities included: a port name that the Service does not have, a
// path claimed twice, a Service that does not exist.
func TestSeedManifests(t *testing.T) {
	const (
		host  = "cstradtman.s.llnwi.net"
		limit = 2 * time.Second // of each change
	)
	b := newBed(t, lab.Options{})
	d := b.start(b.config(nil))
	manifest := func(name string) string {
		text, err := seed.ReadFile("testdata/seed/" + name + ".yaml")
		must(t, err)
		return string(text)
	}
	nodePort := func(service string) int {
		s, err := server.Clientset().CoreV1().Services("default").Get(t.Context(), service, metav1.GetOptions{})
		must(t, err)
		return int(s.Spec.Ports[0].NodePort)
	}
	// became waits until these rules stand and, besides them, so many routes
	// are in conflict and pending.
	became := func(what string, conflict, pending float64, rules ...string) {
		t.Helper()
		took := b.until(func() error {
			return errors.Join(lab.Same("rules", b.Rules(), rules...),
				d.routes(map[string]float64{"synced": float64(len(rules)), "conflict": conflict, "pending": pending}))
		})
		t.Logf("%-40s exact after %s", what, took.Round(time.Millisecond))
		if took > limit {
			t.Errorf("%s: exact after %s, more than %s", what, took, limit)
		}
	}
	b.until(d.ready)

	b.nodes("192.0.2.11", "192.0.2.12", "192.0.2.13")
	b.apply(manifest("service"), manifest("ingress"))
	port := nodePort("pywai-inline-service")
	bob := rule(host+"/bob", port)
	became("added: Service and ingress", 0, 0, bob)
	must(t, lab.Same("addresses", b.Addresses(), "192.0.2.11", "192.0.2.12", "192.0.2.13"))
	must(t, d.logged("WARN", "external-pywai-inline-ingress", "pywai-port"))

	b.apply(manifest("ingress2"))
	fred := rule(host+"/mark/and/fred/", port)
	became("added: ingress2", 0, 0, bob, fred)

	b.apply(manifest("ingress3"))
	became("added: ingress3, whose path is taken", 1, 0, bob, fred)
	must(t, d.logged("WARN", "external-pywai-inline-ingress3", "claimed by Ingress main/default/external-pywai-inline-ingress2"))

	b.apply(manifest("ingress4"))
	mary := rule(host+"/mary/and/fred/", port)
	became("modified: ingress4 over ingress3", 0, 0, bob, fred, mary)

	b.apply(manifest("ingress-appendix3"))
	became("added: the appendix, without its Service", 0, 1, bob, fred, mary)
	must(t, d.logged("WARN", "external-pywai-inline-ingress-appendix", "Service external-pywai-inline-service does not exist"))

	b.apply(serviceNamed("external-pywai-inline-service", 31001))
	appendix := rule(host+"/fred", 31001)
	became("added: the appendix's Service", 0, 0, bob, fred, mary, appendix)

	b.apply(manifest("ingress3"))
	became("modified: ingress3 again", 1, 0, bob, fred, appendix)

	before := b.uuid(host + "/mark/and/fred/")
	b.delete(manifest("ingress2"))
	became("deleted: ingress2, so that ingress3 gets it", 0, 0, bob, fred, appendix)
	if after := b.uuid(host + "/mark/and/fred/"); after != before {
		t.Errorf("the path went from one Ingress to the other by a new rule, %s instead of %s", after, before)
	}

	b.delete(serviceNamed("external-pywai-inline-service", 31001))
	became("deleted: the appendix's Service", 0, 1, bob, fred)

	b.delete(manifest("ingress"), manifest("ingress3"), manifest("ingress-appendix3"))
	became("deleted: all Ingresses", 0, 0)
	b.addresses()
	if records := b.Records(); len(records) != 1 {
		t.Errorf("besides the claim there are still records: %q", records)
	}
}
