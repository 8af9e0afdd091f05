package emulator

import (
	"cmp"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

// newTestZones returns an account with records that use all that names can do.
func newTestZones() *Vultr {
	v := newTestVultr(VultrOptions{})
	v.addZone("sub.example.com", dnssecDisabled)
	v.addZone("other.org", dnssecDisabled)
	for _, r := range []struct {
		zone, name, kind, data string
		ttl                    int
	}{
		{"example.com", "nodes.main", "A", "127.0.1.1", 1},
		{"example.com", "nodes.main", "A", "127.0.1.2", 1},
		{"example.com", "nodes.main", "AAAA", "::1", 60},
		{"example.com", "_edgeward.main", "TXT", `"heritage=edgeward"`, 120},
		{"example.com", "www", "CNAME", "Alias.Other.org", 300},
		{"example.com", "far", "CNAME", "lb.cloud.example", 30},
		{"example.com", "void", "CNAME", "nowhere.other.org", 30},
		{"example.com", "textless", "CNAME", "nodes.main.example.com", 30},
		{"example.com", "loop1", "CNAME", "loop2.example.com", 30},
		{"example.com", "loop2", "CNAME", "loop1.example.com", 30},
		{"example.com", "*.wild", "A", "192.0.2.9", 30},
		{"example.com", "a.wild", "TXT", `"a"`, 30},
		{"example.com", "sub", "A", "192.0.2.66", 30}, // the other zone holds the name
		{"sub.example.com", "", "A", "192.0.2.77", 30},
		{"other.org", "alias", "CNAME", "nodes.main.example.com", 200},
		{"other.org", "", "NS", "ns.other.org", 30},
	} {
		v.Seed(r.zone, Record{Type: r.kind, Name: r.name, Data: r.data, TTL: r.ttl})
	}
	return v
}

func TestAnswerFrom(t *testing.T) {
	v := newTestZones()
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
		{name: "no such name", ask: "none.example.com.", kind: "A", code: "RCodeNameError", negative: "example.com"},
		{name: "below a name without wildcard", ask: "x.nodes.main.example.com.", kind: "A", code: "RCodeNameError", negative: "example.com"},
		{name: "a name's end is not its parent", ask: "in.example.com.", kind: "A", code: "RCodeNameError", negative: "example.com"},
		{name: "alias in other zones", ask: "www.example.com.", kind: "A", want: []string{
			"www.example.com 300 CNAME Alias.Other.org",
			"alias.other.org 200 CNAME nodes.main.example.com",
			"nodes.main.example.com 1 A 127.0.1.1", "nodes.main.example.com 1 A 127.0.1.2"}},
		{name: "the alias itself", ask: "www.example.com.", kind: "CNAME", want: []string{"www.example.com 300 CNAME Alias.Other.org"}},
		{name: "alias to elsewhere", ask: "far.example.com.", kind: "A", want: []string{"far.example.com 30 CNAME lb.cloud.example"}},
		{name: "alias to no name", ask: "void.example.com.", kind: "A", code: "RCodeNameError",
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
		{name: "name servers", ask: "example.com.", kind: "NS",
			want: []string{"example.com 300 NS ns1.vultr.com", "example.com 300 NS ns2.vultr.com"}},
		{name: "name servers of one's own", ask: "other.org.", kind: "NS", want: []string{"other.org 30 NS ns.other.org"}},
		{name: "start of authority", ask: "example.com.", kind: "SOA", want: []string{"example.com 300 SOA ns1.vultr.com dnsadm@vultr.com"}},
		{name: "apex without the type", ask: "example.com.", kind: "A", negative: "example.com"},
		{name: "foreign name", ask: "example.net.", kind: "A", code: "RCodeRefused"},
		{name: "a zone's end is not the zone", ask: "badexample.com.", kind: "A", code: "RCodeRefused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := answerFrom(v.zones, tc.ask, tc.kind)
			var got []string
			for _, r := range a.records {
				got = append(got, fmt.Sprintf("%s %d %s %s", r.name, r.TTL, r.Type, r.Data))
			}
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if want := cmp.Or(tc.code, "RCodeSuccess"); a.code.String() != want {
				t.Errorf("code %s, want %s", a.code, want)
			}
			if a.ours != (a.code != dnsmessage.RCodeRefused) {
				t.Errorf("authority: %t", a.ours)
			}
			negative := ""
			if a.negative != nil {
				negative = a.negative.domain.Domain
			}
			if negative != tc.negative {
				t.Errorf("negative answer by %q, want %q", negative, tc.negative)
			}
		})
	}
}
