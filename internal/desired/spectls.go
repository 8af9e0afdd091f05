package desired

import (
	"cmp"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
)

// specTLS is spec.tls of an Ingress, by the names of hosts: an Ingress may have
// thousands of both. The zero value asks for nothing.
type specTLS struct {
	names   nameSet
	secrets map[string]string // by name, in lower case: that of the first entry that has one
	// Entries without hosts are for all of the Ingress.
	forAll       bool   // there are such entries
	forAllSecret string // the first Secret of these; "" if none names one
}

func readSpecTLS(entries []kube.IngressTLS) (t specTLS) {
	if len(entries) == 0 {
		return t
	}
	t.names, t.secrets = make(nameSet), make(map[string]string)
	for _, e := range entries {
		for _, name := range e.Hosts {
			name = strings.ToLower(name)
			t.names[name] = true
			if t.secrets[name] == "" {
				t.secrets[name] = e.Secret
			}
		}
		if len(e.Hosts) == 0 {
			t.forAll, t.forAllSecret = true, cmp.Or(t.forAllSecret, e.Secret)
		}
	}
	return t
}

// secret returns the Secret that spec.tls names for a host: by the host's full name, or
// else by a wildcard for its first label, or else by an entry without hosts. Of several
// the first counts.
func (t specTLS) secret(host string) (name string, ok bool) {
	name = cmp.Or(t.secrets[host], t.secrets[wildcardOf(host)], t.forAllSecret)
	return name, name != ""
}

// asksFor reports whether spec.tls asks for TLS for a host, whether or not it names a
// Secret for it.
func (t specTLS) asksFor(host string) bool { return t.forAll || t.names.cover(host) }

// nameSet are the names in a certificate, or in spec.tls, in lower case.
type nameSet map[string]bool

func newNameSet(names []string) nameSet {
	s := make(nameSet, len(names))
	for _, name := range names {
		s[strings.ToLower(name)] = true
	}
	return s
}

// cover reports whether one of the names is that of a host, or a wildcard for its first
// label (RFC 6125, section 6.4.3). It decides as crypto/x509 does, which goes through
// all names each time.
func (s nameSet) cover(host string) bool { return s[host] || s[wildcardOf(host)] }
