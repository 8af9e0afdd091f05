package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/test/lab"
)

// patchNode applies a strategic merge patch, a JSON object, to a Node.
func (b *bed) patchNode(name, patch string) {
	b.t.Helper()
	_, err := server.Clientset().CoreV1().Nodes().Patch(b.t.Context(), name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	must(b.t, err)
}

// TestNodeChanges lets nodes come, go and change. However many rules there are,
// each change is told to DNS alone, by one write for an address that comes and
// one for an address that goes.
func TestNodeChanges(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2", "192.0.2.3")
	b.apply(service(30080))
	for i := range 5 {
		b.apply(ingress(fmt.Sprint("web-", i), fmt.Sprintf("www.example.com/%d", i)))
	}
	d := b.start(b.config(nil))
	b.addresses("192.0.2.1", "192.0.2.2", "192.0.2.3")
	b.idle(d)
	deleteNode := func(name string) { must(t, server.DeleteNode(t.Context(), name)) }

	b.forgetCalls()
	expected := 0
	for _, step := range []struct {
		name   string
		change func()
		writes int
		want   []string
	}{
		{"a node comes", func() { b.nodes("192.0.2.4") },
			1, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}},
		{"a node goes", func() { deleteNode("node-2") },
			1, []string{"192.0.2.1", "192.0.2.3", "192.0.2.4"}},
		{"a node gets another address", func() {
			must(t, server.SetNodeAddresses(t.Context(), "node-4", corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "192.0.2.40"}))
		}, 2, []string{"192.0.2.1", "192.0.2.3", "192.0.2.40"}},
		{"a node is excluded from load balancers", func() {
			b.patchNode("node-1", `{"metadata": {"labels": {"node.kubernetes.io/exclude-from-external-load-balancers": ""}}}`)
		}, 1, []string{"192.0.2.3", "192.0.2.40"}},
		{"and is not any more", func() {
			b.patchNode("node-1", `{"metadata": {"labels": {"node.kubernetes.io/exclude-from-external-load-balancers": null}}}`)
		}, 1, []string{"192.0.2.1", "192.0.2.3", "192.0.2.40"}},
		{"the autoscaler is about to remove a node", func() {
			b.patchNode("node-3", `{"spec": {"taints": [{"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}]}}`)
		}, 1, []string{"192.0.2.1", "192.0.2.40"}},
		{"and thinks better of it", func() {
			b.patchNode("node-3", `{"spec": {"taints": null}}`)
		}, 1, []string{"192.0.2.1", "192.0.2.3", "192.0.2.40"}},
		{"a node is being deleted", func() {
			b.patchNode("node-3", `{"metadata": {"finalizers": ["example.com/hold"]}}`)
			deleteNode("node-3")
		}, 1, []string{"192.0.2.1", "192.0.2.40"}},
		{"and is gone", func() { b.patchNode("node-3", `{"metadata": {"finalizers": null}}`) },
			0, []string{"192.0.2.1", "192.0.2.40"}},
		{"a node changes in what is not looked at", func() { b.patchNode("node-1", `{"metadata": {"labels": {"rack": "7"}}}`) },
			0, []string{"192.0.2.1", "192.0.2.40"}},
		{"a node is replaced", func() { b.nodes("192.0.2.5"); deleteNode("node-1") },
			2, []string{"192.0.2.40", "192.0.2.5"}},
	} {
		events, err := d.metric("edgeward_events_total", `resource="nodes"`)
		must(t, err)
		step.change()
		b.until(func() error { return d.atLeast(events+1, "edgeward_events_total", `resource="nodes"`) })
		b.addresses(step.want...)
		expected += step.writes
		b.until(func() error { return b.wrote(0, expected) })
		t.Logf("%s: %d DNS writes", step.name, step.writes)
	}
	// One too many, as late as it may come, is seen by the next step or here.
	b.stays(300*time.Millisecond, func() error { return b.wrote(0, expected) })
	if calls := b.Edgio.Calls(); len(calls) > 0 {
		t.Errorf("calls to Edgio: %v", calls)
	}
}

// TestNodeNotReady: a node that is NotReady for a moment stays in DNS, and one
// that stays so is left out, unless it is one of most.
func TestNodeNotReady(t *testing.T) {
	const delay = 3 * time.Second
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")
	b.apply(service(30080), ingress("web", "www.example.com/"))
	d := b.start(b.config(sections{"clusters": b.cluster("main", server, fmt.Sprint("not_ready_delay: ", delay))}))
	all := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}
	setReady := func(ready bool, nodes ...string) {
		t.Helper()
		for _, n := range nodes {
			must(t, server.SetNodeReady(t.Context(), n, ready))
		}
	}
	b.addresses(all...)
	b.idle(d)
	b.forgetCalls()

	setReady(false, "node-1")
	b.stays(delay/3, b.nothingWritten)
	setReady(true, "node-1")

	setReady(false, "node-2")
	// The transition's time has whole seconds, so up to one of the delay is gone.
	if took := b.addresses("192.0.2.1", "192.0.2.3", "192.0.2.4"); took < delay-time.Second-100*time.Millisecond {
		t.Errorf("node-2 was left out after %s, %s are configured", took, delay)
	}
	b.until(func() error {
		return errors.Join(b.wrote(0, 1), d.shows(1, "edgeward_nodes", `state="not_ready"`))
	})

	// Fewer than half are ready: a partition is likelier than that.
	setReady(false, "node-1", "node-3")
	b.until(func() error { return d.shows(1, "edgeward_nodes_panic", `cluster="main"`) })
	b.addresses(all...)

	setReady(true, "node-1", "node-2", "node-3")
	b.until(func() error {
		return errors.Join(d.shows(0, "edgeward_nodes_panic", `cluster="main"`), d.shows(4, "edgeward_nodes", `state="ready"`))
	})
	b.addresses(all...)
	if calls := b.Edgio.Calls(); len(calls) > 0 {
		t.Errorf("calls to Edgio: %v", calls)
	}
}

// TestLastKnownAddresses: with no node left the addresses stay, also over a
// restart, and the operator is told.
func TestLastKnownAddresses(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("web", "www.example.com/"))
	config := b.config(nil)
	d := b.start(config)
	b.exact(rule("www.example.com/", 30080))
	b.idle(d)
	b.forgetCalls()
	told := func() error {
		return errors.Join(d.shows(1, "edgeward_last_known_addresses", `cluster="main"`),
			d.logged("level=ERROR", "no node is left", "cluster=main"))
	}

	must(t, server.DeleteNode(t.Context(), "node-1"))
	b.until(told)
	b.stays(300*time.Millisecond, b.nothingWritten)
	d.stop()
	d = b.start(config)
	b.until(told)
	b.stays(300*time.Millisecond, b.nothingWritten)
	must(t, lab.Same("addresses", b.Addresses(), "192.0.2.1"))

	b.nodes("192.0.2.2")
	b.addresses("192.0.2.2")
	b.until(func() error { return d.shows(0, "edgeward_last_known_addresses", `cluster="main"`) })
}
