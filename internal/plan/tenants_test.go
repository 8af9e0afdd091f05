package plan

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// What a namespace may get by trying, in the words of docs/tenants.md.
const (
	no        = "no"
	yes       = "yes"
	onlyNamed = "only where named"
)

// attempt is what the namespace evil does, after what stands for the namespace owner,
// and the sign that it got what it wanted.
type attempt struct {
	// before and after are the cluster's objects: after is left out where all is said
	// at once.
	before, after []any
	stands        []model.Rule // at the CDN, before all
	// named is what has to be added to the entry of evil where that lets it through.
	named desired.Allow
	// revoked: what is named is in force before, and taken away for what comes after.
	revoked bool
	set     func(*model.Settings)
	got     func(s *stage, done string) bool
	alone   func() bool // instead of all that
}

// tenantsRow is a row of docs/tenants.md: what a namespace tries, and whether it gets
// that, without clusters[].allow and with it.
type tenantsRow struct {
	name          string
	without, with string
	attempts      []attempt
}

// tenantsAllow are entries that list all there is to list for both namespaces, and what is
// named for evil besides.
func tenantsAllow(named desired.Allow) []any {
	evil := desired.Allow{
		Namespaces: []string{"evil"}, Hosts: append([]string{"*.evil.example"}, named.Hosts...), Origins: append([]string{desired.OriginLoadBalancer, desired.OriginStatus}, named.Origins...),
		Annotations: append([]string{desired.AnnotationSource, desired.AnnotationOrigin, desired.AnnotationOriginPort, desired.AnnotationRelease}, named.Annotations...),
		Addresses:   append([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, named.Addresses...), Ports: append([]desired.PortRange{{First: 443, Last: 443}}, named.Ports...),
	}
	return []any{desired.Allow{Namespaces: []string{"owner"}, Hosts: []string{"*.example.com"}}, evil}
}

// TestTenants tries what docs/tenants.md says of one namespace and another.
func TestTenants(t *testing.T) {
	for _, row := range tenants() {
		t.Run(row.name, func(t *testing.T) {
			for i, a := range row.attempts {
				for _, try := range []struct {
					under string
					allow []any
					want  bool
				}{
					{"without allow", nil, row.without == yes},
					{"with allow", tenantsAllow(desired.Allow{}), row.with == yes},
					{"where it is named", tenantsAllow(a.named), row.with != no},
				} {
					if got := a.succeeds(try.allow); got != try.want {
						t.Errorf("attempt %d %s: it got what it wanted: %v, want %v", i, try.under, got, try.want)
					}
					if a.revoked && try.under == "with allow" {
						break
					}
				}
			}
		})
	}
}

// TestTenantsTable: each row of docs/tenants.md under "What edgeward decides" is a case,
// and each case a row that says the same.
func TestTenantsTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/tenants.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What edgeward decides\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var document, cases [][3]string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if name, ok := strings.CutPrefix(cells[0], "| "); ok && len(cells) == 3 && name != "a namespace tries to" {
			without, _, _ := strings.Cut(cells[1], ":")
			with, _, _ := strings.Cut(strings.TrimSuffix(cells[2], " |"), ":")
			document = append(document, [3]string{name, without, with})
		}
	}
	for _, row := range tenants() {
		cases = append(cases, [3]string{row.name, row.without, row.with})
	}
	if diff := cmp.Diff(cases, document); diff != "" {
		t.Errorf("docs/tenants.md (-cases +document):\n%s", diff)
	}
}

// succeeds makes the attempt with these entries of clusters[].allow.
func (a attempt) succeeds(allow []any) bool {
	if a.alone != nil {
		return a.alone()
	}
	set := fixture.TwoCDNs()
	set.MaxDelete = 1
	if a.set != nil {
		a.set(&set)
	}
	with := func(objects, allow []any) desired.Cluster {
		c := fixture.Cluster("main", slices.Concat(objects, []any{fixture.Node("n1", "192.0.2.1")}, allow)...)
		slices.SortFunc(c.Ingresses, func(a, b *kube.Ingress) int { return a.Key().Compare(b.Key()) })
		return c
	}
	before := allow
	if a.revoked {
		before = tenantsAllow(a.named)
	}
	s := newStage(set, with(a.before, before))
	s.Rules.Objects = observed.Refs(a.stands)
	done := s.run()
	if a.after != nil {
		s.change(true, with(a.after, allow))
		done = append(done, s.run()...)
	}
	return a.got(s, strings.Join(done, "; "))
}

// in puts objects into a namespace.
func in(namespace string, objects ...any) []any {
	var list []any
	for _, o := range objects {
		switch o := o.(type) {
		case kube.Ingress:
			o.Namespace = namespace
			list = append(list, o)
		case kube.Service:
			o.Namespace = namespace
			list = append(list, o)
		case kube.TLSSecret:
			o.Namespace = namespace
			list = append(list, o)
		}
	}
	return list
}

// aged makes an Ingress older than all others.
func aged(ing kube.Ingress) kube.Ingress {
	ing.Created = ing.Created.Add(-24 * time.Hour)
	return ing
}

// goesTo reports whether a rule for evil stands at a host, or anywhere for "".
func goesTo(host string) func(*stage, string) bool {
	return func(s *stage, _ string) bool {
		return slices.ContainsFunc(s.Rules.Objects, func(r *model.Rule) bool {
			m, ok := r.OwnerLabel()
			return ok && m.Namespace == "evil" && (host == "" || r.Host == host)
		})
	}
}

// leadsTo reports whether a rule for evil stands, and DNS leads there.
func leadsTo(data string) func(*stage, string) bool {
	return func(s *stage, _ string) bool {
		return goesTo("")(s, "") && slices.ContainsFunc(s.Records.Objects, func(r *model.Record) bool { return r.Data == data })
	}
}
