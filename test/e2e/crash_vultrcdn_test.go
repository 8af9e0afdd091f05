package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/lab"
)

// TestCrashAnywhereVultrCDN is TestCrashAnywhere over pull zones: the daemon
// dies while it publishes a host, gives it another origin, rotates its
// certificate and takes it away, with its DNS each time.
func TestCrashAnywhereVultrCDN(t *testing.T) {
	b := newBed(t, lab.Options{})
	c := &crasher{bed: b}
	circle := c.vultrCircle()
	c.start()
	c.rounds(circle)
}

// vultrCircle is all transitions. The last one leads to where the first begins.
func (c *crasher) vultrCircle() []transition {
	b := c.bed
	root, err := lab.Root()
	must(b.t, err)
	rbac, err := os.ReadFile(filepath.Join(root, "deploy", "rbac-certificates.yaml"))
	must(b.t, err)
	b.apply(string(rbac))
	secrets := server.Clientset().CoreV1().Secrets(corev1.NamespaceDefault)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "www-tls"}, Type: corev1.SecretTypeTLS}
	rotate := func() {
		cert, key := pair(b.t, "www.example.com")
		secret.Data = map[string][]byte{corev1.TLSCertKey: cert, corev1.TLSPrivateKeyKey: key}
	}
	rotate()
	_, err = secrets.Create(b.t.Context(), secret, metav1.CreateOptions{})
	must(b.t, err)
	b.t.Cleanup(func() {
		secrets.Delete(context.Background(), "www-tls", metav1.DeleteOptions{})
		server.Delete(context.Background(), rbac)
	})
	s := withVultrCDN()
	s["edgio"], s["sync"] = lab.Left, "confirm_after: 200ms"
	s["clusters"] = b.cluster("main", server, "namespaces: [default]")
	c.config = b.config(s)
	one := fast("www.example.com", "tls: [{hosts: [www.example.com], secretName: www-tls}]")
	b.apply(balanced())
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)

	state := func(set string, hosts ...string) func() error {
		return func() error { return c.published(set, string(secret.Data[corev1.TLSCertKey]), hosts...) }
	}
	const address, name = "web.default.lb", "web.default.lb-cname"
	return []transition{
		{name: "a first start", do: func() {
			kill(c.daemon)
			for _, r := range b.Vultr.Records(lab.Domain) {
				b.Vultr.Remove(lab.Domain, r.ID)
			}
			b.apply(one)
			c.start()
		}, exact: state(address, "www")},
		{name: "another origin", do: func() { b.balancer("services", "web", `{"hostname": "lb.example.org"}`) }, exact: state(name, "www")},
		{name: "rotating the certificate", do: func() {
			rotate()
			_, err := secrets.Update(b.t.Context(), secret, metav1.UpdateOptions{})
			must(b.t, err)
		}, exact: state(name, "www")},
		{name: "back to the origin before", do: func() { b.balancer("services", "web", `{"ip": "192.0.2.9"}`) }, exact: state(address, "www")},
		{name: "unpublishing", do: func() { b.delete(one) }, exact: state(address)},
		{name: "publishing", do: func() { b.apply(one) }, exact: state(address, "www")},
		{name: "unpublishing again", do: func() { b.delete(one) }, exact: state(address)},
	}
}

// published returns nil if these hosts of the publish zone, and nothing else, are
// published from an address set, www with the certificate, and nothing that
// was there before is left.
func (c *crasher) published(set, certificate string, hosts ...string) error {
	var zones, dns []string
	for _, h := range hosts {
		zones = append(zones, zone(h+"."+lab.PublishZone, set))
		dns = append(dns, h+" CNAME", "_edgeward."+h+" TXT")
	}
	records := []string{"_edgeward.main." + lab.Owner + " TXT"}
	if len(hosts) > 0 {
		kind := map[bool]string{false: "A", true: "CNAME"}[strings.HasSuffix(set, "-cname")]
		records = append(records, set+".main."+lab.Owner+" "+kind)
	}
	var stand, other []string
	for _, r := range c.Vultr.Records(lab.Domain) {
		stand = append(stand, r.Name+" "+r.Type)
	}
	for _, z := range c.Vultr.PullZones() {
		if want := z.VanityDomain == "www."+lab.PublishZone; (z.Certificate == certificate) != want || strings.Contains(z.Label, " cert=") != want {
			other = append(other, z.VanityDomain)
		}
		to := strings.TrimSuffix(z.VanityDomain, "."+lab.PublishZone) + " " + strings.TrimPrefix(z.CDNURL, "https://")
		if !slices.Contains(c.cnames(), to) {
			other = append(other, "no CNAME "+to)
		}
	}
	slices.Sort(stand)
	published := c.publishedRecords()
	slices.Sort(published)
	return errors.Join(lab.Same("pull zones", c.PullZones(), zones...), lab.Same("DNS", published, dns...),
		lab.Same("records", stand, records...), lab.Same("wrong certificates or names", other), c.noCalls())
}

// noCalls: Edgio is not even asked.
func (c *crasher) noCalls() error {
	if n := len(c.Edgio.Calls()); n > 0 {
		return fmt.Errorf("%d calls of Edgio", n)
	}
	return nil
}
