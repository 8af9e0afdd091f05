package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

// TestNoRequestFailsOverVultrCDN is TestNoRequestFails over pull zones: requests
// go where DNS leads the published host, as long as its TTL says.
func TestNoRequestFailsOverVultrCDN(t *testing.T) {
	sent, failed := 0, 0
	for _, s := range []struct {
		name   string
		origin string // annotation edgeward/origin; "": the Service's load balancer
		play   func(*vultrWorld)
	}{
		{"the load balancer changes, and the certificate", "", func(w *vultrWorld) { w.moveBalancer(); w.rotate() }},
		{"another controller's address changes", "status", (*vultrWorld).moveStatus},
		{"the daemon is killed, and stopped", "", (*vultrWorld).restart},
	} {
		t.Run(s.name, func(t *testing.T) {
			w := newVultrWorld(t, s.origin)
			s.play(w)
			report := w.load.Stop()
			t.Log(report)
			if len(report.Failures) > 0 {
				t.Error("a request failed")
			}
			sent, failed = sent+report.Sent, failed+len(report.Failures)
		})
	}
	t.Logf("TRAFFIC over Vultr CDN: of %d requests %d failed", sent, failed)
}

// vultrWorld is a world whose CDN is Vultr's.
type vultrWorld struct {
	*world
	pulls *lab.VultrEdge
}

// newVultrWorld makes one with a load balancer at address 200, by https, and
// starts the load once all of it serves.
func newVultrWorld(t *testing.T, origin string) *vultrWorld {
	t.Helper()
	w := new(vultrWorld)
	w.world = newCluster(t, func(l *world) (edge, error) {
		var err error
		w.pulls, err = l.StartVultrEdge(emulator.EdgeOptions{Propagation: propagation, Dial: workload.Dial}, balancerHosts())
		return w.pulls, err
	})
	root, err := lab.Root()
	must(t, err)
	rbac, err := os.ReadFile(filepath.Join(root, "deploy", "rbac-certificates.yaml"))
	must(t, err)
	w.apply(string(rbac))
	t.Cleanup(func() {
		server.Delete(context.Background(), rbac)
		server.Clientset().CoreV1().Secrets(corev1.NamespaceDefault).Delete(context.Background(), "www-tls", metav1.DeleteOptions{})
	})
	w.certify()
	w.apply(service("LoadBalancer", "Cluster", "{name: http, port: 80, targetPort: 8080}"), w.whole(origin))
	w.balancers(corev1.LoadBalancerIngress{IP: address(200)})
	if origin == "status" {
		w.status(`{"ip": "` + address(200) + `"}`)
	}
	w.config, err = w.Config(t.Context(), map[string]string{
		"edgio":     lab.Left,
		"vultr":     fmt.Sprintf("ttl: %.0f\npublish_zones: [%s]", ttl.Seconds(), lab.PublishZone),
		"vultr_cdn": "ingress_class: vultr-cdn",
		"sync":      fmt.Sprintf("linger: %s\ndeletion_grace: 0s", linger),
		"clusters":  w.cluster() + "\n  namespaces: [default]",
	})
	must(t, err)
	w.start()
	t.Cleanup(w.stop)
	w.until(func() error { return w.led("") })
	w.serves(url, "load balancer")
	w.load = StartLoad(t.Context(), w.edge.Client(), rate/2, acceptPath, url, url+"/x?y=1")
	t.Cleanup(func() { w.load.Stop() })
	return w
}

// whole is the Ingress "web" of the whole host.
func (w *vultrWorld) whole(origin string) string {
	text := strings.Replace(ingress("http", "/"), "spec: {", "spec: {tls: [{hosts: [www.example.com], secretName: www-tls}], ", 1)
	if origin != "" {
		return strings.Replace(text, "labels: {", "annotations: {edgeward/origin: "+origin+"}, labels: {", 1)
	}
	return text
}

