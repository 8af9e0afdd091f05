package watcher

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// A fakeCluster serves some objects with TLS and a token. A change makes the
// versions from before it expire, of watches that are open and of new ones.
type fakeCluster struct {
	*httptest.Server
	requests chan string // "list path?selector", without kube-system's

	mu        sync.Mutex
	token     string
	uid       types.UID
	forbidden string // a resource
	ingresses []networkingv1.Ingress
	classes   []networkingv1.IngressClass
	version   int
	expired   chan struct{} // closed when version has expired
}

func newFakeCluster(t *testing.T) *fakeCluster {
	t.Helper()
	f := &fakeCluster{requests: make(chan string, 1000), token: "one", uid: "uid-1", ingresses: []networkingv1.Ingress{ingress("a", "5")}, version: 10, expired: make(chan struct{})}
	f.Server = httptest.NewUnstartedServer(f)
	f.Server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

// change changes what the cluster is.
func (f *fakeCluster) change(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	f.version++
	close(f.expired)
	f.expired = make(chan struct{})
}

func (f *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	token, uid, forbidden, ingresses, classes, version, expired := f.token, f.uid, f.forbidden, f.ingresses, f.classes, strconv.Itoa(f.version), f.expired
	f.mu.Unlock()

	query := r.URL.Query()
	segments := strings.Split(r.URL.Path, "/")
	resource := segments[len(segments)-1]
	listMeta := metav1.ListMeta{ResourceVersion: version}
	if resource != "kube-system" {
		verb := "list "
		if query.Has("watch") {
			verb = "watch "
		}
		f.requests <- strings.TrimSuffix(verb+r.URL.Path+"?"+query.Get("labelSelector")+query.Get("fieldSelector"), "?")
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+token:
		fails(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)(w, r)
	case resource == forbidden:
		fails(http.StatusForbidden, metav1.StatusReasonForbidden)(w, r)
	case resource == "kube-system":
		sendJSON(w, http.StatusOK, corev1.Namespace{TypeMeta: metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: resource, UID: uid}})
	case query.Get("watch") != "" && query.Get("resourceVersion") != version:
		fails(http.StatusGone, metav1.StatusReasonExpired)(w, r)
	case query.Get("watch") != "":
		sendFrames(w, nil)
		select {
		case <-expired:
			sendFrames(w, []frame{{watch.Error, statusOf(http.StatusGone, metav1.StatusReasonExpired)}})
		case <-r.Context().Done():
		}
	case resource == "ingresses":
		sendJSON(w, http.StatusOK, networkingv1.IngressList{TypeMeta: metav1.TypeMeta{Kind: "IngressList", APIVersion: "networking.k8s.io/v1"}, ListMeta: listMeta, Items: ingresses})
	case resource == "services":
		service := corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "s"}, Spec: corev1.ServiceSpec{Type: "NodePort"}}
		sendJSON(w, http.StatusOK, corev1.ServiceList{TypeMeta: metav1.TypeMeta{Kind: "ServiceList", APIVersion: "v1"}, ListMeta: listMeta, Items: []corev1.Service{service}})
	case resource == "endpointslices":
		sendJSON(w, http.StatusOK, discoveryv1.EndpointSliceList{TypeMeta: metav1.TypeMeta{Kind: "EndpointSliceList", APIVersion: "discovery.k8s.io/v1"}, ListMeta: listMeta})
	case resource == "ingressclasses":
		sendJSON(w, http.StatusOK, networkingv1.IngressClassList{TypeMeta: metav1.TypeMeta{Kind: "IngressClassList", APIVersion: "networking.k8s.io/v1"}, ListMeta: listMeta, Items: classes})
	case resource == "secrets":
		sendJSON(w, http.StatusOK, corev1.SecretList{TypeMeta: metav1.TypeMeta{Kind: "SecretList", APIVersion: "v1"}, ListMeta: listMeta, Items: []corev1.Secret{
			{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "tls", UID: "t"}, Type: corev1.SecretTypeTLS},
			{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "other", UID: "o"}, Type: corev1.SecretTypeOpaque},
		}})
	case resource == "nodes":
		sendJSON(w, http.StatusOK, corev1.NodeList{TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"}, ListMeta: listMeta, Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}}})
	default:
		http.NotFound(w, r)
	}
}

// kubeconfig is the content of a file that leads to the cluster.
func (f *fakeCluster) kubeconfig(token string) string {
	return kubeconfig(fmt.Sprintf("server: %q, certificate-authority-data: %s", f.URL, base64.StdEncoding.EncodeToString([]byte(pemOf(f.Server)))), "token: "+token)
}

