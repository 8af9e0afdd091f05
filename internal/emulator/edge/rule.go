package edge

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Rule says that a CDN answers one URL, or a directory of them, and where it
// gets the answer.
type Rule struct {
	Scheme, Host string    // http or https; the host in any case
	From         time.Time // when it begins; zero: at once
	// Path ends with a slash for a directory, which is published with all below
	// it; otherwise it is one object.
	Path string

	SourceScheme, SourceHost string
	SourcePort               int    // 0: the scheme's own
	SourcePath               string // takes the place of Path

	RequestHeaders []Header // set in the request to the origin
	ReplyHeaders   []Header // set in the reply to the client
}

// Header is a header that a rule sets.
type Header struct{ Name, Value string }

// DefaultPort is that of a scheme, http or https.
func DefaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// origin is the URL of the origin, its port included, without a path.
func (r Rule) origin() string {
	port := r.SourcePort
	if port == 0 {
		port = DefaultPort(r.SourceScheme)
	}
	return r.SourceScheme + "://" + net.JoinHostPort(r.SourceHost, strconv.Itoa(port))
}

// originHost is what the origin sees as Host: without the scheme's own port.
func (r Rule) originHost() string {
	if r.SourcePort == 0 || r.SourcePort == DefaultPort(r.SourceScheme) {
		return r.SourceHost
	}
	return net.JoinHostPort(r.SourceHost, strconv.Itoa(r.SourcePort))
}

// matches says that r publishes path, both escaped as in a request.
func (r Rule) matches(path string) bool {
	if strings.HasSuffix(r.Path, "/") {
		return strings.HasPrefix(path, r.Path)
	}
	return path == r.Path
}

// website is the scheme and host of a URL.
type website struct{ scheme, host string }

// rules are a CDN's, by website.
type rules map[website][]Rule

// index sorts rules by their website, with their paths escaped as clients escape
// them.
func index(list []Rule) rules {
	all := make(rules)
	for _, r := range list {
		r.Path, r.SourcePath = escapePath(r.Path), escapePath(r.SourcePath)
		key := website{r.Scheme, strings.ToLower(r.Host)}
		all[key] = append(all[key], r)
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

// find returns the rule for a URL now, that with the longest path, and the path
// to ask its origin for: the published prefix is replaced by the source's. Of
// two with the same path it is the older; the real order is not known.
func (all rules) find(scheme, host, path string, now time.Time) (best Rule, sourcePath string, ok bool) {
	for _, r := range all[website{scheme, host}] {
		if r.matches(path) && !now.Before(r.From) && (!ok || len(r.Path) > len(best.Path)) {
			best, ok = r, true
		}
	}
	if !ok {
		return Rule{}, "", false
	}
	return best, best.SourcePath + path[len(best.Path):], true
}
