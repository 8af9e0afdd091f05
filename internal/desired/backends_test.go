package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
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

func TestAnnotations(t *testing.T) {
	const usual = "https://www.example.com/a from http://nodes.main:30080/a"
	both := []string{"http://www.example.com/a from http://nodes.main:30080/a", usual}
	tests := map[string]struct {
		name, value string
		want        []string
		problem     string // part of the reason
		warning     string // part of it
	}{
		"published-protocols https":     {desired.AnnotationPublished, "https", []string{usual}, "", ""},
		"published-protocols http":      {desired.AnnotationPublished, "http", both[:1], "", ""},
		"published-protocols both":      {desired.AnnotationPublished, "https,http", both, "", ""},
		"published-protocols reversed":  {desired.AnnotationPublished, " http , https ", both, "", ""},
		"published-protocols twice":     {desired.AnnotationPublished, "https,https", nil, "annotation edgeward/published-protocols", ""},
		"published-protocols empty":     {desired.AnnotationPublished, "", nil, "annotation edgeward/published-protocols", ""},
		"published-protocols unknown":   {desired.AnnotationPublished, "https,ftp", nil, `"https,ftp" is not "https", "http" or "https,http"`, ""},
		"published-protocols uppercase": {desired.AnnotationPublished, "HTTPS", nil, "annotation edgeward/published-protocols", ""},
		"source-protocol http":          {desired.AnnotationSource, "http", []string{usual}, "", ""},
		"source-protocol https":         {desired.AnnotationSource, "https", []string{"https://www.example.com/a from https://nodes.main:30080/a"}, "", ""},
		"source-protocol unknown":       {desired.AnnotationSource, "h2c", nil, `edgeward/source-protocol: "h2c" is not "http" or "https"`, ""},
		"source-path keep":              {desired.AnnotationPath, "keep", []string{usual}, "", ""},
		"source-path strip":             {desired.AnnotationPath, "strip", []string{"https://www.example.com/a from http://nodes.main:30080/"}, "", ""},
		"source-path unknown":           {desired.AnnotationPath, "rewrite", nil, `edgeward/source-path: "rewrite" is not "keep" or "strip"`, ""},
		"service-profile":               {desired.AnnotationProfile, "LLNW-Video", []string{usual + " with LLNW-Video"}, "", ""},
		"service-profile empty":         {desired.AnnotationProfile, " ", nil, "annotation edgeward/service-profile", ""},
		"service-profile not printable": {desired.AnnotationProfile, "a\x00b", nil, "annotation edgeward/service-profile", ""},
		"service-profile too long":      {desired.AnnotationProfile, strings.Repeat("a", 256), nil, "annotation edgeward/service-profile", ""},
		"adopt":                         {desired.AnnotationAdopt, "true", []string{usual}, "", "edgeward/adopt has no effect: the configuration's sync.adopt is never"},
		"adopt not":                     {desired.AnnotationAdopt, "false", []string{usual}, "", ""},
		"adopt unknown":                 {desired.AnnotationAdopt, "please", nil, `edgeward/adopt: "please" is not "true" or "false"`, ""},
		"an unknown one":                {"edgeward/sorce-path", "strip", []string{usual}, "", `annotation "edgeward/sorce-path" is not known`},
		"somebody else's":               {"example.com/source-path", "strip", []string{usual}, "", `annotation "example.com/source-path" is not known`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", fixture.Annotated(test.name, test.value), fixture.Web())}, fixture.Settings(), fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, test.problem)
			checkWarnings(t, want, test.warning)
		})
	}
}

