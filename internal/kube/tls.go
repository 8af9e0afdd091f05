package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// IngressTLS is an element of spec.tls. Without hosts it is for all hosts of the Ingress.
type IngressTLS struct {
	Hosts  []string // in lower case; the first label may be "*"
	Secret string   // in the Ingress's namespace; "": it asks for TLS and names none
}

func (t IngressTLS) equal(o IngressTLS) bool {
	return t.Secret == o.Secret && slices.Equal(t.Hosts, o.Hosts)
}

// TLSSecret is a v1 Secret of type kubernetes.io/tls: a certificate with the chain behind
// it, and its key. No way of printing, logging or encoding it shows these; only Chain and
// PrivateKey do.
type TLSSecret struct {
	Meta
	// Fault says why the pair can serve no host at any time; then all below is empty.
	Fault string
	// Names are the DNS names that the certificate is for, in its order. The first label
	// of each may be "*".
	Names []string
	// NotBefore and NotAfter bound the time in which the certificate is valid. Both belong
	// to it (RFC 5280, section 4.1.2.5).
	NotBefore, NotAfter time.Time
	// Fingerprint is the first 16 hexadecimal digits, in lower case, of a SHA-256 of chain
	// and key together, as in model.Certificate.
	Fingerprint string

	// These are pointers, since fmt calls no method of a value in an unexported field, or
	// for a verb such as %d: then it prints an address instead of the key.
	chain, key *string
}

// WithPair returns the Secret with a chain and a key, both PEM (RFC 7468). The chain has
// the certificate of the key first.
func (s TLSSecret) WithPair(chain, key string) TLSSecret {
	sum := sha256.Sum256([]byte(chain + key))
	s.Fingerprint, s.chain, s.key = hex.EncodeToString(sum[:8]), &chain, &key
	return s
}

// Chain returns the certificates as PEM, that of the key first; "" where there is a Fault.
func (s TLSSecret) Chain() string { return reveal(s.chain) }

// PrivateKey returns the private key as PEM; "" where there is a Fault.
func (s TLSSecret) PrivateKey() string { return reveal(s.key) }

func reveal(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// Equal reports whether both say the same, whatever their resource versions. Chain and key
// are compared by their fingerprint.
func (s TLSSecret) Equal(o TLSSecret) bool {
	return s.Namespace == o.Namespace && s.Name == o.Name && s.UID == o.UID &&
		s.Fault == o.Fault && s.Fingerprint == o.Fingerprint && slices.Equal(s.Names, o.Names) &&
		s.NotBefore.Equal(o.NotBefore) && s.NotAfter.Equal(o.NotAfter)
}

// String returns the Secret's name, and nothing of what it holds.
func (s TLSSecret) String() string { return "Secret " + s.Meta.Key().String() }