// A testCluster is a Cluster and all it tells.
type testCluster struct {
	*Cluster
	file     string // the kubeconfig
	told     chan string
	restarts chan string // "resource reason"
	log      *lockedBuffer
}

func newTestCluster(t *testing.T, content string, change func(*ClusterOptions)) testCluster {
	t.Helper()
	c := testCluster{
		file: writeFile(t, filepath.Join(t.TempDir(), "kubeconfig"), content),
		told: make(chan string, 1000), restarts: make(chan string, 10000), log: new(lockedBuffer),
	}
	opts := ClusterOptions{
		Name: "main", Clients: NewClients(ClientOptions{Kubeconfig: c.file, Log: quiet()}), IngressClasses: []string{"acme"},
		Ingresses: recorder[*kube.Ingress](c.told), Services: recorder[kube.Service](c.told), Nodes: recorder[kube.Node](c.told),
		Timings: fast(), Log: slog.New(slog.NewTextHandler(c.log, nil)),
		Metrics: Metrics{Restarts: func(resource, reason string) { c.restarts <- resource + " " + reason }},
	}
	change(&opts)
	var err error
	if c.Cluster, err = New(opts); err != nil {
		t.Fatal(err)
	}
	return c
}

// collect receives n values, sorted.
func collect(t *testing.T, n int, values <-chan string) []string {
	t.Helper()
	var all []string
	for range n {
		all = append(all, receive(t, strings.Join(all, ", "), values))
	}
	slices.Sort(all)
	return all
}

