package plan

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

const (
	// endsSoon is how long before its end a certificate is warned of. One that
	// is made for a short time has to be renewed later: in the last third.
	endsSoon = 14 * 24 * time.Hour
	// maxNames bounds how many names, or other things, a message lists.
	maxNames = 5
)

// certificate is what a host of an Ingress is to be published with on https: the
// pair in the Secret that spec.tls names for it. It is nil, without a verdict,
// where spec.tls does not name the host.
func (r *reading) certificate(host string) (*Certificate, *verdict) {
	name, ok := tlsSecret(r.ing.TLS, host)
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
	return &Certificate{Fingerprint: s.Fingerprint, chain: &chain, key: &key}, nil
}

// tlsSecret is the Secret that spec.tls names for a host: by its full name, or
// else by a wildcard for its first label, or else by an element without hosts,
// which is for all of the Ingress. Of several the first counts.
func tlsSecret(list []kube.IngressTLS, host string) (name string, ok bool) {
	for _, names := range []func(kube.IngressTLS) bool{
		func(t kube.IngressTLS) bool { return slices.Contains(t.Hosts, host) },
		func(t kube.IngressTLS) bool { return covered(t.Hosts, host) },
		func(t kube.IngressTLS) bool { return len(t.Hosts) == 0 },
	} {
		if i := slices.IndexFunc(list, func(t kube.IngressTLS) bool { return t.Secret != "" && names(t) }); i >= 0 {
			return list[i].Secret, true
		}
	}
	return "", false
}

// asksTLS reports whether spec.tls asks for TLS for a host, whether or not it
// names a Secret for it.
func asksTLS(list []kube.IngressTLS, host string) bool {
	return slices.ContainsFunc(list, func(t kube.IngressTLS) bool {
		return len(t.Hosts) == 0 || slices.Contains(t.Hosts, host) || covered(t.Hosts, host)
	})
}

// tls warns of what spec.tls asks for and does not get.
func (r *reading) tls() {
	switch {
	case len(r.ing.TLS) == 0 || r.bad != nil:
	case r.cdn.Certificates:
		r.uncertified()
	case !slices.Contains(r.opts.published, "https"):
		hosts := slices.DeleteFunc(r.hosts(), func(host string) bool { return !asksTLS(r.ing.TLS, host) })
		if len(hosts) > 0 {
			r.warn("spec.tls asks for TLS for %s, which is published on http only: let %s, or else edgio.published_protocols, say https",
				listed(hosts), annotationPublished)
		}
	}
}

// uncertified warns of the hosts that are published without a certificate, though
// spec.tls is there, and of those in spec.tls that are published nowhere.
func (r *reading) uncertified() {
	const ends = ". A certificate that the CDN was given before goes on being served there, and is not renewed"
	var forgotten, secretless []string
	for _, host := range r.bare {
		if asksTLS(r.ing.TLS, host) {
			secretless = append(secretless, host)
		} else {
			forgotten = append(forgotten, host)
		}
	}
	names, wild := r.strayTLS()
	if len(secretless) > 0 {
		r.warn("spec.tls asks for TLS for %s, which is published on http only: its entry has no secretName; name a Secret of type kubernetes.io/tls there%s", listed(secretless), ends)
	}
	switch {
	case len(forgotten) > 0:
		text := "spec.tls has no entry for " + listed(forgotten) + ", which is published on http only: name it there, beside the Secret"
		if len(names) > 0 {
			text += "; it has one for " + listed(names) + ", of which the Ingress has no rule"
		}
		if wild {
			text += " (* stands for one label)"
		}
		r.warn("%s", text+ends)
	case len(names) > 0:
		r.warn("spec.tls has an entry for %s, of which the Ingress has no rule: nothing is published there for it", listed(names))
	}
}

// strayTLS are the hosts in spec.tls of which the Ingress has no rule, and whether
// a wildcard is among them.
func (r *reading) strayTLS() (names []string, wild bool) {
	known := make(map[string]bool)
	for _, host := range r.hosts() {
		_, parent, _ := strings.Cut(host, ".")
		known[host], known["*."+parent] = true, true
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
	return sortedSet(hosts)
}

// covered reports whether a certificate for the names is one for host, by the
// rules of crypto/x509.
func covered(names []string, host string) bool {
	return (&x509.Certificate{DNSNames: names}).VerifyHostname(host) == nil
}

// unfit says why a pair cannot serve a host now; "": it can.
func (r *reading) unfit(s kube.TLSSecret, host string) string {
	switch {
	case s.Fault != "":
		return s.Fault
	case !covered(s.Names, host):
		return "the certificate is for " + listed(s.Names) + ", not for this host"
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

// listed is "a.org, b.org and 3 more".
func listed(names []string) string {
	switch n := len(names); {
	case n == 0:
		return "no host name"
	case n > maxNames:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), n-maxNames)
	}
	return strings.Join(names, ", ")
}
