package emulator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

// listenDNS has the zones answered until the test ends.
func listenDNS(t *testing.T, v *Vultr) netip.AddrPort {
	t.Helper()
	d, err := v.ListenDNS("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.Addr()
}

// TestDNSByAnotherClient asks with Go's own resolver, which shares no code with
// this package's.
func TestDNSByAnotherClient(t *testing.T) {
	v := newTestZones()
	v.Seed(testZone, Record{Type: "MX", Name: "mail", Data: "mx.example.com", Priority: 10, TTL: 30})
	v.Seed(testZone, Record{Type: "SRV", Name: "_http._tcp.web", Data: "5 8080 web.example.com", Priority: 1, TTL: 30})
	long := strings.Repeat("0123456789", 60)
	v.Seed(testZone, Record{Type: "TXT", Name: "long", Data: `"` + long + `"`, TTL: 30})
	for i := range 200 { // far more than a reply by UDP holds
		v.Seed(testZone, Record{Type: "A", Name: "many", Data: fmt.Sprint("10.0.0.", i), TTL: 30})
	}
	server := listenDNS(t, v)
	var networks []string
	client := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		networks = append(networks, network)
		return new(net.Dialer).DialContext(ctx, network, server.String())
	}}
	ctx := t.Context()
	for _, tc := range []struct {
		name string
		look func() (any, error)
		want any
	}{
		{"addresses", func() (any, error) { return client.LookupNetIP(ctx, "ip4", "www.example.com.") },
			[]netip.Addr{netip.MustParseAddr("127.0.1.1"), netip.MustParseAddr("127.0.1.2")}},
		{"IPv6", func() (any, error) { return client.LookupNetIP(ctx, "ip6", "nodes.main.example.com.") },
			[]netip.Addr{netip.MustParseAddr("::1")}},
		{"text", func() (any, error) { return client.LookupTXT(ctx, "_edgeward.main.example.com.") }, []string{"heritage=edgeward"}},
		{"long text", func() (any, error) { return client.LookupTXT(ctx, "long.example.com.") }, []string{long}},
		{"mail", func() (any, error) { return client.LookupMX(ctx, "mail.example.com.") }, []*net.MX{{Host: "mx.example.com.", Pref: 10}}},
		{"name servers", func() (any, error) { return client.LookupNS(ctx, "example.com.") },
			[]*net.NS{{Host: "ns1.vultr.com."}, {Host: "ns2.vultr.com."}}},
		{"service", func() (any, error) {
			_, list, err := client.LookupSRV(ctx, "http", "tcp", "web.example.com.")
			return list, err
		}, []*net.SRV{{Target: "web.example.com.", Port: 8080, Priority: 1, Weight: 5}}},
	} {
		got, err := tc.look()
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}

	networks = nil
	if many, err := client.LookupNetIP(ctx, "ip4", "many.example.com."); err != nil || len(many) != 200 {
		t.Errorf("%d addresses, %v", len(many), err)
	}
	if !slices.Contains(networks, "udp") || !slices.Contains(networks, "tcp") {
		t.Errorf("200 addresses came by %q, want first UDP, then TCP", networks)
	}
	for _, absent := range []string{"none.example.com.", "main.example.com."} {
		_, err := client.LookupNetIP(ctx, "ip4", absent)
		if failed := new(net.DNSError); !errors.As(err, &failed) || !failed.IsNotFound {
			t.Errorf("%s: %v, want that it is not found", absent, err)
		}
	}
}

// TestLargestSets has as many addresses as edgeward lets stand at one name, of each
// family: they come whole, by TCP. Five thousand come not at all.
func TestLargestSets(t *testing.T) {
	const maxA, maxAAAA, tooMany = 4096 / 16, 4096 / 28, 5000
	v := newTestZones()
	for i := range tooMany {
		a := Record{Type: "A", Name: "huge", Data: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String(), TTL: 30}
		v.Seed(testZone, a)
		if a.Name = "set"; i < maxA {
			v.Seed(testZone, a)
		}
		if i < maxAAAA {
			v.Seed(testZone, Record{Type: "AAAA", Name: "set", Data: fmt.Sprintf("2001:db8::%x", i+1), TTL: 30})
		}
	}
	server := listenDNS(t, v)
	networks := make(map[string]int)
	client := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		networks[network]++
		return new(net.Dialer).DialContext(ctx, network, server.String())
	}}
	for network, want := range map[string]int{"ip4": maxA, "ip6": maxAAAA} {
		clear(networks)
		if got, err := client.LookupNetIP(t.Context(), network, "set.example.com."); err != nil || len(got) != want || networks["udp"] != 1 || networks["tcp"] != 1 {
			t.Errorf("%s: %d addresses, %v, by %v; want %d by UDP, then TCP", network, len(got), err, networks, want)
		}
	}
	if got, err := client.LookupNetIP(t.Context(), "ip4", "huge.example.com."); err == nil {
		t.Errorf("%d addresses of %d came", len(got), tooMany)
	}
}

