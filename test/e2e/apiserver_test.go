package e2e

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/lab"
)

func startAPIServer(t *testing.T) {
	t.Helper()
	must(t, server.StartAPIServer(t.Context()))
}

// TestAPIServerRestart takes the API server away for a while: what stands stays
// as it is, and what changes afterwards is seen, by the same daemon.
func TestAPIServerRestart(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two"))
	d := b.start(b.config(nil))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	b.idle(d)
	b.forgetCalls()

	server.StopAPIServer()
	b.until(func() error { return d.atLeast(6, "edgeward_watch_restarts_total") }) // twice each resource
	must(t, errors.Join(d.running(), d.ready()))
	startAPIServer(t)
	must(t, b.nothingWritten())
	b.apply(ingress("three", "www.example.com/three"))
	b.delete(ingress("one", "www.example.com/one"))
	b.nodes("192.0.2.2")
	took := b.exact(rule("www.example.com/two", 30080), rule("www.example.com/three", 30080))
	b.addresses("192.0.2.1", "192.0.2.2")
	t.Logf("exact again %s after the API server was", took.Round(time.Millisecond))
	b.until(func() error { return b.wrote(2, 1) })

	b.apply(ingress("four", "www.example.com/four"))
	b.until(func() error { return d.logged("watch works again", "resource=ingresses") })
	must(t, d.running())
}

// TestMissedDeletion has an Ingress deleted while the daemon sleeps, and etcd
// forget all about it: the watch's version is gone (410), so only the absence
// from a new snapshot tells.
func TestMissedDeletion(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080))
	for _, name := range []string{"one", "two", "three"} {
		b.apply(ingress(name, "www.example.com/"+name))
	}
	d := b.start(b.config(nil))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080))
	b.idle(d)

	must(t, d.Signal(syscall.SIGSTOP))
	server.StopAPIServer() // so that no event waits in a connection
	startAPIServer(t)
	b.delete(ingress("two", "www.example.com/two"))
	server.StopAPIServer() // its watch cache would remember
	must(t, server.Compact(t.Context()))
	startAPIServer(t)
	must(t, d.Signal(syscall.SIGCONT))

	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/three", 30080))
	must(t, errors.Join(d.running(), d.atLeast(1, "edgeward_watch_restarts_total", `resource="ingresses"`, `reason="expired"`)))
}

// TestSilentAPIServer freezes the API server, so that it keeps its connections
// and says nothing: what the daemon knows it goes on keeping true.
func TestSilentAPIServer(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	config := b.config(sections{"sync": "resync_interval: 1s"})
	d := b.start(config)
	one, two := rule("www.example.com/one", 30080), rule("www.example.com/two", 30080)
	b.exact(one)
	b.idle(d)

	must(t, server.SignalAPIServer(syscall.SIGSTOP))
	t.Cleanup(func() { _ = server.SignalAPIServer(syscall.SIGCONT) })
	b.Edgio.Remove(b.uuid("www.example.com/one"))
	b.exact(one)
	must(t, errors.Join(d.running(), d.ready()))

	// A daemon that starts now has nothing to go by, and touches nothing.
	d.stop()
	b.forgetCalls()
	d = b.start(config)
	b.until(func() error {
		if err := d.ready(); err == nil || !strings.Contains(err.Error(), "503 cluster main") {
			return errors.Join(errors.New("the reason is not the cluster"), err)
		}
		return d.atLeast(2, "edgeward_api_requests_total", `provider="edgio"`) // resyncs go on
	})
	must(t, b.nothingWritten())

	must(t, server.SignalAPIServer(syscall.SIGCONT))
	b.apply(ingress("two", "www.example.com/two"))
	b.exact(one, two)
	must(t, d.ready())
}

// TestExpiredToken revokes the daemon's token and then replaces the file that
// holds it: no restart is needed.
func TestExpiredToken(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	kubeconfig, err := lab.Kubeconfig(t.Context(), server)
	must(t, err)
	d := b.start(b.config(sections{"clusters": "- name: main\n  kubeconfig: " + kubeconfig}))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)

	accounts := server.Clientset().CoreV1().ServiceAccounts("edgeward")
	must(t, accounts.Delete(t.Context(), "edgeward", metav1.DeleteOptions{}))
	must(t, lab.Grant(t.Context(), server)) // one of the same name, which the old token is not for
	server.StopAPIServer()
	startAPIServer(t)
	b.apply(ingress("two", "www.example.com/two"))
	b.until(func() error {
		return errors.Join(d.logged("level=ERROR", "reason=unauthorized", "renew the token"),
			d.atLeast(1, "edgeward_watch_restarts_total", `reason="unauthorized"`))
	})
	must(t, lab.Same("rules", b.Rules(), rule("www.example.com/one", 30080)))

	renewed, err := lab.Kubeconfig(t.Context(), server)
	must(t, err)
	text, err := os.ReadFile(renewed)
	must(t, err)
	replaceFile(t, kubeconfig, text)
	took := b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	t.Logf("exact %s after the token was renewed", took.Round(time.Millisecond))
	must(t, d.running())
}
