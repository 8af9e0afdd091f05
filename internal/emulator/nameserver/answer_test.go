package nameserver

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// testZones are zones with records that use all that names can do, and some more
// in the first of them, example.com.
func testZones(more ...Record) []Zone {
	soa := SOA{Primary: "ns1.dns.example", Mailbox: "admin@dns.example", TTL: 300, NegativeTTL: 60}
	return []Zone{
		{Name: "example.com", SOA: soa, Records: append(more,
			Record{Name: "nodes.main", Type: "A", Data: "127.0.1.1", TTL: 1},
			Record{Name: "nodes.main", Type: "A", Data: "127.0.1.2", TTL: 1},
			Record{Name: "nodes.main", Type: "AAAA", Data: "::1", TTL: 60},
			Record{Name: "_edgeward.main", Type: "TXT", Data: `"heritage=edgeward"`, TTL: 120},
			Record{Name: "www", Type: "CNAME", Data: "Alias.Other.org", TTL: 300},
			Record{Name: "far", Type: "CNAME", Data: "lb.cloud.example", TTL: 30},
			Record{Name: "void", Type: "CNAME", Data: "nowhere.other.org", TTL: 30},
			Record{Name: "textless", Type: "CNAME", Data: "nodes.main.example.com", TTL: 30},
			Record{Name: "loop1", Type: "CNAME", Data: "loop2.example.com", TTL: 30},
			Record{Name: "loop2", Type: "CNAME", Data: "loop1.example.com", TTL: 30},
			Record{Name: "*.wild", Type: "A", Data: "192.0.2.9", TTL: 30},
			Record{Name: "a.wild", Type: "TXT", Data: `"a"`, TTL: 30},
			Record{Name: "sub", Type: "A", Data: "192.0.2.66", TTL: 30}, // the other zone holds the name
		)},
		{Name: "sub.example.com", SOA: soa, Records: []Record{{Type: "A", Data: "192.0.2.77", TTL: 30}}},
		{Name: "other.org", SOA: soa, Records: []Record{
			{Name: "alias", Type: "CNAME", Data: "nodes.main.example.com", TTL: 200},
			{Name: "", Type: "NS", Data: "ns.other.org", TTL: 30},
		}},
	}
}

