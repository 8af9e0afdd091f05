package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edge"
	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
	"github.com/edgeward/edgeward/test/workload"
)

var server *kube.Server // set by TestMain, before any test

func TestMain(m *testing.M) { os.Exit(kube.RunMain(m, &server)) }

const (
	rate        = 800                     // requests a second
	ttl         = time.Second             // of the records
	propagation = 200 * time.Millisecond  // of the rules to the edge
	linger      = 1500 * time.Millisecond // more than both
	pending     = 300 * time.Millisecond  // of a pull zone, more than the propagation
	patience    = 30 * time.Second        // for a condition to come true
	url         = "https://www.example.com/app"
)

// balancerName is a load balancer outside of the zone.
const balancerName = "lb.cloud.example"

// world is a cluster whose Ingress "web" is served by the CDN, with requests
// coming in.
type world struct {
	*lab.Lab
	t        *testing.T
	edge     edgeServer
	workload *workload.Workload
	daemon   *lab.Daemon
	config   string
	load     *Load
}

// edgeServer is a CDN's.
type edgeServer interface {
	Client() *http.Client
	Retries() int
	Close() error
}

// newWorld makes one with three nodes, a pod on the first two, and a daemon, and
// starts the load once all of it serves. service is a manifest; "" is NodePort
// with the policy Cluster. prepare, if not nil, runs before the daemon.
func newWorld(t *testing.T, o edge.Options, service string, prepare func(*world)) *world {
	t.Helper()
	o.Propagation = propagation
	o.Dial = workload.Dial
	w := newCluster(t, func(w *world) (edgeServer, error) { return w.StartEdge(o, balancerHosts()) })
	if service == "" {
		service = nodePort("Cluster", onNodes)
	}
	w.apply(service, ingress("http", "/app"))
	if prepare != nil {
		prepare(w)
	}
	var err error
	w.config, err = w.Config(t.Context(), map[string]string{
		"vultr":    fmt.Sprintf("ttl: %.0f", ttl.Seconds()),
		"sync":     fmt.Sprintf("linger: %s\ndeletion_grace: 0s", linger),
		"clusters": w.cluster(),
	})
	must(t, err)
	w.start()
	t.Cleanup(w.stop)
	w.serves(url, "")
	w.load = StartLoad(t.Context(), w.edge.Client(), rate, accept, url, url+"/x?y=1")
	t.Cleanup(func() { w.load.Stop() })
	return w
}

// newCluster makes the world without anything published, and no daemon yet.
func newCluster(t *testing.T, start func(*world) (edgeServer, error)) *world {
	t.Helper()
	w := &world{t: t}
	must(t, server.Clean(t.Context()))
	var err error
	w.Lab, err = lab.New(t.Context(), server, t.TempDir(), lab.Options{PullZonePending: pending})
	must(t, err)
	t.Cleanup(w.Lab.Close)
	w.edge, err = start(w)
	must(t, err)
	t.Cleanup(func() { must(t, w.edge.Close()) })
	w.workload, err = workload.Start(t.Context(), server.Clientset(), balancerHosts())
	must(t, err)
	t.Cleanup(w.workload.Close)
	w.nodes(1, 2, 3)
	w.pods(1, 2)
	return w
}

// balancerHosts are the load balancers that are known by a name.
func balancerHosts() map[string]netip.Addr {
	return map[string]netip.Addr{balancerName: netip.MustParseAddr(address(201))}
}

func (w *world) cluster() string {
	kubeconfig, err := lab.Kubeconfig(w.t.Context(), server)
	must(w.t, err)
	return fmt.Sprintf("- name: main\n  kubeconfig: %s\n  not_ready_delay: 0s", kubeconfig)
}

// start runs the daemon; its log is shown if the test fails.
func (w *world) start() {
	w.t.Helper()
	daemon, err := w.Start(w.config, nil)
	must(w.t, err)
	w.daemon = daemon
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("the log of the daemon:\n%s", daemon.Log())
		}
	})
}

func (w *world) stop() {
	if _, err := w.daemon.Stop(); err != nil {
		w.t.Error(err)
	}
}

// end sends the daemon a signal and waits until it has ended.
func (w *world) end(signal os.Signal) {
	w.t.Helper()
	must(w.t, w.daemon.Signal(signal))
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	_, err := w.daemon.Wait(ctx)
	must(w.t, err)
}

// address is that of a node, for 1 to 199, or of a load balancer, for 200 and 201.
func address(n int) string { return fmt.Sprint("192.0.2.", n) }

func nodeName(n int) string { return fmt.Sprint("node-", n) }

func (w *world) nodes(numbers ...int) {
	w.t.Helper()
	for _, n := range numbers {
		must(w.t, server.CreateNode(w.t.Context(), nodeName(n), address(n)))
	}
}

func (w *world) deleteNode(n int) {
	w.t.Helper()
	must(w.t, server.DeleteNode(w.t.Context(), nodeName(n)))
}

// pods puts a ready pod on each of the nodes, and none elsewhere.
func (w *world) pods(nodes ...int) {
	w.t.Helper()
	var endpoints []string
	for _, n := range nodes {
		endpoints = append(endpoints, endpoint(n, "ready: true, serving: true"))
	}
	w.endpoints(endpoints...)
}

