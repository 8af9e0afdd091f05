package plan

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
)

// TestRevoked has rules that were allowed when they were made, and Ingresses that
// cannot be understood any more when the right is taken away: none of the rules is
// held, and while they stand their names do not follow their tenant elsewhere.
func TestRevoked(t *testing.T) {
	n := node("n1", "192.0.2.1")
	by := func(change func(*kube.Ingress)) func(kube.Ingress) kube.Ingress {
		return func(ing kube.Ingress) kube.Ingress {
			ing.Rules = slices.Clone(ing.Rules)
			ing.Rules[0].Paths = slices.Clone(ing.Rules[0].Paths)
			ing.Annotations = maps.Clone(ing.Annotations)
			if ing.Annotations == nil {
				ing.Annotations = make(map[string]string)
			}
			change(&ing)
			return ing
		}
	}
	ways := map[string]func(kube.Ingress) kube.Ingress{
		"as it was":             by(func(*kube.Ingress) {}),
		"the Service is absent": by(func(i *kube.Ingress) { i.Rules[0].Paths[0].Backend.Service = "absent" }),
		"the port is absent":    by(func(i *kube.Ingress) { i.Rules[0].Paths[0].Backend.PortName = "absent" }),
		"a bad annotation":      by(func(i *kube.Ingress) { i.Annotations[annotationPath] = "nonsense" }),
		"a bad origin":          by(func(i *kube.Ingress) { i.Annotations[annotationOrigin] = "nonsense" }),
		"a bad port":            by(func(i *kube.Ingress) { i.Annotations[annotationOriginPort] = "nonsense" }),
		"both": by(func(i *kube.Ingress) {
			i.Annotations[annotationPath], i.Rules[0].Paths[0].Backend.Service = "x", "absent"
		}),
		"the class is not known": by(func(i *kube.Ingress) { i.ClassUnknown = true }),
	}
	external := func(to string) kube.Service {
		return like(func(s *kube.Service) { s.Type, s.ExternalName = "ExternalName", to })
	}
	outside := func(ip string) kube.Service {
		return like(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{ip} })
	}
	onNodes := func(port string) kube.Ingress {
		return withAnnotations(annotationOrigin, "nodes", annotationOriginPort, port)
	}
	all := Allow{
		Origins: []string{OriginNodePort, OriginLoadBalancer, OriginStatus, OriginNodes, OriginExternalIPs, OriginExternalName},
		Ports:   []PortRange{{8000, 8999}},
	}
	less := func(origin string) Allow {
		return Allow{Origins: slices.DeleteFunc(slices.Clone(all.Origins), func(o string) bool { return o == origin }), Ports: all.Ports}
	}
	status := func(ip string) kube.Ingress { return atStatus(kube.Address{IP: ip}) }
	hosts, ports := all, all
	hosts.Hosts, ports.Ports = []string{"*.example.org"}, []PortRange{{443, 443}}
	someAddresses := all
	someAddresses.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.128/25")}
	tests := map[string]struct {
		before    kube.Ingress
		service   kube.Service
		after     kube.Service // the tenant's next step
		elsewhere kube.Ingress
		now       Allow
		name      string // of the set; "": it may go on following
		not       []string
	}{
		"ExternalName":                   {before: shop(), service: external("a.example.org"), after: external("b.example.org"), now: less(OriginExternalName), name: "web.default.ext-cname"},
		"ExternalName, externalIPs then": {before: shop(), service: external("a.example.org"), after: outside("192.0.2.9"), now: less(OriginExternalName), name: "web.default.ext-cname", not: []string{"as it was", "the port is absent"}},
		"externalIPs":                    {before: shop(), service: outside("192.0.2.9"), after: outside("192.0.2.10"), now: less(OriginExternalIPs), name: "web.default.ext"},
		"LoadBalancer":                   {before: shop(), service: balanced("192.0.2.9"), after: balanced("192.0.2.10"), now: less(OriginLoadBalancer), name: "web.default.lb"},
		"LoadBalancer, by a name":        {before: shop(), service: balanced("a.example.org"), after: balanced("b.example.org"), now: less(OriginLoadBalancer), name: "web.default.lb-cname"},
		"NodePort":                       {before: shop(), service: localWeb(), after: localWeb(), now: less(OriginNodePort)},
		"status":                         {before: status("192.0.2.9"), elsewhere: status("192.0.2.10"), service: web(), after: web(), now: less(OriginStatus), name: "shop.default.status"},
		"nodes":                          {before: onNodes("8001"), service: web(), after: web(), now: less(OriginNodes), not: []string{"a bad origin", "the class is not known"}},
		"a port of the nodes":            {before: onNodes("8001"), service: web(), after: web(), now: ports, not: []string{"the class is not known"}},
		"the host":                       {before: shop(), service: external("a.example.org"), after: external("b.example.org"), now: hosts},
		"the namespace":                  {before: shop(), service: external("a.example.org"), after: external("b.example.org"), now: Allow{Namespaces: []string{"team-*"}}, name: "web.default.ext-cname"},
		"an annotation":                  {before: withAnnotations(annotationPath, "keep"), service: external("a.example.org"), after: external("b.example.org"), now: Allow{Origins: all.Origins, Annotations: []string{annotationSource}}, not: []string{"the class is not known"}},
		"an address":                     {before: shop(), service: balanced("192.0.2.9"), after: balanced("192.0.2.10"), now: someAddresses, name: "web.default.lb", not: []string{"the class is not known"}},
	}
	for name, test := range tests {
		for way, unclear := range ways {
			if slices.Contains(test.not, way) {
				continue
			}
			t.Run(name+", "+way, func(t *testing.T) {
				set := testSettings()
				set.MaxDelete = 1
				before := []any{test.before, test.service, n, endpoints("w1", "n1"), all}
				s := settled(set, cluster("main", before...))
				if len(s.Rules.Objects) != 1 || len(s.Records.Objects) < 2 {
					t.Fatalf("standing is %q", s.standing())
				}
				after := test.before
				if test.elsewhere.Name != "" {
					after = test.elsewhere
				}
				records := s.Records.Objects
				s.change(true, cluster("main", unclear(after), test.after, n, endpoints("w1", "n1"), test.now))
				s.ask()
				s.do()
				if test.name != "" {
					if diff := cmp.Diff(records, s.Records.Objects); diff != "" {
						t.Errorf("%s follows while the rule stands (-before +after):\n%s", test.name, diff)
					}
				}
				s.run()
				for _, r := range s.Rules.Objects {
					t.Errorf("held: %s from %s", r.RuleKey, r.SourceHost)
				}
			})
		}
	}
}

