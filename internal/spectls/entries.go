// Package spectls reads spec.tls of an Ingress and the Secrets that it names: with which
// certificate a host is published, and what the author of the Ingress should know. It
// has no I/O and no clock.
package spectls

import (
	"cmp"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// Entries are spec.tls of an Ingress, by the names of hosts: an Ingress may have
// thousands of both. The zero value asks for nothing.
type Entries struct {
	list    []kube.IngressTLS
	names   nameSet
	secrets map[string]string // by name, in lower case: that of the first entry that has one
	// Entries without hosts are for all of the Ingress.
	forAll       bool   // there are such entries
	forAllSecret string // the first Secret of these; "" if none names one
}

// Read returns the entries of spec.tls.
func Read(list []kube.IngressTLS) (e Entries) {
	if len(list) == 0 {
		return e
	}
	e.list, e.names, e.secrets = list, make(nameSet), make(map[string]string)
	for _, t := range list {
		for _, name := range t.Hosts {
			name = strings.ToLower(name)
			e.names[name] = true
			if e.secrets[name] == "" {
				e.secrets[name] = t.Secret
			}
		}
		if len(t.Hosts) == 0 {
			e.forAll, e.forAllSecret = true, cmp.Or(e.forAllSecret, t.Secret)
		}
	}
	return e
}

// secret returns the Secret for a host: that named for the host's full name, or else for
// a wildcard in place of its first label, or else by an entry without hosts. Of several
// the first counts; "" is none.
func (e Entries) secret(host string) string {
	return cmp.Or(e.secrets[host], e.secrets[model.WildcardOf(host)], e.forAllSecret)
}

// asksFor reports whether spec.tls asks for TLS for a host, whether or not it names a
// Secret for it.
func (e Entries) asksFor(host string) bool { return e.forAll || e.names.cover(host) }

// AskFor returns those of some hosts for which spec.tls asks for TLS, whether or not it
// names a Secret for them.
func (e Entries) AskFor(hosts []string) (asked []string) {
	for _, host := range hosts {
		if e.asksFor(host) {
			asked = append(asked, host)
		}
	}
	return asked
}

// stray returns the names in spec.tls that cover none of the hosts.
func (e Entries) stray(hosts []string) (names []string) {
	known := make(map[string]bool)
	for _, host := range hosts {
		known[host], known[model.WildcardOf(host)] = true, true
	}
	for _, t := range e.list {
		for _, name := range t.Hosts {
			if !known[name] {
				known[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// nameSet are the names in a certificate, or in spec.tls, in lower case.
type nameSet map[string]bool

func newNameSet(names []string) nameSet {
	s := make(nameSet, len(names))
	for _, name := range names {
		s[strings.ToLower(name)] = true
	}
	return s
}

// cover reports whether one of the names is that of a host, or a wildcard in place of its
// first label (RFC 6125, section 6.4.3). It decides as crypto/x509 does, which goes
// through all names each time.
func (s nameSet) cover(host string) bool { return s[host] || s[model.WildcardOf(host)] }
