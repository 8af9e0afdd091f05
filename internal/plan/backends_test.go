package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
		want    string // the origin
		state   State  // of the problem
		problem string // part of the reason
		warning string // part of it
	}{
		"by name":                         {service: nodePort(tcp("admin", 81, 30081), tcp("http", 80, 30080)), backend: name("http"), want: "http://nodes.main:30080/a"},
		"by number":                       {service: nodePort(tcp("admin", 81, 30081), tcp("http", 80, 30080)), backend: number(80), want: "http://nodes.main:30080/a"},
		"by number, not the node port":    {service: nodePort(tcp("http", 80, 30080)), backend: number(30080), state: Invalid, problem: "Service web has no port 30080"},
		"no such name, one port":          {service: nodePort(tcp("http", 80, 30080)), backend: name("web-port"), want: "http://nodes.main:30080/a", warning: "has no port named web-port; its only port, 80, is used"},
		"no such name, several ports":     {service: nodePort(tcp("http", 80, 30080), tcp("admin", 81, 30081)), backend: name("web-port"), state: Invalid, problem: "Service web has no port named web-port"},
		"no such number, one port":        {service: nodePort(tcp("http", 80, 30080)), backend: number(8080), state: Invalid, problem: "Service web has no port 8080"},
		"no ports":                        {service: nodePort(), backend: name("http"), state: Invalid, problem: "Service web has no port named http"},
		"neither name nor number":         {service: nodePort(tcp("", 80, 30080)), backend: number(0), state: Invalid, problem: "Service web has no port 0"},
		"one number for UDP and TCP":      {service: nodePort(udp("quic", 443, 30443), tcp("https", 443, 30444)), backend: number(443), want: "http://nodes.main:30444/a", warning: "port 443 of Service web is asked by http"},
		"UDP by name":                     {service: nodePort(udp("quic", 443, 30443), tcp("https", 443, 30444)), backend: name("quic"), state: Invalid, problem: "port 443 of Service web is UDP"},
		"UDP by number":                   {service: nodePort(udp("dns", 53, 30053)), backend: number(53), state: Invalid, problem: "port 53 of Service web is UDP"},
		"UDP as the only port":            {service: nodePort(udp("dns", 53, 30053)), backend: name("http"), state: Invalid, problem: "port 53 of Service web is UDP", warning: "is used"},
		"SCTP":                            {service: nodePort(kube.ServicePort{Name: "http", Protocol: "SCTP", Port: 80, NodePort: 30080}), backend: name("http"), state: Invalid, problem: "is SCTP"},
		"no node port yet":                {service: nodePort(tcp("http", 80, 0)), backend: name("http"), state: Pending, problem: "port 80 of Service web has no node port yet"},
		"ClusterIP":                       {service: of("ClusterIP", tcp("http", 80, 0)), backend: name("http"), state: Invalid, problem: "Service web is of type ClusterIP"},
		"LoadBalancer":                    {service: of("LoadBalancer", tcp("http", 80, 30080)), backend: name("http"), state: Pending, problem: "Service web has no load balancer's address in its status"},
		"ExternalName":                    {service: of("ExternalName"), backend: name("http"), state: Invalid, problem: "Service web leads to an origin of the kind ExternalName, which the configuration does not allow"},
		"absent":                          {service: service("api", 30080), backend: name("http"), state: Pending, problem: "Service web does not exist"},
		"of that name elsewhere":          {service: elsewhere, backend: name("http"), state: Pending, problem: "Service web does not exist"},
		"a resource":                      {service: nodePort(tcp("http", 80, 30080)), backend: kube.Backend{Resource: "StorageBucket/assets"}, state: Invalid, problem: "the backend is the resource StorageBucket/assets"},
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
			ing := shop()
			ing.Rules[0].Paths[0].Backend = test.backend
			want := Desired([]Cluster{cluster("main", ing, test.service)}, testSettings(), start())
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

func TestAnnotations(t *testing.T) {
	const usual = "https://www.example.com/a from http://nodes.main:30080/a"
	both := []string{"http://www.example.com/a from http://nodes.main:30080/a", usual}
	tests := map[string]struct {
		name, value string
		want        []string
		problem     string // part of the reason
		warning     string // part of it
	}{
		"published-protocols https":     {annotationPublished, "https", []string{usual}, "", ""},
		"published-protocols http":      {annotationPublished, "http", both[:1], "", ""},
		"published-protocols both":      {annotationPublished, "https,http", both, "", ""},
		"published-protocols reversed":  {annotationPublished, " http , https ", both, "", ""},
		"published-protocols twice":     {annotationPublished, "https,https", nil, "annotation edgeward/published-protocols", ""},
		"published-protocols empty":     {annotationPublished, "", nil, "annotation edgeward/published-protocols", ""},
		"published-protocols unknown":   {annotationPublished, "https,ftp", nil, `"https,ftp" is not "https", "http" or "https,http"`, ""},
		"published-protocols uppercase": {annotationPublished, "HTTPS", nil, "annotation edgeward/published-protocols", ""},
		"source-protocol http":          {annotationSource, "http", []string{usual}, "", ""},
		"source-protocol https":         {annotationSource, "https", []string{"https://www.example.com/a from https://nodes.main:30080/a"}, "", ""},
		"source-protocol unknown":       {annotationSource, "h2c", nil, `edgeward/source-protocol: "h2c" is not "http" or "https"`, ""},
		"source-path keep":              {annotationPath, "keep", []string{usual}, "", ""},
		"source-path strip":             {annotationPath, "strip", []string{"https://www.example.com/a from http://nodes.main:30080/"}, "", ""},
		"source-path unknown":           {annotationPath, "rewrite", nil, `edgeward/source-path: "rewrite" is not "keep" or "strip"`, ""},
		"service-profile":               {annotationProfile, "LLNW-Video", []string{usual + " with LLNW-Video"}, "", ""},
		"service-profile empty":         {annotationProfile, " ", nil, "annotation edgeward/service-profile", ""},
		"service-profile not printable": {annotationProfile, "a\x00b", nil, "annotation edgeward/service-profile", ""},
		"service-profile too long":      {annotationProfile, strings.Repeat("a", 256), nil, "annotation edgeward/service-profile", ""},
		"adopt":                         {annotationAdopt, "true", []string{usual}, "", "edgeward/adopt has no effect: the configuration's sync.adopt is never"},
		"adopt not":                     {annotationAdopt, "false", []string{usual}, "", ""},
		"adopt unknown":                 {annotationAdopt, "please", nil, `edgeward/adopt: "please" is not "true" or "false"`, ""},
		"an unknown one":                {"edgeward/sorce-path", "strip", []string{usual}, "", `annotation "edgeward/sorce-path" is not known`},
		"somebody else's":               {"example.com/source-path", "strip", []string{usual}, "", `annotation "example.com/source-path" is not known`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := Desired([]Cluster{cluster("main", annotated(test.name, test.value), web())}, testSettings(), start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, Invalid, test.problem)
			checkWarnings(t, want, test.warning)
		})
	}
}