func TestClusterRequests(t *testing.T) {
	const networking, slices = "/apis/networking.k8s.io/v1/", "/apis/discovery.k8s.io/v1/endpointslices"
	tests := map[string]struct {
		change func(*ClusterOptions)
		want   []string // each once to list and once to watch
	}{
		"all namespaces":                {func(o *ClusterOptions) {}, []string{"/api/v1/nodes", "/api/v1/services", slices, networking + "ingresses"}},
		"label selector, on the server": {func(o *ClusterOptions) { o.LabelSelector, o.IngressClasses = "cdn=acme", nil }, []string{"/api/v1/nodes", "/api/v1/services", slices, networking + "ingresses?cdn=acme"}},
		"label selector or class":       {func(o *ClusterOptions) { o.LabelSelector = "cdn=acme" }, []string{"/api/v1/nodes", "/api/v1/services", slices, networking + "ingresses"}},
		"node selector":                 {func(o *ClusterOptions) { o.NodeSelector = "pool=edge" }, []string{"/api/v1/nodes?pool=edge", "/api/v1/services", slices, networking + "ingresses"}},
		"classes by their objects": {func(o *ClusterOptions) { o.Controllers = []string{"edgeward/acme"} }, []string{
			"/api/v1/nodes", "/api/v1/services", slices, networking + "ingressclasses", networking + "ingresses",
		}},
		"certificates": {func(o *ClusterOptions) { o.ReadTLS = true }, []string{
			"/api/v1/nodes", "/api/v1/secrets?type=kubernetes.io/tls", "/api/v1/services", slices, networking + "ingresses",
		}},
		"certificates of a namespace": {func(o *ClusterOptions) { o.ReadTLS, o.Namespaces = true, []string{"shop"} }, []string{
			"/api/v1/namespaces/shop/secrets?type=kubernetes.io/tls", "/api/v1/namespaces/shop/services", "/api/v1/nodes",
			"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", networking + "namespaces/shop/ingresses",
		}},
		"namespaces, one twice": {func(o *ClusterOptions) { o.Namespaces = []string{"shop", "blog", "shop"} }, []string{
			"/api/v1/namespaces/blog/services", "/api/v1/namespaces/shop/services", "/api/v1/nodes", "/apis/discovery.k8s.io/v1/namespaces/blog/endpointslices", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
			networking + "namespaces/blog/ingresses", networking + "namespaces/shop/ingresses",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newFakeCluster(t)
			c := newTestCluster(t, server.kubeconfig("one"), test.change)
			stop := start(t, c.Run)
			var want []string
			for _, verb := range []string{"list ", "watch "} {
				for _, path := range test.want { // sorted
					want = append(want, verb+path)
				}
			}
			if diff := cmp.Diff(want, collect(t, len(want), server.requests)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			stop()
			if len(server.requests) > 0 {
				t.Errorf("%d requests too many", len(server.requests))
			}
		})
	}
}

// TestClusterCopy: what is there before and after the first snapshots, and that
// Synced is called once, after the handlers.
func TestClusterCopy(t *testing.T) {
	server := newFakeCluster(t)
	var c testCluster
	c = newTestCluster(t, server.kubeconfig("one"), func(o *ClusterOptions) {
		o.Synced = func(uid string) {
			ok, reason := c.Synced()
			c.told <- fmt.Sprintf("synced %s %t %q", uid, ok, reason)
		}
	})
	if ok, reason := c.Synced(); ok || reason != "ingresses: the first snapshot is not complete yet (and 3 more)" || c.UID() != "" {
		t.Errorf("before Run: synced %t, reason %q, UID %q", ok, reason, c.UID())
	}
	stop := start(t, c.Run)
	if diff := cmp.Diff([]string{"added n1@", "added shop/a@5", "added shop/web@"}, collect(t, 3, c.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if got := receive(t, "synced", c.told); got != `synced uid-1 true ""` {
		t.Errorf("told %s", got)
	}
	if c.UID() != "uid-1" || len(c.Ingresses()) != 1 || len(c.Services()) != 1 || len(c.Nodes()) != 1 {
		t.Errorf("UID %q, %v, %v, %v", c.UID(), c.Ingresses(), c.Services(), c.Nodes())
	}
	server.change(func() { server.ingresses = append(server.ingresses, ingress("b", "6")) })
	if got := receive(t, "new Ingress", c.told); got != "added shop/b@6" {
		t.Errorf("told %s", got)
	}
	stop()
	if len(c.told) > 0 {
		t.Errorf("told too much: %s", <-c.told)
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]struct {
		opts ClusterOptions
		want string
	}{
		"both selectors off": {ClusterOptions{}, "neither a label selector nor an ingress class is given"},
		"label selector":     {ClusterOptions{LabelSelector: "!"}, "label selector: "},
		"node selector":      {ClusterOptions{IngressClasses: []string{"acme"}, NodeSelector: "a=b=c"}, "node selector: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.opts.Log = quiet()
			if _, err := New(test.opts); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestForbidden: the reason names the resource and what helps.
func TestForbidden(t *testing.T) {
	server := newFakeCluster(t)
	server.forbidden = "nodes"
	c := newTestCluster(t, server.kubeconfig("one"), func(*ClusterOptions) {})
	start(t, c.Run)
	for watched := 0; watched < 3; { // the others have their snapshots
		if strings.HasPrefix(receive(t, "watch", server.requests), "watch") {
			watched++
		}
	}
	collect(t, 2, c.told)
	if got := receive(t, "restart", c.restarts); got != "nodes forbidden" {
		t.Errorf("restart %q", got)
	}
	const want = "nodes: no snapshot yet: list: as scripted: let the kubeconfig's user get, list and watch this (RBAC)"
	if ok, reason := c.Synced(); ok || reason != want {
		t.Errorf("synced %t, reason %q, want %q", ok, reason, want)
	}
	server.change(func() { server.forbidden = "" })
	if got := receive(t, "node", c.told); got != "added n1@" {
		t.Errorf("told %q", got)
	}
}

// TestIngressClassObjects: an Ingress of a class whose object names our
// controller is ours as long as it does.
func TestIngressClassObjects(t *testing.T) {
	of := func(controller string) []networkingv1.IngressClass {
		return []networkingv1.IngressClass{{ObjectMeta: metav1.ObjectMeta{Name: "cdn", UID: "c"}, Spec: networkingv1.IngressClassSpec{Controller: controller}}}
	}
	server := newFakeCluster(t)
	server.ingresses = append(server.ingresses, ingress("b", "6", class("cdn")))
	server.classes = of("edgeward/acme")
	c := newTestCluster(t, server.kubeconfig("one"), func(o *ClusterOptions) { o.Controllers = []string{"edgeward/acme"} })
	start(t, c.Run)
	if diff := cmp.Diff([]string{"added n1@", "added shop/a@5", "added shop/b@6", "added shop/web@"}, collect(t, 4, c.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	server.change(func() { server.classes = of("example.com/other") })
	if got := receive(t, "not ours any more", c.told); got != "deleted shop/b@6 seen=false" {
		t.Errorf("told %q", got)
	}
	server.change(func() { server.classes = of("edgeward/acme") })
	if got := receive(t, "ours again", c.told); got != "added shop/b@6" {
		t.Errorf("told %q", got)
	}
}

// TestForbiddenClasses: without the right to read IngressClass objects all
// else goes on, and it is said once.
func TestForbiddenClasses(t *testing.T) {
	server := newFakeCluster(t)
	server.forbidden = "ingressclasses"
	c := newTestCluster(t, server.kubeconfig("one"), func(o *ClusterOptions) {
		o.Controllers = []string{"edgeward/acme"}
		o.Synced = func(string) { o.Ingresses.Added(&kube.Ingress{Meta: kube.Meta{Name: "synced"}}) }
	})
	start(t, c.Run)
	collect(t, 3, c.told)
	if got := receive(t, "synced", c.told); got != "added synced@" {
		t.Errorf("told %q", got)
	}
	if n := strings.Count(c.log.String(), "is done without"); n != 1 {
		t.Errorf("said %d times:\n%s", n, c.log)
	}
}

// TestForbiddenClassesForAMoment: an Ingress whose class cannot be looked up is kept as
// such, until the right is back, which is soon noticed.
func TestForbiddenClassesForAMoment(t *testing.T) {
	server := newFakeCluster(t)
	server.forbidden = "ingressclasses"
	server.ingresses = append(server.ingresses, ingress("b", "6", class("cdn")), ingress("n", "7", class("nginx")))
	server.classes = []networkingv1.IngressClass{{ObjectMeta: metav1.ObjectMeta{Name: "cdn", UID: "c"}, Spec: networkingv1.IngressClassSpec{Controller: "edgeward/acme"}}}
	c := newTestCluster(t, server.kubeconfig("one"), func(o *ClusterOptions) { o.Controllers = []string{"edgeward/acme"} })
	start(t, c.Run)
	if diff := cmp.Diff([]string{"added n1@", "added shop/a@5", "added shop/b@", "added shop/n@", "added shop/web@"}, collect(t, 5, c.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, in := range c.Ingresses() {
		if in.ClassUnknown != (in.Name != "a") || in.ClassUnknown && len(in.Rules) > 0 {
			t.Errorf("%s: %+v", in.Name, in)
		}
	}
	if !strings.Contains(c.log.String(), "level=WARN") {
		t.Errorf("said too quietly:\n%s", c.log)
	}
	server.change(func() { server.ingresses = server.ingresses[:2] })
	if got := receive(t, "one that was deleted meanwhile", c.told); got != "deleted shop/n@ seen=false" && got != "deleted shop/n@ seen=true" {
		t.Errorf("told %q", got)
	}
	server.change(func() { server.forbidden = "" })
	if got := receive(t, "the right is back", c.told); got != "modified shop/b@ to 6 seen=false" {
		t.Errorf("told %q", got)
	}

	// The right is taken away while all runs, and an Ingress gets a class that nobody
	// has heard of; one that is known stays known.
	server.change(func() { server.forbidden = "ingressclasses" })
	for receive(t, "refused", c.restarts) != "ingressclasses forbidden" {
	}
	server.change(func() {
		server.ingresses = []networkingv1.Ingress{ingress("a", "5", class("new")), ingress("b", "6", class("cdn"))}
	})
	if got := receive(t, "a class that is not known", c.told); got != "modified shop/a@5 to  seen=false" {
		t.Errorf("told %q", got)
	}
	for _, in := range c.Ingresses() {
		if in.ClassUnknown != (in.Name == "a") {
			t.Errorf("%s: %+v", in.Name, in)
		}
	}
}

// TestForbiddenCertificates: without the right to read TLS Secrets all else goes
// on; it is said once, and is no failure. The right is used once it is given.
func TestForbiddenCertificates(t *testing.T) {
	server := newFakeCluster(t)
	server.forbidden = "secrets"
	c := newTestCluster(t, server.kubeconfig("one"), func(o *ClusterOptions) {
		o.ReadTLS, o.TLSFor, o.Namespaces = true, "Vultr CDN", []string{"shop"}
		told := o.Nodes.(recorder[kube.Node])
		o.TLSSecrets = recorder[kube.TLSSecret](told)
		o.TLSRefused = func(namespace string, refused bool) { told <- fmt.Sprintf("refused %s %t", namespace, refused) }
		o.Synced = func(string) { told <- "synced" }
	})
	start(t, c.Run)
	if diff := cmp.Diff([]string{"added n1@", "added shop/a@5", "added shop/web@", "refused shop true"}, collect(t, 4, c.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if got := receive(t, "synced", c.told); got != "synced" {
		t.Errorf("told %q", got)
	}
	for tries := 0; tries < 3; { // in silence
		if strings.Contains(receive(t, "another try", server.requests), "secrets") {
			tries++
		}
	}
	if n, want := strings.Count(c.log.String(), "secrets"), "certificates of CDN hosts cannot be read; deploy/rbac-certificates.yaml allows it"; strings.Count(c.log.String(), want) != 1 || n != 1 {
		t.Errorf("said of secrets %d times:\n%s", n, c.log)
	}
	if len(c.restarts) > 0 {
		t.Errorf("counted as a failure: %s", <-c.restarts)
	}
	server.change(func() { server.forbidden = "" })
	if diff := cmp.Diff([]string{"added shop/tls@", "refused shop false"}, collect(t, 2, c.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if got := c.TLSSecrets(); len(got) != 1 || got[0].Fault == "" {
		t.Errorf("kept %v", got)
	}
}

// TestExpiredToken: the copy stays, and writing another token into the
// kubeconfig is all that is needed.
func TestExpiredToken(t *testing.T) {
	server := newFakeCluster(t)
	c := newTestCluster(t, server.kubeconfig("one"), func(*ClusterOptions) {})
	start(t, c.Run)
	collect(t, 3, c.told)

	server.change(func() { server.token = "two"; server.ingresses = append(server.ingresses, ingress("b", "6")) })
	for receive(t, "401", c.restarts) != "ingresses unauthorized" {
	}
	if got := len(c.Ingresses()); got != 1 {
		t.Errorf("%d Ingresses kept", got)
	}
	writeFile(t, c.file, server.kubeconfig("two"))
	if got := receive(t, "new Ingress", c.told); got != "added shop/b@6" {
		t.Errorf("told %q", got)
	}
}

// TestForeignCluster: nothing is taken from another cluster behind the same
// address, it is said what to do, and the first one is welcome back.
func TestForeignCluster(t *testing.T) {
	server := newFakeCluster(t)
	c := newTestCluster(t, server.kubeconfig("one"), func(*ClusterOptions) {})
	start(t, c.Run)
	collect(t, 3, c.told)

	server.change(func() { server.uid, server.ingresses = "uid-2", []networkingv1.Ingress{ingress("b", "6")} })
	for receive(t, "refused", c.restarts) != "ingresses error" {
	}
	if got := c.Ingresses(); len(got) != 1 || got[0].Name != "a" || c.UID() != "uid-1" {
		t.Errorf("kept %v, UID %q", got, c.UID())
	}
	server.change(func() { server.uid, server.ingresses = "uid-1", []networkingv1.Ingress{ingress("c", "7")} })
	if diff := cmp.Diff([]string{"added shop/c@7", "deleted shop/a@5 seen=false"}, collect(t, 2, c.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	const want = "the UID uid-2, before it was uid-1; nothing is taken over from it: point the kubeconfig back, or restart edgeward if the change is meant"
	if !strings.Contains(c.log.String(), "level=ERROR") || !strings.Contains(c.log.String(), want) {
		t.Errorf("no %q in the log:\n%s", want, c.log)
	}
}

// TestRunEnds: also while calls hang.
func TestRunEnds(t *testing.T) {
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		silent(w, r)
	}))
	defer server.Close()
	c := newTestCluster(t, kubeconfig("server: "+server.URL, ""), func(*ClusterOptions) {})
	stop := start(t, c.Run)
	collect(t, 4, asked)
	stop()
	if len(c.restarts) > 0 {
		t.Errorf("the end was counted as a failure")
	}
}

// TestRenew has all resources listed anew: it is told once, when the last of them was, with
// when the first of these lists began. One that is done without holds nothing up.
func TestRenew(t *testing.T) {
	for name, forbidden := range map[string]string{"all may be read": "", "without certificates": "secrets"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newFakeCluster(t)
			server.forbidden = forbidden
			listed := make(chan time.Time, 100)
			c := newTestCluster(t, server.kubeconfig("one"), func(o *ClusterOptions) {
				o.ReadTLS, o.Controllers = true, []string{"edgeward/acme"}
				o.Listed = func(began time.Time) { listed <- began }
			})
			begun := time.Now()
			start(t, c.Run)
			first := receive(t, "the first lists", listed)
			if first.Before(begun) {
				t.Errorf("the first lists began at %s, before the start", first)
			}
			if ok, why := c.Synced(); !ok {
				t.Errorf("told before all was listed: %s", why)
			}
			asked := time.Now()
			c.Renew()
			again := receive(t, "lists anew", listed)
			for again.Before(asked) { // forbidden resources are asked for all the time
				again = receive(t, "lists anew", listed)
			}
		})
	}
}
