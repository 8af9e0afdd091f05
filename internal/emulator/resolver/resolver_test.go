package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/nameserver"
)

// negativeTTL is how long the test's zone has its absent names remembered.
const negativeTTL = 5 * time.Minute

// testZone is example.com, whose records a test changes while a name server
// answers from them.
type testZone struct {
	mu      sync.Mutex
	records []nameserver.Record
}

// zones is what the name server answers from.
func (z *testZone) zones() []nameserver.Zone {
	z.mu.Lock()
	defer z.mu.Unlock()
	soa := nameserver.SOA{Primary: "ns1.dns.example", Mailbox: "admin@dns.example", TTL: 300, NegativeTTL: int(negativeTTL.Seconds())}
	return []nameserver.Zone{{Name: "example.com", SOA: soa, Records: slices.Clone(z.records)}}
}

func (z *testZone) add(r nameserver.Record) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.records = append(z.records, r)
}

// replace gives the records of a name with this data other data; "": it removes them.
func (z *testZone) replace(name, data, with string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for i := range z.records {
		if z.records[i].Name == name && z.records[i].Data == data {
			z.records[i].Data = with
		}
	}
	z.records = slices.DeleteFunc(z.records, func(r nameserver.Record) bool { return r.Data == "" })
}

// listen has a zone answered, at the longest until the test ends.
func listen(t *testing.T, z *testZone) *nameserver.Server {
	t.Helper()
	s, err := nameserver.Listen("127.0.0.1:0", z.zones)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestResolver changes the zone and lets time pass, and looks at what the
// resolver takes for true meanwhile.
func TestResolver(t *testing.T) {
	z := &testZone{records: []nameserver.Record{
		{Name: "nodes", Type: "A", Data: "127.0.1.1", TTL: 10},
		{Name: "nodes", Type: "A", Data: "127.0.1.2", TTL: 10},
		{Name: "www", Type: "CNAME", Data: "nodes.example.com", TTL: 60},
		{Name: "far", Type: "CNAME", Data: "lb.cloud.example", TTL: 60},
		{Name: "text", Type: "TXT", Data: `"x"`, TTL: 60},
		{Name: "void", Type: "CNAME", Data: "none.example.com", TTL: 60},
		{Name: "brief", Type: "A", Data: "127.0.1.5", TTL: 0},
	}}
	for i := range 50 {
		z.add(nameserver.Record{Name: "many", Type: "A", Data: fmt.Sprint("127.0.2.", i), TTL: 10})
	}
	now := time.UnixMilli(1700000000000)
	resolver := New(Options{
		Server: listen(t, z).Addr(),
		Now:    func() time.Time { return now },
		Outside: func(_ context.Context, name string) ([]netip.Addr, error) {
			if name != "lb.cloud.example" {
				return nil, errors.New("not known outside: " + name)
			}
			return []netip.Addr{netip.MustParseAddr("127.0.1.9")}, nil
		},
	})
	nothing := func() {}
	for _, step := range []struct {
		name   string
		change func()
		after  time.Duration
		host   string
		want   string // addresses or error
	}{
		{"addresses", nothing, 0, "nodes.example.com", "[127.0.1.1 127.0.1.2]"},
		{"one goes", func() { z.replace("nodes", "127.0.1.1", "") }, 0, "nodes.example.com", "[127.0.1.1 127.0.1.2]"},
		{"in any case of letters", nothing, 0, "Nodes.Example.com", "[127.0.1.1 127.0.1.2]"},
		{"just before the TTL", nothing, 10*time.Second - 1, "nodes.example.com", "[127.0.1.1 127.0.1.2]"},
		{"at the TTL", nothing, 1, "nodes.example.com", "[127.0.1.2]"},
		{"IPv6 comes, its absence is remembered", func() { z.add(nameserver.Record{Name: "nodes", Type: "AAAA", Data: "::1", TTL: 10}) },
			time.Minute, "nodes.example.com", "[127.0.1.2]"},
		{"and is seen after the negative TTL", nothing, negativeTTL, "nodes.example.com", "[127.0.1.2 ::1]"},
		{"by an alias", nothing, 0, "www.example.com", "[127.0.1.2 ::1]"},
		{"the shorter TTL of the two counts", func() { z.replace("nodes", "127.0.1.2", "127.0.1.3") },
			10 * time.Second, "www.example.com", "[127.0.1.3 ::1]"},
		{"an alias to elsewhere", nothing, 0, "far.example.com", "[127.0.1.9]"},
		{"it goes", func() { z.replace("far", "lb.cloud.example", "") }, time.Minute - 1, "far.example.com", "[127.0.1.9]"},
		{"and is gone", nothing, 1, "far.example.com", "resolving far.example.com: it has no address"},
		{"it comes back, its absence is remembered", func() { z.add(nameserver.Record{Name: "far", Type: "A", Data: "127.0.1.1", TTL: 1}) },
			0, "far.example.com", "resolving far.example.com: it has no address"},
		{"a TTL of 0", nothing, 0, "brief.example.com", "[127.0.1.5]"},
		{"is not kept at all", func() { z.replace("brief", "127.0.1.5", "127.0.1.6") }, 0, "brief.example.com", "[127.0.1.6]"},
		{"no address", nothing, 0, "text.example.com", "resolving text.example.com: it has no address"},
		{"an alias to no name", nothing, 0, "void.example.com", "resolving void.example.com: it has no address"},
		{"a name of no zone", nothing, 0, "lb.cloud.example", "[127.0.1.9]"},
		{"one that nobody knows", nothing, 0, "example.net", "resolving example.net: not known outside: example.net"},
		{"an address", nothing, 0, "::1", "[::1]"},
	} {
		step.change()
		now = now.Add(step.after)
		addresses, err := resolver.Addresses(t.Context(), step.host)
		got := fmt.Sprint(addresses)
		if err != nil {
			got = err.Error()
		}
		if got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	many, err := resolver.Addresses(t.Context(), "many.example.com") // by TCP
	if err != nil || len(many) != 50 {
		t.Errorf("%d of 50 addresses, %v", len(many), err)
	}
}

// TestResolverWithoutServer: what was learned is used to its end, and then it is
// an error.
func TestResolverWithoutServer(t *testing.T) {
	z := &testZone{records: []nameserver.Record{{Name: "nodes", Type: "A", Data: "127.0.1.1", TTL: 10}}}
	server := listen(t, z)
	now := time.UnixMilli(1700000000000)
	resolver := New(Options{Server: server.Addr(), Now: func() time.Time { return now }})
	look := func() error {
		addresses, err := resolver.Addresses(t.Context(), "nodes.example.com")
		if err == nil && !slices.Equal(addresses, []netip.Addr{netip.MustParseAddr("127.0.1.1")}) {
			t.Errorf("addresses %v", addresses)
		}
		return err
	}
	if err := look(); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(9 * time.Second)
	if err := look(); err != nil {
		t.Error(err)
	}
	now = now.Add(time.Second)
	if look() == nil {
		t.Error("it still knows addresses")
	}
}

// TestResolverAlias asks where hosts lead outside of the zone.
func TestResolverAlias(t *testing.T) {
	z := &testZone{records: []nameserver.Record{
		{Name: "far", Type: "CNAME", Data: "cdn.example.org", TTL: 10},
		{Name: "near", Type: "CNAME", Data: "far.example.com", TTL: 10},
		{Name: "nodes", Type: "A", Data: "127.0.1.1", TTL: 10},
	}}
	now := time.UnixMilli(1700000000000)
	resolver := New(Options{Server: listen(t, z).Addr(), Now: func() time.Time { return now }})
	for _, step := range []struct {
		name   string
		change func()
		after  time.Duration
		host   string
		want   string
	}{
		{"one", nil, 0, "Far.example.com", "cdn.example.org"},
		{"over another", nil, 0, "near.example.com", "cdn.example.org"},
		{"it moves", func() { z.replace("far", "cdn.example.org", "new.example.org") }, 10*time.Second - 1, "far.example.com", "cdn.example.org"},
		{"which is seen after the TTL", nil, 1, "far.example.com", "new.example.org"},
		{"an address", nil, 0, "nodes.example.com", ""},
		{"nothing", nil, 0, "void.example.com", ""},
		{"of no zone", nil, 0, "cdn.example.org", ""},
	} {
		if step.change != nil {
			step.change()
		}
		now = now.Add(step.after)
		if got, err := resolver.Alias(t.Context(), step.host); got != step.want || (err == nil) != (step.want != "") {
			t.Errorf("%s: %q, %v; want %q", step.name, got, err, step.want)
		}
	}
}
