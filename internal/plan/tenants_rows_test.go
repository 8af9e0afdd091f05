package plan

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

const theirs, own = "www.example.com", "www.evil.example" // hosts of owner and of evil

// tenants are the rows of docs/tenants.md.
func tenants() []tenantsRow {
	return slices.Concat(tenantsHosts(), tenantsOrigins(), tenantsRules())
}

// older makes an Ingress older than one of evil, unless that is aged.
func older(ing kube.Ingress) kube.Ingress {
	ing.Created = ing.Created.Add(-time.Hour)
	return ing
}

// atEdgio is an Ingress that publishes a path from Service web, and onVultrCDN one for
// the other CDN.
func atEdgio(host, pathType, path string) kube.Ingress {
	ing := fixture.Ingress("i", host, pathType, path)
	ing.Rules[0].Paths[0].Backend = kube.Backend{Service: "web", PortNumber: 80}
	return ing
}

func onVultrCDN(host, pathType, path string) kube.Ingress {
	ing := atEdgio(host, pathType, path)
	ing.Class = "vultr-cdn"
	return ing
}

// noted is an Ingress with annotations, in pairs.
func noted(ing kube.Ingress, pairs ...string) kube.Ingress {
	ing.Annotations = make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		ing.Annotations[pairs[i]] = pairs[i+1]
	}
	return ing
}

// ownerHas reports whether the rule of owner stands.
func ownerHas(s *stage, _ string) bool {
	return slices.ContainsFunc(s.Rules.Objects, func(r *model.Rule) bool {
		m, ok := r.OwnerLabel()
		return ok && m.Namespace == "owner"
	})
}

func not(f func(*stage, string) bool) func(*stage, string) bool {
	return func(s *stage, done string) bool { return !f(s, done) }
}

// against is what stands for owner, and beside it what evil has.
func against(there []any, evil ...any) []any { return slices.Concat(there, in("evil", evil...)) }

// tenantsHosts are the rows about hosts and paths.
func tenantsHosts() []tenantsRow {
	lb := fixture.Balanced("192.0.2.9")
	byDefault := func(ing kube.Ingress) []any {
		ing.DefaultBackend, ing.Rules = &kube.Backend{Service: "web", PortNumber: 80}, []kube.IngressRule{{Host: theirs}}
		return in("owner", older(ing), lb)
	}
	edgio, vultr := in("owner", older(atEdgio(theirs, "Prefix", "/")), lb), in("owner", older(onVultrCDN(theirs, "Prefix", "/")), lb)
	app := in("owner", older(atEdgio(theirs, "Prefix", "/app")), lb)
	// takes has evil ask for what stands.
	takes := func(there []any, ing kube.Ingress) attempt {
		return attempt{before: there, after: against(there, ing, lb), got: goesTo(theirs)}
	}
	byTLS := onVultrCDN(theirs, "Prefix", "/")
	byTLS.TLS = []kube.IngressTLS{{Hosts: []string{theirs}, Secret: "cert"}}
	absent := aged(atEdgio(theirs, "Prefix", "/"))
	letGo := noted(aged(atEdgio(theirs, "Prefix", "/")), desired.AnnotationRelease, "true")
	ours := func(host string) attempt {
		return attempt{before: in("evil", onVultrCDN(host, "Prefix", "/"), lb), got: goesTo(""), named: desired.Allow{Hosts: []string{host}}}
	}
	return []tenantsRow{
		{"take a host and path that another publishes", no, no, []attempt{
			takes(edgio, atEdgio(theirs, "Prefix", "/")), takes(vultr, onVultrCDN(theirs, "Prefix", "/")),
			{before: against(edgio, atEdgio(theirs, "Prefix", "/"), lb), got: goesTo(theirs)},
		}},
		{"take it by `Exact`, where a directory or a whole host is published", no, no, []attempt{
			takes(edgio, atEdgio(theirs, "Exact", "/")), takes(app, atEdgio(theirs, "Exact", "/app/")), takes(vultr, onVultrCDN(theirs, "Exact", "/")),
		}},
		{"take what is only a default backend's", no, no, []attempt{
			takes(byDefault(atEdgio(theirs, "", "")), atEdgio(theirs, "Prefix", "/")), takes(byDefault(onVultrCDN(theirs, "", "")), onVultrCDN(theirs, "Prefix", "/")),
		}},
		{"take it by an Ingress of its own that is older", yes, no, []attempt{
			{before: against(edgio, aged(atEdgio(own, "Prefix", "/")), lb), after: against(edgio, aged(atEdgio(theirs, "Prefix", "/")), lb), got: goesTo(theirs)},
		}},
		{"claim a host before its owner does", yes, no, []attempt{
			{before: in("evil", aged(atEdgio(theirs, "Prefix", "/")), lb), after: against(edgio, aged(atEdgio(theirs, "Prefix", "/")), lb), got: goesTo(theirs)},
			{before: in("evil", letGo, lb), after: against(edgio, letGo, lb), got: not(ownerHas)},
		}},
		{"keep others from a host by an Ingress that cannot be published", no, no, []attempt{
			{before: in("evil", absent), after: against(edgio, absent), got: not(ownerHas)},
		}},
		{"publish a path below another's, at Edgio", yes, no, []attempt{takes(edgio, atEdgio(theirs, "Prefix", "/login"))}},
		{"publish by `Exact` the one object of another's `Prefix`, at Edgio", yes, no, []attempt{takes(app, atEdgio(theirs, "Exact", "/app"))}},
		{"publish a path below another's, at Vultr CDN", no, no, []attempt{
			takes(vultr, onVultrCDN(theirs, "Prefix", "/login")), takes(vultr, aged(onVultrCDN(theirs, "Prefix", "/login"))),
		}},
		{"get another's host by a certificate for it", no, no, []attempt{
			{before: vultr, after: against(vultr, byTLS, lb, fixture.TLSSecret("cert", theirs)), got: goesTo(theirs)},
		}},
		{"publish a name of edgeward's: an origin's, a claim's", no, no, []attempt{
			ours(fixture.NodesHost), ours("fra.acme." + fixture.Domain), ours("eu.api.acme." + fixture.Domain), ours("_edgeward.fra.acme." + fixture.Domain),
		}},
		{"publish a name of the CDN's", no, no, []attempt{ours("cdn-a.vultrcdn.com")}},
	}
}

