package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/test/lab"
)

// withSpec adds lines to the spec of a Service's manifest.
func withSpec(manifest string, lines ...string) string {
	return strings.Replace(manifest, "spec:\n", "spec:\n  "+strings.Join(lines, "\n  ")+"\n", 1)
}

// balanced is Service web of type LoadBalancer.
func balanced() string { return strings.Replace(service(30080), "NodePort", "LoadBalancer", 1) }

// slice is an EndpointSlice of Service web with an endpoint on each node.
func slice(name, conditions string, nodes ...string) string {
	text := "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n" +
		"metadata:\n  name: " + name + "\n  labels: {kubernetes.io/service-name: web}\nendpoints:\n"
	for i, node := range nodes {
		text += fmt.Sprintf("- {addresses: [10.0.0.%d], nodeName: %s, conditions: {%s}}\n", i+1, node, conditions)
	}
	return text
}

// balancer writes addresses into the status of a Service or an Ingress, as
// another controller would: "{ip: 192.0.2.9}, {hostname: lb.example.org}".
func (b *bed) balancer(resource, name, addresses string) {
	b.t.Helper()
	patch := []byte(`{"status": {"loadBalancer": {"ingress": [` + addresses + `]}}}`)
	var err error
	switch resource {
	case "services":
		_, err = server.Clientset().CoreV1().Services("default").Patch(b.t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	case "ingresses":
		_, err = server.Clientset().NetworkingV1().Ingresses("default").Patch(b.t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	}
	must(b.t, err)
}

// stands returns nil if the only rule is https://www.example.com/a from this
// origin, and the origin's name has these records; others may linger.
func (b *bed) stands(origin string, records []string) error {
	scheme, rest, _ := strings.Cut(origin, "://")
	name, port, _ := strings.Cut(rest, ":")
	name += ".main." + lab.Owner
	rule := fmt.Sprintf("https://www.example.com/a -> %s://%s.%s:%s/a", scheme, name, lab.Domain, port)
	if err := lab.Same("rules", b.Rules(), rule); err != nil {
		return err
	}
	got := []string{}
	for _, r := range b.Vultr.Records(lab.Domain) {
		if r.Name == name {
			got = append(got, r.Type+" "+r.Data)
		}
	}
	slices.Sort(got)
	return lab.Same("records", got, records...)
}

// TestOrigins leads one Ingress through everything that can stand behind it,
// one after the other. Each change is one update of its rule, and no step
// leaves a rule without an address (newBed checks it at every change).
func TestOrigins(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080), ingress("web", "www.example.com/a"))
	d := b.start(b.config(sections{
		"clusters": b.cluster("main", server, "allow: [{origins: [NodePort, LoadBalancer, status, nodes, externalIPs, ExternalName]}]"),
	}))
	bothFamilies := func(node, v4, v6 string) {
		must(t, server.SetNodeAddresses(t.Context(), node, corev1.NodeAddress{Type: "ExternalIP", Address: v4}, corev1.NodeAddress{Type: "ExternalIP", Address: v6}))
	}
	for n, step := range []struct {
		name    string
		do      func()
		origin  string
		records []string
	}{
		{"NodePort", func() {}, "http://nodes:30080", []string{"A 192.0.2.1", "A 192.0.2.2"}},
		{"a node gets an IPv6 address, the Service is of IPv4 alone", func() { bothFamilies("node-1", "192.0.2.1", "2001:db8::1") },
			"http://nodes:30080", []string{"A 192.0.2.1", "A 192.0.2.2"}},
		{"dual stack", func() { b.apply(withSpec(service(30080), "ipFamilyPolicy: RequireDualStack")) },
			"http://nodes:30080", []string{"A 192.0.2.1", "A 192.0.2.2", "AAAA 2001:db8::1"}},
		{"the policy becomes Local", func() {
			b.apply(slice("web-1", "ready: true", "node-2"))
			b.apply(withSpec(service(30080), "ipFamilyPolicy: RequireDualStack", "externalTrafficPolicy: Local"))
		}, "http://web.default.local:30080", []string{"A 192.0.2.2"}},
		{"another slice lists the endpoint too, and more", func() { b.apply(slice("web-2", "ready: true", "node-1", "node-2")) },
			"http://web.default.local:30080", []string{"A 192.0.2.1", "A 192.0.2.2"}},
		{"the first slice goes", func() { b.delete(slice("web-1", "ready: true")) },
			"http://web.default.local:30080", []string{"A 192.0.2.1", "A 192.0.2.2"}},
		{"an endpoint terminates", func() {
			b.apply(slice("web-2", "ready: true", "node-1"), slice("web-3", "ready: true, terminating: true", "node-2"))
		}, "http://web.default.local:30080", []string{"A 192.0.2.1"}},
		{"all endpoints are gone: the last known stays", func() { b.apply(slice("web-2", "ready: false", "node-1")) },
			"http://web.default.local:30080", []string{"A 192.0.2.1"}},
		{"they are back elsewhere", func() { b.apply(slice("web-2", "ready: true", "node-2")) },
			"http://web.default.local:30080", []string{"A 192.0.2.2"}},
		{"a LoadBalancer without an address yet", func() { b.apply(balanced()) },
			"http://web.default.local:30080", []string{"A 192.0.2.2"}},
		{"it has one", func() { b.balancer("services", "web", `{"ip": "192.0.2.9"}, {"ip": "2001:db8::9"}`) },
			"http://web.default.lb:80", []string{"A 192.0.2.9", "AAAA 2001:db8::9"}},
		{"it gets another", func() { b.balancer("services", "web", `{"ip": "192.0.2.10"}`) },
			"http://web.default.lb:80", []string{"A 192.0.2.10"}},
		{"it loses it: the last known stays", func() { b.balancer("services", "web", "") },
			"http://web.default.lb:80", []string{"A 192.0.2.10"}},
		{"it has a host name", func() { b.balancer("services", "web", `{"hostname": "lb.example.org"}`) },
			"http://web.default.lb-cname:80", []string{"CNAME lb.example.org"}},
		{"another host name", func() { b.balancer("services", "web", `{"hostname": "lb2.example.org"}`) },
			"http://web.default.lb-cname:80", []string{"CNAME lb2.example.org"}},
		{"origin: status, which is empty", func() { b.apply(annotated(ingress("web", "www.example.com/a"), "edgeward/origin", "status")) },
			"http://web.default.lb-cname:80", []string{"CNAME lb2.example.org"}},
		{"another controller writes it", func() { b.balancer("ingresses", "web", `{"ip": "192.0.2.8"}`) },
			"http://web.default.status:80", []string{"A 192.0.2.8"}},
		{"by https", func() {
			b.apply(annotated(annotated(ingress("web", "www.example.com/a"), "edgeward/origin", "status"), "edgeward/source-protocol", "https"))
		}, "https://web.default.status:443", []string{"A 192.0.2.8"}},
		{"origin: nodes", func() {
			b.apply(annotated(annotated(ingress("web", "www.example.com/a"), "edgeward/origin", "nodes"), "edgeward/origin-port", "8080"))
		}, "http://nodes:8080", []string{"A 192.0.2.1", "A 192.0.2.2", "AAAA 2001:db8::1"}},
		{"externalIPs", func() {
			b.delete(service(30080))
			b.apply(strings.Replace(withSpec(service(0), "externalIPs: [192.0.2.7]"), "NodePort", "ClusterIP", 1), ingress("web", "www.example.com/a"))
		}, "http://web.default.ext:80", []string{"A 192.0.2.7"}},
		{"ExternalName", func() {
			b.apply(strings.Replace(withSpec(service(0), "externalName: origin.example.org"), "NodePort", "ExternalName", 1))
		}, "http://web.default.ext-cname:80", []string{"CNAME origin.example.org"}},
	} {
		if ok := t.Run(step.name, func(t *testing.T) {
			b.t = t
			events, _ := d.metric("edgeward_events_total") // none before the first
			step.do()
			if n > 0 {
				b.until(func() error { return d.atLeast(events+1, "edgeward_events_total") })
			}
			b.until(func() error { return b.stands(step.origin, step.records) })
			b.stays(100*time.Millisecond, func() error { return b.stands(step.origin, step.records) })
		}); !ok {
			t.FailNow()
		}
	}
	b.t = t
}

