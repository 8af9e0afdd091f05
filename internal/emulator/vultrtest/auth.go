package vultrtest

import (
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/edgeward/edgeward/internal/emulator"
)

// authenticate is the stage that refuses calls without the key, or from an
// address it may not be used from. Both are 401; only the text differs.
func (a *Account) authenticate(next emulator.Handler) emulator.Handler {
	return func(r *emulator.Request) emulator.Reply {
		if r.Header.Get("Authorization") != "Bearer "+*a.key.Load() {
			return refuse(http.StatusUnauthorized, "Invalid API token.")
		}
		address := clientAddress(r)
		if len(a.options.Sources) > 0 && !inPrefixes(address, a.options.Sources) {
			return refuse(http.StatusUnauthorized, "Unauthorized IP address: "+address)
		}
		return next(r)
	}
}

// ReplaceKey makes the API key another one; the old one is refused from now on.
func (a *Account) ReplaceKey(key string) { a.key.Store(&key) }

// clientAddress is the IP address a call comes from.
func clientAddress(r *emulator.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func inPrefixes(address string, prefixes []netip.Prefix) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}
