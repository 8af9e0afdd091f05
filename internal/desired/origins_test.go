package desired_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// TestOrigins has everything that can stand behind an Ingress.
func TestOrigins(t *testing.T) {
	n1, n2 := fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")
	both := fixture.DualNode("n1", "192.0.2.1", "2001:db8::1")
	onlyV4 := fixture.WebWith(func(s *kube.Service) { s.Families.OnlyIPv4 = true })
	onlyV6 := fixture.WebWith(func(s *kube.Service) { s.Families.OnlyIPv6 = true })
	external := fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{"192.0.2.7", "nonsense"} })
	named := fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName, s.Ports = "ExternalName", "Origin.example.org.", nil })
	outside := func(ips ...string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", ips })
	}
	elsewhere := func(name string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName, s.Ports = "ExternalName", name, nil })
	}
	everything := desired.Allow{Origins: []string{"NodePort", "LoadBalancer", "externalIPs", "ExternalName"}}
	everywhere := desired.Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}
	onPorts := desired.Allow{Ports: []desired.PortRange{{First: 81, Last: 81}, {First: 8000, Last: 8999}}}
	inRanges := desired.Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.128/25"), netip.MustParsePrefix("10.1.0.0/16")}}
	withPort := func(ing kube.Ingress, port string) kube.Ingress {
		ing.Annotations[desired.AnnotationOriginPort] = port
		return ing
	}
	byNumber := fixture.Shop()
	byNumber.Rules = []kube.IngressRule{{Host: "www.example.com", Paths: []kube.IngressPath{{Path: "/a", Type: "Exact", Backend: kube.Backend{Service: "web", PortNumber: 8080}}}}}
	v6Slice := fixture.Endpoints("w6", "n1")
	v6Slice.IPv6 = true

	tests := map[string]struct {
		objects []any
		want    string        // the origin
		records []string      // what its set says, in the words of the zone
		state   desired.State // of the problem
		problem string
		warning string
	}{
		"NodePort":                                  {objects: []any{fixture.Shop(), fixture.Web(), n1, n2}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1", "A 192.0.2.2"}},
		"NodePort, dual stack":                      {objects: []any{fixture.Shop(), fixture.Web(), both}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1", "AAAA 2001:db8::1"}},
		"NodePort, IPv4 alone, nodes with both":     {objects: []any{fixture.Shop(), onlyV4, both}, want: "http://nodes-v4.main:30080", records: []string{"A 192.0.2.1"}},
		"NodePort, IPv4 alone, nodes with it alone": {objects: []any{fixture.Shop(), onlyV4, n1}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"NodePort, IPv6 alone, nodes with both":     {objects: []any{fixture.Shop(), onlyV6, both}, want: "http://nodes-v6.main:30080", records: []string{"AAAA 2001:db8::1"}},
		"Local":                                     {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1, n2, fixture.Endpoints("w1", "n1")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, several slices":                     {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1, n2, fixture.Endpoints("w1", "n1"), fixture.Endpoints("w2", "n1", "n2")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1", "A 192.0.2.2"}},
		"Local, an endpoint on an unknown node":     {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1, fixture.Endpoints("w1", "n1", "n9")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, an endpoint on a node that is down": {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1, n2, fixture.NotReady(fixture.Node("n3", "192.0.2.3"), 1<<40), fixture.Endpoints("w1", "n1", "n3")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, no endpoint":                        {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1}, want: "http://web.default.local.main:30080"},
		"Local, endpoints by family":                {objects: []any{fixture.Shop(), fixture.LocalWeb(), both, fixture.DualNode("n2", "192.0.2.2", "2001:db8::2"), fixture.Endpoints("w4", "n2"), v6Slice}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.2", "AAAA 2001:db8::1"}},
		"LoadBalancer":                              {objects: []any{fixture.Shop(), fixture.Balanced("192.0.2.9", "2001:db8::9")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9", "AAAA 2001:db8::9"}},
		"LoadBalancer, a host name":                 {objects: []any{fixture.Shop(), fixture.Balanced("LB.example.org.")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, both":                        {objects: []any{fixture.Shop(), fixture.Balanced("lb.example.org", "192.0.2.9")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9"}},
		"LoadBalancer, nothing yet":                 {objects: []any{fixture.Shop(), fixture.Balanced()}, state: desired.Pending, problem: "has no load balancer's address in its status"},
		"LoadBalancer, nothing of use":              {objects: []any{fixture.Shop(), fixture.Balanced("0.0.0.0")}, state: desired.Pending, problem: "has no load balancer's address in its status"},
		"status":                                    {objects: []any{fixture.AtStatus(kube.Address{IP: "192.0.2.8"})}, want: "http://shop.default.status.main:80", records: []string{"A 192.0.2.8"}},
		"status, a host name":                       {objects: []any{fixture.AtStatus(kube.Address{Hostname: "lb.example.org"})}, want: "http://shop.default.status-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"status, empty":                             {objects: []any{fixture.AtStatus()}, state: desired.Pending, problem: "its status has no address"},
		"status, what edgeward wrote":               {objects: []any{fixture.AtStatus(kube.Address{Hostname: "cdn.example.net"})}, state: desired.Pending, problem: "its status has no address"},
		"status, an origin of ours":                 {objects: []any{fixture.AtStatus(kube.Address{Hostname: fixture.NodesHost})}, state: desired.Pending, problem: "its status has no address"},
		"status, its own host":                      {objects: []any{fixture.AtStatus(kube.Address{Hostname: "www.example.com"})}, state: desired.Pending, problem: "its status has no address"},
		"nodes":                                     {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "8443", desired.AnnotationSource, "https"), n1}, want: "https://nodes.main:8443", records: []string{"A 192.0.2.1"}},
		"nodes without a port":                      {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes"), n1}, state: desired.Invalid, problem: "needs edgeward/origin-port"},
		"an origin that is not known":               {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "pods"), n1}, state: desired.Invalid, problem: `"pods" is not "status" or "nodes"`},
		"a port alone":                              {objects: []any{fixture.Annotated(desired.AnnotationOriginPort, "80"), fixture.Web(), n1}, state: desired.Invalid, problem: "edgeward/origin-port has no effect"},
		"a port that is none":                       {objects: []any{fixture.Annotated(desired.AnnotationOriginPort, "65536"), fixture.Web(), n1}, state: desired.Invalid, problem: "is not a port from 1 to 65535"},
		"externalIPs, not allowed":                  {objects: []any{fixture.Shop(), external}, state: desired.Invalid, problem: "of the kind externalIPs, which the configuration does not allow"},
		"externalIPs, allowed":                      {objects: []any{fixture.Shop(), external, everything}, want: "http://web.default.ext.main:80", records: []string{"A 192.0.2.7"}},
		"ExternalName, not allowed":                 {objects: []any{fixture.Shop(), named}, state: desired.Invalid, problem: "of the kind ExternalName, which the configuration does not allow"},
		"ExternalName, allowed, a port of its own":  {objects: []any{byNumber, named, everything}, want: "http://web.default.ext-cname.main:8080", records: []string{"CNAME origin.example.org"}},
		"LoadBalancer, private beside public":       {objects: []any{fixture.Shop(), fixture.Balanced("10.0.0.4", "192.0.2.9", "fd00::4")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9"}},
		"LoadBalancer, private IPv4, public IPv6":   {objects: []any{fixture.Shop(), fixture.Balanced("10.0.0.4", "2001:db8::9")}, want: "http://web.default.lb.main:80", records: []string{"AAAA 2001:db8::9"}},
		"LoadBalancer, private alone":               {objects: []any{fixture.Shop(), fixture.Balanced("192.168.0.4", "10.0.0.4")}, want: "http://web.default.lb.main:80", records: []string{"A 10.0.0.4", "A 192.168.0.4"}, warning: "the load balancer of Service web has private addresses only (10.0.0.4, 192.168.0.4)"},
		"LoadBalancer, a carrier's address alone":   {objects: []any{fixture.Shop(), fixture.Balanced("100.64.0.4")}, want: "http://web.default.lb.main:80", records: []string{"A 100.64.0.4"}, warning: "private addresses only"},
		"LoadBalancer, loopback":                    {objects: []any{fixture.Shop(), fixture.Balanced("127.0.0.1", "::1")}, state: desired.Pending, problem: "no load balancer's address in its status that can be an origin: 127.0.0.1 is no host's address; ::1 is no host's address"},
		"LoadBalancer, loopback beside a name":      {objects: []any{fixture.Shop(), fixture.Balanced("127.0.0.1", "lb.example.org")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, a metadata service":          {objects: []any{fixture.Shop(), fixture.Balanced("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "64:ff9b::a9fe:a9fe")}, state: desired.Pending, problem: "169.254.169.254 is no host's address"},
		"LoadBalancer, a metadata service's name":   {objects: []any{fixture.Shop(), fixture.Balanced("metadata.google.internal")}, state: desired.Invalid, problem: "metadata.google.internal cannot be followed from outside (.internal)"},
		"LoadBalancer, its own host":                {objects: []any{fixture.Shop(), fixture.Balanced("WWW.example.com.")}, state: desired.Invalid, problem: "www.example.com is published by Ingress main/default/shop, and so leads back to the CDN. Let it name the origin's own host name or address"},
		"LoadBalancer, its own host and another":    {objects: []any{fixture.Shop(), fixture.Balanced("www.example.com", "lb.example.org")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, its own host and an address": {objects: []any{fixture.Shop(), fixture.Balanced("www.example.com", "192.0.2.9")}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.9"}},
		"LoadBalancer, the CDN":                     {objects: []any{fixture.Shop(), fixture.Balanced("cdn.example.net")}, state: desired.Invalid, problem: "cdn.example.net is a name of the CDN (edgio.cname_target)"},
		"LoadBalancer, another CDN of ours":         {objects: []any{fixture.Shop(), fixture.Balanced("cdn-a.vultrcdn.com")}, state: desired.Invalid, problem: "cdn-a.vultrcdn.com is a name of the CDN (vultrcdn.com)"},
		"LoadBalancer, the CDN and another":         {objects: []any{fixture.Shop(), fixture.Balanced("cdn-a.vultrcdn.com", "lb.example.org")}, want: "http://web.default.lb-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"LoadBalancer, an origin of ours":           {objects: []any{fixture.Shop(), fixture.Balanced(fixture.NodesHost)}, state: desired.Invalid, problem: fixture.NodesHost + " is a name that edgeward makes for origins"},
		"LoadBalancer, an origin's own name":        {objects: []any{fixture.Shop(), fixture.Balanced("web.default.lb-cname.main.acme.k8s.example.net")}, state: desired.Invalid, problem: "is a name that edgeward makes for origins"},
		"status, the CDN's own domain":              {objects: []any{fixture.AtStatus(kube.Address{Hostname: "cdn-a.vultrcdn.com"})}, state: desired.Pending, problem: "its status has no address"},
		"status, its own host and another":          {objects: []any{fixture.AtStatus(kube.Address{Hostname: "www.example.com"}, kube.Address{Hostname: "lb.example.org"})}, want: "http://shop.default.status-cname.main:80", records: []string{"CNAME lb.example.org"}},
		"status, private beside public":             {objects: []any{fixture.AtStatus(kube.Address{IP: "10.0.0.8"}, kube.Address{IP: "192.0.2.8"})}, want: "http://shop.default.status.main:80", records: []string{"A 192.0.2.8"}},
		"status, private alone":                     {objects: []any{fixture.AtStatus(kube.Address{IP: "10.0.0.8"})}, want: "http://shop.default.status.main:80", records: []string{"A 10.0.0.8"}, warning: "the status has private addresses only (10.0.0.8)"},
		"status, a name inside":                     {objects: []any{fixture.AtStatus(kube.Address{Hostname: "web.default.svc.cluster.local"})}, state: desired.Pending, problem: "cannot be followed from outside (.local)"},
		"externalIPs, loopback":                     {objects: []any{fixture.Shop(), outside("127.0.0.1"), everything}, state: desired.Invalid, problem: "Service web has no address among its externalIPs that can be an origin: 127.0.0.1 is no host's address"},
		"externalIPs, private beside public":        {objects: []any{fixture.Shop(), outside("10.0.0.7", "192.0.2.7"), everything}, want: "http://web.default.ext.main:80", records: []string{"A 192.0.2.7"}},
		"externalIPs, private alone":                {objects: []any{fixture.Shop(), outside("10.0.0.7"), everything}, want: "http://web.default.ext.main:80", records: []string{"A 10.0.0.7"}, warning: "Service web has private addresses only (10.0.0.7)"},
		"ExternalName, its own host":                {objects: []any{byNumber, elsewhere("www.example.com"), everything}, state: desired.Invalid, problem: "Service web has no externalName that can be an origin: www.example.com is published by Ingress main/default/shop"},
		"ExternalName, a Service of the cluster":    {objects: []any{byNumber, elsewhere("web.default.svc.cluster.local"), everything}, state: desired.Invalid, problem: "web.default.svc.cluster.local cannot be followed from outside (.local)"},
		"ExternalName, one label":                   {objects: []any{byNumber, elsewhere("localhost"), everything}, state: desired.Invalid, problem: "localhost is not a fully qualified domain name"},
		"ExternalName, the CDN":                     {objects: []any{byNumber, elsewhere("cdn.example.net"), everything}, state: desired.Invalid, problem: "is a name of the CDN"},
		"a host that is the CDN's":                  {objects: []any{fixture.Ingress("shop", "cdn.example.net", "Exact", "/a"), fixture.Web(), n1}, state: desired.Invalid, problem: "host cdn.example.net is a name of the CDN itself (edgio.cname_target)"},
		"a host that is another CDN's":              {objects: []any{fixture.Ingress("shop", "cdn-a.vultrcdn.com", "Exact", "/a"), fixture.Web(), n1}, state: desired.Invalid, problem: "host cdn-a.vultrcdn.com is a name of the CDN itself (vultrcdn.com)"},
		"a host that is its own origin":             {objects: []any{fixture.Ingress("shop", fixture.NodesHost, "Exact", "/a"), fixture.Web(), n1}, state: desired.Invalid, problem: "is among the names that edgeward makes for origins"},
		"a host where a cluster may come":           {objects: []any{fixture.Ingress("shop", "fra.acme."+fixture.Domain, "Exact", "/a"), fixture.Web(), n1}, state: desired.Invalid, problem: "is among the names that edgeward makes for origins, all those below acme." + fixture.Domain},
		"a host below that":                         {objects: []any{fixture.Ingress("shop", "eu.api.acme."+fixture.Domain, "Exact", "/a"), fixture.Web(), n1}, state: desired.Invalid, problem: "is among the names that edgeward makes for origins"},
		"a host where a cluster was":                {objects: []any{fixture.Ingress("shop", "web.default.lb.gone.acme."+fixture.Domain, "Exact", "/a"), fixture.Web(), n1}, state: desired.Invalid, problem: "is among the names that edgeward makes for origins"},
		"the kubelet of the nodes":                  {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "10250"), n1}, state: desired.Invalid, problem: "annotation edgeward/origin-port: port 10250 is not one of 80, 443, 8080, 8443, 30000-32767 (clusters[].allow[].ports names others)"},
		"SSH of the nodes":                          {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "22"), n1, everywhere}, state: desired.Invalid, problem: "port 22 is not one of"},
		"etcd at a status":                          {objects: []any{withPort(fixture.AtStatus(kube.Address{IP: "192.0.2.8"}), "2379"), n1}, state: desired.Invalid, problem: "port 2379 is not one of"},
		"the last node port":                        {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "32767"), n1}, want: "http://nodes.main:32767", records: []string{"A 192.0.2.1"}},
		"the port after that":                       {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "32768"), n1}, state: desired.Invalid, problem: "port 32768 is not one of"},
		"a port that is named":                      {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "8999"), n1, onPorts}, want: "http://nodes.main:8999", records: []string{"A 192.0.2.1"}},
		"a port beside":                             {objects: []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "9000"), n1, onPorts}, state: desired.Invalid, problem: "port 9000 is not one of 81, 8000-8999"},
		"a status without a port where some are":    {objects: []any{fixture.AtStatus(kube.Address{IP: "192.0.2.8"}), onPorts}, want: "http://shop.default.status.main:80", records: []string{"A 192.0.2.8"}},
		"an address that is named":                  {objects: []any{fixture.Shop(), fixture.Balanced("192.0.2.200", "192.0.2.9", "10.0.0.4"), inRanges}, want: "http://web.default.lb.main:80", records: []string{"A 192.0.2.200"}},
		"an address beside":                         {objects: []any{fixture.Shop(), fixture.Balanced("192.0.2.9"), inRanges}, state: desired.Pending, problem: "192.0.2.9 is not among those that this namespace may name (clusters[].allow[].addresses)"},
		"a name where addresses are named":          {objects: []any{fixture.Shop(), fixture.Balanced("lb.example.org"), inRanges}, state: desired.Pending, problem: "lb.example.org is a name, and this namespace may name some addresses only (clusters[].allow[].addresses)"},
		"a status's name likewise":                  {objects: []any{fixture.AtStatus(kube.Address{Hostname: "lb.example.org"}), inRanges}, state: desired.Pending, problem: "lb.example.org is a name"},
		"an ExternalName all the same":              {objects: []any{byNumber, named, desired.Allow{Origins: []string{desired.OriginExternalName}, Addresses: inRanges.Addresses}}, want: "http://web.default.ext-cname.main:8080", records: []string{"CNAME origin.example.org"}},
		"a private address that is named":           {objects: []any{fixture.Shop(), fixture.Balanced("10.1.0.4", "10.2.0.4"), inRanges}, want: "http://web.default.lb.main:80", records: []string{"A 10.1.0.4"}, warning: "private addresses only (10.1.0.4)"},
		"a metadata service that is named":          {objects: []any{fixture.AtStatus(kube.Address{IP: "169.254.169.254"}), desired.Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("169.254.169.254/32")}}}, want: "http://shop.default.status.main:80", records: []string{"A 169.254.169.254"}, warning: "private addresses only"},
		"loopback, though it is named":              {objects: []any{fixture.AtStatus(kube.Address{IP: "127.0.0.1"}), desired.Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}}, state: desired.Pending, problem: "127.0.0.1 is no host's address"},
		"nobody's, though it is named":              {objects: []any{fixture.AtStatus(kube.Address{IP: "240.0.0.1"}, kube.Address{IP: "2002:a9fe:a9fe::1"}), desired.Allow{Addresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}}, state: desired.Pending, problem: "240.0.0.1 is no host's address; 2002:a9fe:a9fe::1 is no host's address"},
		"externalIPs, a metadata service":           {objects: []any{fixture.Shop(), outside("169.254.169.254"), everything}, state: desired.Invalid, problem: "169.254.169.254 is no host's address"},
		"a node at a metadata service":              {objects: []any{fixture.Shop(), fixture.Web(), n1, fixture.Node("n2", "169.254.169.254"), fixture.Node("n3", "2002:a9fe:a9fe::1")}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"nodes, private beside public":              {objects: []any{fixture.Shop(), fixture.Web(), n1, fixture.Node("n2", "10.0.0.2")}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"nodes, private alone":                      {objects: []any{fixture.Shop(), fixture.Web(), fixture.Node("n2", "10.0.0.2")}, want: "http://nodes.main:30080", records: []string{"A 10.0.0.2"}},
		"Local, private beside public":              {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1, fixture.Node("n2", "10.0.0.2"), fixture.Endpoints("w1", "n1", "n2")}, want: "http://web.default.local.main:30080", records: []string{"A 192.0.2.1"}},
		"Local, private alone":                      {objects: []any{fixture.Shop(), fixture.LocalWeb(), n1, fixture.Node("n2", "10.0.0.2"), fixture.Endpoints("w1", "n2")}, want: "http://web.default.local.main:30080", records: []string{"A 10.0.0.2"}},
		"a LoadBalancer that may not be":            {objects: []any{fixture.Shop(), fixture.Balanced("192.0.2.9"), desired.Allow{Origins: []string{"NodePort"}}}, state: desired.Invalid, problem: "of the kind LoadBalancer"},
		"a status that may not be":                  {objects: []any{fixture.AtStatus(kube.Address{IP: "192.0.2.8"}), desired.Allow{Origins: []string{"NodePort"}}}, state: desired.Invalid, problem: "of the kind status"},
		"an annotation that may not be":             {objects: []any{fixture.Annotated(desired.AnnotationAdopt, "false"), fixture.Web(), desired.Allow{Annotations: []string{desired.AnnotationPath}}}, state: desired.Invalid, problem: "annotation edgeward/adopt: the configuration does not allow"},
		"the first of two, by name":                 {objects: []any{fixture.Annotated(desired.AnnotationPath, "keep", desired.AnnotationSource, "http", desired.AnnotationRelease, "false", desired.AnnotationAdopt, "false"), fixture.Web(), desired.Allow{Annotations: []string{desired.AnnotationPath}}}, state: desired.Invalid, problem: "annotation edgeward/adopt: the configuration does not allow"},
		"an annotation that may be":                 {objects: []any{fixture.Annotated(desired.AnnotationAdopt, "false"), fixture.Web(), n1, desired.Allow{Annotations: []string{desired.AnnotationAdopt}}}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"a host that may not be":                    {objects: []any{fixture.Shop(), fixture.Web(), desired.Allow{Hosts: []string{"*.example.org"}}}, state: desired.Invalid, problem: "host www.example.com the configuration does not allow"},
		"a host that may be":                        {objects: []any{fixture.Shop(), fixture.Web(), n1, desired.Allow{Hosts: []string{"*.example.org", "*.example.com"}}}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
		"a namespace of which nothing is said":      {objects: []any{fixture.Shop(), fixture.Web(), desired.Allow{Namespaces: []string{"team-*"}}}, state: desired.Invalid, problem: "nothing of this namespace may be published"},
		"the first entry for the namespace":         {objects: []any{fixture.Shop(), fixture.Web(), n1, desired.Allow{Namespaces: []string{"team-*"}, Hosts: []string{"x"}}, desired.Allow{Namespaces: []string{"def*"}}, desired.Allow{Hosts: []string{"x"}}}, want: "http://nodes.main:30080", records: []string{"A 192.0.2.1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			settings := fixture.TwoCDNs()
			settings.CDNs[0].Host = "cdn.example.net"
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", test.objects...)}, settings, fixture.Start())
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
			set, ok := want.Sets[want.Route(fixture.ShopKey()).Set]
			if !ok {
				t.Fatalf("no set %s", want.Route(fixture.ShopKey()).Set)
			}
			var records []string
			for _, ip := range set.Addresses {
				r := model.AddressRecord("", ip, 0)
				records = append(records, r.Type+" "+r.Data)
			}
			if set.CNAME != "" {
				records = append(records, "CNAME "+set.CNAME)
			}
			if diff := cmp.Diff(test.records, records); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if (set.Lacks == "") != (len(records) > 0) {
				t.Errorf("it lacks %q", set.Lacks)
			}
		})
	}
}
