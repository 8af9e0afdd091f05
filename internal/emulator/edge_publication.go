package emulator

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// publication is one URL, or a directory of them, that a CDN answers, and where
// it gets the answer.
type publication struct {
	scheme, host string    // http or https; the host in lower case
	from         time.Time // when it begins; zero: at once
	// path ends with a slash for a directory, which is published with all below
	// it; otherwise it is one object.
	path string

	sourceScheme, sourceHost string
	sourcePort               int
	sourcePath               string // takes the place of path

	requestHeaders []header // set in the request to the origin
	replyHeaders   []header // set in the reply to the client
}

type header struct{ name, value string }

// origin is the URL of the origin, its port included, without a path.
func (p publication) origin() string {
	return p.sourceScheme + "://" + net.JoinHostPort(p.sourceHost, strconv.Itoa(p.sourcePort))
}

// originHost is what the origin sees as Host: without the scheme's own port.
func (p publication) originHost() string {
	if p.sourcePort == defaultPort(p.sourceScheme) {
		return p.sourceHost
	}
	return net.JoinHostPort(p.sourceHost, strconv.Itoa(p.sourcePort))
}

func defaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// matches says that p publishes path, both escaped as in a request.
func (p publication) matches(path string) bool {
	if strings.HasSuffix(p.path, "/") {
		return strings.HasPrefix(path, p.path)
	}
	return path == p.path
}

// site is the scheme and host of a URL.
type site struct{ scheme, host string }

// publications are a CDN's, by site.
type publications map[site][]publication

// index sorts publications by their site, with their paths escaped as clients
// escape them.
func index(list []publication) publications {
	all := make(publications)
	for _, p := range list {
		p.path, p.sourcePath = escapePath(p.path), escapePath(p.sourcePath)
		key := site{p.scheme, strings.ToLower(p.host)}
		all[key] = append(all[key], p)
	}
	return all
}

// escapePath returns path escaped as a client sends it, and as it is if it
// cannot be a path.
func escapePath(path string) string {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return path
	}
	return u.EscapedPath()
}

// find returns what publishes a URL now, that with the longest path, and the path
// to ask its origin for: the published prefix is replaced by the source's. Of
// two with the same path it is the older; the real order is not known.
func (all publications) find(scheme, host, path string, now time.Time) (best publication, sourcePath string, ok bool) {
	for _, p := range all[site{scheme, host}] {
		if p.matches(path) && !now.Before(p.from) && (!ok || len(p.path) > len(best.path)) {
			best, ok = p, true
		}
	}
	if !ok {
		return best, "", false
	}
	return best, best.sourcePath + path[len(best.path):], true
}
