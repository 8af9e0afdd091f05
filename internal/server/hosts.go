package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// onlyFor hands requests on that ask for the machine by an address, by a name for
// itself, or by one of the names. A page of somebody else's can have its own name lead
// here and then read what its visitor's browser gets (DNS rebinding), but it cannot
// have the browser ask for another name.
func onlyFor(names func() []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostOf(r.Host); !ownHost(host) && !slices.Contains(names(), host) {
			http.Error(w, fmt.Sprintf("not served under the name %q: use localhost or an address, or list the name in metrics.hosts", host), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf is the host of a Host header, in lower case and without port, brackets and a
// dot at its end.
func hostOf(header string) string {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// ownHost reports whether nobody can have a host lead elsewhere by DNS: an address, a
// name for the machine itself (RFC 6761), or none, which no browser sends.
func ownHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
