package e2e

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edgeward/edgeward/test/lab"
)

// target is the CDN host of the tests in this file.
const target = "acme.cdn.example"

// withTarget is a configuration that knows the CDN's host.
func (b *bed) withTarget(cname string) string {
	return b.config(sections{"edgio": "cname_target: " + cname})
}

// classed gives an Ingress of ingress and the like a class in place of the label.
func classed(manifest, class string) string {
	manifest = strings.Replace(manifest, ", labels: {cdn: edgio}", "", 1)
	return strings.Replace(manifest, "spec:", "spec:\n  ingressClassName: "+class, 1)
}

func (b *bed) get(name string) *networkingv1.Ingress {
	b.t.Helper()
	in, err := server.Clientset().NetworkingV1().Ingresses("default").Get(b.t.Context(), name, metav1.GetOptions{})
	must(b.t, err)
	return in
}

// showing returns nil if the status of an Ingress has these entries, addresses
// or hostnames, in this order.
func (b *bed) showing(name string, want ...string) error {
	var got []string
	for _, e := range b.get(name).Status.LoadBalancer.Ingress {
		got = append(got, e.IP+e.Hostname)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the status of %s shows %q, not %q", name, got, want)
	}
	return nil
}

// occupy writes a status as another controller does: all of it.
func (b *bed) occupy(name string, entries ...networkingv1.IngressLoadBalancerIngress) {
	b.t.Helper()
	b.until(func() error {
		in := b.get(name)
		in.Status.LoadBalancer.Ingress = entries
		_, err := server.Clientset().NetworkingV1().Ingresses("default").UpdateStatus(b.t.Context(), in, metav1.UpdateOptions{FieldManager: "another"})
		return err
	})
}

// events are those about an Ingress, oldest first, as "Normal Synced x1: text".
func (b *bed) events(name string) []string {
	b.t.Helper()
	in := b.get(name)
	list, err := server.Clientset().CoreV1().Events("default").List(b.t.Context(), metav1.ListOptions{
		FieldSelector: "involvedObject.kind=Ingress,involvedObject.uid=" + string(in.UID),
	})
	must(b.t, err)
	slices.SortFunc(list.Items, func(x, y corev1.Event) int { return x.CreationTimestamp.Compare(y.CreationTimestamp.Time) })
	var lines []string
	for _, e := range list.Items {
		lines = append(lines, fmt.Sprintf("%s %s x%d: %s", e.Type, e.Reason, e.Count, e.Message))
	}
	return lines
}

// told returns nil if there is an Event about an Ingress that begins so.
func (b *bed) told(name, beginning string) error {
	events := b.events(name)
	if !slices.ContainsFunc(events, func(e string) bool { return strings.HasPrefix(e, beginning) }) {
		return fmt.Errorf("no Event about %s begins with %q; there are %q", name, beginning, events)
	}
	return nil
}

func (b *bed) version(name string) string { b.t.Helper(); return b.get(name).ResourceVersion }

