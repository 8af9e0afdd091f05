package plan

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestRevoked has rules that were allowed when they were made, and Ingresses that
// cannot be understood any more when the right is taken away: none of the rules is
// held, and while they stand their names do not follow their tenant elsewhere.
func TestRevoked(t *testing.T) {
	n := fixture.Node("n1", "192.0.2.1")
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
		"a bad annotation":      by(func(i *kube.Ingress) { i.Annotations[desired.AnnotationPath] = "nonsense" }),
		"a bad origin":          by(func(i *kube.Ingress) { i.Annotations[desired.AnnotationOrigin] = "nonsense" }),
		"a bad port":            by(func(i *kube.Ingress) { i.Annotations[desired.AnnotationOriginPort] = "nonsense" }),
		"both": by(func(i *kube.Ingress) {
			i.Annotations[desired.AnnotationPath], i.Rules[0].Paths[0].Backend.Service = "x", "absent"
		}),
		"the class is not known": by(func(i *kube.Ingress) { i.ClassUnknown = true }),
	}
	external := func(to string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName = "ExternalName", to })
	}
	outside := func(ip string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{ip} })
	}
	onNodes := func(port string) kube.Ingress {
		return fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, port)
	}
	all := desired.Allow{
		Origins: []string{desired.OriginNodePort, desired.OriginLoadBalancer, desired.OriginStatus, desired.OriginNodes, desired.OriginExternalIPs, desired.OriginExternalName},
		Ports:   []desired.PortRange{{First: 8000, Last: 8999}},
	}
	less := func(origin string) desired.Allow {
		return desired.Allow{Origins: slices.DeleteFunc(slices.Clone(all.Origins), func(o string) bool { return o == origin }), Ports: all.Ports}
	}
	status := func(ip string) kube.Ingress { return fixture.AtStatus(kube.Address{IP: ip}) }
	hosts, ports := all, all
	hosts.Hosts, ports.Ports = []string{"*.example.org"}, []desired.PortRange{{First: 443, Last: 443}}
	someAddresses := all
	someAddresses.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.128/25")}
	tests := map[string]struct {
		before    kube.Ingress
		service   kube.Service
		after     kube.Service // the tenant's next step
		elsewhere kube.Ingress
		now       desired.Allow
		name      string // of the set; "": it may go on following
		not       []string
	}{
		"ExternalName":                   {before: fixture.Shop(), service: external("a.example.org"), after: external("b.example.org"), now: less(desired.OriginExternalName), name: "web.default.ext-cname"},
		"ExternalName, externalIPs then": {before: fixture.Shop(), service: external("a.example.org"), after: outside("192.0.2.9"), now: less(desired.OriginExternalName), name: "web.default.ext-cname", not: []string{"as it was", "the port is absent"}},
		"externalIPs":                    {before: fixture.Shop(), service: outside("192.0.2.9"), after: outside("192.0.2.10"), now: less(desired.OriginExternalIPs), name: "web.default.ext"},
		"LoadBalancer":                   {before: fixture.Shop(), service: fixture.Balanced("192.0.2.9"), after: fixture.Balanced("192.0.2.10"), now: less(desired.OriginLoadBalancer), name: "web.default.lb"},
		"LoadBalancer, by a name":        {before: fixture.Shop(), service: fixture.Balanced("a.example.org"), after: fixture.Balanced("b.example.org"), now: less(desired.OriginLoadBalancer), name: "web.default.lb-cname"},
		"NodePort":                       {before: fixture.Shop(), service: fixture.LocalWeb(), after: fixture.LocalWeb(), now: less(desired.OriginNodePort)},
		"status":                         {before: status("192.0.2.9"), elsewhere: status("192.0.2.10"), service: fixture.Web(), after: fixture.Web(), now: less(desired.OriginStatus), name: "shop.default.status"},
		"nodes":                          {before: onNodes("8001"), service: fixture.Web(), after: fixture.Web(), now: less(desired.OriginNodes), not: []string{"a bad origin", "the class is not known"}},
		"a port of the nodes":            {before: onNodes("8001"), service: fixture.Web(), after: fixture.Web(), now: ports, not: []string{"the class is not known"}},
		"the host":                       {before: fixture.Shop(), service: external("a.example.org"), after: external("b.example.org"), now: hosts},
		"the namespace":                  {before: fixture.Shop(), service: external("a.example.org"), after: external("b.example.org"), now: desired.Allow{Namespaces: []string{"team-*"}}, name: "web.default.ext-cname"},
		"an annotation":                  {before: fixture.Annotated(desired.AnnotationPath, "keep"), service: external("a.example.org"), after: external("b.example.org"), now: desired.Allow{Origins: all.Origins, Annotations: []string{desired.AnnotationSource}}, not: []string{"the class is not known"}},
		"an address":                     {before: fixture.Shop(), service: fixture.Balanced("192.0.2.9"), after: fixture.Balanced("192.0.2.10"), now: someAddresses, name: "web.default.lb", not: []string{"the class is not known"}},
	}
	for name, test := range tests {
		for way, unclear := range ways {
			if slices.Contains(test.not, way) {
				continue
			}
			t.Run(name+", "+way, func(t *testing.T) {
				set := fixture.Settings()
				set.MaxDelete = 1
				before := []any{test.before, test.service, n, fixture.Endpoints("w1", "n1"), all}
				s := settled(set, fixture.Cluster("main", before...))
				if len(s.Rules.Objects) != 1 || len(s.Records.Objects) < 2 {
					t.Fatalf("standing is %q", s.standing())
				}
				after := test.before
				if test.elsewhere.Name != "" {
					after = test.elsewhere
				}
				records := s.Records.Objects
				s.change(true, fixture.Cluster("main", unclear(after), test.after, n, fixture.Endpoints("w1", "n1"), test.now))
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
	external := fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName = "ExternalName", "a.example.org" })
	absent := fixture.Shop()
	absent.Rules[0].Paths = []kube.IngressPath{{Path: "/a", Type: "Exact", Backend: kube.Backend{Service: "absent", PortName: "http"}}}
	outside := fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{"192.0.2.9"} })
	all := desired.Allow{Origins: []string{desired.OriginNodes, desired.OriginStatus, desired.OriginExternalName, desired.OriginExternalIPs}, Ports: []desired.PortRange{{First: 8000, Last: 8999}}}
	for name, test := range map[string]struct{ before, after []any }{
		"an ExternalName":                   {[]any{fixture.Shop(), external}, []any{absent, external}},
		"an ExternalName, then another":     {[]any{fixture.Shop(), external}, []any{fixture.Annotated(desired.AnnotationPath, "x"), outside}},
		"nodes, on a port that is named":    {[]any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "8001")}, []any{fixture.Annotated(desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, "x")}},
		"a status, on the port that it has": {[]any{fixture.AtStatus(kube.Address{IP: "192.0.2.8"})}, []any{fixture.Annotated(desired.AnnotationOrigin, "x")}},
		"a status, likewise": {[]any{func() kube.Ingress {
			ing := fixture.AtStatus(kube.Address{IP: "192.0.2.8"})
			ing.Annotations[desired.AnnotationOriginPort] = "8001"
			return ing
		}()}, []any{fixture.Annotated(desired.AnnotationOrigin, "x")}},
	} {
		t.Run(name, func(t *testing.T) {
			n := fixture.Node("n1", "192.0.2.1")
			s := settled(fixture.Settings(), fixture.Cluster("main", append(test.before, n, all)...))
			s.change(true, fixture.Cluster("main", append(test.after, n, all)...))
			if diff := cmp.Diff([]string(nil), s.run()); diff != "" || len(s.Rules.Objects) != 1 {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}
