package nameserver

import (
	"context"
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
	"github.com/miekg/dns"
)

// listen has zones answered until the test ends.
func listen(t *testing.T, zones []Zone) netip.AddrPort {
	t.Helper()
	s, err := Listen("127.0.0.1:0", func() []Zone { return zones })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Addr()
}

// TestByAnotherClient asks with Go's own resolver, which shares no code with the
// library.
func TestByAnotherClient(t *testing.T) {
	long := strings.Repeat("0123456789", 60)
	more := []Record{
		{Name: "mail", Type: "MX", Data: "mx.example.com", Priority: 10, TTL: 30},
		{Name: "_http._tcp.web", Type: "SRV", Data: "5 8080 web.example.com", Priority: 1, TTL: 30},
		{Name: "long", Type: "TXT", Data: `"` + long + `"`, TTL: 30},
		{Name: "odd", Type: "TXT", Data: `"a\b;c\000 d\"`, TTL: 30},
	}
	for i := range 200 { // far more than a reply by UDP holds
		more = append(more, Record{Name: "many", Type: "A", Data: fmt.Sprint("10.0.0.", i), TTL: 30})
	}
	server := listen(t, testZones(more...))
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
		{"backslashes are not special", func() (any, error) { return client.LookupTXT(ctx, "odd.example.com.") }, []string{`a\b;c\000 d\`}},
		{"mail", func() (any, error) { return client.LookupMX(ctx, "mail.example.com.") }, []*net.MX{{Host: "mx.example.com.", Pref: 10}}},
		{"name servers", func() (any, error) { return client.LookupNS(ctx, "other.org.") }, []*net.NS{{Host: "ns.other.org."}}},
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
// family: they come whole, by TCP. Five thousand fit into no message.
func TestLargestSets(t *testing.T) {
	const maxA, maxAAAA, tooMany = 4096 / 16, 4096 / 28, 5000
	var more []Record
	for i := range tooMany {
		a := Record{Name: "huge", Type: "A", Data: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String(), TTL: 30}
		more = append(more, a)
		if a.Name = "set"; i < maxA {
			more = append(more, a)
		}
		if i < maxAAAA {
			more = append(more, Record{Name: "set", Type: "AAAA", Data: fmt.Sprintf("2001:db8::%x", i+1), TTL: 30})
		}
	}
	server := listen(t, testZones(more...))
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
	byTCP := dns.Client{Net: "tcp"}
	huge := new(dns.Msg).SetQuestion("huge.example.com.", dns.TypeA)
	if _, _, err := byTCP.ExchangeContext(t.Context(), huge, server.String()); !errors.Is(err, io.EOF) {
		t.Errorf("asked for %d addresses: %v, want that the server closes the connection", tooMany, err)
	}
}

// TestReply looks at what a resolver of one's own does not show.
func TestReply(t *testing.T) {
	more := []Record{{Name: "broken", Type: "A", Data: "::1", TTL: 30}}
	for i := range 80 {
		more = append(more, Record{Name: "more", Type: "A", Data: fmt.Sprint("10.0.0.", i), TTL: 30})
		if i < 40 {
			more = append(more, Record{Name: "many", Type: "A", Data: fmt.Sprint("10.0.0.", i), TTL: 30})
		}
	}
	server := listen(t, testZones(more...)).String()
	ask := func(name string, kind uint16, changes ...func(*dns.Msg)) *dns.Msg {
		query := new(dns.Msg).SetQuestion(name, kind)
		for _, change := range changes {
			change(query)
		}
		return query
	}
	withSize := func(size uint16) func(*dns.Msg) { return func(m *dns.Msg) { m.SetEdns0(size, false) } }
	for _, tc := range []struct {
		name    string
		query   *dns.Msg
		network string
		want    string // code, sections, "aa", "tc"
	}{
		{"short", ask("nodes.main.example.com.", dns.TypeA), "udp", "NOERROR 2+0+0 aa"},
		{"negative", ask("none.example.com.", dns.TypeA), "udp", "NXDOMAIN 0+1+0 aa"},
		{"refused", ask("example.net.", dns.TypeA), "udp", "REFUSED 0+0+0"},
		{"too long for UDP", ask("many.example.com.", dns.TypeA), "udp", "NOERROR 0+0+0 aa tc"},
		{"too long for EDNS as small", ask("many.example.com.", dns.TypeA, withSize(600)), "udp", "NOERROR 0+0+1 aa tc"},
		{"not too long for EDNS", ask("many.example.com.", dns.TypeA, withSize(4096)), "udp", "NOERROR 40+0+1 aa"},
		{"too long for what is offered, whatever the client takes", ask("more.example.com.", dns.TypeA, withSize(4096)), "udp", "NOERROR 0+0+1 aa tc"},
		{"TCP has room", ask("many.example.com.", dns.TypeA), "tcp", "NOERROR 40+0+0 aa"},
		{"a type that is not served", ask("example.com.", dns.TypeHINFO), "udp", "NOTIMP 0+0+0"},
		{"a class that is not served", ask("example.com.", dns.TypeTXT, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), "udp", "NOTIMP 0+0+0"},
		{"an update", ask("example.com.", dns.TypeSOA, func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }), "udp", "NOTIMP 0+0+0"},
		{"a notice", ask("example.com.", dns.TypeSOA, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), "udp", "NOTIMP 0+0+0"},
		{"two questions", ask("example.com.", dns.TypeA, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), "udp", "FORMERR 0+0+0"},
		{"a record past all rules", ask("broken.example.com.", dns.TypeA), "udp", "SERVFAIL 0+0+0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client := dns.Client{Net: tc.network}
			reply, _, err := client.ExchangeContext(t.Context(), tc.query, server)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s %d+%d+%d", dns.RcodeToString[reply.Rcode], len(reply.Answer), len(reply.Ns), len(reply.Extra))
			if reply.Authoritative {
				got += " aa"
			}
			if reply.Truncated {
				got += " tc"
			}
			if got != tc.want {
				t.Errorf("reply %s, want %s", got, tc.want)
			}
		})
	}
}

// TestConnection puts two questions on one connection, and sees that Close ends
// it.
func TestConnection(t *testing.T) {
	s, err := Listen("127.0.0.1:0", func() []Zone { return testZones() })
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dns.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 2 {
		query := new(dns.Msg).SetQuestion("nodes.main.example.com.", dns.TypeA)
		if err := conn.WriteMsg(query); err != nil {
			t.Fatal(err)
		}
		reply, err := conn.ReadMsg()
		if err != nil || reply.Id != query.Id {
			t.Fatalf("reply to %v, %v; want one to %d", reply, err, query.Id)
		}
	}
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("Close took %s: it waited for the client", took)
	}
	if _, err := conn.ReadMsg(); !errors.Is(err, io.EOF) {
		t.Errorf("after Close the connection says %v", err)
	}
}
