package plan

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// dual is a ready node with an external address of each family.
func dual(name, v4, v6 string) kube.Node {
	n := node(name, v4)
	n.Addresses = append(n.Addresses, kube.NodeAddress{Type: "ExternalIP", Address: v6})
	return n
}

// endpoints is a slice of Service web with ready endpoints on nodes.
func endpoints(name string, nodes ...string) kube.EndpointSlice {
	return kube.EndpointSlice{Meta: kube.Meta{Namespace: "default", Name: name}, Service: "web", Nodes: nodes}
}

// like is Service web with a change.
func like(change func(*kube.Service)) kube.Service {
	svc := web()
	change(&svc)
	return svc
}

func localWeb() kube.Service { return like(func(s *kube.Service) { s.Local = true }) }

// balanced is Service web of type LoadBalancer with these addresses or names.
func balanced(addresses ...string) kube.Service {
	return like(func(s *kube.Service) {
		s.Type = "LoadBalancer"
		for _, a := range addresses {
			if _, err := netip.ParseAddr(a); err == nil {
				s.Balancers = append(s.Balancers, kube.Address{IP: a})
			} else {
				s.Balancers = append(s.Balancers, kube.Address{Hostname: a})
			}
		}
	})
}

// withAnnotations is shop with annotations, in pairs.
func withAnnotations(pairs ...string) kube.Ingress {
	ing := shop()
	ing.Annotations = make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		ing.Annotations[pairs[i]] = pairs[i+1]
	}
	return ing
}

// atStatus is shop whose origin is its own status, with these addresses in it.
func atStatus(addresses ...kube.Address) kube.Ingress {
	ing := withAnnotations(annotationOrigin, "status")
	ing.Status = addresses
	return ing
}

