package traffic

import (
	"os"
	"syscall"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator/edge"
)

// requests is how many are sent at least, over all scenarios.
const requests = 20_000

// TestNoRequestFails plays what happens to a cluster, and to the daemon, while
// requests come in to an edge that tries the next address when one fails. Not
// one may fail.
func TestNoRequestFails(t *testing.T) {
	local := nodePort("Local", onNodes)
	scenarios := []struct {
		name    string
		service string       // manifest; "": NodePort, Cluster
		prepare func(*world) // before the daemon starts; nil: nothing
		play    func(*world)
	}{
		{name: "nodes are replaced one by one", play: replaceNodes},
		{name: "nodes die one by one", play: nodesDie},
		{name: "pods move", play: movePods},
		{name: "a path moves", play: movePath},
		{name: "a port moves", play: movePort},
		{name: "pods move, Local", service: local, play: moveLocalPods},
		{name: "nodes are replaced one by one, Local", service: local, play: replaceLocalNodes},
		{name: "from Cluster to Local and back", play: changePolicy},
		{name: "from node ports to a load balancer", play: balance},
		{name: "IPv6 goes", service: dualStack(), prepare: addIPv6, play: dropIPv6},
		{name: "the daemon is stopped and started", play: func(w *world) { restart(w, syscall.SIGTERM) }},
		{name: "the daemon is killed and started", play: func(w *world) { restart(w, syscall.SIGKILL) }},
	}
	sent, failed, retried := 0, 0, 0
	for i, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld(t, edge.Options{}, s.service, s.prepare)
			s.play(w)
			if i == len(scenarios)-1 {
				must(t, w.load.Await(t.Context(), max(0, requests-sent-w.load.Sent())))
			}
			report := w.load.Stop()
			t.Log(report)
			if len(report.Failures) > 0 {
				t.Error("a request failed")
			}
			sent, failed, retried = sent+report.Sent, failed+len(report.Failures), retried+w.edge.Retries()
		})
	}
	t.Logf("TRAFFIC: of %d requests %d failed; %d were sent to a second address", sent, failed, retried)
}

// replaceNodes as an upgrade of the cluster does: a new node comes, the pods of
// an old one move, it leaves the cluster, and its machine goes when nobody can
// know its address any more.
func replaceNodes(w *world) {
	stand := []int{1, 2, 3}
	for old := 1; old <= 3; old++ {
		w.nodes(old + 3)
		stand = append(stand, old+3)
		w.inDNS(stand...)
		w.pods(old+2, old+3)
		w.deleteNode(old)
		stand = stand[1:]
		w.inDNS(stand...)
		w.forgotten()
		w.workload.Kill(nodeName(old))
	}
}

// nodesDie while requests are under way on them; the cluster finds out later.
func nodesDie(w *world) {
	w.pods(2, 3, 4)
	w.nodes(4)
	w.inDNS(1, 2, 3, 4)
	w.forgotten()
	w.workload.Kill(nodeName(1))
	w.goOn(ttl / 2)
	must(w.t, server.SetNodeReady(w.t.Context(), nodeName(1), false))
	w.inDNS(2, 3, 4)
	w.forgotten()
	w.workload.Kill(nodeName(2))
	w.deleteNode(2)
	w.inDNS(3, 4)
	w.forgotten()
}

// movePods from node to node: with the policy Cluster nobody outside notices.
func movePods(w *world) {
	for _, nodes := range [][]int{{2, 3}, {3, 1}, {1}, {1, 2, 3}} {
		w.pods(nodes...)
		w.goOn(ttl / 2)
	}
}

// movePath adds the new path, sends people there, and takes the old one away.
func movePath(w *world) {
	w.apply(ingress("http", "/app", "/new"))
	paths := []string{"https://www.example.com/new", "https://www.example.com/new/x"} // of two rules
	for _, p := range paths {
		w.serves(p, "")
	}
	w.load.Aim(paths...)
	must(w.t, w.load.Await(w.t.Context(), 3*workers))
	w.apply(ingress("http", "/new"))
	w.until(func() error { return w.absent(url) })
	w.goOn(ttl / 2)
}

// movePort adds a port to the Service, has the Ingress use it, and takes the old
// one away once no edge uses it.
func movePort(w *world) {
	const after = "{name: other, port: 8081, nodePort: 30081}"
	w.apply(nodePort("Cluster", onNodes, after))
	w.apply(ingress("other", "/app"))
	w.serves(url, ":30081")
	must(w.t, w.load.Await(w.t.Context(), 3*workers))
	w.apply(nodePort("Cluster", after))
	w.goOn(ttl / 2)
}

// restart ends the daemon twice: when it has nothing to do, with nodes that come
// and die meanwhile, and just when it has.
func restart(w *world, signal os.Signal) {
	w.end(signal)
	w.nodes(4)
	w.workload.Kill(nodeName(1))
	w.deleteNode(1)
	w.pods(2, 3)
	w.goOn(ttl)
	w.start()
	w.inDNS(2, 3, 4)

	w.nodes(5)
	w.pods(3, 4)
	w.deleteNode(2)
	w.apply(ingress("http", "/app", "/new"))
	w.end(signal)
	w.workload.Kill(nodeName(2))
	w.start()
	w.inDNS(3, 4, 5)
	w.serves("https://www.example.com/new", "")
	w.forgotten()
}