// allEvents are the names and versions of all Events about Ingresses, sorted.
func (b *bed) allEvents() []string {
	b.t.Helper()
	list, err := server.Clientset().CoreV1().Events("default").List(b.t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Ingress"})
	must(b.t, err)
	var all []string
	for _, e := range list.Items {
		all = append(all, e.Name+" "+e.ResourceVersion)
	}
	slices.Sort(all)
	return all
}

// kubectl runs it as an admin, and returns "" where it is not on the machine.
func (b *bed) kubectl(args ...string) string {
	b.t.Helper()
	program, err := exec.LookPath("kubectl")
	if err != nil {
		return ""
	}
	out, err := exec.Command(program, append([]string{"--kubeconfig", server.AdminKubeconfig(), "-n", "default"}, args...)...).CombinedOutput()
	if err != nil {
		b.t.Fatalf("kubectl %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestStatus has an Ingress of our class show the CDN's host while a rule of it
// stands, and leaves all that is others' alone.
func TestStatus(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	other := networkingv1.IngressLoadBalancerIngress{IP: "192.0.2.200", Ports: []networkingv1.IngressPortStatus{{Port: 80, Protocol: "TCP"}}}
	shop := classed(ingress("shop", "shop.example.com/"), "edgio")
	b.apply(service(30080), shop,
		classed(ingress("shared", "shared.example.com/"), "edgio"),
		ingress("labelled", "labelled.example.com/"),
		classed(annotated(ingress("origin", "origin.example.com/"), "edgeward/origin", "status"), "edgio"),
		classed(ingressFor("waiting", "waiting.example.com/", "nobody", 80), "edgio"))
	b.occupy("shared", other)
	b.occupy("labelled", other)
	config := b.withTarget(target)
	d := b.start(config)
	b.until(func() error {
		return errors.Join(b.showing("shop", target), b.showing("shared", other.IP, target))
	})
	b.idle(d)
	must(t, errors.Join(b.showing("labelled", other.IP), b.showing("origin"), b.showing("waiting")))

	// GitOps tools take an Ingress with an entry for healthy (Argo CD: health of
	// Ingress), so it is the address alone that counts.
	if got := b.get("shared").Status.LoadBalancer.Ingress[0]; len(got.Ports) != 1 {
		t.Errorf("another controller's entry has changed: %+v", got)
	}

	// The rule goes, and comes back.
	b.apply(classed(ingressFor("shop", "shop.example.com/", "nobody", 80), "edgio"))
	b.delete(service(30080))
	b.until(func() error { return errors.Join(b.showing("shop"), b.showing("shared", other.IP)) })
	b.apply(service(30080), shop)
	b.until(func() error { return errors.Join(b.showing("shop", target), b.showing("shared", other.IP, target)) })

	// Another controller takes it away, and somebody takes the class away.
	b.occupy("shop")
	b.until(func() error { return b.showing("shop", target) })
	b.apply(classed(ingress("shop", "shop.example.com/"), "another"))
	b.until(func() error { return b.showing("shop") })
	b.apply(shop)
	b.until(func() error { return b.showing("shop", target) })
	b.idle(d)
	d.stop()

	// A restart writes nothing, and knows what it wrote under another name.
	before := b.version("shop") + b.version("shared")
	d = b.start(config)
	b.idle(d)
	b.stays(time.Second, func() error {
		if now := b.version("shop") + b.version("shared"); now != before {
			return fmt.Errorf("a restart writes")
		}
		return nil
	})
	d.stop()
	d = b.start(b.withTarget("other.cdn.example"))
	b.until(func() error {
		return errors.Join(b.showing("shop", "other.cdn.example"), b.showing("shared", other.IP, "other.cdn.example"))
	})
	d.stop()
	b.start(b.config(nil))
	b.until(func() error { return errors.Join(b.showing("shop"), b.showing("shared", other.IP)) })
}

// TestStatusLetGoWhileDown takes an Ingress away from edgeward while it does
// not run.
func TestStatusLetGoWhileDown(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), classed(ingress("shop", "shop.example.com/"), "edgio"), classed(ingress("blog", "blog.example.com/"), "edgio"))
	config := b.withTarget(target)
	if status, output := b.run(config, "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	must(t, errors.Join(b.showing("shop", target), b.showing("blog", target))) // --once has said it all
	must(t, b.told("shop", "Normal Synced x1: Published at the CDN: shop.example.com/. Let DNS lead shop.example.com to "+target))
	b.apply(classed(ingress("shop", "shop.example.com/"), "another"))
	b.start(config)
	b.exact(rule("blog.example.com/", 30080))
	b.until(func() error { return errors.Join(b.showing("shop"), b.showing("blog", target)) })
}

// TestEvents says what became of Ingresses, when that changes.
func TestEvents(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), classed(ingress("shop", "shop.example.com/"), "edgio"))
	config := b.withTarget(target)
	d := b.start(config)
	b.until(func() error { return b.told("shop", "Normal Synced x1: Published at the CDN: shop.example.com/.") })
	b.apply(
		ingress("rival", "shop.example.com/"),
		ingressFor("broken", "broken.example.com/", "web", 81),
		ingressFor("waiting", "waiting.example.com/", "nobody", 80))
	b.until(func() error {
		return errors.Join(
			b.told("rival", "Warning Conflict x1: shop.example.com/: claimed by Ingress main/default/shop already."),
			b.told("broken", "Warning Invalid x1: broken.example.com/: Service web has no port 81."),
			b.told("waiting", "Warning Pending x1: waiting.example.com/: Service nobody does not exist."))
	})
	refused := ingress("refused", "refused.example.com/")
	b.apply(annotated(refused, "edgeward/service-profile", "Nonesuch"))
	b.until(func() error { return b.told("refused", "Warning SyncFailed x1: refused.example.com/: ") })
	if text := strings.Join(b.events("refused"), "\n"); !hasAll(text, []string{"400", "unknown service profile"}) {
		t.Errorf("what the provider answered is not in it: %s", text)
	}
	b.apply(refused)
	b.until(func() error { return b.told("refused", "Normal Synced x1: ") })

	// Mended, broken, mended and broken again: the same is counted, not said
	// beside it. By now there is a rule, of which it is said that it stays.
	for _, times := range []string{"x1", "x2"} {
		b.apply(ingress("broken", "broken.example.com/"))
		b.until(func() error { return b.told("broken", "Normal Synced "+times+": ") })
		b.apply(ingressFor("broken", "broken.example.com/", "web", 81))
		b.until(func() error {
			return b.told("broken", "Warning Invalid "+times+": broken.example.com/: Service web has no port 81; until then its rule stays as it is.")
		})
	}

	// Nodes come and go: nobody is told.
	before := b.allEvents()
	b.nodes("192.0.2.2", "192.0.2.3")
	b.addresses("192.0.2.1", "192.0.2.2", "192.0.2.3")
	b.idle(d)
	d.stop()
	d = b.start(config)
	b.idle(d)
	b.stays(2*time.Second, func() error { return lab.Same("Events", b.allEvents(), before...) })

	if out := b.kubectl("get", "ingress", "shop"); out != "" && !strings.Contains(out, target) {
		t.Errorf("kubectl get ingress:\n%s", out)
	}
	if out := b.kubectl("describe", "ingress", "broken"); out != "" && !hasAll(out, []string{"Service web has no port 81", "(x2 over"}) {
		t.Errorf("kubectl describe ingress:\n%s", out)
	}
}

// counter is a proxy before the API server that keeps what is asked for.
type counter struct {
	mu    sync.Mutex
	calls []string // "POST /api/v1/namespaces/default/events 403", but for GET
}

// count puts a counter between the API server and the kubeconfig that it returns.
func (b *bed) count() (c *counter, kubeconfig string) {
	b.t.Helper()
	config := server.Config()
	config.BearerToken = "" // the daemon sends its own
	transport, err := rest.TransportFor(config)
	must(b.t, err)
	c = new(counter)
	real, err := url.Parse(config.Host)
	must(b.t, err)
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(real) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method != http.MethodGet {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.calls = append(c.calls, fmt.Sprintf("%s %s %d", r.Request.Method, r.Request.URL.Path, r.StatusCode))
			}
			return nil
		},
	})
	b.t.Cleanup(func() {
		proxy.CloseClientConnections()
		proxy.Close()
	})
	kubeconfig, err = lab.Kubeconfig(b.t.Context(), server)
	must(b.t, err)
	file, err := clientcmd.LoadFromFile(kubeconfig)
	must(b.t, err)
	for _, cluster := range file.Clusters {
		cluster.Server = proxy.URL
		cluster.CertificateAuthorityData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})
	}
	must(b.t, clientcmd.WriteToFile(*file, kubeconfig))
	return c, kubeconfig
}

