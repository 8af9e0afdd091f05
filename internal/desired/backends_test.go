package desired_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

func TestBackends(t *testing.T) {
	tcp := func(name string, port, nodePort int32) kube.ServicePort {
		return kube.ServicePort{Name: name, Protocol: "TCP", Port: port, NodePort: nodePort}
	}
	udp := func(name string, port, nodePort int32) kube.ServicePort {
		return kube.ServicePort{Name: name, Protocol: "UDP", Port: port, NodePort: nodePort}
	}
	of := func(kind string, ports ...kube.ServicePort) kube.Service {
		return kube.Service{Meta: kube.Meta{Namespace: "default", Name: "web"}, Type: kind, Ports: ports}
	}
	nodePort := func(ports ...kube.ServicePort) kube.Service { return of("NodePort", ports...) }
	local := nodePort(tcp("http", 80, 30080))
	local.Local = true
	elsewhere := nodePort(tcp("http", 80, 30080))
	elsewhere.Namespace = "other"
	name := func(n string) kube.Backend { return kube.Backend{Service: "web", PortName: n} }
	number := func(n int32) kube.Backend { return kube.Backend{Service: "web", PortNumber: n} }

	tests := map[string]struct {
		service kube.Service
		backend kube.Backend
		want    string        // the origin
		state   desired.State // of the problem
		problem string        // part of the reason
		warning string        // part of it
	}{
		"by name":                         {service: nodePort(tcp("admin", 81, 30081), tcp("http", 80, 30080)), backend: name("http"), want: "http://nodes.main:30080/a"},
		"by number":                       {service: nodePort(tcp("admin", 81, 30081), tcp("http", 80, 30080)), backend: number(80), want: "http://nodes.main:30080/a"},
		"by number, not the node port":    {service: nodePort(tcp("http", 80, 30080)), backend: number(30080), state: desired.Invalid, problem: "Service web has no port 30080"},
		"no such name, one port":          {service: nodePort(tcp("http", 80, 30080)), backend: name("web-port"), want: "http://nodes.main:30080/a", warning: "has no port named web-port; its only port, 80, is used"},
		"no such name, several ports":     {service: nodePort(tcp("http", 80, 30080), tcp("admin", 81, 30081)), backend: name("web-port"), state: desired.Invalid, problem: "Service web has no port named web-port"},
		"no such number, one port":        {service: nodePort(tcp("http", 80, 30080)), backend: number(8080), state: desired.Invalid, problem: "Service web has no port 8080"},
		"no ports":                        {service: nodePort(), backend: name("http"), state: desired.Invalid, problem: "Service web has no port named http"},
		"neither name nor number":         {service: nodePort(tcp("", 80, 30080)), backend: number(0), state: desired.Invalid, problem: "Service web has no port 0"},
		"one number for UDP and TCP":      {service: nodePort(udp("quic", 443, 30443), tcp("https", 443, 30444)), backend: number(443), want: "http://nodes.main:30444/a", warning: "port 443 of Service web is asked by http"},
		"UDP by name":                     {service: nodePort(udp("quic", 443, 30443), tcp("https", 443, 30444)), backend: name("quic"), state: desired.Invalid, problem: "port 443 of Service web is UDP"},
		"UDP by number":                   {service: nodePort(udp("dns", 53, 30053)), backend: number(53), state: desired.Invalid, problem: "port 53 of Service web is UDP"},
		"UDP as the only port":            {service: nodePort(udp("dns", 53, 30053)), backend: name("http"), state: desired.Invalid, problem: "port 53 of Service web is UDP", warning: "is used"},
		"SCTP":                            {service: nodePort(kube.ServicePort{Name: "http", Protocol: "SCTP", Port: 80, NodePort: 30080}), backend: name("http"), state: desired.Invalid, problem: "is SCTP"},
		"no node port yet":                {service: nodePort(tcp("http", 80, 0)), backend: name("http"), state: desired.Pending, problem: "port 80 of Service web has no node port yet"},
		"ClusterIP":                       {service: of("ClusterIP", tcp("http", 80, 0)), backend: name("http"), state: desired.Invalid, problem: "Service web is of type ClusterIP"},
		"LoadBalancer":                    {service: of("LoadBalancer", tcp("http", 80, 30080)), backend: name("http"), state: desired.Pending, problem: "Service web has no load balancer's address in its status"},
		"ExternalName":                    {service: of("ExternalName"), backend: name("http"), state: desired.Invalid, problem: "Service web leads to an origin of the kind ExternalName, which the configuration does not allow"},
		"absent":                          {service: fixture.Service("api", 30080), backend: name("http"), state: desired.Pending, problem: "Service web does not exist"},
		"of that name elsewhere":          {service: elsewhere, backend: name("http"), state: desired.Pending, problem: "Service web does not exist"},
		"a resource":                      {service: nodePort(tcp("http", 80, 30080)), backend: kube.Backend{Resource: "StorageBucket/assets"}, state: desired.Invalid, problem: "the backend is the resource StorageBucket/assets"},
		"externalTrafficPolicy Local":     {service: local, backend: name("http"), want: "http://web.default.local.main:30080/a"},
		"a name that is a number, 1 port": {service: nodePort(tcp("", 80, 30080)), backend: name("80"), want: "http://nodes.main:30080/a", warning: "has no port named 80"},
		"appProtocol http":                {service: nodePort(app("http")), backend: name("http"), want: "http://nodes.main:30080/a"},
		"appProtocol https":               {service: nodePort(app("https")), backend: name("http"), want: "https://nodes.main:30080/a"},
		"appProtocol HTTPS":               {service: nodePort(app("HTTPS")), backend: name("http"), want: "https://nodes.main:30080/a"},
		"appProtocol kubernetes.io/ws":    {service: nodePort(app("kubernetes.io/ws")), backend: name("http"), want: "http://nodes.main:30080/a"},
		"appProtocol kubernetes.io/wss":   {service: nodePort(app("kubernetes.io/wss")), backend: name("http"), want: "https://nodes.main:30080/a"},
		"appProtocol kubernetes.io/h2c":   {service: nodePort(app("kubernetes.io/h2c")), backend: name("http"), want: "http://nodes.main:30080/a"},
		"appProtocol of somebody's own":   {service: nodePort(app("example.com/https")), backend: name("http"), want: "http://nodes.main:30080/a"},
		"the same number under two names": {service: nodePort(tcp("x", 80, 30081), tcp("http", 80, 30080)), backend: name("http"), want: "http://nodes.main:30080/a"},
		"a name beside a matching number": {service: nodePort(tcp("80", 8080, 30088), tcp("http", 80, 30080)), backend: number(80), want: "http://nodes.main:30080/a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			ing.Rules[0].Paths[0].Backend = test.backend
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, test.service)}, fixture.Settings(), fixture.Start())
			var lines []string
			if test.want != "" {
				lines = []string{"https://www.example.com/a from " + test.want}
			}
			if diff := cmp.Diff(lines, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, test.state, test.problem)
			checkWarnings(t, want, test.warning)
		})
	}
}

