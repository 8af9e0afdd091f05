package workload

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// endpoint is a pod "<node>-pod"; how is "ready", "leaving" (it terminates and
// still serves), "starting" or "" for one whose conditions are not known.
func endpoint(node, how string) discoveryv1.Endpoint {
	e := discoveryv1.Endpoint{NodeName: &node, TargetRef: &corev1.ObjectReference{Name: node + "-pod"}}
	yes, no := true, false
	switch how {
	case "ready":
		e.Conditions = discoveryv1.EndpointConditions{Ready: &yes}
	case "leaving":
		e.Conditions = discoveryv1.EndpointConditions{Ready: &no, Serving: &yes, Terminating: &yes}
	case "starting":
		e.Conditions = discoveryv1.EndpointConditions{Ready: &no, Serving: &no}
	}
	return e
}

func slice(service, port string, kind discoveryv1.AddressType, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "default", Labels: map[string]string{discoveryv1.LabelServiceName: service}},
		AddressType: kind, Endpoints: endpoints, Ports: []discoveryv1.EndpointPort{{Name: &port}},
	}
}

// service is a Service "web" of one port "http", 80, on node port 30080.
func service(kind corev1.ServiceType, policy corev1.ServiceExternalTrafficPolicy, change ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type: kind, ExternalTrafficPolicy: policy, IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol},
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, NodePort: 30080}},
		},
	}
	for _, f := range change {
		f(s)
	}
	return s
}

func balanced(ingress ...corev1.LoadBalancerIngress) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Status.LoadBalancer.Ingress = ingress }
}

func TestDoors(t *testing.T) {
	const (
		v4, v6         = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
		nodePort, lb   = corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer
		toAll, toLocal = corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal
	)
	type list = []*discoveryv1.EndpointSlice
	one := list{slice("web", "http", v4, endpoint("a", "ready"))}
	https := "https"
	for _, tc := range []struct {
		name    string
		service *corev1.Service
		slices  list
		want    []string
	}{
		{"Cluster: every node", service(nodePort, toAll), one,
			[]string{"127.0.1.1:30080 a [{a-pod a}]", "127.0.1.2:30080 b [{a-pod a}]"}},
		{"Local: where the pod is", service(nodePort, toLocal), one, []string{"127.0.1.1:30080 a [{a-pod a}]"}},
		{"no pod", service(nodePort, toAll), nil, nil},
		{"a pod that starts", service(nodePort, toAll), list{slice("web", "http", v4, endpoint("a", "starting"))}, nil},
		{"a pod of which nothing is known", service(nodePort, toLocal), list{slice("web", "http", v4, endpoint("a", ""))},
			[]string{"127.0.1.1:30080 a [{a-pod a}]"}},
		{"ready before leaving", service(nodePort, toAll), list{slice("web", "http", v4, endpoint("a", "leaving"), endpoint("b", "ready"))},
			[]string{"127.0.1.1:30080 a [{b-pod b}]", "127.0.1.2:30080 b [{b-pod b}]"}},
		{"leaving before nothing", service(nodePort, toLocal), list{slice("web", "http", v4, endpoint("a", "leaving"))},
			[]string{"127.0.1.1:30080 a [{a-pod a}]"}},
		{"a pod of a dead machine", service(nodePort, toAll), list{slice("web", "http", v4, endpoint("c", "ready"))}, nil},
		{"another Service's pod", service(nodePort, toAll), list{slice("other", "http", v4, endpoint("a", "ready"))}, nil},
		{"another port's pod", service(nodePort, toAll), list{slice("web", "https", v4, endpoint("a", "ready"))}, nil},
		{"no node ports for a ClusterIP", service(corev1.ServiceTypeClusterIP, ""), one, nil},
		{"IPv6", service(nodePort, toAll, func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }),
			append(one, slice("web", "http", v6, endpoint("a", "ready"))), []string{"[::1]:30080 a [{a-pod a}]"}},
		{"https", service(nodePort, toLocal, func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol = &https }), one,
			[]string{"127.0.1.1:30080 a [{a-pod a}] https"}},
		{"load balancer", service(lb, toLocal, balanced(corev1.LoadBalancerIngress{IP: "127.0.9.1"})), one, []string{
			"127.0.1.1:30080 a [{a-pod a}]", "127.0.9.1:80 the load balancer of default/web [{a-pod a}]"}},
		{"load balancer without node ports", service(lb, toAll, balanced(corev1.LoadBalancerIngress{Hostname: "lb.example"}),
			func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 0 }), one, []string{"127.0.9.2:80 the load balancer of default/web [{a-pod a}]"}},
		{"load balancer of a name nobody knows", service(lb, toLocal, balanced(corev1.LoadBalancerIngress{Hostname: "x.example"})), one,
			[]string{"127.0.1.1:30080 a [{a-pod a}]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := cluster{
				machines: []machine{
					{"a", []netip.Addr{netip.MustParseAddr("127.0.1.1"), netip.MustParseAddr("::1")}},
					{"b", []netip.Addr{netip.MustParseAddr("127.0.1.2")}},
				},
				services: []*corev1.Service{tc.service}, slices: tc.slices,
				hosts: map[string]netip.Addr{"lb.example": netip.MustParseAddr("127.0.9.2")},
			}
			var got []string
			for at, d := range c.doors() {
				line := fmt.Sprintf("%s %s %v", at, d.name, d.pods)
				if d.secure {
					line += " https"
				}
				got = append(got, line)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