// TestOneNodeUnderManyServices: a node is replaced under 200 Services.
func TestOneNodeUnderManyServices(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2")
	var manifests, rules []string
	for i := range 200 {
		name, url := fmt.Sprint("web-", i), fmt.Sprintf("www.example.com/%d", i)
		manifests = append(manifests, serviceNamed(name, 30100+i), ingressFor(name, url, name, 80))
		rules = append(rules, rule(url, 30100+i))
	}
	b.atOnce(manifests, server.Apply)
	d := b.start(b.config(nil))
	b.exact(rules...)
	b.idle(d)
	b.forgetCalls()
	b.nodes("192.0.2.3")
	must(t, server.DeleteNode(t.Context(), "node-2"))
	took := b.addresses("192.0.2.1", "192.0.2.3")
	b.idle(d)
	must(t, b.wrote(0, 2))
	t.Logf("200 Services, one node replaced: 2 writes to Vultr, none to Edgio, exact after %s", took)
}

// TestDualStackNodeComesAndGoes: a node with an IPv6 address joins a cluster of IPv4
// alone, whose 40 Ingresses lead to a Service of IPv4 alone, and leaves it. That is
// told to DNS by a call each time, to Edgio not at all, and a restart writes nothing.
func TestDualStackNodeComesAndGoes(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2", "192.0.2.3")
	manifests, rules := []string{service(30080)}, []string{}
	for i := range 40 {
		url := fmt.Sprintf("www.example.com/%d", i)
		manifests, rules = append(manifests, ingress(fmt.Sprint("web-", i), url)), append(rules, rule(url, 30080))
	}
	b.atOnce(manifests, server.Apply)
	config := b.config(nil)
	d := b.start(config)
	b.exact(rules...)
	b.idle(d)
	for range 2 {
		b.forgetCalls()
		b.nodes("203.0.113.5")
		must(t, server.SetNodeAddresses(t.Context(), "node-5", corev1.NodeAddress{Type: "ExternalIP", Address: "203.0.113.5"}, corev1.NodeAddress{Type: "ExternalIP", Address: "2001:db8::5"}))
		b.addresses("192.0.2.1", "192.0.2.2", "192.0.2.3", "203.0.113.5")
		b.idle(d)
		must(t, b.wrote(0, 1))
		if calls := b.Edgio.Calls(); len(calls) > 0 {
			t.Errorf("calls to Edgio: %v", calls)
		}

		d.stop()
		b.forgetCalls()
		d = b.start(config)
		b.idle(d)
		must(t, b.nothingWritten())
		status, output := b.run(config, "plan")
		if status != 0 {
			t.Errorf("plan ended with %d and shows\n%s", status, output)
		}

		b.forgetCalls()
		must(t, server.DeleteNode(t.Context(), "node-5"))
		b.addresses("192.0.2.1", "192.0.2.2", "192.0.2.3")
		b.idle(d)
		must(t, b.wrote(0, 1))
	}
	must(t, lab.Same("rules", b.Rules(), rules...))
}

