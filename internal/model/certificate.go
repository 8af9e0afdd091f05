package model

// Certificate is what a CDN answers https with for a published host. Of one that was
// observed only the fingerprint is known, since no provider shows the rest. No way of
// printing, logging or encoding it shows more than that either; only Chain and Key do.
type Certificate struct {
	// Fingerprint is the first 16 hexadecimal digits, in lower case, of a SHA-256 of
	// chain and key together, so that a rotation of either changes it.
	Fingerprint string

	// These are pointers, since fmt calls no method of a value in an unexported field, or
	// for a verb such as %d: then it prints an address instead of the key.
	chain, key *string
}

// NewCertificate returns a certificate that is wanted. Chain and key are PEM (RFC 7468);
// the chain has the host's own certificate first.
func NewCertificate(chain, key string) *Certificate {
	return CertificateOf(Hash(chain+key), chain, key)
}

// CertificateOf is NewCertificate where the fingerprint is known.
func CertificateOf(fingerprint, chain, key string) *Certificate {
	return &Certificate{Fingerprint: fingerprint, chain: &chain, key: &key}
}

// Chain returns the certificates as PEM, the host's own first; "" if they are not known.
func (c *Certificate) Chain() string { return reveal(c.chain) }

// Key returns the private key as PEM; "" if it is not known.
func (c *Certificate) Key() string { return reveal(c.key) }

func reveal(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// Equal reports whether both have the same fingerprint. No certificate, nil, equals only
// nil.
func (c *Certificate) Equal(o *Certificate) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.Fingerprint == o.Fingerprint
}

// String returns "certificate" and the fingerprint.
func (c Certificate) String() string { return "certificate " + c.Fingerprint }