// tenantsOrigins are the rows about where the CDN is aimed.
func tenantsOrigins() []tenantsRow {
	lb, mine := fixture.Balanced("192.0.2.9"), atEdgio(own, "Prefix", "/")
	external := func(to string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName = "ExternalName", to })
	}
	outside := func(ip string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalIPs = "ClusterIP", []string{ip} })
	}
	addresses := func(prefixes ...string) desired.Allow {
		var a desired.Allow
		for _, p := range prefixes {
			a.Addresses = append(a.Addresses, netip.MustParsePrefix(p))
		}
		return a
	}
	// by are both statuses that may name an address or a host.
	by := func(to string, named desired.Allow) []attempt {
		svc := fixture.Balanced(to)
		ing := noted(mine, desired.AnnotationOrigin, "status")
		ing.Status = svc.Balancers
		return []attempt{
			{before: in("evil", mine, svc), got: leadsTo(to), named: named},
			{before: in("evil", ing), got: leadsTo(to), named: named},
		}
	}
	ports := func(port int, text string) []attempt {
		onNodes := noted(mine, desired.AnnotationOrigin, "nodes", desired.AnnotationOriginPort, text)
		ing := noted(mine, desired.AnnotationOrigin, "status", desired.AnnotationOriginPort, text)
		ing.Status = lb.Balancers
		named := desired.Allow{Origins: []string{desired.OriginNodes}, Ports: []desired.PortRange{{First: port, Last: port}}}
		return []attempt{
			{before: in("evil", onNodes), got: goesTo(own), named: named},
			{before: in("evil", ing), got: goesTo(own), named: named},
		}
	}
	all := addresses("0.0.0.0/0", "::/0")
	withAll := func(origin string) desired.Allow {
		return desired.Allow{Origins: []string{origin}, Addresses: all.Addresses}
	}
	tls := onVultrCDN(own, "Prefix", "/")
	tls.TLS = []kube.IngressTLS{{Hosts: []string{own}, Secret: "cert"}}
	owner := in("owner", older(atEdgio(theirs, "Prefix", "/")), fixture.Balanced("lb.example.org"))
	circle := against(owner, atEdgio("lb.example.org", "Prefix", "/"), fixture.Balanced(theirs))
	return []tenantsRow{
		{"publish another's Service", no, no, []attempt{{before: against(in("owner", lb), mine), got: goesTo("")}}},
		{"use another's TLS Secret", no, no, []attempt{
			{before: against(in("owner", fixture.TLSSecret("cert", own)), tls, lb), got: goesTo("")},
		}},
		{"publish what answers on the nodes: another's node port, its Ingress controller", yes, onlyNamed, ports(30080, "30080")[:1]},
		{"ask the nodes' kubelet, etcd or SSH (`edgeward/origin-port`)", no, onlyNamed, slices.Concat(ports(10250, "10250"), ports(2379, "2379"), ports(22, "22"))},
		{"aim the CDN anywhere by an `ExternalName`", no, onlyNamed, []attempt{
			{before: in("evil", mine, external("a.example.org")), got: leadsTo("a.example.org"), named: desired.Allow{Origins: []string{desired.OriginExternalName}}},
		}},
		{"aim it anywhere by `externalIPs`", no, onlyNamed, []attempt{
			{before: in("evil", mine, outside("203.0.113.66")), got: leadsTo("203.0.113.66"), named: withAll(desired.OriginExternalIPs)},
		}},
		{"aim it at any address in a status that it may write", yes, onlyNamed, by("203.0.113.66", addresses("203.0.113.0/24"))},
		{"aim it at a private address in such a status", yes, onlyNamed, by("10.0.0.4", addresses("10.0.0.0/8"))},
		{"aim it at any host in such a status", yes, no, by("a.example.org", all)},
		{"aim it at a metadata service, or a link-local address", no, onlyNamed, slices.Concat(
			by("169.254.169.254", addresses("169.254.169.254/32")), by("fd00:ec2::254", addresses("fd00:ec2::/32")), by("100.100.100.200", all), by("fe80::1", all),
		)},
		{"aim it at what is no host: loopback, multicast, reserved, IPv4 within IPv6", no, no, slices.Concat(
			by("127.0.0.1", all), by("::1", all), by("0.0.0.1", all), by("240.0.0.1", all), by("255.255.255.255", all), by("224.0.0.1", all), by("ff02::1", all),
			by("64:ff9b::a9fe:a9fe", all), by("2002:a9fe:a9fe::1", all), by("2001:0:a9fe:a9fe::1", all), by("::ffff:169.254.169.254", all),
			[]attempt{{before: in("evil", mine, outside("127.0.0.1")), got: leadsTo("127.0.0.1"), named: withAll(desired.OriginExternalIPs)}},
		)},
		{"aim it at a name that only a network knows, or at edgeward's own", no, no, slices.Concat(
			by("metadata.google.internal", desired.Allow{}), by("web.default.svc.cluster.local", desired.Allow{}), by(fixture.NodesHost, desired.Allow{}),
			[]attempt{{before: in("evil", mine, external("metadata.google.internal")), got: leadsTo("metadata.google.internal"), named: desired.Allow{Origins: []string{desired.OriginExternalName}}}},
		)},
		{"close a circle of hosts through another's, or take by it what stands", no, no, []attempt{
			{before: owner, after: circle, got: goesTo("lb.example.org"), named: desired.Allow{Hosts: []string{"lb.example.org"}}},
			{before: owner, after: circle, got: not(func(s *stage, done string) bool {
				return ownerHas(s, done) && strings.Contains(strings.Join(s.standing(), " "), " lb.example.org")
			})},
		}},
		{"get the name of another's origin by long names", no, no, []attempt{{alone: func() bool { return fixture.ShareSet(fixture.CollidingNamespaces()) }}}},
	}
}

