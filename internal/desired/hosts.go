package desired

import (
	"net/netip"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// checkHost says why a CDN cannot publish a host, whoever asks for it: it wants a fully
// qualified name, or a wildcard if it knows these.
func checkHost(cdn model.CDN, host string) *refusal {
	name := host
	if cdn.Wildcards {
		name = strings.TrimPrefix(host, "*.")
	}
	switch {
	case host == "":
		return invalid("a rule has no host: the CDN publishes by host")
	case strings.HasPrefix(name, "*"):
		return invalid("host %s is a wildcard, which the CDN cannot publish", host)
	case !hostname(name) || !strings.Contains(name, "."):
		return invalid("host %.80q is not a fully qualified domain name", host)
	case isIPv4(name):
		return invalid("host %s is an address, not a name", host)
	}
	return nil
}

// fullyQualified reports whether a name is a fully qualified domain name, and no
// address.
func fullyQualified(name string) bool {
	return hostname(name) && strings.Contains(name, ".") && !isIPv4(name)
}

// hostname reports whether s has the form of a lower-case DNS name (RFC 1123).
func hostname(s string) bool {
	if len(s) > model.MaxName {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > model.MaxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

// isIPv4 reports whether a hostname is an IPv4 address, the only address that has the
// form of a name.
func isIPv4(name string) bool {
	if last := name[len(name)-1]; last < '0' || last > '9' {
		return false
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// wildcardOf returns the wildcard that covers a host: "*.example.com" for
// "www.example.com".
func wildcardOf(host string) string {
	_, parent, _ := strings.Cut(host, ".")
	return "*." + parent
}

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

// whyNoOrigin says why a name can be no rule's origin, whatever the rule publishes; ""
// if it can. The text follows the name.
func whyNoOrigin(settings model.Settings, name string) string {
	switch domain := cdnDomain(settings, name); {
	case !fullyQualified(name):
		return "is not a fully qualified domain name"
	case domain != "":
		return "is a name of the CDN (" + domain + "), which would ask itself"
	case model.Within(name, settings.Owner+"."+settings.Domain):
		return "is a name that edgeward makes for origins, which would lead to itself"
	}
	for _, domain := range insideOnly() {
		if model.Within(name, domain) {
			return "cannot be followed from outside (." + domain + ")"
		}
	}
	return ""
}

// cdnDomain returns what a name belongs to if it is a CDN's: the CDN's domain, or the
// key of the configuration that says the name; "" if it is none's.
func cdnDomain(settings model.Settings, name string) string {
	for _, cdn := range settings.CDNs {
		if cdn.Host != "" && name == cdn.Host {
			return cdn.HostKey
		}
		if model.Within(name, cdn.Domain) {
			return cdn.Domain
		}
	}
	return ""
}
