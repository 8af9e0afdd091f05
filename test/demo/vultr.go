package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

// What the steps expect to stand.
const (
	shop = "shop." + lab.PublishZone // over a Service's load balancer
	blog = "blog." + lab.PublishZone // over a controller in the cluster

	balancerName      = "lb.cloud.example"
	balancerAddress   = "198.51.100.22" // of that name, and of the Service before
	controllerAddress = "198.51.100.21"

	certificateSecret = "shop-tls"
)

// vultrDemo has pull zones for whole hosts, which load balancers serve, and the
// hosts' DNS.
type vultrDemo struct {
	*demo
	edge *lab.VultrEdge
}

func startVultr(d *demo) (story, error) {
	edge, err := d.lab.StartVultrEdge(edge.Options{Dial: workload.Dial}, balancers())
	return &vultrDemo{d, edge}, err
}

func (d *vultrDemo) close() { d.edge.Close() }

func (d *vultrDemo) example() []string {
	command, err := d.curl("https://" + shop + "/")
	if err != nil {
		return []string{"(" + err.Error() + ")"}
	}
	return command
}

func (d *vultrDemo) run() error {
	d.title("The cluster: a Service with a load balancer, an Ingress controller with another, and an Ingress over each")
	for i, ip := range []string{"192.0.2.11", "192.0.2.12"} {
		if err := d.lab.Kube.CreateNode(d.ctx, fmt.Sprintf("node-%d", i+1), ip); err != nil {
			return err
		}
	}
	for _, name := range []string{"vultr-shop", "vultr-controller", "vultr-ingress-shop", "vultr-ingress-blog"} {
		if err := d.apply(name); err != nil {
			return err
		}
	}
	if err := d.balanced("services", "shop", "ip", balancerAddress); err != nil {
		return err
	}
	for _, resource := range []string{"services", "ingresses"} {
		name := map[string]string{"services": "controller", "ingresses": "blog"}[resource]
		if err := d.balanced(resource, name, "ip", controllerAddress); err != nil {
			return err
		}
	}
	fmt.Println("  shop  " + shop + "  goes to Service shop, whose load balancer is at " + balancerAddress)
	fmt.Println("  blog  " + blog + "  is another controller's, which the Ingress's status says is at " + controllerAddress)

	config, err := d.config()
	if err != nil {
		return err
	}
	shopAt, blogAt := site{shop, "shop.default.lb"}, site{blog, "blog.default.status"}
	d.title("The daemon starts: ownership record, addresses, pull zones and, once those are active, the hosts' CNAMEs")
	if err := d.start(config); err != nil {
		return err
	}
	if err := d.holds(shopAt, blogAt); err != nil {
		return err
	}

	d.title("Traffic: DNS leads to the CDN, whose edge finds the load balancer by the zone, and that a pod")
	if err := errors.Join(d.request("http", shop, "shop"), d.request("http", blog, "controller")); err != nil {
		return err
	}

	d.title("Another origin: the load balancer is known by a name now. A new pull zone, the CNAME moves, the old one goes")
	before, _, err := d.edge.Find(d.ctx, shop)
	if err != nil {
		return err
	}
	if err := d.balanced("services", "shop", "hostname", balancerName); err != nil {
		return err
	}
	shopAt.set = "shop.default.lb-cname"
	if err := d.holds(shopAt, blogAt); err != nil {
		return err
	}
	if now, _, err := d.edge.Find(d.ctx, shop); err != nil || now == before {
		return fmt.Errorf("step %d does not hold: %s leads to %s: %w", d.step, shop, now, err)
	}
	if err := d.request("http", shop, "shop"); err != nil {
		return err
	}

	for _, text := range []string{"A certificate: from the Secret that spec.tls names (kubectl apply -f vultr-ingress-shop-tls.yaml)", "The certificate rotates: one call, no pull zone or name changes"} {
		d.title(text)
		certificate, err := d.certify()
		if err != nil {
			return err
		}
		if err := d.apply("vultr-ingress-shop-tls"); err != nil {
			return err
		}
		if err := d.certified(certificate, shopAt, blogAt); err != nil {
			return err
		}
		if err := d.request("https", shop, "shop"); err != nil {
			return err
		}
	}

	if !d.once {
		return nil
	}
	d.title("All Ingresses go: CNAMEs first, pull zones after their TTL, addresses after the linger; the ownership record stays")
	for _, name := range []string{"vultr-ingress-shop-tls", "vultr-ingress-blog"} {
		if err := d.delete(name); err != nil {
			return err
		}
	}
	return d.holds()
}

// config gives the daemon the right to read Secrets, and writes a configuration
// with Vultr's CDN as the only one.
func (d *vultrDemo) config() (string, error) {
	root, err := lab.Root()
	if err != nil {
		return "", err
	}
	rbac, err := os.ReadFile(filepath.Join(root, "deploy", "rbac-certificates.yaml"))
	if err != nil {
		return "", err
	}
	if err := d.lab.Kube.Apply(d.ctx, rbac); err != nil {
		return "", fmt.Errorf("deploy/rbac-certificates.yaml: %w", err)
	}
	kubeconfig, err := lab.Kubeconfig(d.ctx, d.lab.Kube)
	if err != nil {
		return "", err
	}
	return d.lab.Config(d.ctx, map[string]string{
		"clusters":  "- name: main\n  kubeconfig: " + kubeconfig + "\n  namespaces: [default]\n  label_selector: cdn=vultr",
		"edgio":     lab.Left,
		"vultr":     "ttl: 1\npublish_zones: [" + lab.PublishZone + "]",
		"vultr_cdn": "ingress_class: vultr-cdn",
		"sync":      "deletion_grace: 500ms\nlinger: 1s",
	})
}