func TestLookup(t *testing.T) {
	for _, tc := range []struct {
		name, ask, kind string
		code            string // "": success
		want            []string
		negative        string // the zone of the SOA
	}{
		{name: "addresses", ask: "nodes.main.example.com.", kind: "A",
			want: []string{"nodes.main.example.com 1 A 127.0.1.1", "nodes.main.example.com 1 A 127.0.1.2"}},
		{name: "IPv6", ask: "nodes.main.example.com.", kind: "AAAA", want: []string{"nodes.main.example.com 60 AAAA ::1"}},
		{name: "any case", ask: "Nodes.MAIN.Example.com.", kind: "AAAA", want: []string{"nodes.main.example.com 60 AAAA ::1"}},
		{name: "text", ask: "_edgeward.main.example.com.", kind: "TXT", want: []string{`_edgeward.main.example.com 120 TXT "heritage=edgeward"`}},
		{name: "no such type", ask: "nodes.main.example.com.", kind: "TXT", negative: "example.com"},
		{name: "only others below", ask: "main.example.com.", kind: "A", negative: "example.com"},
		{name: "no such name", ask: "none.example.com.", kind: "A", code: "NXDOMAIN", negative: "example.com"},
		{name: "below a name without wildcard", ask: "x.nodes.main.example.com.", kind: "A", code: "NXDOMAIN", negative: "example.com"},
		{name: "a name's end is not its parent", ask: "in.example.com.", kind: "A", code: "NXDOMAIN", negative: "example.com"},
		{name: "alias in other zones", ask: "www.example.com.", kind: "A", want: []string{
			"www.example.com 300 CNAME Alias.Other.org",
			"alias.other.org 200 CNAME nodes.main.example.com",
			"nodes.main.example.com 1 A 127.0.1.1", "nodes.main.example.com 1 A 127.0.1.2"}},
		{name: "the alias itself", ask: "www.example.com.", kind: "CNAME", want: []string{"www.example.com 300 CNAME Alias.Other.org"}},
		{name: "alias to elsewhere", ask: "far.example.com.", kind: "A", want: []string{"far.example.com 30 CNAME lb.cloud.example"}},
		{name: "alias to no name", ask: "void.example.com.", kind: "A", code: "NXDOMAIN",
			want: []string{"void.example.com 30 CNAME nowhere.other.org"}, negative: "other.org"},
		{name: "alias to a name without the type", ask: "textless.example.com.", kind: "TXT",
			want: []string{"textless.example.com 30 CNAME nodes.main.example.com"}, negative: "example.com"},
		{name: "alias in a circle", ask: "loop1.example.com.", kind: "A", want: []string{
			"loop1.example.com 30 CNAME loop2.example.com", "loop2.example.com 30 CNAME loop1.example.com",
			"loop1.example.com 30 CNAME loop2.example.com", "loop2.example.com 30 CNAME loop1.example.com",
			"loop1.example.com 30 CNAME loop2.example.com", "loop2.example.com 30 CNAME loop1.example.com",
			"loop1.example.com 30 CNAME loop2.example.com", "loop2.example.com 30 CNAME loop1.example.com"}},
		{name: "wildcard", ask: "b.wild.example.com.", kind: "A", want: []string{"b.wild.example.com 30 A 192.0.2.9"}},
		{name: "wildcard, deeper", ask: "c.b.wild.example.com.", kind: "A", want: []string{"c.b.wild.example.com 30 A 192.0.2.9"}},
		{name: "wildcard without the type", ask: "b.wild.example.com.", kind: "TXT", negative: "example.com"},
		{name: "no wildcard for what exists", ask: "a.wild.example.com.", kind: "A", negative: "example.com"},
		{name: "zone within a zone", ask: "sub.example.com.", kind: "A", want: []string{"sub.example.com 30 A 192.0.2.77"}},
		{name: "name servers", ask: "other.org.", kind: "NS", want: []string{"other.org 30 NS ns.other.org"}},
		{name: "start of authority", ask: "example.com.", kind: "SOA",
			want: []string{"example.com 300 SOA ns1.dns.example. admin.dns.example. 1 10800 3600 604800 60"}},
		{name: "apex without the type", ask: "example.com.", kind: "A", negative: "example.com"},
		{name: "foreign name", ask: "example.net.", kind: "A", code: "REFUSED"},
		{name: "a zone's end is not the zone", ask: "badexample.com.", kind: "A", code: "REFUSED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := lookup(testZones(), tc.ask, tc.kind)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tc.want, texts(a.records)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if got, want := dns.RcodeToString[a.rcode], cmp.Or(tc.code, "NOERROR"); got != want {
				t.Errorf("code %s, want %s", got, want)
			}
			if a.authoritative != (a.rcode != dns.RcodeRefused) {
				t.Errorf("authority: %t", a.authoritative)
			}
			var negative []string
			if tc.negative != "" {
				negative = []string{tc.negative + " 60 SOA ns1.dns.example. admin.dns.example. 1 10800 3600 604800 60"}
			}
			if diff := gocmp.Diff(negative, texts(a.authority)); diff != "" {
				t.Errorf("authority section (-want +got):\n%s", diff)
			}
		})
	}
}

// texts are records as in a zone file, but for what all of them have: the class
// and the dots at the ends of names.
func texts(records []dns.RR) (list []string) {
	for _, rr := range records {
		fields := slices.DeleteFunc(strings.Fields(rr.String()), func(field string) bool { return field == "IN" })
		fields[0] = strings.TrimSuffix(fields[0], ".")
		if fields[2] == "CNAME" || fields[2] == "NS" {
			fields[3] = strings.TrimSuffix(fields[3], ".")
		}
		list = append(list, strings.Join(fields, " "))
	}
	return list
}
