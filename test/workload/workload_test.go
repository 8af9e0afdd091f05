package workload

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/edgeward/edgeward/test/lab"
)

// loopback is an address of this process's own.
func loopback(n int) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 16+pid>>8%224, pid%256, n)
}

func node(name, address string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeHostName, Address: name}, {Type: corev1.NodeExternalIP, Address: address},
		}},
	}
}

// start answers for a cluster of some objects until the test ends.
func start(t *testing.T, hosts map[string]netip.Addr, objects ...runtime.Object) (*Workload, *fake.Clientset) {
	t.Helper()
	client := fake.NewClientset(objects...)
	w, err := Start(t.Context(), client, hosts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, client
}

// opens waits until these doors are open and no other.
func opens(t *testing.T, w *Workload, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := lab.Until(ctx, func() error { return lab.Same("open", w.Open(), want...) }); err != nil {
		t.Fatal(err)
	}
}

// ask returns the answer of a URL.
func ask(t *testing.T, url string) (Answer, error) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Edgeward", "mark")
	reply, err := client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer reply.Body.Close()
	var answer Answer
	return answer, json.NewDecoder(reply.Body).Decode(&answer)
}

func TestAnswer(t *testing.T) {
	https := "https"
	web := service(corev1.ServiceTypeLoadBalancer, corev1.ServiceExternalTrafficPolicyCluster, balanced(corev1.LoadBalancerIngress{Hostname: "lb.example"}),
		func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol, s.Spec.Ports[0].Port = &https, 8443 })
	pods := slice("web", "http", discoveryv1.AddressTypeIPv4, endpoint("a", "ready"))
	balancer := netip.MustParseAddr(loopback(9))
	w, _ := start(t, map[string]netip.Addr{"lb.example": balancer}, node("a", loopback(1)), node("b", loopback(2)), web, pods)
	byNode, byBalancer := loopback(2)+":30080", balancer.String()+":8443"
	opens(t, w, loopback(1)+":30080", byNode, byBalancer)
	for at, entered := range map[string]string{byNode: "b, " + byNode, byBalancer: "the load balancer of default/web, " + byBalancer} {
		got, err := ask(t, "https://"+at+"/a%2Fb?c=d")
		if err != nil {
			t.Fatal(err)
		}
		want := Answer{Pod: "a-pod", Node: "a", Entered: entered, Host: at, Path: "/a%2Fb?c=d", Edgeward: []string{"mark"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestChanges lets the cluster change; a door that closes refuses connections.
func TestChanges(t *testing.T) {
	web := service(corev1.ServiceTypeNodePort, corev1.ServiceExternalTrafficPolicyLocal)
	pods := slice("web", "http", discoveryv1.AddressTypeIPv4, endpoint("a", "ready"))
	pods.Name = "web-1"
	w, client := start(t, nil, node("a", loopback(1)), web, pods)
	a, b := loopback(1)+":30080", loopback(2)+":30080"
	opens(t, w, a)

	if _, err := client.CoreV1().Nodes().Create(t.Context(), node("b", loopback(2)), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pods = pods.DeepCopy()
	pods.Endpoints = append(pods.Endpoints, endpoint("b", "ready"))
	if _, err := client.DiscoveryV1().EndpointSlices("default").Update(t.Context(), pods, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	opens(t, w, a, b)

	// Its machine goes on without the Node.
	if err := client.CoreV1().Nodes().Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	web = web.DeepCopy()
	web.Spec.Ports[0].NodePort = 30081
	if _, err := client.CoreV1().Services("default").Update(t.Context(), web, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	opens(t, w, loopback(1)+":30081", loopback(2)+":30081")
	if _, err := ask(t, "http://"+a); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a closed door says %v", err)
	}
}

// TestKill resets the connections to a machine, and no other.
func TestKill(t *testing.T) {
	web := service(corev1.ServiceTypeNodePort, corev1.ServiceExternalTrafficPolicyCluster)
	pods := slice("web", "http", discoveryv1.AddressTypeIPv4, endpoint("a", "ready"), endpoint("b", "ready"))
	w, _ := start(t, nil, node("a", loopback(1)), node("b", loopback(2)), web, pods)
	a, b := loopback(1)+":30080", loopback(2)+":30080"
	opens(t, w, a, b)
	conn, err := net.Dial("tcp", a)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	// A request is under way, so that the server has taken the connection.
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / ")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
	w.Kill("a")
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection says %v, want a reset", err)
	}
	if _, err := ask(t, "http://"+a); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a dead machine says %v", err)
	}
	opens(t, w, b)
	if got, err := ask(t, "http://"+b); err != nil || got.Pod != "b-pod" {
		t.Errorf("%+v, %v; want the pod that is left", got, err)
	}
}

// TestRequestUnderWay has a door close between a request's coming in and its
// answer: as behind kube-proxy, the pod that it was for answers.
func TestRequestUnderWay(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.0.1:30080")
	w := &Workload{closed: map[netip.AddrPort]door{at: {name: "node-1", pods: []pod{{"web-1", "node-1"}}}}}
	reply := httptest.NewRecorder()
	w.answer(reply, httptest.NewRequest(http.MethodGet, "/a", nil), at)
	if reply.Code != http.StatusOK || !strings.Contains(reply.Body.String(), "web-1") {
		t.Errorf("%d %s", reply.Code, reply.Body)
	}
}
