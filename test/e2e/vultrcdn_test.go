package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/lab"
)

// fast is the manifest of an Ingress of class vultr-cdn whose host goes to
// Service web, with further lines of its spec.
func fast(host string, lines ...string) string {
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: fast}
spec:
  ingressClassName: vultr-cdn
  rules: [{host: %s, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
  %s
`, host, strings.Join(lines, "\n  "))
}

// withVultrCDN is a configuration with both CDNs, of which published hosts get
// their DNS.
func withVultrCDN() sections {
	return sections{"vultr_cdn": "ingress_class: vultr-cdn", "vultr": "ttl: 1\npublish_zones: [" + lab.PublishZone + "]"}
}

// cnames are the published hosts' CNAMEs, "www cdn-x.vultrcdn.com".
func (b *bed) cnames() []string {
	list := []string{}
	for _, r := range b.Vultr.Records(lab.PublishZone) {
		if r.Type == "CNAME" {
			list = append(list, r.Name+" "+r.Data)
		}
	}
	slices.Sort(list)
	return list
}

// led returns nil if the pull zones are those, each with its CNAME, and there
// are no others of either.
func (b *bed) led(zones ...string) error {
	want := []string{}
	for _, z := range b.Vultr.PullZones() {
		want = append(want, strings.TrimSuffix(z.VanityDomain, "."+lab.PublishZone)+" "+strings.TrimPrefix(z.CDNURL, "https://"))
	}
	return errors.Join(lab.Same("pull zones", b.PullZones(), zones...), lab.Same("CNAMEs", b.cnames(), want...))
}

func zone(host, set string) string {
	return fmt.Sprintf("%s -> http://%s.main.%s.%s (active)", host, set, lab.Owner, lab.Domain)
}

// TestVultrCDN has both CDNs in one daemon: publication, a restart, another
// origin, and the end.
func TestVultrCDN(t *testing.T) {
	b := newBed(t, lab.Options{PullZonePending: 300 * time.Millisecond})
	b.nodes("192.0.2.1")
	b.apply(balanced(), serviceNamed("api", 30081), ingressFor("api", "api.example.com/a", "api", 80), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	config := b.config(withVultrCDN())
	d := b.start(config)
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.exact(rule("api.example.com/a", 30081))
	b.until(func() error { return d.routes(map[string]float64{"synced": 2}) })
	must(t, d.shows(1, "edgeward_owned_objects", `target="vultr-cdn"`))
	must(t, d.shows(1, "edgeward_sync_total", `target="vultr-cdn"`, `event="added"`, `result="success"`))
	b.until(func() error {
		ing, err := server.Clientset().NetworkingV1().Ingresses("default").Get(t.Context(), "fast", metav1.GetOptions{})
		if err == nil && (len(ing.Status.LoadBalancer.Ingress) != 1 || !strings.HasSuffix(ing.Status.LoadBalancer.Ingress[0].Hostname, ".vultrcdn.com")) {
			err = fmt.Errorf("its status is %v", ing.Status.LoadBalancer.Ingress)
		}
		return err
	})

	d.stop()
	b.forgetCalls()
	d = b.start(config)
	b.idle(d)
	must(t, b.nothingWritten())

	b.balancer("services", "web", `{"hostname": "lb.example.org"}`)
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb-cname")) })

	b.delete(fast("www.example.com"))
	b.until(func() error { return errors.Join(b.led(), lab.Same("DNS", b.publishedRecords())) })
	b.exact(rule("api.example.com/a", 30081))
	d.stop()
	if status, out := edgeward(t, "uninstall", "--yes", "--config", config); status != 0 || !strings.Contains(out, "removed") {
		t.Errorf("uninstall: %d, %s", status, out)
	}
	must(t, errors.Join(lab.Same("records", b.Records()), lab.Same("rules", b.Rules())))
}

// publishedRecords are all records of the zone of published hosts.
func (b *bed) publishedRecords() []string {
	list := []string{}
	for _, r := range b.Vultr.Records(lab.PublishZone) {
		list = append(list, r.Name+" "+r.Type)
	}
	return list
}

// TestVultrCDNAlone has no other CDN: the label selects for it, and what it
// cannot publish is said with what would work.
func TestVultrCDNAlone(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingressSpec("web", "{rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}"))
	s := withVultrCDN()
	s["edgio"] = lab.Left
	d := b.start(b.config(s))
	b.until(func() error { return d.logged("not published", "on port 30080", "use a Service of type LoadBalancer") })
	b.apply(annotated(annotated(ingressSpec("web", "{rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}"), "edgeward/origin", "nodes"), "edgeward/origin-port", "80"))
	b.until(func() error { return b.led(zone("shop.example.com", "nodes")) })
	if n := len(b.Edgio.Calls()); n > 0 {
		t.Errorf("%d calls of Edgio", n)
	}
}

// TestVultrCDNForeign: a zone and a DNS name of somebody else stay, whatever an
// Ingress wants.
func TestVultrCDNForeign(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	b.Vultr.Seed(lab.PublishZone, vultrtest.Record{Name: "www", Type: "A", Data: "192.0.2.200", TTL: 300})
	d := b.start(b.config(withVultrCDN()))
	b.until(func() error { return d.logged("www.example.com has DNS records that edgeward did not make") })
	b.delete(fast("www.example.com"))
	b.until(func() error { return lab.Same("pull zones", b.PullZones()) })
	must(t, lab.Same("DNS", b.publishedRecords(), "www A"))
}

// TestCertificates leads a host over https: the pair is in a Secret that the
// daemon may read only by a role of its own, and a rotation is one call.
func TestCertificates(t *testing.T) {
	b := newBed(t, lab.Options{})
	root, err := lab.Root()
	must(t, err)
	rbac, err := os.ReadFile(filepath.Join(root, "deploy", "rbac-certificates.yaml"))
	must(t, err)
	text := strings.ReplaceAll(string(rbac), "namespace: shop", "namespace: default")
	must(t, server.Apply(t.Context(), []byte(text)))
	secrets := server.Clientset().CoreV1().Secrets("default")
	t.Cleanup(func() {
		server.Delete(context.Background(), []byte(text))
		secrets.Delete(context.Background(), "www-tls", metav1.DeleteOptions{})
	})
	cert, key := pair(t, "www.example.com")
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "www-tls"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{"tls.crt": cert, "tls.key": key},
	}
	_, err = secrets.Create(t.Context(), secret, metav1.CreateOptions{})
	must(t, err)
	b.apply(balanced(), fast("www.example.com", "tls: [{hosts: [www.example.com], secretName: www-tls}]"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	s := withVultrCDN()
	s["clusters"] = b.cluster("main", server, "namespaces: [default]")
	config := b.config(s)
	d := b.start(config)
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	if z := b.Vultr.PullZones()[0]; z.Certificate != string(cert) || !strings.Contains(z.Label, " cert=") {
		t.Errorf("the pull zone has the label %q and the certificate %q", z.Label, z.Certificate)
	}

	d.stop() // a rotation while it is down is seen, and a restart without one writes nothing
	b.forgetCalls()
	d = b.start(config)
	b.idle(d)
	must(t, b.nothingWritten())
	cert, key = pair(t, "www.example.com")
	secret.Data = map[string][]byte{"tls.crt": cert, "tls.key": key}
	_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
	b.until(func() error {
		if z := b.Vultr.PullZones()[0]; z.Certificate != string(cert) {
			return errors.New("it has the old certificate still")
		}
		return nil
	})
	must(t, b.wrote(0, 1))

	_, other := pair(t, "www.example.com")
	secret.Data["tls.key"] = other
	_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	must(t, err)
	b.until(func() error { return d.logged("not published", "Secret default/www-tls") })
	must(t, b.wrote(0, 1))
	must(t, b.led(zone("www.example.com", "web.default.lb")))
	for _, secret := range []string{string(key), string(other)} {
		if strings.Contains(d.Log(), strings.Split(secret, "\n")[1]) {
			t.Error("a private key is in the log")
		}
	}
}

// pair makes a certificate for a host and its key, PEM.
func pair(t *testing.T, host string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// TestVultrCDNUninstall takes everything away, in the order in which nobody is
// led to what is gone, after the commands have shown it.
func TestVultrCDNUninstall(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	config := b.config(withVultrCDN())
	if status, out := edgeward(t, "plan", "--config", config); status != 3 || !hasAll(out, []string{
		"rule www.example.com/", "CNAME www.example.com (the name that the CDN gives)", "TXT _edgeward.www.example.com", "To add: 5,",
	}) {
		t.Errorf("plan: %d, %s", status, out)
	}
	d := b.start(config)
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.idle(d)
	d.stop()
	if status, out := edgeward(t, "plan", "--config", config); status != 0 {
		t.Errorf("plan of what stands: %d, %s", status, out)
	}
	if status, out := edgeward(t, "list", "--config", config); status != 0 || !hasAll(out, []string{"vultr-cdn", "default/fast", "published", "mark"}) {
		t.Errorf("list: %d, %s", status, out)
	}
	status, out := edgeward(t, "uninstall", "--yes", "--config", config)
	if status != 0 {
		t.Errorf("uninstall: %d", status)
	}
	last := -1
	for _, line := range []string{"removed www.example.com CNAME", "waiting 1s (vultr.ttl)", "removed rule", "removed web.default.lb.main.acme A", "removed _edgeward.www.example.com TXT"} {
		at := strings.Index(out, line)
		if at < last || at < 0 {
			t.Errorf("%q is not there, or too early, in\n%s", line, out)
		}
		last = at
	}
	must(t, errors.Join(b.led(), lab.Same("records", b.Records()), lab.Same("DNS", b.publishedRecords())))
}
