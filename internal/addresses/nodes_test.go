package addresses_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
)

// nodesOutcome is what nodes come to.
type nodesOutcome struct {
	want, keep []string
	count      addresses.NodeCounts
	until      time.Time
}

func TestNodes(t *testing.T) {
	const delay = 30 * time.Second
	one, two, three, four := fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"), fixture.Node("n3", "192.0.2.3"), fixture.Node("n4", "192.0.2.4")
	excluded := func(n kube.Node) kube.Node {
		n.Excluded = "it is being deleted"
		return n
	}
	long, short := 31*time.Second, 10*time.Second

	tests := map[string]struct {
		nodes []kube.Node
		want  nodesOutcome
	}{
		"none": {nil, nodesOutcome{}},
		"ready, in any order": {
			[]kube.Node{two, one},
			nodesOutcome{want: []string{"192.0.2.1", "192.0.2.2"}, count: addresses.NodeCounts{Ready: 2}},
		},
		"two nodes of one address": {
			[]kube.Node{one, fixture.Node("n2", "192.0.2.1")},
			nodesOutcome{want: []string{"192.0.2.1"}, count: addresses.NodeCounts{Ready: 2}},
		},
		"one excluded": {
			[]kube.Node{one, excluded(two)},
			nodesOutcome{want: []string{"192.0.2.1"}, count: addresses.NodeCounts{Ready: 1, Excluded: 1}},
		},
		"all excluded": {
			[]kube.Node{excluded(one), excluded(two)},
			nodesOutcome{count: addresses.NodeCounts{Excluded: 2}},
		},
		"one without an address": {
			[]kube.Node{one, {Meta: kube.Meta{Name: "n2"}, Ready: true}},
			nodesOutcome{want: []string{"192.0.2.1"}, count: addresses.NodeCounts{Ready: 1, NoAddress: 1}},
		},
		"not ready for a short while: kept, not added": {
			[]kube.Node{one, fixture.NotReady(two, short)},
			nodesOutcome{want: []string{"192.0.2.1"}, keep: []string{"192.0.2.2"}, count: addresses.NodeCounts{Ready: 2}, until: fixture.Start().Add(delay - short)},
		},
		"not ready for long: left out": {
			[]kube.Node{one, two, fixture.NotReady(three, long)},
			nodesOutcome{want: []string{"192.0.2.1", "192.0.2.2"}, count: addresses.NodeCounts{Ready: 2, NotReady: 1}},
		},
		"not ready for exactly the delay": {
			[]kube.Node{one, two, fixture.NotReady(three, delay)},
			nodesOutcome{want: []string{"192.0.2.1", "192.0.2.2"}, count: addresses.NodeCounts{Ready: 2, NotReady: 1}},
		},
		"the first of several delays to end": {
			[]kube.Node{one, fixture.NotReady(two, time.Second), fixture.NotReady(three, short), fixture.NotReady(four, 2*time.Second)},
			nodesOutcome{
				want: []string{"192.0.2.1"}, keep: []string{"192.0.2.2", "192.0.2.3", "192.0.2.4"},
				count: addresses.NodeCounts{Ready: 4}, until: fixture.Start().Add(delay - short),
			},
		},
		"exactly half ready: no panic": {
			[]kube.Node{one, two, fixture.NotReady(three, long), fixture.NotReady(four, long)},
			nodesOutcome{want: []string{"192.0.2.1", "192.0.2.2"}, count: addresses.NodeCounts{Ready: 2, NotReady: 2}},
		},
		"fewer than half ready: all of them": {
			[]kube.Node{one, fixture.NotReady(two, long), fixture.NotReady(three, long)},
			nodesOutcome{want: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, count: addresses.NodeCounts{Ready: 1, NotReady: 2, Panic: true}},
		},
		"none ready: all of them": {
			[]kube.Node{fixture.NotReady(one, long)},
			nodesOutcome{want: []string{"192.0.2.1"}, count: addresses.NodeCounts{NotReady: 1, Panic: true}},
		},
		"excluded ones do not count for the half": {
			[]kube.Node{one, fixture.NotReady(two, long), excluded(three), excluded(four)},
			nodesOutcome{want: []string{"192.0.2.1"}, count: addresses.NodeCounts{Ready: 1, NotReady: 1, Excluded: 2}},
		},
		"none ready, some for a short while": {
			[]kube.Node{fixture.NotReady(one, short), fixture.NotReady(two, long)},
			nodesOutcome{want: []string{"192.0.2.1"}, count: addresses.NodeCounts{Ready: 1, NotReady: 1}, until: fixture.Start().Add(delay - short)},
		},
		"panic, some for a short while": {
			[]kube.Node{fixture.NotReady(one, short), fixture.NotReady(two, long), fixture.NotReady(three, long)},
			nodesOutcome{want: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, count: addresses.NodeCounts{Ready: 1, NotReady: 2, Panic: true}, until: fixture.Start().Add(delay - short)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			usable := addresses.UsableNodes(test.nodes, []string{"ExternalIP"}, delay, fixture.Start())
			set := usable.Set("main", addresses.OnEveryNode(addresses.BothFamilies()), "")
			got := nodesOutcome{set.Addresses, set.Keep, usable.Counts, usable.Until}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(nodesOutcome{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodeAddresses(t *testing.T) {
	of := func(kind, address string) kube.NodeAddress { return kube.NodeAddress{Type: kind, Address: address} }
	external := func(address string) []kube.NodeAddress { return []kube.NodeAddress{of("ExternalIP", address)} }
	mixed := []kube.NodeAddress{
		of("Hostname", "192.0.2.9"), of("InternalIP", "10.0.0.1"), of("InternalIP", "fd00::1"),
		of("ExternalIP", "2001:db8::1"), of("ExternalIP", "192.0.2.1"), of("ExternalIP", "192.0.2.2"),
	}
	tests := map[string]struct {
		addresses []kube.NodeAddress
		types     []string
		v4, v6    string
	}{
		"the first of the type":             {mixed, []string{"ExternalIP"}, "192.0.2.1", "2001:db8::1"},
		"the first type that has one":       {mixed, []string{"InternalIP", "ExternalIP"}, "10.0.0.1", "fd00::1"},
		"the next type for IPv4":            {mixed[:4], []string{"ExternalIP", "InternalIP"}, "10.0.0.1", "2001:db8::1"},
		"no IPv6 of a later type":           {append(mixed[:3:3], external("192.0.2.1")...), []string{"ExternalIP", "InternalIP"}, "192.0.2.1", ""},
		"none of the type":                  {mixed[:3], []string{"ExternalIP"}, "", ""},
		"no addresses":                      {nil, []string{"ExternalIP"}, "", ""},
		"no types":                          {mixed, nil, "", ""},
		"IPv6 alone":                        {external("2001:db8::1"), []string{"ExternalIP"}, "", "2001:db8::1"},
		"IPv6, not in its shortest form":    {external("2001:DB8:0::1"), []string{"ExternalIP"}, "", "2001:db8::1"},
		"IPv6, of a link":                   {external("fe80::1"), []string{"ExternalIP"}, "", ""},
		"IPv6 with a zone":                  {external("2001:db8::1%eth0"), []string{"ExternalIP"}, "", ""},
		"IPv4 in IPv6":                      {external("::ffff:192.0.2.1"), []string{"ExternalIP"}, "", ""},
		"empty":                             {external(""), []string{"ExternalIP"}, "", ""},
		"a name":                            {external("n1.example.com"), []string{"ExternalIP"}, "", ""},
		"too few octets":                    {external("192.0.2"), []string{"ExternalIP"}, "", ""},
		"an octet too large":                {external("192.0.2.256"), []string{"ExternalIP"}, "", ""},
		"leading zeros":                     {external("192.0.2.01"), []string{"ExternalIP"}, "", ""},
		"a blank":                           {external(" 192.0.2.1"), []string{"ExternalIP"}, "", ""},
		"a port":                            {external("192.0.2.1:80"), []string{"ExternalIP"}, "", ""},
		"unspecified":                       {append(external("0.0.0.0"), external("::")...), []string{"ExternalIP"}, "", ""},
		"multicast":                         {append(external("224.0.0.1"), external("ff02::1")...), []string{"ExternalIP"}, "", ""},
		"a bad one, then a good one":        {append(external("none"), external("192.0.2.1")...), []string{"ExternalIP"}, "192.0.2.1", ""},
		"a bad one, then another type's":    {append(external("none"), of("InternalIP", "10.0.0.1")), []string{"ExternalIP", "InternalIP"}, "10.0.0.1", ""},
		"loopback":                          {append(external("127.0.0.1"), external("::1")...), []string{"ExternalIP"}, "", ""},
		"reserved":                          {append(external("240.0.0.1"), external("255.255.255.255")...), []string{"ExternalIP"}, "", ""},
		"NAT64":                             {external("64:ff9b::a9fe:a9fe"), []string{"ExternalIP"}, "", ""},
		"a metadata service":                {append(external("169.254.169.254"), external("fd00:ec2::254")...), []string{"ExternalIP"}, "", ""},
		"private":                           {append(external("10.0.0.1"), external("fd00::1")...), []string{"ExternalIP"}, "10.0.0.1", "fd00::1"},
		"private, then public":              {append(external("10.0.0.1"), external("192.0.2.1")...), []string{"ExternalIP"}, "192.0.2.1", ""},
		"internal, in their order":          {[]kube.NodeAddress{of("InternalIP", "10.0.0.1"), of("InternalIP", "192.0.2.1")}, []string{"InternalIP"}, "10.0.0.1", ""},
		"another type's, not asked for yet": {mixed[1:5], []string{"ExternalIP"}, "192.0.2.1", "2001:db8::1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := func(ip netip.Addr) string {
				if !ip.IsValid() {
					return ""
				}
				return ip.String()
			}
			v4, v6 := addresses.NodeAddresses(test.addresses, test.types)
			if text(v4) != test.v4 || text(v6) != test.v6 {
				t.Errorf("got %s, %s; want %q, %q", v4, v6, test.v4, test.v6)
			}
		})
	}
}
