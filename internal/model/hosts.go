package model

import (
	"net/netip"
	"strings"
)

// Limits of DNS names in characters (RFC 1035, section 2.3.4).
const (
	MaxName  = 253 // of a name without the dot at its end
	MaxLabel = 63  // of one of its labels
)

// NormalHost returns a host name as rules and records have it: in lower case, without a
// dot at its end.
func NormalHost(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// IsHostname reports whether s has the form of a host name in lower case, without a dot
// at its end (RFC 1123, section 2.1).
func IsHostname(s string) bool {
	if len(s) > MaxName {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > MaxLabel || label[0] == '-' || label[len(label)-1] == '-' {
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

// FullyQualified reports whether s is a host name of several labels, and no address.
func FullyQualified(s string) bool {
	return IsHostname(s) && strings.Contains(s, ".") && !IsIPv4(s)
}

// IsIPv4 reports whether s is an IPv4 address, the only address that has the form of a
// host name.
func IsIPv4(s string) bool {
	if s == "" || s[len(s)-1] < '0' || s[len(s)-1] > '9' { // as of most names, which costs nothing
		return false
	}
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is4()
}

// WildcardOf returns the wildcard that covers a host: "*.example.com" for
// "www.example.com".
func WildcardOf(host string) string {
	_, parent, _ := strings.Cut(host, ".")
	return "*." + parent
}

// Relative returns host as a name within domain. It is not ok where host does not lie
// below domain.
func Relative(host, domain string) (name string, ok bool) {
	return strings.CutSuffix(NormalHost(host), "."+domain)
}

// Within reports whether a name is a domain or lies below it.
func Within(name, domain string) bool {
	return domain != "" && strings.HasSuffix(name, domain) &&
		(len(name) == len(domain) || name[len(name)-len(domain)-1] == '.')
}
