package traffic

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/edgeward/edgeward/test/lab"
)

// moveLocalPods as a rolling update does: a new pod is ready before an old one
// is asked to go, which still serves for a while.
func moveLocalPods(w *world) {
	ready := func(n int) string { return endpoint(n, "ready: true, serving: true") }
	leaving := func(n int) string { return endpoint(n, "ready: false, serving: true, terminating: true") }
	w.inDNS(1, 2)
	for _, step := range []struct{ stay, come, leave int }{{2, 3, 1}, {3, 1, 2}} {
		w.endpoints(ready(step.stay), ready(step.come), ready(step.leave))
		w.inDNS(sorted(step.stay, step.come, step.leave)...)
		w.endpoints(ready(step.stay), ready(step.come), leaving(step.leave))
		w.inDNS(sorted(step.stay, step.come)...)
		w.forgotten()
		w.pods(step.stay, step.come)
	}
	// And one that is gone without a word.
	w.pods(2, 3)
	w.inDNS(2, 3)
	w.forgotten()
}

func sorted(numbers ...int) []int { slices.Sort(numbers); return numbers }

// replaceLocalNodes is replaceNodes where only nodes with a pod take requests.
func replaceLocalNodes(w *world) {
	on := []int{1, 2}
	w.inDNS(on...)
	for _, step := range []struct{ leave, come int }{{1, 4}, {2, 5}} {
		w.nodes(step.come)
		w.pods(append(on, step.come)...)
		w.inDNS(append(on, step.come)...)
		on = slices.Concat(on[1:], []int{step.come})
		w.deleteNode(step.leave)
		w.inDNS(on...)
		w.forgotten()
		w.pods(on...)
		w.workload.Kill(nodeName(step.leave))
	}
}

// changePolicy turns the Service's policy: at once some of the nodes that the
// edge knows refuse connections.
func changePolicy(w *world) {
	for _, step := range []struct {
		policy, set string
		nodes       []int
	}{
		{"Local", "web.default.local.main", []int{1, 2}},
		{"Cluster", "nodes.main", []int{1, 2, 3}},
	} {
		w.apply(nodePort(step.policy, onNodes))
		w.until(func() error { return w.from(step.set) })
		w.inDNS(step.nodes...) // and what lingered is gone
		w.forgotten()
	}
}

// balance turns the Service into one with a load balancer, which gets another
// address, and then is known by a name.
func balance(w *world) {
	const set = "web.default.lb"
	w.apply(service("LoadBalancer", "Cluster", onNodes))
	w.balancers(corev1.LoadBalancerIngress{IP: address(200)})
	w.until(func() error { return w.from(set) })
	w.serves(url, "load balancer")
	w.inDNS(200) // and what lingered is gone

	w.balancers(corev1.LoadBalancerIngress{IP: address(200)}, corev1.LoadBalancerIngress{IP: address(201)})
	w.inDNS(200, 201)
	w.forgotten()
	w.balancers(corev1.LoadBalancerIngress{IP: address(201)})
	w.inDNS(201)
	w.forgotten()

	// The name leads to the same address.
	w.balancers(corev1.LoadBalancerIngress{Hostname: balancerName})
	w.until(func() error { return w.from(set + "-cname") })
	w.inDNS()
	w.forgotten()
}

// portIPv6 is a node port of this process's own, as all share ::1.
func portIPv6() string {
	return fmt.Sprintf("{name: http, port: 8080, nodePort: %d}", 31000+os.Getpid()%1000)
}

// dualStack is a Service for both families.
func dualStack() string {
	return nodePort("Cluster", portIPv6()) + "  ipFamilyPolicy: RequireDualStack\n"
}

// addIPv6 gives a node an address, and the Service pods, of that family.
func addIPv6(w *world) {
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		w.t.Skip("this machine has no IPv6: ", err)
	}
	must(w.t, probe.Close())
	must(w.t, server.SetNodeAddresses(w.t.Context(), nodeName(3),
		corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: address(3)}, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "2001:db8::3"}))
	w.apply(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
endpoints: [{addresses: ["fd00::2"], nodeName: node-1, conditions: {ready: true}, targetRef: {kind: Pod, name: web-1, namespace: default}}]
ports: [{name: http, port: 8080}]
`)
}

// dropIPv6 leaves the Service to IPv4: its rules go to a set of IPv4 addresses
// alone, as at once no node answers it by IPv6.
func dropIPv6(w *world) {
	w.serves(url, "[2001:db8::3]")
	w.goOn(ttl / 2)
	w.apply(nodePort("Cluster", portIPv6()) + "  ipFamilyPolicy: SingleStack\n  ipFamilies: [IPv4]\n")
	w.until(func() error { return w.from("nodes-v4.main") })
	w.goOn(linger)
	w.forgotten()
}

// from returns nil once all rules name an address set as their origin.
func (w *world) from(set string) error {
	for _, r := range w.Rules() {
		if !strings.Contains(r, "://"+set+".") {
			return fmt.Errorf("%s does not come from %s.%s", r, set, lab.Domain)
		}
	}
	return nil
}

// balancers sets the status of the Service as a cloud's controller does.
func (w *world) balancers(ingress ...corev1.LoadBalancerIngress) {
	w.t.Helper()
	services := server.Clientset().CoreV1().Services(corev1.NamespaceDefault)
	must(w.t, retry.RetryOnConflict(retry.DefaultRetry, func() error {
		s, err := services.Get(w.t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		s.Status.LoadBalancer.Ingress = ingress
		_, err = services.UpdateStatus(w.t.Context(), s, metav1.UpdateOptions{})
		return err
	}))
}