// TestOrigins has everything that can stand behind an Ingress.
func TestOrigins(t *testing.T) {
	n1, n2 := node("n1", "192.0.2.1"), node("n2", "192.0.2.2")
	both := dual("n1", "192.0.2.1", "2001:db8::1")
	onlyV4 := like(func(s *kube.Service) { s.Families.OnlyIPv4 = true })
	onlyV6 := like(func(s *kube.Service) { s.Families.OnlyIPv6 = true })
	external := like(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{"192.0.2.7", "nonsense"} })
	named := like(func(s *kube.Service) { s.Type, s.ExternalName, s.Ports = "ExternalName", "Origin.example.org.", nil })
	outside := func(ips ...string) kube.Service {
		return like(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", ips })
	}
	elsewhere := func(name string) kube.Service {
		return like(func(s *kube.Service) { s.Type, s.ExternalName, s.Ports = "ExternalName", name, nil })
	}
	everything := Allow{Origins: []string{"NodePort", "LoadBalancer", "externalIPs", "ExternalName"}}
	everywhere := Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}
	onPorts := Allow{Ports: []PortRange{{81, 81}, {8000, 8999}}}
	inRanges := Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.128/25"), netip.MustParsePrefix("10.1.0.0/16")}}
	withPort := func(ing kube.Ingress, port string) kube.Ingress {
		ing.Annotations[annotationOriginPort] = port
		return ing
	}
	byNumber := shop()
	byNumber.Rules = []kube.IngressRule{{Host: "www.example.com", Paths: []kube.IngressPath{{Path: "/a", Type: "Exact", Backend: kube.Backend{Service: "web", PortNumber: 8080}}}}}
	v6Slice := endpoints("w6", "n1")
	v6Slice.IPv6 = true

	tests := map[string]struct {
		objects []any
		want    string   // the origin
		records []string // what its set says, in the words of the zone
		state   State    // of the problem
		problem string
		warning string
	}{
		"NodePort":                                  {objects: []any{shop(), web(), n1, n2}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1", "A 192.0.2.2"}},
		"NodePort, dual stack":                      {objects: []any{shop(), web(), both}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1", "AAAA 2001:db8::1"}},
		"NodePort, IPv4 alone, nodes with both":     {objects: []any{shop(), onlyV4, both}, want: "http://nodes-v4.main:30080", records: []string{"A 192.0.2.1"}},
		"NodePort, IPv4 alone, nodes with it alone": {objects: []any{shop(), onlyV4, n1}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"NodePort, IPv6 alone, nodes with both":     {objects: []any{shop(), onlyV6, both}, want: "http://nodes-v6.main:30080", records: []string{"AAAA 2001:db8::1"}},
		"Local":                                     {objects: []any{shop(), localWeb(), n1, n2, endpoints("w1", "n1")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, several slices":                     {objects: []any{shop(), localWeb(), n1, n2, endpoints("w1", "n1"), endpoints("w2", "n1", "n2")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1", "A 192.0.2.2"}},
		"Local, an endpoint on an unknown node":     {objects: []any{shop(), localWeb(), n1, endpoints("w1", "n1", "n9")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, an endpoint on a node that is down": {objects: []any{shop(), localWeb(), n1, n2, notReady(node("n3", "192.0.2.3"), 1<<40), endpoints("w1", "n1", "n3")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, no endpoint":                        {objects: []any{shop(), localWeb(), n1}, want: "http://web.default.local.main:30080"},
		"Local, endpoints by family":                {objects: []any{shop(), localWeb(), both, dual("n2", "192.0.2.2", "2001:db8::2"), endpoints("w4", "n2"), v6Slice}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.2", "AAAA 2001:db8::1"}},
		"LoadBalancer":                              {objects: []any{shop(), balanced("192.0.2.9", "2001:db8::9")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9", "AAAA 2001:db8::9"}},
		"LoadBalancer, a host name":                 {objects: []any{shop(), balanced("LB.example.org.")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, both":                        {objects: []any{shop(), balanced("lb.example.org", "192.0.2.9")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9"}},
		"LoadBalancer, nothing yet":                 {objects: []any{shop(), balanced()}, state: Pending, problem: "has no load balancer's address in its status"},
		"LoadBalancer, nothing of use":              {objects: []any{shop(), balanced("0.0.0.0")}, state: Pending, problem: "has no load balancer's address in its status"},
		"status":                                    {objects: []any{atStatus(kube.Address{IP: "192.0.2.8"})}, want: "http://shop.default.status.main:80", records: []string{"A 192.0.2.8"}},
		"status, a host name":                       {objects: []any{atStatus(kube.Address{Hostname: "lb.example.org"})}, want: "http://shop.default.status-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"status, empty":                             {objects: []any{atStatus()}, state: Pending, problem: "its status has no address"},
		"status, what edgeward wrote":               {objects: []any{atStatus(kube.Address{Hostname: "cdn.example.net"})}, state: Pending, problem: "its status has no address"},
		"status, an origin of ours":                 {objects: []any{atStatus(kube.Address{Hostname: nodesHost})}, state: Pending, problem: "its status has no address"},
		"status, its own host":                      {objects: []any{atStatus(kube.Address{Hostname: "www.example.com"})}, state: Pending, problem: "its status has no address"},
		"nodes":                                     {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "8443", annotationSource, "https"), n1}, want: "https://nodes.main:8443", records: []string{"A 192.0.2.1"}},
		"nodes without a port":                      {objects: []any{withAnnotations(annotationOrigin, "nodes"), n1}, state: Invalid, problem: "needs edgeward/origin-port"},
		"an origin that is not known":               {objects: []any{withAnnotations(annotationOrigin, "pods"), n1}, state: Invalid, problem: `"pods" is not "status" or "nodes"`},
		"a port alone":                              {objects: []any{withAnnotations(annotationOriginPort, "80"), web(), n1}, state: Invalid, problem: "edgeward/origin-port has no effect"},
		"a port that is none":                       {objects: []any{withAnnotations(annotationOriginPort, "65536"), web(), n1}, state: Invalid, problem: "is not a port from 1 to 65535"},
		"externalIPs, not allowed":                  {objects: []any{shop(), external}, state: Invalid, problem: "of the kind externalIPs, which the configuration does not allow"},
		"externalIPs, allowed":                      {objects: []any{shop(), external, everything}, want: "http://web.default.ext.main:80", records: []string{"A 192.0.2.7"}},
		"ExternalName, not allowed":                 {objects: []any{shop(), named}, state: Invalid, problem: "of the kind ExternalName, which the configuration does not allow"},
		"ExternalName, allowed, a port of its own":  {objects: []any{byNumber, named, everything}, want: "http://web.default.ext-cname.main:8080", records: []string{"CNAME origin.example.org"}},
		"LoadBalancer, private beside public":       {objects: []any{shop(), balanced("10.0.0.4", "192.0.2.9", "fd00::4")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9"}},
		"LoadBalancer, private IPv4, public IPv6":   {objects: []any{shop(), balanced("10.0.0.4", "2001:db8::9")}, want: "http://web.default.lb.main:80", records: []string{"AAAA 2001:db8::9"}},
		"LoadBalancer, private alone":               {objects: []any{shop(), balanced("192.168.0.4", "10.0.0.4")}, want: "http://web.default.lb.main:80", records: []string{"A 10.0.0.4", "A 192.168.0.4"}, warning: "the load balancer of Service web has private addresses only (10.0.0.4, 192.168.0.4)"},
		"LoadBalancer, a carrier's address alone":   {objects: []any{shop(), balanced("100.64.0.4")}, want: "http://web.default.lb.main:80", records: []string{"A 100.64.0.4"}, warning: "private addresses only"},
		"LoadBalancer, loopback":                    {objects: []any{shop(), balanced("127.0.0.1", "::1")}, state: Pending, problem: "no load balancer's address in its status that can be an origin: 127.0.0.1 is no host's address; ::1 is no host's address"},
		"LoadBalancer, loopback beside a name":      {objects: []any{shop(), balanced("127.0.0.1", "lb.example.org")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, a metadata service":          {objects: []any{shop(), balanced("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "64:ff9b::a9fe:a9fe")}, state: Pending, problem: "169.254.169.254 is no host's address"},
		"LoadBalancer, a metadata service's name":   {objects: []any{shop(), balanced("metadata.google.internal")}, state: Invalid, problem: "metadata.google.internal cannot be followed from outside (.internal)"},
		"LoadBalancer, its own host":                {objects: []any{shop(), balanced("WWW.example.com.")}, state: Invalid, problem: "www.example.com is published by Ingress main/default/shop, and so leads back to the CDN. Let it name the origin's own host name or address"},
		"LoadBalancer, its own host and another":    {objects: []any{shop(), balanced("www.example.com", "lb.example.org")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, its own host and an address": {objects: []any{shop(), balanced("www.example.com", "192.0.2.9")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9"}},
		"LoadBalancer, the CDN":                     {objects: []any{shop(), balanced("cdn.example.net")}, state: Invalid, problem: "cdn.example.net is a name of the CDN (edgio.cname_target)"},
		"LoadBalancer, another CDN of ours":         {objects: []any{shop(), balanced("cdn-a.vultrcdn.com")}, state: Invalid, problem: "cdn-a.vultrcdn.com is a name of the CDN (vultrcdn.com)"},
		"LoadBalancer, the CDN and another":         {objects: []any{shop(), balanced("cdn-a.vultrcdn.com", "lb.example.org")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, an origin of ours":           {objects: []any{shop(), balanced(nodesHost)}, state: Invalid, problem: nodesHost + " is a name that edgeward makes for origins"},
		"LoadBalancer, an origin's own name":        {objects: []any{shop(), balanced("web.default.lb-cname.main.acme.k8s.example.net")}, state: Invalid, problem: "is a name that edgeward makes for origins"},
		"status, the CDN's own domain":              {objects: []any{atStatus(kube.Address{Hostname: "cdn-a.vultrcdn.com"})}, state: Pending, problem: "its status has no address"},
		"status, its own host and another":          {objects: []any{atStatus(kube.Address{Hostname: "www.example.com"}, kube.Address{Hostname: "lb.example.org"})}, want: "http://shop.default.status-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"status, private beside public":             {objects: []any{atStatus(kube.Address{IP: "10.0.0.8"}, kube.Address{IP: "192.0.2.8"})}, want: "http://shop.default.status.main:80", records: []string{"A 192.0.2.8"}},
		"status, private alone":                     {objects: []any{atStatus(kube.Address{IP: "10.0.0.8"})}, want: "http://shop.default.status.main:80", records: []string{"A 10.0.0.8"}, warning: "the status has private addresses only (10.0.0.8)"},
		"status, a name inside":                     {objects: []any{atStatus(kube.Address{Hostname: "web.default.svc.cluster.local"})}, state: Pending, problem: "cannot be followed from outside (.local)"},
		"externalIPs, loopback":                     {objects: []any{shop(), outside("127.0.0.1"), everything}, state: Invalid, problem: "Service web has no address among its externalIPs that can be an origin: 127.0.0.1 is no host's address"},
		"externalIPs, private beside public":        {objects: []any{shop(), outside("10.0.0.7", "192.0.2.7"), everything}, want: "http://web.default.ext.main:80", records: []string{"A 192.0.2.7"}},
		"externalIPs, private alone":                {objects: []any{shop(), outside("10.0.0.7"), everything}, want: "http://web.default.ext.main:80", records: []string{"A 10.0.0.7"}, warning: "Service web has private addresses only (10.0.0.7)"},
		"ExternalName, its own host":                {objects: []any{byNumber, elsewhere("www.example.com"), everything}, state: Invalid, problem: "Service web has no externalName that can be an origin: www.example.com is published by Ingress main/default/shop"},
		"ExternalName, a Service of the cluster":    {objects: []any{byNumber, elsewhere("web.default.svc.cluster.local"), everything}, state: Invalid, problem: "web.default.svc.cluster.local cannot be followed from outside (.local)"},
		"ExternalName, one label":                   {objects: []any{byNumber, elsewhere("localhost"), everything}, state: Invalid, problem: "localhost is not a fully qualified domain name"},
		"ExternalName, the CDN":                     {objects: []any{byNumber, elsewhere("cdn.example.net"), everything}, state: Invalid, problem: "is a name of the CDN"},
		"a host that is the CDN's":                  {objects: []any{ingress("shop", "cdn.example.net", "Exact", "/a"), web(), n1}, state: Invalid, problem: "host cdn.example.net is a name of the CDN itself (edgio.cname_target)"},
		"a host that is another CDN's":              {objects: []any{ingress("shop", "cdn-a.vultrcdn.com", "Exact", "/a"), web(), n1}, state: Invalid, problem: "host cdn-a.vultrcdn.com is a name of the CDN itself (vultrcdn.com)"},
		"a host that is its own origin":             {objects: []any{ingress("shop", nodesHost, "Exact", "/a"), web(), n1}, state: Invalid, problem: "is among the names that edgeward makes for origins"},
		"a host where a cluster may come":           {objects: []any{ingress("shop", "fra.acme."+testDomain, "Exact", "/a"), web(), n1}, state: Invalid, problem: "is among the names that edgeward makes for origins, all those below acme." + testDomain},
		"a host below that":                         {objects: []any{ingress("shop", "eu.api.acme."+testDomain, "Exact", "/a"), web(), n1}, state: Invalid, problem: "is among the names that edgeward makes for origins"},
		"a host where a cluster was":                {objects: []any{ingress("shop", "web.default.lb.gone.acme."+testDomain, "Exact", "/a"), web(), n1}, state: Invalid, problem: "is among the names that edgeward makes for origins"},
		"the kubelet of the nodes":                  {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "10250"), n1}, state: Invalid, problem: "annotation edgeward/origin-port: port 10250 is not one of 80, 443, 8080, 8443, 30000-32767 (clusters[].allow[].ports names others)"},
		"SSH of the nodes":                          {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "22"), n1, everywhere}, state: Invalid, problem: "port 22 is not one of"},
		"etcd at a status":                          {objects: []any{withPort(atStatus(kube.Address{IP: "192.0.2.8"}), "2379"), n1}, state: Invalid, problem: "port 2379 is not one of"},
		"the last node port":                        {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "32767"), n1}, want: "http://nodes.main:32767", records: []string{"A 192.0.2.1"}},
		"the port after that":                       {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "32768"), n1}, state: Invalid, problem: "port 32768 is not one of"},
		"a port that is named":                      {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "8999"), n1, onPorts}, want: "http://nodes.main:8999", records: []string{"A 192.0.2.1"}},
		"a port beside":                             {objects: []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "9000"), n1, onPorts}, state: Invalid, problem: "port 9000 is not one of 81, 8000-8999"},
		"a status without a port where some are":    {objects: []any{atStatus(kube.Address{IP: "192.0.2.8"}), onPorts}, want: "http://shop.default.status.main:80", records: []string{"A 192.0.2.8"}},
		"an address that is named":                  {objects: []any{shop(), balanced("192.0.2.200", "192.0.2.9", "10.0.0.4"), inRanges}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.200"}},
		"an address beside":                         {objects: []any{shop(), balanced("192.0.2.9"), inRanges}, state: Pending, problem: "192.0.2.9 is not among those that this namespace may name (clusters[].allow[].addresses)"},
		"a name where addresses are named":          {objects: []any{shop(), balanced("lb.example.org"), inRanges}, state: Pending, problem: "lb.example.org is a name, and this namespace may name some addresses only (clusters[].allow[].addresses)"},
		"a status's name likewise":                  {objects: []any{atStatus(kube.Address{Hostname: "lb.example.org"}), inRanges}, state: Pending, problem: "lb.example.org is a name"},
		"an ExternalName all the same":              {objects: []any{byNumber, named, Allow{Origins: []string{OriginExternalName}, Addresses: inRanges.Addresses}}, want: "http://web.default.ext-cname.main:8080", records: []string{"CNAME origin.example.org"}},
		"a private address that is named":           {objects: []any{shop(), balanced("10.1.0.4", "10.2.0.4"), inRanges}, want: "http://web.default.lb.main:80", records: []string{"A 10.1.0.4"}, warning: "private addresses only (10.1.0.4)"},
		"a metadata service that is named":          {objects: []any{atStatus(kube.Address{IP: "169.254.169.254"}), Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("169.254.169.254/32")}}}, want: "http://shop.default.status.main:80", records: []string{"A 169.254.169.254"}, warning: "private addresses only"},
		"loopback, though it is named":              {objects: []any{atStatus(kube.Address{IP: "127.0.0.1"}), Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}}, state: Pending, problem: "127.0.0.1 is no host's address"},
		"nobody's, though it is named":              {objects: []any{atStatus(kube.Address{IP: "240.0.0.1"}, kube.Address{IP: "2002:a9fe:a9fe::1"}), Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}}, state: Pending, problem: "240.0.0.1 is no host's address; 2002:a9fe:a9fe::1 is no host's address"},
		"externalIPs, a metadata service":           {objects: []any{shop(), outside("169.254.169.254"), everything}, state: Invalid, problem: "169.254.169.254 is no host's address"},
		"a node at a metadata service":              {objects: []any{shop(), web(), n1, node("n2", "169.254.169.254"), node("n3", "2002:a9fe:a9fe::1")}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"nodes, private beside public":              {objects: []any{shop(), web(), n1, node("n2", "10.0.0.2")}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"nodes, private alone":                      {objects: []any{shop(), web(), node("n2", "10.0.0.2")}, want: "http://nodes.main:30080", records: []string{"A 10.0.0.2"}},
		"Local, private beside public":              {objects: []any{shop(), localWeb(), n1, node("n2", "10.0.0.2"), endpoints("w1", "n1", "n2")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, private alone":                      {objects: []any{shop(), localWeb(), n1, node("n2", "10.0.0.2"), endpoints("w1", "n2")}, want: "http://web.default.local.main:30080", records: []string{"A 10.0.0.2"}},
		"a LoadBalancer that may not be":            {objects: []any{shop(), balanced("192.0.2.9"), Allow{Origins: []string{"NodePort"}}}, state: Invalid, problem: "of the kind LoadBalancer"},
		"a status that may not be":                  {objects: []any{atStatus(kube.Address{IP: "192.0.2.8"}), Allow{Origins: []string{"NodePort"}}}, state: Invalid, problem: "of the kind status"},
		"an annotation that may not be":             {objects: []any{annotated(annotationAdopt, "false"), web(), Allow{Annotations: []string{annotationPath}}}, state: Invalid, problem: "annotation edgeward/adopt: the configuration does not allow"},
		"the first of two, by name":                 {objects: []any{withAnnotations(annotationPath, "keep", annotationSource, "http", annotationRelease, "false", annotationAdopt, "false"), web(), Allow{Annotations: []string{annotationPath}}}, state: Invalid, problem: "annotation edgeward/adopt: the configuration does not allow"},
		"an annotation that may be":                 {objects: []any{annotated(annotationAdopt, "false"), web(), n1, Allow{Annotations: []string{annotationAdopt}}}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"a host that may not be":                    {objects: []any{shop(), web(), Allow{Hosts: []string{"*.example.org"}}}, state: Invalid, problem: "host www.example.com the configuration does not allow"},
		"a host that may be":                        {objects: []any{shop(), web(), n1, Allow{Hosts: []string{"*.example.org", "*.example.com"}}}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"a namespace of which nothing is said":      {objects: []any{shop(), web(), Allow{Namespaces: []string{"team-*"}}}, state: Invalid, problem: "nothing of this namespace may be published"},
		"the first entry for the namespace":         {objects: []any{shop(), web(), n1, Allow{Namespaces: []string{"team-*"}, Hosts: []string{"x"}}, Allow{Namespaces: []string{"def*"}}, Allow{Hosts: []string{"x"}}}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := vultrSettings()
			set.CNAMETarget = "cdn.example.net"
			want := Desired([]Cluster{cluster("main", test.objects...)}, set, start())
			var lines []string
			if test.want != "" {
				lines = []string{"https://www.example.com/a from " + test.want + "/a"}
			}
			if diff := cmp.Diff(lines, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, test.state, test.problem)
			checkWarnings(t, want, test.warning)
			if test.want == "" {
				return
			}
			set1, ok := want.Sets[want.Route(shopKey()).Set]
			if !ok {
				t.Fatalf("no set %s", want.Route(shopKey()).Set)
			}
			var records []string
			for _, ip := range set1.Addresses {
				r := address("", ip, 0)
				records = append(records, r.Type+" "+r.Data)
			}
			if set1.CNAME != "" {
				records = append(records, "CNAME "+set1.CNAME)
			}
			if diff := cmp.Diff(test.records, records); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if (set1.Lacks == "") != (len(records) > 0) {
				t.Errorf("it lacks %q", set1.Lacks)
			}
		})
	}
}

// TestOriginChanges has what becomes of a rule whose origin changes.
func TestOriginChanges(t *testing.T) {
	n1, n2 := node("n1", "192.0.2.1"), node("n2", "192.0.2.2")
	tests := map[string]struct {
		before, after []any
		want          []string // what is done
	}{
		"a slice goes, another lists the endpoint": {
			[]any{shop(), localWeb(), n1, endpoints("w1", "n1"), endpoints("w2", "n1")}, []any{shop(), localWeb(), n1, endpoints("w2", "n1")}, nil,
		},
		"the last slice goes": {
			[]any{shop(), localWeb(), n1, endpoints("w1", "n1")}, []any{shop(), localWeb(), n1}, nil,
		},
		"pods move": {
			[]any{shop(), localWeb(), n1, n2, endpoints("w1", "n1")}, []any{shop(), localWeb(), n1, n2, endpoints("w1", "n2")},
			[]string{"0s: create web.default.local.main 192.0.2.2", "0s: delete web.default.local.main 192.0.2.1"},
		},
		"Cluster to Local": {
			[]any{shop(), web(), n1, n2}, []any{shop(), localWeb(), n1, n2, endpoints("w1", "n1")},
			[]string{
				"0s: create web.default.local.main 192.0.2.1", "0s: update rule www.example.com/a for shop",
				"1m0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
			},
		},
		"NodePort to LoadBalancer": {
			[]any{shop(), web(), n1}, []any{shop(), balanced("192.0.2.9"), n1},
			[]string{"0s: create web.default.lb.main 192.0.2.9", "0s: update rule www.example.com/a for shop", "1m0s: delete nodes.main 192.0.2.1"},
		},
		"NodePort to LoadBalancer without an address yet": {[]any{shop(), web(), n1}, []any{shop(), balanced(), n1}, nil},
		"a LoadBalancer's address is lost":                {[]any{shop(), balanced("192.0.2.9")}, []any{shop(), balanced()}, nil},
		"a LoadBalancer's host name is lost":              {[]any{shop(), balanced("lb.example.org")}, []any{shop(), balanced()}, nil},
		"a LoadBalancer's address changes": {
			[]any{shop(), balanced("192.0.2.9")}, []any{shop(), balanced("192.0.2.10")},
			[]string{"0s: create web.default.lb.main 192.0.2.10", "0s: delete web.default.lb.main 192.0.2.9"},
		},
		"a LoadBalancer's host name changes": {
			[]any{shop(), balanced("lb.example.org")}, []any{shop(), balanced("lb2.example.org")},
			[]string{"0s: update web.default.lb-cname.main lb2.example.org"},
		},
		"a LoadBalancer's address becomes a host name": {
			[]any{shop(), balanced("192.0.2.9")}, []any{shop(), balanced("lb.example.org")},
			[]string{"0s: create web.default.lb-cname.main lb.example.org", "0s: update rule www.example.com/a for shop", "1m0s: delete web.default.lb.main 192.0.2.9"},
		},
		"a LoadBalancer goes": {
			[]any{shop(), balanced("192.0.2.9")}, []any{shop()},
			[]string{"10s: delete rule www.example.com/a", "1m10s: delete web.default.lb.main 192.0.2.9"},
		},
		"a status is lost": {[]any{atStatus(kube.Address{IP: "192.0.2.8"})}, []any{atStatus()}, nil},
		"a status, and the annotation is bad": {
			[]any{atStatus(kube.Address{IP: "192.0.2.8"})}, []any{withAnnotations(annotationOrigin, "x")}, nil,
		},
		"IPv4 to IPv6": {
			[]any{shop(), web(), n1}, []any{shop(), web(), node("n1", "2001:db8::1")},
			[]string{"0s: create nodes.main 2001:db8::1", "0s: delete nodes.main 192.0.2.1"},
		},
		"IPv4 to both": {
			[]any{shop(), web(), n1}, []any{shop(), web(), dual("n1", "192.0.2.1", "2001:db8::1")},
			[]string{"0s: create nodes.main 2001:db8::1"},
		},
		"a release that may not be": {
			[]any{shop(), web(), n1}, []any{annotated(annotationRelease, "true"), web(), n1, Allow{Annotations: []string{annotationPath}}},
			[]string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"},
		},
		"a host that may not be any more": {
			[]any{shop(), web(), n1}, []any{shop(), web(), n1, Allow{Hosts: []string{"x"}}},
			[]string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", test.before...))
			s.change(true, cluster("main", test.after...))
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCNAME has a name that is one CNAME, amid what may go wrong with it.
func TestCNAME(t *testing.T) {
	const name = "web.default.lb-cname.main.acme"
	record := func(id, data string, ttl int) Record {
		return Record{ID: id, Name: name, Type: "CNAME", Data: data, TTL: ttl}
	}
	tests := map[string]struct {
		change func(*View[Record])
		want   []string
		state  string
	}{
		"as it shall be":      {func(*View[Record]) {}, nil, "synced"},
		"it is gone":          {func(v *View[Record]) { v.Objects = v.Objects[:1] }, []string{"create web.default.lb-cname.main lb.example.org"}, "pending"},
		"it says another":     {func(v *View[Record]) { v.Objects[1].Data = "x.example.org" }, []string{"update web.default.lb-cname.main lb.example.org"}, "pending"},
		"another TTL":         {func(v *View[Record]) { v.Objects[1].TTL = 60 }, []string{"update web.default.lb-cname.main lb.example.org"}, "synced"},
		"twice":               {func(v *View[Record]) { v.Objects = append(v.Objects, new(record("z", "lb.example.org", 120))) }, []string{"delete web.default.lb-cname.main lb.example.org"}, "synced"},
		"an address in place": {func(v *View[Record]) { v.Objects[1] = new(address(name, "192.0.2.1", 120).WithIdentity("a")) }, []string{"delete web.default.lb-cname.main 192.0.2.1"}, "pending"},
		"an update is refused": {func(v *View[Record]) {
			v.Objects[1].Data = "x.example.org"
			v.Attempts = []Attempt[Record]{{Op[Record]{Verb: Update, From: v.Objects[1], To: new(record("", "lb.example.org", 120))}, Parked}}
		}, []string{"update web.default.lb-cname.main lb.example.org"}, "error"},
		"an update is under way": {func(v *View[Record]) {
			v.Attempts = []Attempt[Record]{{Op[Record]{Verb: Update, From: v.Objects[1], To: new(record("", "lb.example.org", 120))}, InFlight}}
		}, nil, "pending"},
		"an update's reply was lost": {func(v *View[Record]) {
			v.Attempts = []Attempt[Record]{{Op[Record]{Verb: Update, From: v.Objects[1], To: new(record("", "lb.example.org", 120))}, Unsure}}
		}, []string{"look up"}, "pending"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(testSettings(), cluster("main", shop(), balanced("lb.example.org")))
			s.Records.Objects = slices.Clone(s.Records.Objects)
			s.AllowDelete = true
			test.change(&s.Records)
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if got, _, _ := strings.Cut(s.states()[0], " "); got != test.state {
				t.Errorf("states %q, want %s", s.states(), test.state)
			}
		})
	}
}

// TestObjectSet has names that are too long for DNS: cut, and still distinct.
func TestObjectSet(t *testing.T) {
	long := strings.Repeat("a", 63)
	seen := make(map[string]string)
	for _, test := range []struct {
		namespace, name string
		room            int
		want            string // "": too long to be as it is
	}{
		{"default", "web", 200, "web.default.lb"},
		{long, long, 253, long + "." + long + ".lb"},
		{long, long, 100, ""},
		{long, long + "b", 253, ""}, // a label too long
		{"a", "b.c", 200, "b.c.a.lb"},
		{"default", "web", 14, "web.default.lb"},
		{"default", "web", 13, ""},
		{"default", "web", 9, ""},
	} {
		got := objectSet("lb", test.namespace, test.name, test.room)
		if test.want != "" && got != test.want {
			t.Errorf("%s.%s in %d: %q, want %q", test.name, test.namespace, test.room, got, test.want)
		}
		if len(got) > test.room || longestLabel(got) > 63 || strings.Contains(got, "..") {
			t.Errorf("%s.%s in %d: %q", test.name, test.namespace, test.room, got)
		}
		seen[got] = test.name
	}
	if len(seen) < 7 {
		t.Errorf("not distinct: %v", seen)
	}
}