// TestRelease lets go of a rule: its mark goes, all else of it stays, even when
// the Ingress is deleted.
func TestRelease(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("web", "www.example.com/a"))
	d := b.start(b.config(nil))
	b.exact(rule("www.example.com/a", 30080))
	b.guard.Releases()
	b.apply(annotated(ingress("web", "www.example.com/a"), "edgeward/release", "true"))
	b.until(func() error {
		if raw := string(b.Edgio.Instances()[0].Raw); strings.Contains(raw, "X-Edgeward") {
			return fmt.Errorf("it has its mark still: %s", raw)
		}
		return nil
	})
	b.delete(ingress("web", "www.example.com/a"), service(30080))
	b.nodes("192.0.2.2")
	b.addresses("192.0.2.1", "192.0.2.2")
	b.idle(d)
	must(t, lab.Same("rules", b.Rules(), rule("www.example.com/a", 30080)))
}

// TestAllow says no to a host and a namespace, and goes on with the rest.
func TestAllow(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("mine", "shop.example.com/a"), ingress("theirs", "bank.example.org/a"))
	d := b.start(b.config(sections{
		"clusters": b.cluster("main", server, "allow: [{namespaces: [default], hosts: ['*.example.com']}]"),
	}))
	b.exact(rule("shop.example.com/a", 30080))
	b.until(func() error { return d.routes(map[string]float64{"synced": 1, "invalid": 1}) })
	must(t, d.logged("ingress=main/default/theirs", "host bank.example.org the configuration does not allow this namespace"))
}

// TestIngressClassObject selects by an object that names our controller.
func TestIngressClassObject(t *testing.T) {
	b := newBed(t, lab.Options{})
	classes := server.Clientset().NetworkingV1().IngressClasses()
	of := func(controller string) *networkingv1.IngressClass {
		return &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "fast"}, Spec: networkingv1.IngressClassSpec{Controller: controller}}
	}
	_, err := classes.Create(t.Context(), of("edgeward/edgio"), metav1.CreateOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, classes.Delete(context.Background(), "fast", metav1.DeleteOptions{})) })
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("web", "www.example.com/a"), labelled(strings.Replace(ingress("fast", "www.example.com/b"), "spec:", "spec:\n  ingressClassName: fast", 1), "cdn=none"))
	b.start(b.config(nil))
	b.exact(rule("www.example.com/a", 30080), rule("www.example.com/b", 30080))
}