// TestStillAllowed has the same for what is allowed all along: it is held.
func TestStillAllowed(t *testing.T) {
	external := like(func(s *kube.Service) { s.Type, s.ExternalName = "ExternalName", "a.example.org" })
	absent := shop()
	absent.Rules[0].Paths = []kube.IngressPath{{Path: "/a", Type: "Exact", Backend: kube.Backend{Service: "absent", PortName: "http"}}}
	outside := like(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{"192.0.2.9"} })
	all := Allow{Origins: []string{OriginNodes, OriginStatus, OriginExternalName, OriginExternalIPs}, Ports: []PortRange{{8000, 8999}}}
	for name, test := range map[string]struct{ before, after []any }{
		"an ExternalName":                   {[]any{shop(), external}, []any{absent, external}},
		"an ExternalName, then another":     {[]any{shop(), external}, []any{annotated(annotationPath, "x"), outside}},
		"nodes, on a port that is named":    {[]any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "8001")}, []any{withAnnotations(annotationOrigin, "nodes", annotationOriginPort, "x")}},
		"a status, on the port that it has": {[]any{atStatus(kube.Address{IP: "192.0.2.8"})}, []any{annotated(annotationOrigin, "x")}},
		"a status, likewise": {[]any{func() kube.Ingress {
			ing := atStatus(kube.Address{IP: "192.0.2.8"})
			ing.Annotations[annotationOriginPort] = "8001"
			return ing
		}()}, []any{annotated(annotationOrigin, "x")}},
	} {
		t.Run(name, func(t *testing.T) {
			n := node("n1", "192.0.2.1")
			s := settled(testSettings(), cluster("main", append(test.before, n, all)...))
			s.change(true, cluster("main", append(test.after, n, all)...))
			if diff := cmp.Diff([]string(nil), s.run()); diff != "" || len(s.Rules.Objects) != 1 {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}