// endpoint is the pod of a node, with its conditions.
func endpoint(node int, conditions string) string {
	return fmt.Sprintf("{addresses: [10.244.%d.2], nodeName: %s, conditions: {%s}, targetRef: {kind: Pod, name: web-%d, namespace: default}}",
		node, nodeName(node), conditions, node)
}

func (w *world) endpoints(list ...string) {
	w.t.Helper()
	w.apply(fmt.Sprintf(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [%s]
ports: [{name: http, port: 8080}, {name: other, port: 8081}]
`, strings.Join(list, ", ")))
}

// onNodes is the port of the Service. It is one that nobody needs rights for, as
// load balancers listen there too.
const onNodes = "{name: http, port: 8080, nodePort: 30080}"

// nodePort is the Service of that type, with a policy and ports.
func nodePort(policy string, ports ...string) string { return service("NodePort", policy, ports...) }

func service(kind, policy string, ports ...string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: %s
  externalTrafficPolicy: %s
  ports: [%s]
`, kind, policy, strings.Join(ports, ", "))
}

// ingress is the Ingress "web" with some paths, served by a port of the Service.
func ingress(port string, paths ...string) string {
	var list []string
	for _, p := range paths {
		list = append(list, fmt.Sprintf("{path: %s, pathType: Prefix, backend: {service: {name: web, port: {name: %s}}}}", p, port))
	}
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, labels: {cdn: edgio}}
spec: {rules: [{host: www.example.com, http: {paths: [%s]}}]}
`, strings.Join(list, ", "))
}

func (w *world) apply(manifests ...string) {
	w.t.Helper()
	for _, m := range manifests {
		must(w.t, server.Apply(w.t.Context(), []byte(m)))
	}
}

func (w *world) until(ok func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := lab.Until(ctx, ok); err != nil {
		w.t.Fatal(err)
	}
}

// inDNS waits until the addresses of these nodes, or load balancers, stand in
// the zone and no other.
func (w *world) inDNS(numbers ...int) {
	w.t.Helper()
	var want []string
	for _, n := range numbers {
		want = append(want, address(n))
	}
	w.until(func() error { return lab.Same("addresses", w.published(), want...) })
}

// published are the addresses in the zone, whatever their name, sorted.
func (w *world) published() []string {
	var list []string
	for _, r := range w.Vultr.Records(lab.Domain) {
		if r.Type == "A" && !slices.Contains(list, r.Data) {
			list = append(list, r.Data)
		}
	}
	slices.Sort(list)
	return list
}

// serves waits until a URL is answered by way of what has via in its name.
func (w *world) serves(url, via string) {
	w.t.Helper()
	client := w.edge.Client()
	defer client.CloseIdleConnections()
	w.until(func() error {
		reply, err := client.Get(url)
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		answer, err := read(reply)
		if err == nil && !strings.Contains(answer.Entered, via) {
			err = fmt.Errorf("%s is served by way of %s", url, answer.Entered)
		}
		return err
	})
}

// goOn lets requests come in for as long as d, and as many as come in that time:
// after a stall of the machine, those that it has held up come at once.
func (w *world) goOn(d time.Duration) {
	w.t.Helper()
	begin := time.Now()
	must(w.t, w.load.Await(w.t.Context(), int(rate*d.Seconds())))
	for time.Since(begin) < d {
		must(w.t, w.load.Await(w.t.Context(), 1))
	}
}

// forgotten lets requests come in until the edge cannot have what it learned
// from DNS, or of the rules, before.
func (w *world) forgotten() {
	w.t.Helper()
	w.goOn(max(ttl, propagation) + 100*time.Millisecond)
}

// accept is for Load: a reply is good if a pod has seen the path as it was asked
// for, with the daemon's mark.
func accept(reply *http.Response) error {
	answer, err := read(reply)
	if err != nil {
		return err
	}
	want := "acme/main/default/web/"
	if answer.Path != reply.Request.URL.RequestURI() || len(answer.Edgeward) != 1 || !strings.HasPrefix(answer.Edgeward[0], want) {
		return fmt.Errorf("the pod saw %+v", answer)
	}
	return nil
}

func read(reply *http.Response) (workload.Answer, error) {
	var answer workload.Answer
	if reply.StatusCode != http.StatusOK {
		text := make([]byte, 300)
		n, _ := reply.Body.Read(text) // it is for reading only
		return answer, fmt.Errorf("%d %s", reply.StatusCode, strings.TrimSpace(string(text[:n])))
	}
	err := json.NewDecoder(reply.Body).Decode(&answer)
	if err == nil && answer.Pod == "" {
		err = errors.New("it was no pod that answered")
	}
	return answer, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// absent returns nil once the CDN publishes nothing at a URL.
func (w *world) absent(url string) error {
	client := w.edge.Client()
	defer client.CloseIdleConnections()
	reply, err := client.Get(url)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusNotFound {
		return fmt.Errorf("%s: %s", url, reply.Status)
	}
	return nil
}
