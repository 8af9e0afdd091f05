package desired

import (
	"github.com/edgeward/edgeward/internal/model"
)

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