// certify puts a new certificate into the Secret, and returns it.
func (w *vultrWorld) certify() string {
	w.t.Helper()
	chain, key, err := w.pulls.Pair("www.example.com")
	must(w.t, err)
	w.apply(fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: www-tls}
type: kubernetes.io/tls
stringData: {tls.crt: %q, tls.key: %q}
`, chain, key))
	return string(chain)
}

// status writes the Ingress's as another controller does.
func (w *vultrWorld) status(addresses string) {
	w.t.Helper()
	patch := fmt.Appendf(nil, `{"status": {"loadBalancer": {"ingress": [%s]}}}`, addresses)
	_, err := server.Clientset().NetworkingV1().Ingresses(corev1.NamespaceDefault).Patch(
		w.t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	must(w.t, err)
}

// led returns nil once there is but one pull zone, from an address set ("": any),
// and the host's CNAME leads there.
func (w *vultrWorld) led(set string) error {
	zones := w.Vultr.PullZones()
	if len(zones) != 1 || !strings.HasPrefix(zones[0].OriginDomain, set) {
		return fmt.Errorf("the pull zones are %v", w.PullZones())
	}
	want := "www.example.com CNAME " + strings.TrimPrefix(zones[0].CDNURL, "https://") + fmt.Sprintf(" ttl %.0f", ttl.Seconds())
	for _, r := range w.PublishedRecords() {
		if r == want {
			return nil
		}
	}
	return errors.New("there is no " + want)
}

// moveBalancer gives the load balancer another address, then a name, which is
// another origin.
func (w *vultrWorld) moveBalancer() {
	w.balancers(corev1.LoadBalancerIngress{IP: address(200)}, corev1.LoadBalancerIngress{IP: address(201)})
	w.inDNS(200, 201)
	w.forgotten()
	w.balancers(corev1.LoadBalancerIngress{IP: address(201)})
	w.inDNS(201)
	w.forgotten()
	w.balancers(corev1.LoadBalancerIngress{Hostname: balancerName})
	w.until(func() error { return w.led("web.default.lb-cname.") })
	w.inDNS()
	w.forgotten()
}

// moveStatus has the controller get another address.
func (w *vultrWorld) moveStatus() {
	both := `{"ip": "` + address(200) + `"}, {"ip": "` + address(201) + `"}`
	w.balancers(corev1.LoadBalancerIngress{IP: address(200)}, corev1.LoadBalancerIngress{IP: address(201)})
	w.status(both)
	w.inDNS(200, 201)
	w.forgotten()
	w.status(`{"ip": "` + address(201) + `"}`)
	w.inDNS(201)
	w.forgotten()
	w.balancers(corev1.LoadBalancerIngress{IP: address(201)})
	w.goOn(ttl / 2)
}

// rotate renews the certificate three times; new connections see it.
func (w *vultrWorld) rotate() {
	for range 3 {
		want := w.certify()
		w.until(func() error {
			if w.Vultr.PullZones()[0].Certificate != want {
				return errors.New("the pull zone has another certificate")
			}
			return nil
		})
		w.serves(url, "load balancer") // by connections of its own
		w.goOn(ttl / 2)
	}
}

// restart kills the daemon just when another origin is on the way, and starts it
// again; then it is stopped while nothing is to be done.
func (w *vultrWorld) restart() {
	w.balancers(corev1.LoadBalancerIngress{IP: address(200)}, corev1.LoadBalancerIngress{IP: address(201)})
	w.inDNS(200, 201)
	w.forgotten()
	w.balancers(corev1.LoadBalancerIngress{Hostname: balancerName})
	w.until(func() error {
		if len(w.Vultr.PullZones()) < 2 {
			return errors.New("the new pull zone is not there")
		}
		return nil
	})
	w.end(syscall.SIGKILL)
	w.goOn(ttl)
	w.start()
	w.until(func() error { return w.led("web.default.lb-cname.") })
	w.forgotten()
	w.end(syscall.SIGTERM)
	w.certify()
	w.goOn(ttl / 2)
	w.start()
	w.goOn(ttl)
}

// acceptPath is for Load: a reply is good if a pod has seen the path as it was
// asked for. Pull zones send no mark.
func acceptPath(reply *http.Response) error {
	answer, err := read(reply)
	if err == nil && answer.Path != reply.Request.URL.RequestURI() {
		err = fmt.Errorf("the pod saw %+v", answer)
	}
	return err
}
