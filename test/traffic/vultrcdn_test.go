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

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

// TestNoRequestFailsOverVultrCDN is TestNoRequestFails over pull zones: requests
// go where DNS leads the published hosts, as long as its TTL says. One host comes
// from a Service's load balancer, one from where another controller is.
func TestNoRequestFailsOverVultrCDN(t *testing.T) {
	w := newVultrWorld(t)
	for _, s := range []struct {
		name string
		play func()
	}{
		{"the load balancer's addresses change, and the controller's", w.moveAddresses},
		{"the load balancer is known by a name, and the daemon is killed while the pull zone is made", w.changeOrigin},
		{"the certificate rotates", w.rotate},
		{"the certificate rotates while the daemon is stopped", w.restart},
	} {
		sent, failed := w.load.Sent(), w.load.Failed()
		s.play()
		t.Logf("%s: %d requests, %d failed", s.name, w.load.Sent()-sent, w.load.Failed()-failed)
	}
	report := w.load.Stop()
	t.Logf("TRAFFIC over Vultr CDN: %s", report)
	if len(report.Failures) > 0 {
		t.Error("a request failed")
	}
}

// vultrWorld is a world whose CDN is Vultr's.
type vultrWorld struct {
	*world
	pulls *lab.VultrEdge
}

// newVultrWorld makes one with load balancers at address 200, by https for one of
// the hosts, and starts the load once all of it serves.
func newVultrWorld(t *testing.T) *vultrWorld {
	t.Helper()
	w := new(vultrWorld)
	w.world = newCluster(t, func(l *world) (edgeServer, error) {
		var err error
		w.pulls, err = l.StartVultrEdge(edge.Options{Propagation: propagation, Dial: workload.Dial}, balancerHosts())
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
	w.apply(service("LoadBalancer", "Cluster", "{name: http, port: 80, targetPort: 8080}"))
	w.apply(strings.Replace(ingress("http", "/"), "spec: {", "spec: {tls: [{hosts: [www.example.com], secretName: www-tls}], ", 1))
	w.apply(strings.NewReplacer("name: web, labels", "name: news, annotations: {edgeward/origin: status}, labels", "www.", "news.").Replace(ingress("http", "/")))
	w.balancers(both()...)
	w.status(address(200))
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
	w.until(func() error { return w.led("web.default.lb.") })
	w.serves(url, "load balancer")
	w.serves(newsURL, "load balancer")
	w.load = StartLoad(t.Context(), w.edge.Client(), rate/2, acceptPath, url+"?x=1", newsURL)
	t.Cleanup(func() { w.load.Stop() })
	return w
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

const newsURL = "http://news.example.com/app"

// both are the addresses that the load balancer answers at, at first and later.
func both() []corev1.LoadBalancerIngress {
	return []corev1.LoadBalancerIngress{{IP: address(200)}, {IP: address(201)}}
}

// status writes the Ingress's as another controller does.
func (w *vultrWorld) status(addresses ...string) {
	w.t.Helper()
	var list []string
	for _, a := range addresses {
		list = append(list, fmt.Sprintf(`{"ip": %q}`, a))
	}
	patch := fmt.Appendf(nil, `{"status": {"loadBalancer": {"ingress": [%s]}}}`, strings.Join(list, ", "))
	_, err := server.Clientset().NetworkingV1().Ingresses(corev1.NamespaceDefault).Patch(
		w.t.Context(), "news", types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	must(w.t, err)
}

// led returns nil once the hosts have one pull zone each, that of www from an
// address set, and their CNAMEs lead there.
func (w *vultrWorld) led(set string) error {
	zones := []string{"news.example.com -> http://news.default.status.main.acme.k8s.example.net (active)",
		"www.example.com -> http://" + set + "main.acme.k8s.example.net (active)"}
	var have, want []string
	for _, z := range w.Vultr.PullZones() {
		want = append(want, fmt.Sprintf("%s CNAME %s ttl %.0f", z.VanityDomain, strings.TrimPrefix(z.CDNURL, "https://"), ttl.Seconds()))
	}
	for _, r := range w.PublishedRecords() {
		if strings.Contains(r, " CNAME ") {
			have = append(have, r)
		}
	}
	return errors.Join(lab.Same("pull zones", w.PullZones(), zones...), lab.Same("CNAMEs", have, want...))
}

// moveAddresses gives the controller another address, while the one before still
// answers, then takes that from the load balancer.
func (w *vultrWorld) moveAddresses() {
	w.status(address(201))
	w.until(func() error { return w.at("news.default.status", 201) })
	w.forgotten()
	w.balancers(both()[1])
	w.until(func() error { return w.at("web.default.lb", 201) })
	w.forgotten()
}

// at returns nil once an address set has just this address.
func (w *vultrWorld) at(set string, n int) error {
	var have []string
	for _, r := range w.Vultr.Records(lab.Domain) {
		if r.Name == set+".main."+lab.Owner {
			have = append(have, r.Data)
		}
	}
	return lab.Same(set, have, address(n))
}

// rotate renews the certificate three times; new connections see it.
func (w *vultrWorld) rotate() {
	for range 3 {
		want := w.certify()
		w.until(func() error { return w.shows(want) })
		w.serves(url, "load balancer") // by connections of its own
		w.goOn(ttl / 2)
	}
}

// changeOrigin has the load balancer known by a name, which takes another pull
// zone; the daemon is killed as soon as that is made.
func (w *vultrWorld) changeOrigin() {
	w.balancers(corev1.LoadBalancerIngress{Hostname: balancerName})
	w.until(func() error {
		if len(w.Vultr.PullZones()) < 3 {
			return errors.New("the new pull zone is not there")
		}
		return nil
	})
	w.end(syscall.SIGKILL)
	w.goOn(ttl / 2)
	w.start()
	w.until(func() error { return w.led("web.default.lb-cname.") })
	w.forgotten()
}

// restart stops the daemon, and starts it when there is another certificate.
func (w *vultrWorld) restart() {
	w.end(syscall.SIGTERM)
	want := w.certify()
	w.goOn(ttl / 2)
	w.start()
	w.until(func() error { return w.shows(want) })
	w.goOn(ttl / 2)
}

// shows returns nil once the pull zone of www has the certificate.
func (w *vultrWorld) shows(certificate string) error {
	for _, z := range w.Vultr.PullZones() {
		if z.VanityDomain == "www.example.com" && z.Certificate == certificate {
			return nil
		}
	}
	return errors.New("the pull zone has another certificate")
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