// tenantsRules are the rows about rules that stand.
func tenantsRules() []tenantsRow {
	lb, mine := fixture.Balanced("192.0.2.9"), atEdgio(own, "Prefix", "/")
	external := func(to string) kube.Service {
		return fixture.WebWith(func(s *kube.Service) { s.Type, s.ExternalName = "ExternalName", to })
	}
	byName := desired.Allow{Origins: []string{desired.OriginExternalName}, Annotations: []string{desired.AnnotationPath}}
	unclear, lost := noted(mine, desired.AnnotationPath, "x"), atEdgio(own, "Prefix", "/")
	lost.Rules[0].Paths[0].Backend.Service = "absent"
	owner := in("owner", older(atEdgio(theirs, "Prefix", "/")), lb)
	letGo := noted(aged(atEdgio(theirs, "Prefix", "/")), desired.AnnotationRelease, "true")
	released := func(s *stage, _ string) bool {
		return slices.ContainsFunc(s.Rules.Objects, func(r *model.Rule) bool { return !r.Labelled() })
	}
	adopts := func(mode string) attempt {
		const host = "old.evil.example"
		return attempt{
			stands: []model.Rule{{ID: "x", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: host, Path: "/"}, SourceHost: "elsewhere.example.org", SourcePath: "/"}},
			before: in("evil", noted(atEdgio(host, "Prefix", "/"), desired.AnnotationAdopt, "true"), lb),
			named:  desired.Allow{Annotations: []string{desired.AnnotationAdopt}},
			set:    func(s *model.Settings) { s.Adopt = mode },
			got:    goesTo(host),
		}
	}
	// moves is that DNS follows the tenant.
	moves := func(_ *stage, done string) bool { return strings.Contains(done, "b.example.org") }
	return []tenantsRow{
		{"keep a rule whose right was taken away", no, no, []attempt{
			{before: in("evil", mine, external("a.example.org")), after: in("evil", mine, external("a.example.org")), named: byName, revoked: true, got: goesTo("")},
			{before: in("evil", mine, external("a.example.org")), after: in("evil", unclear, external("a.example.org")), named: byName, revoked: true, got: goesTo("")},
			{before: in("evil", mine, external("a.example.org")), after: in("evil", lost, external("a.example.org")), named: byName, revoked: true, got: goesTo("")},
		}},
		{"lead such a rule elsewhere by DNS", no, no, []attempt{
			{before: in("evil", mine, external("a.example.org")), after: in("evil", lost, external("b.example.org")), named: byName, revoked: true, got: moves},
		}},
		{"let go of another's rule (`edgeward/release`)", no, no, []attempt{
			{before: owner, after: against(owner, letGo, lb), got: released, named: desired.Allow{Hosts: []string{theirs}}},
		}},
		{"take over a rule that nobody marked (`edgeward/adopt`)", no, no, []attempt{adopts("never")}},
		{"take it over where `sync.adopt` is `annotated`", yes, onlyNamed, []attempt{adopts("annotated")}},
	}
}
