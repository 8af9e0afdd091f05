package desired

import (
	"net/netip"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
)

// reach is from where an address can be reached.
type reach int

const (
	nowhere reach = iota // no single host has it, or the machine that asks has it itself
	inward               // on its own link: what clouds tell a machine about itself, its secrets among it
	private              // inside a network only
	public
)

// Those that are not public. The blocks for documentation are no host's
// either, but count as public: examples and tests live there.
var (
	nowhere4 = prefixes(
		"0.0.0.0/8",      // this network (RFC 791)
		"127.0.0.0/8",    // loopback (RFC 1122)
		"192.0.0.0/24",   // protocol assignments (RFC 6890)
		"192.88.99.0/24", // relays of 6to4 (RFC 7526)
		"224.0.0.0/3",    // multicast, reserved, broadcast (RFC 5771, RFC 1112, RFC 919)
	)
	private4 = prefixes(
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10", // between a carrier and its customers (RFC 6598)
		"198.18.0.0/15", // benchmarks of networks (RFC 2544)
	)
	// Of IPv6 only these two are addresses of hosts. The rest is loopback,
	// multicast, IPv4 in another form, such as behind NAT64 (RFC 6052), or not
	// assigned (IANA, "IPv6 Address Space").
	private6 = netip.MustParsePrefix("fc00::/7") // RFC 4193
	public6  = netip.MustParsePrefix("2000::/3")
	// Those of public6 that are not public: what holds an IPv4 address leads to that,
	// whatever it is, and others are no host's.
	nowhere6 = prefixes(
		"2002::/16",    // 6to4 (RFC 3056)
		"2001::/32",    // Teredo (RFC 4380)
		"2001:2::/48",  // benchmarks of networks (RFC 5180)
		"2001:10::/28", // hashes of keys, as are those of 2001:20::/28 (RFC 4843, RFC 7343)
		"2001:20::/28",
	)
	// toItself are the addresses on a machine's own link, where most clouds tell it its
	// own secrets, and the others at which some do. An origin there would have the CDN
	// tell its own.
	toItself = prefixes(
		"169.254.0.0/16",         // link-local (RFC 3927)
		"fe80::/10",              // link-local (RFC 4291)
		"100.100.100.200/32",     // Alibaba Cloud
		"168.63.129.16/32",       // Azure
		"fd00:ec2::/32",          // AWS
		"fd20:ce::254/128",       // Google Cloud
		"fd00:c1::a9fe:a9fe/128", // Oracle Cloud
		"fd00:42::42/128",        // Scaleway
	)
)

func prefixes(list ...string) (parsed []netip.Prefix) {
	for _, p := range list {
		parsed = append(parsed, netip.MustParsePrefix(p))
	}
	return parsed
}

// reachOf tells from where an address can be reached.
func reachOf(ip netip.Addr) reach {
	in := func(list []netip.Prefix) bool {
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
	switch {
	case ip.Zone() != "" || ip.Is4() && in(nowhere4) || in(nowhere6):
		return nowhere
	case in(toItself):
		return inward
	case ip.Is4() && in(private4) || private6.Contains(ip):
		return private
	case ip.Is4() || public6.Contains(ip):
		return public
	}
	return nowhere
}

// originAddress reads an address that can be an origin's. Kubernetes does not
// check what others write there.
func originAddress(s string) (ip netip.Addr, from reach) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, nowhere
	}
	return ip, reachOf(ip)
}

// insideOnly are the domains whose names mean nothing to a CDN: they are followed
// inside a network or a machine only, each to another place.
var insideOnly = []string{
	"localhost", "test", "invalid", // RFC 6761
	"local",                                              // multicast DNS (RFC 6762), and cluster.local
	"svc",                                                // a cluster's Services without the cluster's domain
	"internal",                                           // ICANN 2024.07.29.06; metadata.google.internal
	"home.arpa",                                          // RFC 8375
	"onion",                                              // RFC 7686
	"alt",                                                // RFC 9476
	"corp", "home", "intranet", "lan", "mail", "private", // RFC 6762, appendix G; ICANN 2018.02.04.12
	"localdomain",
}

// whyNoOrigin says why no rule's origin can have a name, whatever the rule
// publishes; "": it can.
func whyNoOrigin(s model.Settings, name string) string {
	switch domain := cdnDomain(s, name); {
	case checkHost(name) != nil:
		return "is not a fully qualified domain name"
	case domain != "":
		return "is a name of the CDN (" + domain + "), which would ask itself"
	case model.Within(name, s.Owner+"."+s.Domain):
		return "is a name that edgeward makes for origins, which would lead to itself"
	}
	for _, domain := range insideOnly {
		if model.Within(name, domain) {
			return "cannot be followed from outside (." + domain + ")"
		}
	}
	return ""
}

// cdnDomain is the domain or name of a CDN that a name belongs to, "" if it is
// none's.
func cdnDomain(s model.Settings, name string) string {
	for _, cdn := range s.CDNs {
		if cdn.Host != "" && name == cdn.Host {
			return cdn.HostKey
		}
		if model.Within(name, cdn.Domain) {
			return cdn.Domain
		}
	}
	return ""
}
