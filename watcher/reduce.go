package watcher

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/internal/certificate"
	"github.com/edgeward/edgeward/internal/kube"
)

const (
	// annotationPrefix begins the annotations that are kept.
	annotationPrefix = "edgeward/"
	// classAnnotation named the class before spec.ingressClassName was there.
	classAnnotation = "kubernetes.io/ingress.class"
	// autoscalerTaint stands on a node that the cluster autoscaler is about to
	// delete (cluster-autoscaler, utils/taints).
	autoscalerTaint = "ToBeDeletedByClusterAutoscaler"
)

// ReduceIngress takes from an Ingress what is kept of it. One that is being
// deleted but held by a finalizer is still there, as it is for the API.
func ReduceIngress(in *networkingv1.Ingress) *kube.Ingress {
	out := &kube.Ingress{
		Meta:        metaOf(in),
		Created:     in.CreationTimestamp.UTC(),
		Class:       classOf(in),
		Annotations: keptAnnotations(in.Annotations),
		Published:   Published(in),
	}
	if annotated := in.Annotations[classAnnotation]; annotated != out.Class {
		out.Annotated = annotated
	}
	if in.Spec.DefaultBackend != nil {
		backend := reduceBackend(*in.Spec.DefaultBackend)
		out.DefaultBackend = &backend
	}
	for _, balancer := range in.Status.LoadBalancer.Ingress {
		if balancer.Hostname == "" || !slices.Contains(out.Published, balancer.Hostname) {
			out.Status = append(out.Status, kube.Address{IP: balancer.IP, Hostname: balancer.Hostname})
		}
	}
	for _, tls := range in.Spec.TLS {
		out.TLS = append(out.TLS, kube.IngressTLS{Hosts: tls.Hosts, Secret: tls.SecretName})
	}
	for _, rule := range in.Spec.Rules {
		out.Rules = append(out.Rules, kube.IngressRule{Host: rule.Host, Paths: reducePaths(rule.HTTP)})
	}
	return out
}

// classOf is the class that an Ingress names: the field decides, as it does for the
// API server, and the legacy annotation where the field is not set.
func classOf(in *networkingv1.Ingress) string {
	if field := in.Spec.IngressClassName; field != nil && *field != "" {
		return *field
	}
	return in.Annotations[classAnnotation]
}

func reducePaths(http *networkingv1.HTTPIngressRuleValue) []kube.IngressPath {
	if http == nil {
		return nil
	}
	var paths []kube.IngressPath
	for _, path := range http.Paths {
		// The API server insists on a pathType only since networking.k8s.io/v1;
		// objects stored before may lack it.
		pathType := networkingv1.PathTypeImplementationSpecific
		if path.PathType != nil {
			pathType = *path.PathType
		}
		paths = append(paths, kube.IngressPath{Path: path.Path, Type: string(pathType), Backend: reduceBackend(path.Backend)})
	}
	return paths
}

func reduceBackend(in networkingv1.IngressBackend) kube.Backend {
	switch {
	case in.Service != nil:
		return kube.Backend{Service: in.Service.Name, PortName: in.Service.Port.Name, PortNumber: in.Service.Port.Number}
	case in.Resource != nil:
		return kube.Backend{Resource: in.Resource.Kind + "/" + in.Resource.Name}
	}
	return kube.Backend{}
}

// ReduceService takes from a Service what is kept of it.
func ReduceService(in *corev1.Service) kube.Service {
	out := kube.Service{
		Meta:        metaOf(in),
		Type:        string(in.Spec.Type),
		Local:       in.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal,
		ExternalIPs: in.Spec.ExternalIPs, ExternalName: in.Spec.ExternalName,
	}
	if families := in.Spec.IPFamilies; len(families) == 1 {
		out.Families = kube.Families{OnlyIPv4: families[0] == corev1.IPv4Protocol, OnlyIPv6: families[0] == corev1.IPv6Protocol}
	}
	for _, balancer := range in.Status.LoadBalancer.Ingress {
		out.Balancers = append(out.Balancers, kube.Address{IP: balancer.IP, Hostname: balancer.Hostname})
	}
	for _, port := range in.Spec.Ports {
		reduced := kube.ServicePort{Name: port.Name, Protocol: string(port.Protocol), Port: port.Port, NodePort: port.NodePort}
		if port.AppProtocol != nil {
			reduced.AppProtocol = *port.AppProtocol
		}
		out.Ports = append(out.Ports, reduced)
	}
	return out
}

