package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// endsSoon is how long before its end a certificate is warned of. One that
// is made for a short time has to be renewed later: in the last third.
const endsSoon = 14 * 24 * time.Hour

// certificate is what a host of an Ingress is to be published with on https: the
// pair in the Secret that spec.tls names for it. It is nil, without a verdict,
// where spec.tls does not name the host.
func (r *reading) certificate(host string) (*model.Certificate, *verdict) {
	name, ok := r.tlsEntries().secret(host)
	if !ok {
		return nil, nil
	}
	if strings.Contains(name, "/") {
		return nil, invalid("spec.tls names Secret %.80q for host %s: it has to be one of the Ingress's own namespace, named without it", name, host)
	}
	s, ok := r.tlsSecrets[kube.Key{Namespace: r.ing.Namespace, Name: name}]
	if !ok {
		reason := "does not exist, or is not of type kubernetes.io/tls"
		if slices.Contains(r.TLSRefused, r.ing.Namespace) || slices.Contains(r.TLSRefused, "") {
			reason = "may not be read (deploy/rbac-certificates.yaml allows it)"
		}
		return nil, &verdict{state: Pending, reason: fmt.Sprintf("Secret %s/%s, which spec.tls names for host %s, %s", r.ing.Namespace, name, host, reason)}
	}
	if reason := r.unfit(s, host); reason != "" {
		return nil, invalid("Secret %s, which spec.tls names for host %s: %s", s.Meta.Key(), host, reason)
	}
	if warn := s.NotAfter.Add(-min(endsSoon, s.NotAfter.Sub(s.NotBefore)/3)); r.since(warn) {
		r.warn("the certificate in Secret %s ends at %s", s.Meta.Key(), date(s.NotAfter))
	}
	chain, key := s.Chain(), s.PrivateKey()
	return model.CertificateOf(s.Fingerprint, chain, key), nil
}

// tlsEntries is spec.tls, by the names of hosts: an Ingress may have thousands of both.
type tlsEntries struct {
	names   nameSet
	secrets map[string]string // by name, in lower case: that of the first entry that has one
	// Of the entries without hosts, which are for all of the Ingress: whether there are
	// some, and the first Secret.
	rest       bool
	restSecret string
}

// tlsEntries is the Ingress's spec.tls.
func (r *reading) tlsEntries() *tlsEntries {
	if r.entries != nil {
		return r.entries
	}
	e := &tlsEntries{names: make(nameSet), secrets: make(map[string]string)}
	r.entries = e
	for _, t := range r.ing.TLS {
		e.names.add(t.Hosts)
		for _, name := range t.Hosts {
			if name = strings.ToLower(name); e.secrets[name] == "" {
				e.secrets[name] = t.Secret
			}
		}
		if len(t.Hosts) == 0 {
			e.rest, e.restSecret = true, cmp.Or(e.restSecret, t.Secret)
		}
	}
	return e
}

// secret is the Secret that spec.tls names for a host: by its full name, or
// else by a wildcard for its first label, or else by an element without hosts.
// Of several the first counts.
func (e *tlsEntries) secret(host string) (name string, ok bool) {
	name = cmp.Or(e.secrets[host], e.secrets[wildcard(host)], e.restSecret)
	return name, name != ""
}

// ask reports whether spec.tls asks for TLS for a host, whether or not it
// names a Secret for it.
func (e *tlsEntries) ask(host string) bool { return e.rest || e.names.cover(host) }

// nameSet are the names in a certificate, or in spec.tls, in lower case.
type nameSet map[string]bool

func (s nameSet) add(names []string) {
	for _, name := range names {
		s[strings.ToLower(name)] = true
	}
}

// cover reports whether one of the names is that of a host, as crypto/x509 would, which
// goes through all of them each time.
func (s nameSet) cover(host string) bool { return s[host] || s[wildcard(host)] }

// wildcard is the name that stands for a host and whatever else has its parent.
func wildcard(host string) string {
	_, parent, _ := strings.Cut(host, ".")
	return "*." + parent
}

