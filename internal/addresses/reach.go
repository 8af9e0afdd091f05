package addresses

import (
	"net/netip"
	"slices"
)

// Reach is from where an address can be reached, narrowest first.
type Reach int

const (
	// Nowhere: no single host has the address, or the one that asks has it itself.
	Nowhere Reach = iota
	// OwnLink: only on the link of the machine that asks, where most clouds tell it
	// about itself and hand it its credentials. An origin there would make the CDN
	// publish its own.
	OwnLink
	// Private: only inside a network.
	Private
	// Public: from the Internet. Addresses for documentation count as public, although
	// no host has one: examples and tests use them.
	Public
)

// Parse reads an address that may be an origin's, and says from where it can be
// reached. Kubernetes does not check the text that clouds and tenants write there: what
// is no address is Nowhere.
func Parse(s string) (netip.Addr, Reach) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, Nowhere
	}
	return ip, reachOf(ip)
}

func reachOf(ip netip.Addr) Reach {
	if !ip.IsValid() || ip.Zone() != "" {
		return Nowhere
	}
	for _, block := range blocks {
		if block.Contains(ip) {
			return block.reach
		}
	}
	return Nowhere
}

// block is what is known of the addresses with one prefix.
type block struct {
	netip.Prefix
	reach Reach
}

// blocks has the first block of an address decide. Addresses that embed an IPv4
// address lead wherever that leads, and are nobody's here.
var blocks = slices.Concat(
	of(OwnLink,
		"169.254.0.0/16",         // link-local (RFC 3927)
		"fe80::/10",              // link-local (RFC 4291)
		"100.100.100.200/32",     // Alibaba Cloud
		"168.63.129.16/32",       // Azure
		"fd00:ec2::/32",          // AWS
		"fd20:ce::254/128",       // Google Cloud
		"fd00:c1::a9fe:a9fe/128", // Oracle Cloud
		"fd00:42::42/128",        // Scaleway
	),
	of(Private,
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10", // between a carrier and its customers (RFC 6598)
		"198.18.0.0/15", // benchmarks of networks (RFC 2544)
		"fc00::/7",      // RFC 4193
	),
	of(Nowhere,
		"0.0.0.0/8",      // this network (RFC 791)
		"127.0.0.0/8",    // loopback (RFC 1122)
		"192.0.0.0/24",   // protocol assignments (RFC 6890)
		"192.88.99.0/24", // relays of 6to4 (RFC 7526)
		"224.0.0.0/3",    // multicast, reserved and broadcast (RFC 5771, RFC 1112, RFC 919)
		"2002::/16",      // 6to4 (RFC 3056)
		"2001::/32",      // Teredo (RFC 4380)
		"2001:2::/48",    // benchmarks of networks (RFC 5180)
		"2001:10::/28",   // hashes of keys (RFC 4843)
		"2001:20::/28",   // hashes of keys (RFC 7343)
	),
	of(Public,
		"0.0.0.0/0",
		"2000::/3", // the rest of IPv6 is not assigned to hosts (IANA, "IPv6 Address Space")
	),
)

func of(reach Reach, prefixes ...string) (list []block) {
	for _, p := range prefixes {
		list = append(list, block{netip.MustParsePrefix(p), reach})
	}
	return list
}
