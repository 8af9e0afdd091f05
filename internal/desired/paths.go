package desired

import (
	"net/netip"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
)

const (
	MaxPath = 1024 // characters of a URL path; no CDN documents a limit
	// pathCharacters are those that RFC 3986 allows in a path, less the ones
	// that only a regular expression or a wildcard has: * ( ) $
	pathCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!&'+,;=:@/%"
)

// checkHost says why a host cannot be published, if so: a CDN wants a fully
// qualified name and no address.
func checkHost(host string) *verdict {
	switch {
	case host == "":
		return invalid("a rule has no host: the CDN publishes by host")
	case strings.HasPrefix(host, "*"):
		return invalid("host %s is a wildcard, which the CDN cannot publish", host)
	case !hostname(host) || !strings.Contains(host, "."):
		return invalid("host %.80q is not a fully qualified domain name", host)
	}
	// Of what has the form of a name only IPv4 addresses are addresses.
	if last := host[len(host)-1]; last >= '0' && last <= '9' {
		if _, err := netip.ParseAddr(host); err == nil {
			return invalid("host %s is an address, not a name", host)
		}
	}
	return nil
}

// hostname reports whether s has the form of a lower-case DNS name (RFC 1123).
func hostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
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

// urlPaths maps an Ingress path onto the URL paths that are published for it
// (docs/ingress.md). At a CDN a path without a trailing slash may be one object,
// and a path with it is all that lies below, so a Prefix needs both.
func urlPaths(p kube.IngressPath) ([]string, *verdict) {
	path := p.Path
	if path == "" {
		path = "/"
	}
	switch {
	case !strings.HasPrefix(path, "/"):
		return nil, invalid("path %.80q does not begin with /", path)
	case len(path) > MaxPath:
		return nil, invalid("path %.40q… has %d characters, over %d", path, len(path), MaxPath)
	case strings.ContainsAny(path, `*()[]{}|^$\?`) || strings.Contains(path, ".+"):
		return nil, invalid("path %.80q is a pattern; the CDN publishes plain paths", path)
	case strings.TrimLeft(path, pathCharacters) != "" || !percentEncoded(path):
		return nil, invalid("path %.80q has characters that must be percent-encoded", path)
	}
	switch p.Type {
	case "Exact", "ImplementationSpecific":
		return []string{path}, nil
	case "Prefix":
		file := strings.TrimSuffix(path, "/")
		if file == "" {
			return []string{"/"}, nil
		}
		return []string{file, file + "/"}, nil
	}
	return nil, invalid("path %s has the unknown type %.40q", path, p.Type)
}

// percentEncoded reports whether each % in path begins an encoded octet.
func percentEncoded(path string) bool {
	for {
		_, rest, found := strings.Cut(path, "%")
		if !found {
			return true
		}
		if len(rest) < 2 || strings.TrimLeft(rest[:2], "0123456789abcdefABCDEF") != "" {
			return false
		}
		path = rest[2:]
	}
}