// tls warns of what spec.tls asks for and does not get.
func (r *reading) tls() {
	switch {
	case len(r.ing.TLS) == 0 || r.bad != nil:
	case r.cdn.Certificates:
		r.uncertified()
	case !slices.Contains(r.opts.published, "https"):
		hosts := slices.DeleteFunc(r.hosts(), func(host string) bool { return !r.tlsEntries().ask(host) })
		if len(hosts) > 0 {
			r.warn("spec.tls asks for TLS for %s, which is published on http only: let %s, or else %s.published_protocols, say https",
				model.Listed(hosts), AnnotationPublished, r.cdn.Section)
		}
	}
}

// uncertified warns of the hosts that are published without a certificate, though
// spec.tls is there, and of those in spec.tls that are published nowhere.
func (r *reading) uncertified() {
	const ends = ". A certificate that the CDN was given before goes on being served there, and is not renewed"
	var forgotten, secretless []string
	for _, host := range r.bare {
		if r.tlsEntries().ask(host) {
			secretless = append(secretless, host)
		} else {
			forgotten = append(forgotten, host)
		}
	}
	names, wild := r.strayTLS()
	if len(secretless) > 0 {
		r.warn("spec.tls asks for TLS for %s, which is published on http only: its entry has no secretName; name a Secret of type kubernetes.io/tls there%s", model.Listed(secretless), ends)
	}
	switch {
	case len(forgotten) > 0:
		text := "spec.tls has no entry for " + model.Listed(forgotten) + ", which is published on http only: name it there, beside the Secret"
		if len(names) > 0 {
			text += "; it has one for " + model.Listed(names) + ", of which the Ingress has no rule"
		}
		if wild {
			text += " (* stands for one label)"
		}
		r.warn("%s", text+ends)
	case len(names) > 0:
		r.warn("spec.tls has an entry for %s, of which the Ingress has no rule: nothing is published there for it", model.Listed(names))
	}
}

// strayTLS are the hosts in spec.tls of which the Ingress has no rule, and whether
// a wildcard is among them.
func (r *reading) strayTLS() (names []string, wild bool) {
	known := make(map[string]bool)
	for _, host := range r.hosts() {
		known[host], known[wildcard(host)] = true, true
	}
	for _, t := range r.ing.TLS {
		for _, name := range t.Hosts {
			if !known[name] {
				known[name] = true
				names, wild = append(names, name), wild || strings.HasPrefix(name, "*.")
			}
		}
	}
	return names, wild
}

// hosts are the hosts of the Ingress that can be published, sorted.
func (r *reading) hosts() (hosts []string) {
	for _, rule := range r.ing.Rules {
		if r.checkHost(rule.Host) == nil {
			hosts = append(hosts, rule.Host)
		}
	}
	return model.SortedSet(hosts)
}

// namesIn are the names of the certificate in a Secret.
func (m *mapper) namesIn(s kube.TLSSecret) nameSet {
	names, ok := m.certified[s.Meta.Key()]
	if !ok {
		names = make(nameSet, len(s.Names))
		names.add(s.Names)
		m.certified[s.Meta.Key()] = names
	}
	return names
}

// unfit says why a pair cannot serve a host now; "": it can.
func (r *reading) unfit(s kube.TLSSecret, host string) string {
	switch {
	case s.Fault != "":
		return s.Fault
	case !r.namesIn(s).cover(host):
		return "the certificate is for " + model.Listed(s.Names) + ", not for this host"
	case r.since(s.NotAfter.Add(time.Second)): // the last second counts (RFC 5280, 4.1.2.5)
		return "the certificate has expired at " + date(s.NotAfter)
	case !r.since(s.NotBefore):
		return "the certificate is not valid before " + date(s.NotBefore)
	}
	return ""
}

// since reports whether t has come. If it is still to come, time alone changes
// the answer then.
func (r *reading) since(t time.Time) bool {
	if !t.After(r.now) {
		return true
	}
	if r.asked.until.IsZero() || t.Before(r.asked.until) {
		r.asked.until = t
	}
	return false
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