// writes are the calls that are not reads nor reviews of what is allowed.
func (c *counter) writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.calls), func(call string) bool { return strings.Contains(call, "selfsubjectaccessreviews") })
}

// forbidFeedback takes the rights of edgeward-feedback away until the test ends.
func (b *bed) forbidFeedback() {
	b.t.Helper()
	bindings := server.Clientset().RbacV1().ClusterRoleBindings()
	must(b.t, bindings.Delete(b.t.Context(), "edgeward-feedback", metav1.DeleteOptions{}))
	b.t.Cleanup(func() {
		if err := lab.Grant(context.Background(), server); err != nil {
			b.t.Error(err)
		}
	})
	account := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               "system:serviceaccount:edgeward:edgeward",
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "create", Resource: "events"},
	}}
	b.until(func() error {
		review, err := server.Clientset().AuthorizationV1().SubjectAccessReviews().Create(b.t.Context(), account, metav1.CreateOptions{})
		if err == nil && review.Status.Allowed {
			err = errors.New("it is allowed still")
		}
		return err
	})
}

// TestReadOnly has edgeward without the rights for either: it says so once, and
// tries neither. Everything else goes on.
func TestReadOnly(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.forbidFeedback()
	calls, kubeconfig := b.count()
	b.apply(service(30080), classed(ingress("shop", "shop.example.com/"), "edgio"), ingressFor("broken", "broken.example.com/", "web", 81))
	config := b.config(sections{"edgio": "cname_target: " + target, "clusters": "- name: main\n  kubeconfig: " + kubeconfig})
	d := b.start(config)
	b.exact(rule("shop.example.com/", 30080))
	b.until(func() error {
		return errors.Join(d.logged("addresses are left out", "patch ingresses/status", "edgeward-feedback"),
			d.logged("Events about Ingresses are left out", "create and patch events", "edgeward-feedback"))
	})
	b.apply(classed(ingress("blog", "blog.example.com/"), "edgio"))
	b.exact(rule("shop.example.com/", 30080), rule("blog.example.com/", 30080))
	b.idle(d)
	b.stays(2*time.Second, func() error {
		if got := calls.writes(); len(got) > 0 {
			return fmt.Errorf("it tries %q", got)
		}
		return nil
	})
	if n := len(d.lines("left out")); n != 2 {
		t.Errorf("%d lines say what is left out:\n%s", n, d.Log())
	}
	if status, output := edgeward(t, "--config", config, "check"); status != 0 || strings.Count(output, "edgeward-feedback") != 2 {
		t.Errorf("check: exit status %d, it says\n%s", status, output)
	}
}