// TestConfiguration has what the annotations override, and what overrides what.
func TestConfiguration(t *testing.T) {
	https := app("https")
	tests := map[string]struct {
		set     func(*Settings)
		ingress kube.Ingress
		port    kube.ServicePort
		want    []string
	}{
		"both protocols": {
			func(s *Settings) { s.PublishedProtocols = []string{"https", "http"} }, shop(), app(""),
			[]string{"http://www.example.com/a from http://nodes.main:30080/a", "https://www.example.com/a from http://nodes.main:30080/a"},
		},
		"strip": {
			func(s *Settings) { s.SourcePath = "strip" }, ingress("shop", "www.example.com", "Prefix", "/a"), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/", "https://www.example.com/a/ from http://nodes.main:30080/"},
		},
		"strip, but keep here": {
			func(s *Settings) { s.SourcePath = "strip" }, annotated(annotationPath, "keep"), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"},
		},
		"a profile": {
			func(s *Settings) { s.ServiceProfile = "LLNW-Big" }, shop(), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/a with LLNW-Big"},
		},
		"the annotation goes before appProtocol": {
			func(*Settings) {}, annotated(annotationSource, "http"), https,
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := testSettings()
			test.set(&set)
			svc := web()
			svc.Ports = []kube.ServicePort{test.port}
			want := Desired([]Cluster{cluster("main", test.ingress, svc)}, set, start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, Invalid, "")
			checkWarnings(t, want, "")
		})
	}
}

// TestRule has a rule to the letter: its published ports, its marks, its set.
func TestRule(t *testing.T) {
	set := testSettings()
	set.PublishedProtocols = []string{"https", "http"}
	ing := shop()
	ing.Class = "nginx" // the label selected it: its class is another controller's
	want := Desired([]Cluster{cluster("main", ing, web(), node("n1", "192.0.2.1"))}, set, start())
	mark := "acme/main/default/shop/2680d284a82a0108"
	expect := &Route{
		Key: shopKey(), Ingress: shopID(), Set: "nodes.main.acme",
		Rule: Rule{
			RuleKey: shopKey(), SourceHost: nodesHost, SourcePath: "/a", Profile: "generic",
			Protocols: []Protocol{
				{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 30080, Mark: mark},
				{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 30080, Mark: mark},
			},
		},
	}
	if diff := cmp.Diff(expect, only(t, want.Routes), cmpopts.IgnoreUnexported(Route{})); diff != "" {
		t.Errorf("route (-want +got):\n%s", diff)
	}
	ready := Set{Cluster: "main", Addresses: []string{"192.0.2.1"}}
	sets := map[string]Set{"nodes.main.acme": ready, "nodes-v4.main.acme": ready, "nodes-v6.main.acme": {Cluster: "main", Lacks: "no node is left that can take traffic"}}
	if diff := cmp.Diff(sets, want.Sets); diff != "" {
		t.Errorf("sets (-want +got):\n%s", diff)
	}
}

// TestEnormousNames has names that a mark cannot hold.
func TestEnormousNames(t *testing.T) {
	fixed := len(Mark{testOwner, IngressID{"main", "default", ""}}.String(shopKey()))
	for name, test := range map[string]struct {
		length  int
		problem string
	}{
		"the longest that fits": {maxMark - fixed, ""},
		"one more":              {maxMark - fixed + 1, "namespace and name are too long"},
	} {
		t.Run(name, func(t *testing.T) {
			ing := shop()
			ing.Name = strings.Repeat("a", test.length)
			want := Desired([]Cluster{cluster("main", ing, web())}, testSettings(), start())
			if (len(published(want)) == 1) != (test.problem == "") {
				t.Errorf("published %q", published(want))
			}
			if test.problem != "" && (len(want.Problems) != 1 || want.Problems[0].State != Invalid || !strings.Contains(want.Problems[0].Reason, test.problem)) {
				t.Errorf("problems %v, want one with %q", want.Problems, test.problem)
			}
		})
	}
}
