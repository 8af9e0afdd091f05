package addresses

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Sources is what an object names as its own addresses, sorted out. Others write that
// text, and Kubernetes does not check it.
type Sources struct {
	IPs     []string // the public ones or, where there are none, the private ones; sorted
	Private bool     // they are private
	Hosts   []string // where there are no addresses: host names, in their order
	Refused []string // what can be no origin, and why: "127.0.0.1 is no host's address"
	Astray  bool     // a host name is among these
	Denied  bool     // something is among these that clusters[].allow keeps out
}

// Restriction says what an object may name, as clusters[].allow has it.
type Restriction struct {
	// Prefixes are those of the addresses that may be named, and then no host names are.
	// Without prefixes these may, and all addresses but those of OwnLink.
	Prefixes []netip.Prefix
	// HostsAllowed: host names may be named although there are prefixes.
	HostsAllowed bool
}

// allows reports whether an address that some host has may be named.
func (r Restriction) allows(ip netip.Addr, reach Reach) bool {
	if len(r.Prefixes) == 0 {
		return reach != OwnLink
	}
	return slices.ContainsFunc(r.Prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// SortOut tells what can be an origin from what cannot. A private address beside a
// public one is left out: it is another way to the same machine, which the CDN does not
// have.
func SortOut(settings model.Settings, list []kube.Address, may Restriction) Sources {
	var out Sources
	var public, private []string
	for _, a := range list {
		switch ip, reach := Parse(a.IP); {
		case a.IP == "":
		case reach == Nowhere:
			out.refuse(a.IP, "is no host's address")
		case may.allows(ip, reach) && reach == Public:
			public = append(public, ip.String())
		case may.allows(ip, reach):
			private = append(private, ip.String())
		case len(may.Prefixes) == 0:
			out.deny(a.IP, "is no host's address, but one where each machine finds itself or its cloud (clusters[].allow[].addresses would let it in)")
		default:
			out.deny(a.IP, "is not among those that this namespace may name (clusters[].allow[].addresses)")
		}
	}
	out.IPs = ordered.Distinct(public)
	if len(public) == 0 {
		out.IPs, out.Private = ordered.Distinct(private), len(private) > 0
	}
	for _, a := range list {
		switch host := model.NormalHost(a.Hostname); {
		case host == "" || len(out.IPs) > 0:
		case len(may.Prefixes) > 0 && !may.HostsAllowed:
			out.deny(host, "is a name, and this namespace may name some addresses only (clusters[].allow[].addresses)")
		case whyNoOrigin(settings, host) != "":
			out.LeadAstray(host, whyNoOrigin(settings, host))
		case !slices.Contains(out.Hosts, host):
			out.Hosts = append(out.Hosts, host)
		}
	}
	return out
}

// refuse notes what can be no origin.
func (s *Sources) refuse(text, why string) {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.:-") != "" || len(text) > model.MaxName {
		text = fmt.Sprintf("%.80q", text)
	}
	s.Refused = append(s.Refused, text+" "+why)
}

// deny notes what the configuration does not let be an origin.
func (s *Sources) deny(text, why string) {
	s.refuse(text, why)
	s.Denied = true
}

// LeadAstray notes a host name that can be no origin. The reason follows the name.
func (s *Sources) LeadAstray(host, why string) {
	s.refuse(host, why)
	s.Astray = true
}

// NameHosts reports whether it is by host names that the object leads anywhere, or
// would if they could be origins.
func (s Sources) NameHosts() bool { return len(s.Hosts) > 0 || s.Lost() }

// Lost reports whether the object names nothing but what can be no origin, a host name
// among it.
func (s Sources) Lost() bool { return s.Astray && len(s.IPs)+len(s.Hosts) == 0 }

// insideOnly returns the domains whose names mean nothing to a CDN: they resolve only
// inside a network or on a machine, and to another place in each.
func insideOnly() []string {
	return []string{
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
}

// whyNoOrigin says why a host name can be no rule's origin, whatever the rule publishes;
// "" if it can. The text follows the name.
func whyNoOrigin(settings model.Settings, host string) string {
	switch domain := settings.CDNDomain(host); {
	case !model.FullyQualified(host):
		return "is not a fully qualified domain name"
	case domain != "":
		return "is a name of the CDN (" + domain + "), which would ask itself"
	case model.Within(host, settings.Owner+"."+settings.Domain):
		return "is a name that edgeward makes for origins, which would lead to itself"
	}
	for _, domain := range insideOnly() {
		if model.Within(host, domain) {
			return "cannot be followed from outside (." + domain + ")"
		}
	}
	return ""
}
