package watcher

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edgeward/edgeward/internal/kube"
)

// decode reads an object as the API server would send it.
func decode[T any](t *testing.T, text string) *T {
	t.Helper()
	object := new(T)
	if err := json.Unmarshal([]byte(text), object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestReduceIngress(t *testing.T) {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		in   string
		want kube.Ingress
	}{
		"empty": {`{}`, kube.Ingress{}},
		"everything": {
			`{"metadata":{"namespace":"shop","name":"web","uid":"u","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z",
				"annotations":{"edgeward/source-path":"strip","edgeward":"no","other/edgeward/x":"no","kubernetes.io/ingress.class":"legacy"}},
			"spec":{"ingressClassName":"acme","defaultBackend":{"service":{"name":"d","port":{"number":1}}},"rules":[
				{"host":"a.example","http":{"paths":[
					{"path":"/n","pathType":"Exact","backend":{"service":{"name":"s","port":{"number":80}}}},
					{"path":"/m","pathType":"Prefix","backend":{"service":{"name":"s","port":{"name":"http"}}}},
					{"backend":{"resource":{"apiGroup":"example.com","kind":"Bucket","name":"b"}}},
					{"path":"/x","pathType":"ImplementationSpecific","backend":{}}]}},
				{"host":"b.example"},
				{"http":{"paths":null}}],
				"tls":[{"hosts":["a.example","*.b.example"],"secretName":"tls"},{"hosts":["c.example"]},{"secretName":"rest"}]},
			"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},{"hostname":"lb.example.org"}]}}}`,
			kube.Ingress{
				Meta: kube.Meta{Namespace: "shop", Name: "web", UID: "u", ResourceVersion: "7"}, Created: created, Class: "acme", Annotated: "legacy",
				Annotations:    map[string]string{"edgeward/source-path": "strip"},
				DefaultBackend: &kube.Backend{Service: "d", PortNumber: 1},
				Status:         []kube.Address{{IP: "192.0.2.1"}, {Hostname: "lb.example.org"}},
				TLS:            []kube.IngressTLS{{Hosts: []string{"a.example", "*.b.example"}, Secret: "tls"}, {Hosts: []string{"c.example"}}, {Secret: "rest"}},
				Rules: []kube.IngressRule{
					{Host: "a.example", Paths: []kube.IngressPath{
						{Path: "/n", Type: "Exact", Backend: kube.Backend{Service: "s", PortNumber: 80}},
						{Path: "/m", Type: "Prefix", Backend: kube.Backend{Service: "s", PortName: "http"}},
						{Type: "ImplementationSpecific", Backend: kube.Backend{Resource: "Bucket/b"}},
						{Path: "/x", Type: "ImplementationSpecific"},
					}},
					{Host: "b.example"},
					{},
				},
			},
		},
		"legacy class":             {`{"metadata":{"annotations":{"kubernetes.io/ingress.class":"legacy"}}}`, kube.Ingress{Class: "legacy"}},
		"being deleted":            {`{"metadata":{"name":"a","deletionTimestamp":"2026-01-02T03:04:05Z"}}`, kube.Ingress{Meta: kube.Meta{Name: "a"}}},
		"default backend, no more": {`{"spec":{"defaultBackend":{"resource":{"kind":"Bucket","name":"b"}}}}`, kube.Ingress{DefaultBackend: &kube.Backend{Resource: "Bucket/b"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(&test.want, ReduceIngress(decode[networkingv1.Ingress](t, test.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReduceService(t *testing.T) {
	tests := map[string]struct {
		in   string
		want kube.Service
	}{
		"empty": {`{}`, kube.Service{}},
		"everything": {
			`{"metadata":{"namespace":"shop","name":"web","uid":"u","resourceVersion":"7","annotations":{"edgeward/x":"y"}},
			"spec":{"type":"NodePort","externalTrafficPolicy":"Local","ports":[
				{"name":"http","protocol":"TCP","port":80,"nodePort":30080,"targetPort":"web","appProtocol":"https"},
				{"name":"dns","protocol":"UDP","port":53}],
				"ipFamilies":["IPv6"],"externalIPs":["192.0.2.7"],"externalName":"x.example.org"},
			"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.8","hostname":"lb.example.org"}]}}}`,
			kube.Service{
				Meta: kube.Meta{Namespace: "shop", Name: "web", UID: "u", ResourceVersion: "7"}, Type: "NodePort", Local: true,
				Ports: []kube.ServicePort{
					{Name: "http", Protocol: "TCP", Port: 80, NodePort: 30080, AppProtocol: "https"},
					{Name: "dns", Protocol: "UDP", Port: 53},
				},
				Families: kube.Families{OnlyIPv6: true}, ExternalIPs: []string{"192.0.2.7"}, ExternalName: "x.example.org",
				Balancers: []kube.Address{{IP: "192.0.2.8", Hostname: "lb.example.org"}},
			},
		},
		"IPv4 alone":     {`{"spec":{"ipFamilies":["IPv4"]}}`, kube.Service{Families: kube.Families{OnlyIPv4: true}}},
		"dual stack":     {`{"spec":{"ipFamilies":["IPv6","IPv4"]}}`, kube.Service{}},
		"policy Cluster": {`{"spec":{"type":"LoadBalancer","externalTrafficPolicy":"Cluster"}}`, kube.Service{Type: "LoadBalancer"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ReduceService(decode[corev1.Service](t, test.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReduceNode(t *testing.T) {
	created, changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	tests := map[string]struct {
		in   string
		want kube.Node
	}{
		"empty": {`{}`, kube.Node{}},
		"ready": {
			`{"metadata":{"name":"n1","uid":"u","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z"},"status":{
				"addresses":[{"type":"Hostname","address":"n1"},{"type":"ExternalIP","address":"192.0.2.1"}],
				"conditions":[{"type":"DiskPressure","status":"False"},{"type":"Ready","status":"True","lastTransitionTime":"2026-02-03T04:05:06Z"},{"type":"MemoryPressure","status":"False"}]}}`,
			kube.Node{
				Meta: kube.Meta{Name: "n1", UID: "u", ResourceVersion: "7"}, Ready: true, Changed: changed,
				Addresses: []kube.NodeAddress{{Type: "Hostname", Address: "n1"}, {Type: "ExternalIP", Address: "192.0.2.1"}},
			},
		},
		"not ready": {
			`{"status":{"conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-02-03T04:05:06Z"}]}}`,
			kube.Node{Changed: changed},
		},
		"readiness unknown": {
			`{"status":{"conditions":[{"type":"Ready","status":"Unknown","lastTransitionTime":"2026-02-03T04:05:06Z"}]}}`,
			kube.Node{Changed: changed},
		},
		"no condition": {`{"metadata":{"creationTimestamp":"2026-01-02T03:04:05Z"}}`, kube.Node{Changed: created}},
		"being deleted": {
			`{"metadata":{"deletionTimestamp":"2026-01-02T03:04:05Z"}}`, kube.Node{Excluded: "it is being deleted"},
		},
		"tainted by the autoscaler": {
			`{"spec":{"taints":[{"key":"other"},{"key":"ToBeDeletedByClusterAutoscaler","value":"1700000000","effect":"NoSchedule"}]}}`,
			kube.Node{Excluded: "it has the taint ToBeDeletedByClusterAutoscaler"},
		},
		"labelled": {
			`{"metadata":{"labels":{"node.kubernetes.io/exclude-from-external-load-balancers":""}}}`,
			kube.Node{Excluded: "it has the label node.kubernetes.io/exclude-from-external-load-balancers"},
		},
		"labelled, even false": {
			`{"metadata":{"labels":{"node.kubernetes.io/exclude-from-external-load-balancers":"false"}}}`,
			kube.Node{Excluded: "it has the label node.kubernetes.io/exclude-from-external-load-balancers"},
		},
		"cordoned only": {`{"spec":{"unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable"}]}}`, kube.Node{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ReduceNode(decode[corev1.Node](t, test.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReduceEndpointSlice(t *testing.T) {
	tests := map[string]struct {
		in   string
		want kube.EndpointSlice
	}{
		"empty": {`{}`, kube.EndpointSlice{}},
		"of a Service": {
			`{"metadata":{"labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv6"}`,
			kube.EndpointSlice{Service: "web", IPv6: true},
		},
		"ready, or not told": {
			`{"endpoints":[{"nodeName":"b","conditions":{"ready":true}},{"nodeName":"a"},{"nodeName":"b"}]}`,
			kube.EndpointSlice{Nodes: []string{"a", "b"}},
		},
		"not ready, terminating, on no node": {
			`{"endpoints":[{"nodeName":"a","conditions":{"ready":false}},{"nodeName":"b","conditions":{"ready":true,"terminating":true}},{"conditions":{"ready":true}}]}`,
			kube.EndpointSlice{},
		},
		"terminating on a node where another is ready": {
			`{"endpoints":[{"nodeName":"a","conditions":{"terminating":true}},{"nodeName":"a","conditions":{"ready":true}}]}`,
			kube.EndpointSlice{Nodes: []string{"a"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ReduceEndpointSlice(decode[discoveryv1.EndpointSlice](t, test.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzReduce: nothing that decodes makes a reduction panic, and it is
// the same each time.
func FuzzReduce(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"spec":{"rules":[{"http":{"paths":[{"backend":{}}]}},{}]}}`,
		`{"metadata":{"annotations":{"edgeward/x":"y"}},"spec":{"ingressClassName":"acme","rules":null,"defaultBackend":{}}}`,
		`{"spec":{"ports":[{}],"type":"NodePort","taints":[{}]},"status":{"addresses":[{}],"conditions":[{"type":"Ready"}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzReduce(t, data, new(networkingv1.Ingress), reduceAll(ReduceIngress))
		fuzzReduce(t, data, new(networkingv1.Ingress), testSelection().reduce)
		fuzzReduce(t, data, new(corev1.Service), reduceAll(ReduceService))
		fuzzReduce(t, data, new(corev1.Node), reduceAll(ReduceNode))
		fuzzReduce(t, data, new(discoveryv1.EndpointSlice), reduceAll(ReduceEndpointSlice))
	})
}

func fuzzReduce[T Object[T]](t *testing.T, data []byte, object runtime.Object, reduce func(runtime.Object) (T, bool)) {
	if json.Unmarshal(data, object) != nil {
		return
	}
	reduced, selected := reduce(object)
	if again, _ := reduce(object); selected && !reduced.Equal(again) {
		t.Errorf("%T reduced twice differs: %v, %v", object, reduced, again)
	}
}

func TestReduceTLSSecret(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"a.example"}, NotBefore: begin, NotAfter: begin.AddDate(0, 3, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain, private := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	secret := func(kind corev1.SecretType, cert, key []byte) *corev1.Secret {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "tls", UID: "u", ResourceVersion: "7"},
			Type:       kind, Data: map[string][]byte{"tls.crt": cert, "tls.key": key, "ca.crt": []byte("x")},
		}
	}
	meta := kube.Meta{Namespace: "shop", Name: "tls", UID: "u", ResourceVersion: "7"}
	good := kube.TLSSecret{Meta: meta, Names: []string{"a.example"}, NotBefore: begin, NotAfter: begin.AddDate(0, 3, 0)}
	tests := map[string]struct {
		in       runtime.Object
		want     kube.TLSSecret
		selected bool
	}{
		"a pair":          {secret("kubernetes.io/tls", chain, private), good.WithPair(string(chain), string(private)), true},
		"no pair yet":     {secret("kubernetes.io/tls", nil, nil), kube.TLSSecret{Meta: meta, Fault: "there is no certificate in PEM form"}, true},
		"no key":          {secret("kubernetes.io/tls", chain, chain), kube.TLSSecret{Meta: meta, Fault: "there is no private key in PEM form"}, true},
		"of another type": {in: secret("Opaque", chain, private)},
		"something else":  {in: &corev1.ConfigMap{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, selected := ReduceTLSSecret(test.in)
			if diff := cmp.Diff(test.want, got); diff != "" || selected != test.selected || got.Meta != test.want.Meta {
				t.Errorf("selected %t, want %t; (-want +got):\n%s", selected, test.selected, diff)
			}
			if got.Chain() != test.want.Chain() || got.PrivateKey() != test.want.PrivateKey() {
				t.Errorf("it holds %q", got.Chain())
			}
		})
	}
}
