package vultrtest

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listenDNS has the zones answered until the test ends.
func listenDNS(t *testing.T, a *Account) netip.AddrPort {
	t.Helper()
	d, err := a.ListenDNS("127.0.0.1:0")
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

// TestDNS asks for what a zone answers: the records of the API as they stand,
// Vultr's name servers unless it names others, and all zones of the account.
func TestDNS(t *testing.T) {
	a := newTestAccount(Options{Domains: []string{"other.org"}})
	server := listenDNS(t, a)
	client := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.String())
	}}
	id := a.Seed(testZone, Record{Type: "MX", Name: "Mail", Data: "mx.example.com", Priority: 10, TTL: 30})
	a.Seed(testZone, Record{Type: "A", Name: "www", Data: "192.0.2.1", TTL: 30})
	a.Seed("other.org", Record{Type: "CNAME", Name: "www", Data: "www.example.com", TTL: 30})
	a.Seed("other.org", Record{Type: "NS", Name: "", Data: "ns.other.org", TTL: 30})
	for _, step := range []struct {
		name   string
		change func()
		look   func() (any, error)
		want   any
	}{
		{"a record", nil, func() (any, error) { return client.LookupMX(t.Context(), "mail.example.com.") }, []*net.MX{{Host: "mx.example.com.", Pref: 10}}},
		{"changed", func() { a.Edit(testZone, id, func(r *Record) { r.Priority = 20 }) },
			func() (any, error) { return client.LookupMX(t.Context(), "mail.example.com.") }, []*net.MX{{Host: "mx.example.com.", Pref: 20}}},
		{"from one zone to another", nil, func() (any, error) { return client.LookupHost(t.Context(), "www.other.org.") }, []string{"192.0.2.1"}},
		{"name servers", nil, func() (any, error) { return client.LookupNS(t.Context(), "example.com.") },
			[]*net.NS{{Host: "ns1.vultr.com."}, {Host: "ns2.vultr.com."}}},
		{"name servers of one's own", nil, func() (any, error) { return client.LookupNS(t.Context(), "other.org.") }, []*net.NS{{Host: "ns.other.org."}}},
	} {
		if step.change != nil {
			step.change()
		}
		got, err := step.look()
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
			continue
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}