// ReduceEndpointSlice takes from an EndpointSlice what is kept of it. Ready is
// true where it is not told (the API's own rule).
func ReduceEndpointSlice(in *discoveryv1.EndpointSlice) kube.EndpointSlice {
	out := kube.EndpointSlice{
		Meta: metaOf(in), Service: in.Labels[discoveryv1.LabelServiceName], IPv6: in.AddressType == discoveryv1.AddressTypeIPv6,
	}
	is := func(condition *bool, unknown bool) bool {
		if condition == nil {
			return unknown
		}
		return *condition
	}
	for _, endpoint := range in.Endpoints {
		c := endpoint.Conditions
		if endpoint.NodeName != nil && is(c.Ready, true) && !is(c.Terminating, false) {
			out.Nodes = append(out.Nodes, *endpoint.NodeName)
		}
	}
	slices.Sort(out.Nodes)
	out.Nodes = slices.Compact(out.Nodes)
	return out
}

// ReduceIngressClass takes from an IngressClass what is kept of it.
func ReduceIngressClass(in *networkingv1.IngressClass) kube.IngressClass {
	return kube.IngressClass{Meta: metaOf(in), Controller: in.Spec.Controller}
}

// ReduceTLSSecret takes from a Secret of type kubernetes.io/tls what is kept of
// it; others are not selected.
func ReduceTLSSecret(object runtime.Object) (reduced kube.TLSSecret, selected bool) {
	in, ok := object.(*corev1.Secret)
	if !ok || in.Type != corev1.SecretTypeTLS {
		return kube.TLSSecret{}, false
	}
	reduced = certificate.Read(in.Data[corev1.TLSCertKey], in.Data[corev1.TLSPrivateKeyKey])
	reduced.Meta = metaOf(in)
	return reduced, true
}

// ReduceNode takes from a Node what is kept of it.
func ReduceNode(in *corev1.Node) kube.Node {
	out := kube.Node{Meta: metaOf(in), Changed: in.CreationTimestamp.UTC(), Excluded: excluded(in)}
	for _, address := range in.Status.Addresses {
		out.Addresses = append(out.Addresses, kube.NodeAddress{Type: string(address.Type), Address: address.Address})
	}
	for _, condition := range in.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			out.Ready = condition.Status == corev1.ConditionTrue
			out.Changed = condition.LastTransitionTime.UTC()
		}
	}
	return out
}

// excluded says why a node may take no traffic from outside, or "".
func excluded(in *corev1.Node) string {
	if in.DeletionTimestamp != nil {
		return "it is being deleted"
	}
	for _, taint := range in.Spec.Taints {
		if taint.Key == autoscalerTaint {
			return "it has the taint " + autoscalerTaint
		}
	}
	// As for cloud load balancers the label counts whatever its value.
	if _, ok := in.Labels[corev1.LabelNodeExcludeBalancers]; ok {
		return "it has the label " + corev1.LabelNodeExcludeBalancers
	}
	return ""
}

// named is what metaOf needs of a Kubernetes object.
type named interface {
	GetNamespace() string
	GetName() string
	GetUID() types.UID
	GetResourceVersion() string
}

func metaOf(in named) kube.Meta {
	return kube.Meta{
		Namespace:       in.GetNamespace(),
		Name:            in.GetName(),
		UID:             string(in.GetUID()),
		ResourceVersion: in.GetResourceVersion(),
	}
}

// keptAnnotations returns the annotations that are ours to read, nil if there
// are none.
func keptAnnotations(all map[string]string) map[string]string {
	var kept map[string]string
	for key, value := range all {
		if !strings.HasPrefix(key, annotationPrefix) {
			continue
		}
		if kept == nil {
			kept = make(map[string]string)
		}
		kept[key] = value
	}
	return kept
}

// reduceAll turns a reduction of one type into a LoopOptions.Reduce that
// selects every object of that type.
func reduceAll[O runtime.Object, T any](reduce func(O) T) func(runtime.Object) (T, bool) {
	return func(object runtime.Object) (reduced T, selected bool) {
		if in, ok := object.(O); ok {
			return reduce(in), true
		}
		return reduced, false
	}
}