// TestRespond looks at what a resolver of one's own does not show.
func TestRespond(t *testing.T) {
	v := newTestZones()
	for i := range 40 {
		v.Seed(testZone, Record{Type: "A", Name: "many", Data: fmt.Sprint("10.0.0.", i), TTL: 30})
	}
	v.Seed(testZone, Record{Type: "A", Name: "broken", Data: "::1", TTL: 30})
	ask := func(name string, kind dnsmessage.Type) dnsmessage.Message {
		return dnsmessage.Message{
			Header: dnsmessage.Header{ID: 7, RecursionDesired: true},
			Questions: []dnsmessage.Question{{
				Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET,
			}},
		}
	}
	withSize := func(m dnsmessage.Message, size int) dnsmessage.Message {
		opt := dnsmessage.Resource{Body: new(dnsmessage.OPTResource)}
		if err := opt.Header.SetEDNS0(size, dnsmessage.RCodeSuccess, false); err != nil {
			t.Fatal(err)
		}
		m.Additionals = append(m.Additionals, opt)
		return m
	}
	chaos := ask("example.com.", dnsmessage.TypeTXT)
	chaos.Questions[0].Class = dnsmessage.ClassCHAOS
	update := ask("example.com.", dnsmessage.TypeSOA)
	update.OpCode = 5
	twice := ask("example.com.", dnsmessage.TypeA)
	twice.Questions = append(twice.Questions, twice.Questions[0])
	for _, tc := range []struct {
		name  string
		query dnsmessage.Message
		tcp   bool
		want  string // code, sections, "aa", "tc"
	}{
		{"short", ask("nodes.main.example.com.", dnsmessage.TypeA), false, "RCodeSuccess 2+0+0 aa"},
		{"negative", ask("none.example.com.", dnsmessage.TypeA), false, "RCodeNameError 0+1+0 aa"},
		{"refused", ask("example.net.", dnsmessage.TypeA), false, "RCodeRefused 0+0+0"},
		{"too long for UDP", ask("many.example.com.", dnsmessage.TypeA), false, "RCodeSuccess 0+0+0 aa tc"},
		{"too long for EDNS as small", withSize(ask("many.example.com.", dnsmessage.TypeA), 600), false, "RCodeSuccess 0+0+1 aa tc"},
		{"not too long for EDNS", withSize(ask("many.example.com.", dnsmessage.TypeA), 4096), false, "RCodeSuccess 40+0+1 aa"},
		{"TCP has room", ask("many.example.com.", dnsmessage.TypeA), true, "RCodeSuccess 40+0+0 aa"},
		{"a type that is not served", ask("example.com.", dnsmessage.TypeHINFO), false, "RCodeNotImplemented 0+0+0"},
		{"a class that is not served", chaos, false, "RCodeNotImplemented 0+0+0"},
		{"not a query", update, false, "RCodeNotImplemented 0+0+0"},
		{"two questions", twice, false, "RCodeFormatError 0+0+0"},
		{"a record past all rules", ask("broken.example.com.", dnsmessage.TypeA), false, "RCodeServerFailure 0+0+0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			packed, err := tc.query.Pack()
			if err != nil {
				t.Fatal(err)
			}
			var reply dnsmessage.Message
			if err := reply.Unpack(v.respond(packed, !tc.tcp)); err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s %d+%d+%d", reply.RCode, len(reply.Answers), len(reply.Authorities), len(reply.Additionals))
			if reply.Authoritative {
				got += " aa"
			}
			if reply.Truncated {
				got += " tc"
			}
			if got != tc.want {
				t.Errorf("reply %s, want %s", got, tc.want)
			}
			if reply.ID != 7 || !reply.Response || !reply.RecursionDesired {
				t.Errorf("header %#v", reply.Header)
			}
		})
	}
	reply := ask("example.com.", dnsmessage.TypeA)
	reply.Response = true
	packed, err := reply.Pack()
	if err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string][]byte{"a reply": packed, "nothing": nil, "half a header": packed[:6]} {
		if got := v.respond(message, true); got != nil {
			t.Errorf("%s is answered with %x", name, got)
		}
	}
}

// TestDNSConnection puts two questions on one connection, and sees that Close
// ends it.
func TestDNSConnection(t *testing.T) {
	d, err := newTestZones().ListenDNS("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", d.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	query := dnsmessage.Message{Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName("nodes.main.example.com."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
	}}}
	for id := range uint16(2) {
		query.ID = id
		packed, err := query.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if err := writeMessage(conn, packed); err != nil {
			t.Fatal(err)
		}
		message, err := readMessage(conn)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.BigEndian.Uint16(message); got != id {
			t.Errorf("reply to %d, want to %d", got, id)
		}
	}
	begin := time.Now()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > dnsIdle/2 {
		t.Errorf("Close took %s: it waited for the client", took)
	}
	if _, err := readMessage(conn); !errors.Is(err, io.EOF) {
		t.Errorf("after Close the connection says %v", err)
	}
}
