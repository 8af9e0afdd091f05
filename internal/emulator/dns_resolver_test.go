package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestResolver changes the zone and lets time pass, and looks at what the
// resolver takes for true meanwhile.
func TestResolver(t *testing.T) {
	v := newTestVultr(VultrOptions{})
	for _, r := range []Record{
		{ID: "1", Type: "A", Name: "nodes", Data: "127.0.1.1", TTL: 10},
		{ID: "2", Type: "A", Name: "nodes", Data: "127.0.1.2", TTL: 10},
		{ID: "alias", Type: "CNAME", Name: "www", Data: "nodes.example.com", TTL: 60},
		{ID: "far", Type: "CNAME", Name: "far", Data: "lb.cloud.example", TTL: 60},
		{Type: "TXT", Name: "text", Data: `"x"`, TTL: 60},
		{Type: "CNAME", Name: "void", Data: "none.example.com", TTL: 60},
		{ID: "brief", Type: "A", Name: "brief", Data: "127.0.1.5", TTL: 0},
	} {
		v.Seed(testZone, r)
	}
	for i := range 50 {
		v.Seed(testZone, Record{Type: "A", Name: "many", Data: fmt.Sprint("127.0.2.", i), TTL: 10})
	}
	now := testNow()
	resolver := NewResolver(ResolverOptions{
		Server: listenDNS(t, v),
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
		{"one goes", func() { v.Remove(testZone, "1") }, 0, "nodes.example.com", "[127.0.1.1 127.0.1.2]"},
		{"in any case of letters", nothing, 0, "Nodes.Example.com", "[127.0.1.1 127.0.1.2]"},
		{"just before the TTL", nothing, 10*time.Second - 1, "nodes.example.com", "[127.0.1.1 127.0.1.2]"},
		{"at the TTL", nothing, 1, "nodes.example.com", "[127.0.1.2]"},
		{"IPv6 comes, its absence is remembered", func() { v.Seed(testZone, Record{Type: "AAAA", Name: "nodes", Data: "::1", TTL: 10}) },
			time.Minute, "nodes.example.com", "[127.0.1.2]"},
		{"and is seen after the negative TTL", nothing, negativeTTL * time.Second, "nodes.example.com", "[127.0.1.2 ::1]"},
		{"by an alias", nothing, 0, "www.example.com", "[127.0.1.2 ::1]"},
		{"the shorter TTL of the two counts", func() { v.Edit(testZone, "2", func(r *Record) { r.Data = "127.0.1.3" }) },
			10 * time.Second, "www.example.com", "[127.0.1.3 ::1]"},
		{"an alias to elsewhere", nothing, 0, "far.example.com", "[127.0.1.9]"},
		{"it goes", func() { v.Remove(testZone, "far") }, time.Minute - 1, "far.example.com", "[127.0.1.9]"},
		{"and is gone", nothing, 1, "far.example.com", "resolving far.example.com: it has no address"},
		{"it comes back, its absence is remembered", func() { v.Seed(testZone, Record{Type: "A", Name: "far", Data: "127.0.1.1", TTL: 1}) },
			0, "far.example.com", "resolving far.example.com: it has no address"},
		{"a TTL of 0", nothing, 0, "brief.example.com", "[127.0.1.5]"},
		{"is not kept at all", func() { v.Edit(testZone, "brief", func(r *Record) { r.Data = "127.0.1.6" }) }, 0, "brief.example.com", "[127.0.1.6]"},
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
	v := newTestVultr(VultrOptions{})
	v.Seed(testZone, Record{Type: "A", Name: "nodes", Data: "127.0.1.1", TTL: 10})
	d, err := v.ListenDNS("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	now := testNow()
	resolver := NewResolver(ResolverOptions{Server: d.Addr(), Now: func() time.Time { return now }})
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
	if err := d.Close(); err != nil {
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
	v := newTestVultr(VultrOptions{})
	v.Seed(testZone, Record{ID: "far", Type: "CNAME", Name: "far", Data: "cdn.example.org", TTL: 10})
	v.Seed(testZone, Record{Type: "CNAME", Name: "near", Data: "far.example.com", TTL: 10})
	v.Seed(testZone, Record{Type: "A", Name: "nodes", Data: "127.0.1.1", TTL: 10})
	now := testNow()
	resolver := NewResolver(ResolverOptions{Server: listenDNS(t, v), Now: func() time.Time { return now }})
	for _, step := range []struct {
		name   string
		change func()
		after  time.Duration
		host   string
		want   string
	}{
		{"one", nil, 0, "Far.example.com", "cdn.example.org"},
		{"over another", nil, 0, "near.example.com", "cdn.example.org"},
		{"it moves", func() { v.Edit(testZone, "far", func(r *Record) { r.Data = "new.example.org" }) }, 10*time.Second - 1, "far.example.com", "cdn.example.org"},
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