// balanced writes where its load balancer is into an object's status, as a
// cloud's controller or an Ingress controller does; kind is ip or hostname.
func (d *vultrDemo) balanced(resource, name, kind, value string) error {
	patch := fmt.Appendf(nil, `{"status": {"loadBalancer": {"ingress": [{%q: %q}]}}}`, kind, value)
	client := d.lab.Kube.Clientset()
	var err error
	if resource == "services" {
		_, err = client.CoreV1().Services(corev1.NamespaceDefault).Patch(d.ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	} else {
		_, err = client.NetworkingV1().Ingresses(corev1.NamespaceDefault).Patch(d.ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	}
	return err
}

// certify puts a new certificate for the shop into its Secret.
func (d *vultrDemo) certify() (certificate string, err error) {
	chain, key, err := d.edge.Pair(shop)
	if err != nil {
		return "", err
	}
	secrets := d.lab.Kube.Clientset().CoreV1().Secrets(corev1.NamespaceDefault)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: certificateSecret}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: chain, corev1.TLSPrivateKeyKey: key},
	}
	if _, err = secrets.Create(d.ctx, secret, metav1.CreateOptions{}); apierrors.IsAlreadyExists(err) {
		_, err = secrets.Update(d.ctx, secret, metav1.UpdateOptions{})
	}
	return string(chain), err
}

// site is a published host and the address set it comes from.
type site struct{ host, set string }

// holds waits until the providers hold exactly these hosts, each with an active
// pull zone and a CNAME to it, and nothing that lingers, and shows all.
func (d *vultrDemo) holds(sites ...site) error { return d.certified("", sites...) }

// certified is holds, where the shop also has that certificate.
func (d *vultrDemo) certified(certificate string, sites ...site) error {
	var zones, sets []string
	for _, s := range sites {
		zones = append(zones, fmt.Sprintf("%s -> http://%s.main.%s.%s (active)", s.host, s.set, lab.Owner, lab.Domain))
		sets = append(sets, s.set)
	}
	return d.inSync(func() error {
		var dns, shown []string
		for _, z := range d.lab.Vultr.PullZones() {
			dns = append(dns, z.VanityDomain+" CNAME "+strings.TrimPrefix(z.CDNURL, "https://")+" ttl 1", fmt.Sprintf(
				`_edgeward.%s TXT "heritage=edgeward,edgeward/owner=%s,edgeward/publisher=main" ttl 1`, z.VanityDomain, lab.Owner))
			if z.VanityDomain == shop && certificate != "" && z.Certificate != certificate {
				shown = append(shown, "another certificate")
			}
		}
		return errors.Join(
			lab.Same("pull zones", d.lab.PullZones(), zones...),
			lab.Same("the pull zone of the shop has", shown),
			lab.Same("DNS of the published hosts", d.lab.PublishedRecords(), dns...),
			lab.Same("address sets", d.sets(), sets...),
		)
	}, func() []string {
		return slices.Concat(d.lab.PullZones(), d.lab.PublishedRecords(), d.lab.Records())
	})
}

// sets are the names of the address sets in the zone.
func (d *vultrDemo) sets() []string {
	var list []string
	for _, r := range d.lab.Vultr.Records(lab.Domain) {
		if set, ours := strings.CutSuffix(r.Name, ".main."+lab.Owner); ours && r.Type != "TXT" && !slices.Contains(list, set) {
			list = append(list, set)
		}
	}
	slices.Sort(list)
	return list
}

// request asks DNS for a host, and the edge that it leads to, and wants an answer
// by way of a Service's load balancer.
func (d *vultrDemo) request(scheme, host, service string) error {
	command, err := d.curl(scheme + "://" + host + "/")
	if err != nil {
		return fmt.Errorf("step %d does not hold: %w", d.step, err)
	}
	return d.demo.request(command, d.edge.Client(), func(answer workload.Answer) error {
		if want := "the load balancer of default/" + service + ","; !strings.HasPrefix(answer.Entered, want) {
			return errors.New("want an answer by way of " + want[:len(want)-1])
		}
		return nil
	})
}

// curl is how to ask for a URL at the edge that DNS leads to.
func (d *vultrDemo) curl(url string) ([]string, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	name, at, err := d.edge.Find(context.WithoutCancel(d.ctx), host)
	if err != nil {
		return nil, err
	}
	fmt.Printf("  %s is a CNAME to %s\n", host, name)
	if scheme == "http" {
		return curl("--noproxy", host, "--connect-to", host+":80:"+at.HTTP, url), nil
	}
	return curl("--noproxy", host, "--cacert", d.edge.CAFile, "--connect-to", host+":443:"+at.HTTPS, url), nil
}
