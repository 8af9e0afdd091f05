package desired

import (
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

const (
	// MaxPath bounds the length of a URL path in characters. No CDN documents a limit.
	MaxPath = 1024
	// pathCharacters are those that RFC 3986 allows in a path, less the ones that only
	// a regular expression or a wildcard has: * ( ) $
	pathCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!&'+,;=:@/%"
)

// urlPath is a URL path that is published for a path of an Ingress.
type urlPath struct {
	path       string
	precedence precedence
}

// urlPaths maps a path of an Ingress onto the URL paths that a CDN publishes for it. All
// that depends on how a CDN takes a path is decided here. At a CDN of model.SlashPaths,
// where "/a" is one object and "/a/" is all that lies below it:
//
//	Exact                   /a         /a
//	Exact                   /a/        /a/, with all below it: see pathWarnings
//	Prefix                  /a or /a/  /a and /a/
//	ImplementationSpecific  as written
//
// At a CDN of model.WholeHosts a path is published as it is written, since all of the
// host is; that all its paths lead to one origin is checked later.
func urlPaths(style model.PathStyle, p kube.IngressPath) ([]urlPath, *refusal) {
	path := p.Path
	if path == "" {
		path = "/"
	}
	if refused := checkPath(path); refused != nil {
		return nil, refused
	}
	slashes := style == model.SlashPaths
	switch p.Type {
	case "Exact":
		if slashes && !strings.HasSuffix(path, "/") {
			return []urlPath{{path, exactObject}}, nil
		}
		return []urlPath{{path, exactTree}}, nil
	case "ImplementationSpecific":
		return []urlPath{{path, prefix}}, nil
	case "Prefix":
		if object := strings.TrimSuffix(path, "/"); slashes && object != "" {
			return []urlPath{{object, prefix}, {object + "/", prefix}}, nil
		}
		return []urlPath{{path, prefix}}, nil
	}
	return nil, invalid("path %s has the unknown type %.40q", path, p.Type)
}

// pathWarnings says that a CDN publishes more than a path asks for.
func pathWarnings(p kube.IngressPath) []string {
	if p.Type != "Exact" || !strings.HasSuffix(p.Path, "/") {
		return nil
	}
	return []string{"path " + p.Path + " is Exact, but the CDN publishes a path with a trailing slash as a directory, with all below it"}
}

// checkPath says why no CDN can publish a path.
func checkPath(path string) *refusal {
	switch {
	case !strings.HasPrefix(path, "/"):
		return invalid("path %.80q does not begin with /", path)
	case len(path) > MaxPath:
		return invalid("path %.40q… has %d characters, over %d", path, len(path), MaxPath)
	case strings.ContainsAny(path, `*()[]{}|^$\?`) || strings.Contains(path, ".+"):
		return invalid("path %.80q is a pattern; the CDN publishes plain paths", path)
	case strings.TrimLeft(path, pathCharacters) != "" || !percentEncoded(path):
		return invalid("path %.80q has characters that must be percent-encoded", path)
	}
	return nil
}

// percentEncoded reports whether each % in path begins an encoded octet (RFC 3986,
// section 2.1).
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
