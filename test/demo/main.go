// Command demo shows edgeward at work on this machine: a real Kubernetes API
// server, emulated Edgio and Vultr APIs, and the daemon between them. Each step
// changes something with the cluster's API and waits until the providers hold
// exactly what follows from it; in the end a request goes by the CDN's edge to a
// pod. With -once it runs unattended and exits non-zero where a step does not
// hold.
package main

import (
	"bufio"
	"context"
	"embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

//go:embed manifests
var manifests embed.FS

func main() {
	once := flag.Bool("once", false, "do not wait for Enter between the steps, and end after the last")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *once); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, once bool) error {
	dir, err := os.MkdirTemp("", "edgeward-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("Starting etcd and the Kubernetes API server (a few seconds) and the emulated providers.")
	server, err := kube.Start(ctx, kube.Options{})
	if err != nil {
		return err
	}
	defer server.Stop()
	l, err := lab.New(ctx, server, dir, lab.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	d := &demo{ctx: ctx, lab: l, once: once, enter: bufio.NewReader(os.Stdin)}
	defer d.stop()
	defer d.endTraffic()
	if err := d.serveTraffic(); err != nil {
		return err
	}
	if err := d.run(); err != nil {
		return err
	}
	if once {
		return nil
	}
	fmt.Printf("\nThe daemon goes on. Try it yourself, and watch the log above change:\n"+
		"  export KUBECONFIG=%s\n  kubectl get ingress\n  kubectl get nodes\n  %s\nEnd with Ctrl-C.\n",
		server.AdminKubeconfig(), strings.Join(d.curl("/mary/and/fred/"), " "))
	<-ctx.Done()
	return nil
}

// demo is the state of one run.
type demo struct {
	ctx    context.Context
	lab    *lab.Lab
	once   bool
	enter  *bufio.Reader
	step   int
	daemon *lab.Daemon // nil while none runs

	workload *workload.Workload // the pods
	edge     *lab.Edge          // the CDN's
}

// What the steps expect to stand.
const (
	origin = "nodes.main." + lab.Owner + "." + lab.Domain
	host   = "shop.example.com"
)

func (d *demo) run() error {
	d.title("The cluster: three nodes, a NodePort Service, and four Ingresses as people write them")
	for i, ip := range []string{"127.100.0.11", "127.100.0.12", "127.100.0.13"} {
		if err := d.lab.Kube.CreateNode(d.ctx, fmt.Sprintf("node-%d", i+1), ip); err != nil {
			return err
		}
	}
	// One after the other: of two Ingresses that claim one path, the older has it.
	for _, name := range []string{"service", "endpoints", "ingress-bob", "ingress-mark"} {
		if err := d.apply(name); err != nil {
			return err
		}
	}
	if err := d.laterThan("mark"); err != nil {
		return err
	}
	for _, name := range []string{"ingress-mary", "ingress-orphan"} {
		if err := d.apply(name); err != nil {
			return err
		}
	}
	fmt.Println("  bob    /bob             names a port that the Service does not have")
	fmt.Println("  mark   /mark/and/fred/")
	fmt.Println("  mary   /mark/and/fred/  which mark claims already")
	fmt.Println("  orphan /fred            whose Service does not exist")

	config, err := d.lab.Config(d.ctx, map[string]string{"sync": "deletion_grace: 1s\nlinger: 2s"})
	if err != nil {
		return err
	}
	port, err := d.nodePort("hello")
	if err != nil {
		return err
	}
	d.title("The daemon starts: claim, addresses, rules")
	if d.daemon, err = d.lab.Start(config, indent{os.Stdout}); err != nil {
		return err
	}
	bob, mark := rule("/bob", port), rule("/mark/and/fred/", port)
	if err := d.holds([]string{bob, mark}, "127.100.0.11", "127.100.0.12", "127.100.0.13"); err != nil {
		return err
	}

	d.title("Modified: mary moves to a path of her own (kubectl apply -f ingress-mary-later.yaml)")
	if err := d.apply("ingress-mary-later"); err != nil {
		return err
	}
	mary := rule("/mary/and/fred/", port)
	if err := d.holds([]string{bob, mark, mary}, "127.100.0.11", "127.100.0.12", "127.100.0.13"); err != nil {
		return err
	}

	d.title("Added: the Service that orphan waits for (kubectl apply -f service-too.yaml)")
	if err := d.apply("service-too"); err != nil {
		return err
	}
	portToo, err := d.nodePort("hello-too")
	if err != nil {
		return err
	}
	orphan := rule("/fred", portToo)
	if err := d.holds([]string{bob, mark, mary, orphan}, "127.100.0.11", "127.100.0.12", "127.100.0.13"); err != nil {
		return err
	}

	d.title("A node change: node-4 replaces node-2. Two DNS writes, no rule is touched")
	if err := d.lab.Kube.CreateNode(d.ctx, "node-4", "127.100.0.14"); err != nil {
		return err
	}
	if err := d.lab.Kube.DeleteNode(d.ctx, "node-2"); err != nil {
		return err
	}
	if err := d.holds([]string{bob, mark, mary, orphan}, "127.100.0.11", "127.100.0.13", "127.100.0.14"); err != nil {
		return err
	}

	d.title("Deleted: mark (kubectl delete ingress mark); his rule goes after the grace")
	if err := d.delete("ingress-mark"); err != nil {
		return err
	}
	if err := d.holds([]string{bob, mary, orphan}, "127.100.0.11", "127.100.0.13", "127.100.0.14"); err != nil {
		return err
	}

	d.title("Drift: somebody edits bob's rule by hand and the daemon restarts; only that rule is written")
	if err := d.stop(); err != nil {
		return err
	}
	d.spoil("/bob")
	if d.daemon, err = d.lab.Start(config, indent{os.Stdout}); err != nil {
		return err
	}
	if err := d.holds([]string{bob, mary, orphan}, "127.100.0.11", "127.100.0.13", "127.100.0.14"); err != nil {
		return err
	}

	d.title("Traffic: a request to the CDN, whose edge finds a node by the zone, and the node a pod")
	if err := d.request("/bob", "bob"); err != nil {
		return err
	}

	if !d.once {
		return nil
	}
	d.title("All Ingresses go: rules first, addresses after the linger; the claim of the names stays")
	for _, name := range []string{"ingress-bob", "ingress-mary-later", "ingress-orphan"} {
		if err := d.delete(name); err != nil {
			return err
		}
	}
	if err := d.holds(nil); err != nil {
		return err
	}
	if err := d.stop(); err != nil {
		return err
	}
	fmt.Println("\nEvery step held.")
	return nil
}

// stop ends the daemon, if it runs, and reports an end that was not clean.
func (d *demo) stop() error {
	if d.daemon == nil {
		return nil
	}
	status, err := d.daemon.Stop()
	d.daemon = nil
	if err == nil && status != 0 {
		err = fmt.Errorf("the daemon ended with status %d", status)
	}
	return err
}

// title begins a step, after Enter if somebody watches.
func (d *demo) title(text string) {
	if !d.once && d.step > 0 {
		fmt.Print("\n[Enter] ")
		line := make(chan struct{})
		go func() { d.enter.ReadString('\n'); close(line) }()
		select {
		case <-line:
		case <-d.ctx.Done():
		}
	}
	d.step++
	fmt.Printf("\n=== %d. %s\n", d.step, text)
}

// holds waits until the providers hold exactly these rules and addresses, and
// shows them.
func (d *demo) holds(rules []string, addresses ...string) error {
	start := time.Now()
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	err := lab.Until(ctx, func() error {
		if err := lab.Same("rules", d.lab.Rules(), rules...); err != nil {
			return err
		}
		return lab.Same("addresses", d.lab.Addresses(), addresses...)
	})
	if err != nil {
		return fmt.Errorf("step %d does not hold: %w", d.step, err)
	}
	fmt.Printf("  exact after %s\n", time.Since(start).Round(time.Millisecond))
	for _, line := range slices.Concat(d.lab.Rules(), d.lab.Records()) {
		fmt.Println("  |", line)
	}
	return nil
}

func rule(path string, port int32) string {
	return fmt.Sprintf("https://%s%s -> http://%s:%d%s", host, path, origin, port, path)
}

func (d *demo) apply(name string) error { return d.with(name, d.lab.Kube.Apply) }

func (d *demo) delete(name string) error { return d.with(name, d.lab.Kube.Delete) }

func (d *demo) with(name string, do func(context.Context, []byte) error) error {
	data, err := manifests.ReadFile("manifests/" + name + ".yaml")
	if err != nil {
		return err
	}
	return do(d.ctx, data)
}

// laterThan waits until an Ingress made now counts as younger than the named
// one: creation is recorded in whole seconds.
func (d *demo) laterThan(name string) error {
	ing, err := d.lab.Kube.Clientset().NetworkingV1().Ingresses("default").Get(d.ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	return lab.Until(d.ctx, func() error {
		if time.Since(ing.CreationTimestamp.Time) < time.Second {
			return fmt.Errorf("%s was made in this second", name)
		}
		return nil
	})
}

func (d *demo) nodePort(service string) (int32, error) {
	s, err := d.lab.Kube.Clientset().CoreV1().Services(corev1.NamespaceDefault).Get(d.ctx, service, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	return s.Spec.Ports[0].NodePort, nil
}

// spoil points a rule elsewhere behind the daemon's back.
func (d *demo) spoil(path string) {
	for _, r := range d.lab.Edgio.Instances() {
		if r.Path == path {
			d.lab.Edgio.Edit(r.UUID, func(body map[string]any) { body["sourceUrlPath"] = "/elsewhere" })
		}
	}
}

// indent sets the daemon's log off from the demo's own words.
type indent struct{ f *os.File }

func (w indent) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		fmt.Fprint(w.f, "    ", line)
	}
	return len(p), nil
}