// TestRightTakenAway takes the rights away from a daemon that runs: each is
// tried once more and not again.
func TestRightTakenAway(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	calls, kubeconfig := b.count()
	b.apply(service(30080))
	d := b.start(b.config(sections{"edgio": "cname_target: " + target, "clusters": "- name: main\n  kubeconfig: " + kubeconfig}))
	b.idle(d)
	b.forbidFeedback()
	for i := range 5 {
		b.apply(classed(ingress(fmt.Sprint("shop-", i), fmt.Sprintf("shop-%d.example.com/", i)), "edgio"))
	}
	b.until(func() error { return d.routes(map[string]float64{"synced": 5}) })
	b.until(func() error { return d.logged("Events about Ingresses are left out") })
	b.stays(2*time.Second, func() error {
		if got := calls.writes(); len(got) > 2 {
			return fmt.Errorf("it tries %q", got)
		}
		return nil
	})
}

// TestFeedbackDryRun writes nothing, and says what it would.
func TestFeedbackDryRun(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), classed(ingress("shop", "shop.example.com/"), "edgio"), ingressFor("broken", "broken.example.com/", "web", 81))
	before := b.version("shop")
	status, output := b.run(b.withTarget(target), "--once", "--dry-run")
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, words := range [][]string{
		{"dry run: would write the Ingress's status", "main/default/shop", target},
		{"dry run: would record an Event", "main/default/broken", "Invalid", "no port 81"},
	} {
		if n := strings.Count(output, words[0]); n == 0 || !hasAll(output, words) {
			t.Errorf("no line has %q:\n%s", words, output)
		}
	}
	if b.version("shop") != before || len(b.events("broken"))+len(b.events("shop")) > 0 {
		t.Error("a dry run writes")
	}
}