// app is the port http with an appProtocol.
func app(protocol string) kube.ServicePort {
	return kube.ServicePort{Name: "http", Protocol: "TCP", Port: 80, NodePort: 30080, AppProtocol: protocol}
}

// TestPortsThatLookLikeTLS has ports that are asked by http for want of a word.
func TestPortsThatLookLikeTLS(t *testing.T) {
	port := func(number int32, name, app string) kube.ServicePort {
		return kube.ServicePort{Name: name, Protocol: "TCP", Port: number, NodePort: 30080, AppProtocol: app}
	}
	for name, test := range map[string]struct {
		port       kube.ServicePort
		annotation string
		want       string // the protocol
		warned     bool
	}{
		"80":                          {port(80, "http", ""), "", "http", false},
		"443":                         {port(443, "web", ""), "", "http", true},
		"443, and it says http":       {port(443, "web", "http"), "", "http", false},
		"443, and it says https":      {port(443, "web", "https"), "", "https", false},
		"443, and the Ingress does":   {port(443, "web", ""), "https", "https", false},
		"443, and the Ingress denies": {port(443, "web", ""), "http", "http", false},
		"named https":                 {port(8443, "https", ""), "", "http", true},
		"named https-web":             {port(8443, "https-web", ""), "", "http", true},
		"named httpsomething":         {port(8443, "httpsomething", ""), "", "http", false},
		"appProtocol tls":             {port(8443, "web", "tls"), "", "http", true},
		"appProtocol SSL":             {port(8443, "web", "SSL"), "", "http", true},
		"appProtocol grpcs":           {port(8443, "web", "grpcs"), "", "http", true},
		"appProtocol tls, annotated":  {port(8443, "web", "tls"), "https", "https", false},
	} {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			if test.annotation != "" {
				ing = fixture.Annotated(desired.AnnotationSource, test.annotation)
			}
			ing.Rules[0].Paths[0].Backend = kube.Backend{Service: "web", PortNumber: test.port.Port}
			ing.Rules[0].Paths = append(ing.Rules[0].Paths, ing.Rules[0].Paths[0])
			ing.Rules[0].Paths[1].Path = "/b"
			svc := fixture.Web()
			svc.Ports = []kube.ServicePort{test.port}
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, svc)}, fixture.Settings(), fixture.Start())
			if got := want.Route(fixture.ShopKey()).Rule.Protocols[0].Source; got != test.want {
				t.Errorf("asked by %s, want %s", got, test.want)
			}
			if (len(want.Warnings) == 1) != test.warned || len(want.Warnings) > 1 {
				t.Errorf("warnings %v", want.Warnings)
			}
			checkWarnings(t, want, map[bool]string{true: "of Service web is asked by http: if it speaks TLS, give that port appProtocol: https"}[test.warned])
		})
	}
	named := fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName, s.Ports = "ExternalName", "origin.example.org", nil })
	ing := fixture.Shop()
	ing.Rules[0].Paths[0].Backend = kube.Backend{Service: "web", PortNumber: 443}
	checkWarnings(t, desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, named, desired.Allow{Origins: []string{"ExternalName"}})}, fixture.Settings(), fixture.Start()), "port 443 of Service web is asked by http")
}