// TestConfiguration has what the annotations override, and what overrides what.
func TestConfiguration(t *testing.T) {
	https := app("https")
	tests := map[string]struct {
		set     func(*model.Settings)
		ingress kube.Ingress
		port    kube.ServicePort
		want    []string
	}{
		"both protocols": {
			func(s *model.Settings) { s.CDNs[0].PublishedProtocols = []string{"http", "https"} }, fixture.Shop(), app(""),
			[]string{"http://www.example.com/a from http://nodes.main:30080/a", "https://www.example.com/a from http://nodes.main:30080/a"},
		},
		"strip": {
			func(s *model.Settings) { s.CDNs[0].StripPath = true }, fixture.Ingress("shop", "www.example.com", "Prefix", "/a"), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/", "https://www.example.com/a/ from http://nodes.main:30080/"},
		},
		"strip, but keep here": {
			func(s *model.Settings) { s.CDNs[0].StripPath = true }, fixture.Annotated(desired.AnnotationPath, "keep"), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"},
		},
		"a profile": {
			func(s *model.Settings) { s.CDNs[0].Profile = "LLNW-Big" }, fixture.Shop(), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/a with LLNW-Big"},
		},
		"the annotation goes before appProtocol": {
			func(*model.Settings) {}, fixture.Annotated(desired.AnnotationSource, "http"), https,
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := fixture.Settings()
			test.set(&set)
			svc := fixture.Web()
			svc.Ports = []kube.ServicePort{test.port}
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", test.ingress, svc)}, set, fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, "")
			checkWarnings(t, want, "")
		})
	}
}

// TestRule has a rule to the letter: its published ports, its marks, its set.
func TestRule(t *testing.T) {
	set := fixture.Settings()
	set.CDNs[0].PublishedProtocols = []string{"http", "https"}
	ing := fixture.Shop()
	ing.Class = "nginx" // the label selected it: its class is another controller's
	want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web(), fixture.Node("n1", "192.0.2.1"))}, set, fixture.Start())
	mark := "acme/main/default/shop/2680d284a82a0108"
	expect := &desired.Route{
		Key: fixture.ShopKey(), Ingress: fixture.ShopID(), Set: "nodes.main.acme",
		Rule: model.Rule{
			RuleKey: fixture.ShopKey(), SourceHost: fixture.NodesHost, SourcePath: "/a", Profile: "generic",
			Protocols: []model.Protocol{
				{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 30080, Label: mark},
				{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 30080, Label: mark},
			},
		},
	}
	if diff := cmp.Diff(expect, only(t, want.Routes), cmpopts.IgnoreUnexported(desired.Route{})); diff != "" {
		t.Errorf("route (-want +got):\n%s", diff)
	}
	ready := addresses.Set{Cluster: "main", Addresses: []string{"192.0.2.1"}}
	sets := map[string]addresses.Set{"nodes.main.acme": ready, "nodes-v4.main.acme": ready, "nodes-v6.main.acme": {Cluster: "main", Lacks: "no node is left that can take traffic"}}
	if diff := cmp.Diff(sets, want.Sets); diff != "" {
		t.Errorf("sets (-want +got):\n%s", diff)
	}
}

// TestEnormousNames has names that a mark cannot hold.
func TestEnormousNames(t *testing.T) {
	fixed := len(model.OwnerLabel{Owner: fixture.Owner, IngressID: model.IngressID{Cluster: "main", Namespace: "default", Name: ""}}.String(fixture.ShopKey()))
	for name, test := range map[string]struct {
		length  int
		problem string
	}{
		"the longest that fits": {model.MaxOwnerLabel - fixed, ""},
		"one more":              {model.MaxOwnerLabel - fixed + 1, "namespace and name are too long"},
	} {
		t.Run(name, func(t *testing.T) {
			ing := fixture.Shop()
			ing.Name = strings.Repeat("a", test.length)
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web())}, fixture.Settings(), fixture.Start())
			if (len(published(want)) == 1) != (test.problem == "") {
				t.Errorf("published %q", published(want))
			}
			if test.problem != "" && (len(want.Problems) != 1 || want.Problems[0].State != desired.Invalid || !strings.Contains(want.Problems[0].Reason, test.problem)) {
				t.Errorf("problems %v, want one with %q", want.Problems, test.problem)
			}
		})
	}
}
