package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

// What the steps expect to stand.
const (
	origin = "nodes.main." + lab.Owner + "." + lab.Domain
	host   = "shop.example.com"
)

// edgioDemo has rules for the paths of Ingresses, which nodes serve.
type edgioDemo struct {
	*demo
	edge *lab.Edge
}

func startEdgio(d *demo) (story, error) {
	edge, err := d.lab.StartEdge(edge.Options{Dial: workload.Dial}, nil)
	return &edgioDemo{d, edge}, err
}

func (d *edgioDemo) close() { d.edge.Close() }

func (d *edgioDemo) example() []string { return d.curl("/mary/and/fred/") }

func (d *edgioDemo) run() error {
	d.title("The cluster: three nodes, a NodePort Service, and four Ingresses as people write them")
	for i, ip := range []string{"192.0.2.11", "192.0.2.12", "192.0.2.13"} {
		if err := d.lab.Kube.CreateNode(d.ctx, fmt.Sprintf("node-%d", i+1), ip); err != nil {
			return err
		}
	}
	// One after the other: of two Ingresses that want one path, the older has it.
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
	fmt.Println("  mary   /mark/and/fred/  which mark has already")
	fmt.Println("  orphan /fred            whose Service does not exist")

	config, err := d.lab.Config(d.ctx, map[string]string{"sync": "deletion_grace: 1s\nlinger: 2s"})
	if err != nil {
		return err
	}
	port, err := d.nodePort("hello")
	if err != nil {
		return err
	}
	d.title("The daemon starts: ownership record, addresses, rules")
	if err := d.start(config); err != nil {
		return err
	}
	bob, mark := rule("/bob", port), rule("/mark/and/fred/", port)
	if err := d.holds([]string{bob, mark}, "192.0.2.11", "192.0.2.12", "192.0.2.13"); err != nil {
		return err
	}

	d.title("Modified: mary moves to a path of her own (kubectl apply -f ingress-mary-later.yaml)")
	if err := d.apply("ingress-mary-later"); err != nil {
		return err
	}
	mary := rule("/mary/and/fred/", port)
	if err := d.holds([]string{bob, mark, mary}, "192.0.2.11", "192.0.2.12", "192.0.2.13"); err != nil {
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
	if err := d.holds([]string{bob, mark, mary, orphan}, "192.0.2.11", "192.0.2.12", "192.0.2.13"); err != nil {
		return err
	}

	d.title("A node change: node-4 replaces node-2. Two DNS writes, no rule is touched")
	if err := d.lab.Kube.CreateNode(d.ctx, "node-4", "192.0.2.14"); err != nil {
		return err
	}
	if err := d.lab.Kube.DeleteNode(d.ctx, "node-2"); err != nil {
		return err
	}
	if err := d.holds([]string{bob, mark, mary, orphan}, "192.0.2.11", "192.0.2.13", "192.0.2.14"); err != nil {
		return err
	}

	d.title("Deleted: mark (kubectl delete ingress mark); his rule goes after the grace")
	if err := d.delete("ingress-mark"); err != nil {
		return err
	}
	if err := d.holds([]string{bob, mary, orphan}, "192.0.2.11", "192.0.2.13", "192.0.2.14"); err != nil {
		return err
	}

	d.title("Drift: somebody edits bob's rule by hand and the daemon restarts; only that rule is written")
	if err := d.stop(); err != nil {
		return err
	}
	d.spoil("/bob")
	if err := d.start(config); err != nil {
		return err
	}
	if err := d.holds([]string{bob, mary, orphan}, "192.0.2.11", "192.0.2.13", "192.0.2.14"); err != nil {
		return err
	}

	d.title("Traffic: a request to the CDN, whose edge finds a node by the zone, and the node a pod")
	if err := d.request("/bob", "bob"); err != nil {
		return err
	}

	if !d.once {
		return nil
	}
	d.title("All Ingresses go: rules first, addresses after the linger; the ownership record stays")
	for _, name := range []string{"ingress-bob", "ingress-mary-later", "ingress-orphan"} {
		if err := d.delete(name); err != nil {
			return err
		}
	}
	return d.holds(nil)
}

// holds waits until the providers hold exactly these rules and addresses, and
// shows them.
func (d *edgioDemo) holds(rules []string, addresses ...string) error {
	return d.inSync(func() error {
		return errors.Join(lab.Same("rules", d.lab.Rules(), rules...), lab.Same("addresses", d.lab.Addresses(), addresses...))
	}, func() []string { return slices.Concat(d.lab.Rules(), d.lab.Records()) })
}

// request asks the edge for a path of an Ingress; see demo.request.
func (d *edgioDemo) request(path, ingress string) error {
	return d.demo.request(d.curl(path), d.edge.Client(), func(answer workload.Answer) error {
		mark := lab.Owner + "/main/default/" + ingress + "/"
		if answer.Path != path || len(answer.Edgeward) != 1 || !strings.HasPrefix(answer.Edgeward[0], mark) {
			return fmt.Errorf("want a pod that saw %s and the mark %s…", path, mark)
		}
		return nil
	})
}

// curl is how to ask the edge for a path, as a command line.
func (d *edgioDemo) curl(path string) []string {
	return curl("--noproxy", host, "--cacert", d.edge.CAFile, "--connect-to", host+":443:"+d.edge.HTTPS, "https://"+host+path)
}

func rule(path string, port int32) string {
	return fmt.Sprintf("https://%s%s -> http://%s:%d%s", host, path, origin, port, path)
}

// laterThan waits until an Ingress made now counts as younger than the named
// one: creation is recorded in whole seconds.
func (d *edgioDemo) laterThan(name string) error {
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

func (d *edgioDemo) nodePort(service string) (int32, error) {
	s, err := d.lab.Kube.Clientset().CoreV1().Services(corev1.NamespaceDefault).Get(d.ctx, service, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	return s.Spec.Ports[0].NodePort, nil
}

// spoil points a rule elsewhere behind the daemon's back.
func (d *edgioDemo) spoil(path string) {
	for _, r := range d.lab.Edgio.Instances() {
		if r.Path == path {
			d.lab.Edgio.Edit(r.UUID, func(body map[string]any) { body["sourceUrlPath"] = "/elsewhere" })
		}
	}
}
