package model

// Certificate is what a CDN answers https with for a published host. Of one
// that was observed only the fingerprint is known: no provider shows the rest.
// No way of printing, logging or encoding it shows more than that either; Chain
// and Key alone do.
type Certificate struct {
	// Fingerprint is the first 16 hexadecimal digits, lower case, of a SHA-256
	// of chain and key together: a rotation of either changes it.
	Fingerprint string

	// Pointers to text, since fmt calls no method of a value in an unexported
	// field, or for a verb such as %d: it then prints an address, not the key.
	chain, key *string
}

// NewCertificate returns a certificate that is wanted. The chain, the host's
// own certificate first, and the key are PEM.
func NewCertificate(chain, key string) *Certificate {
	return CertificateOf(Hash(chain+key), chain, key)
}

// CertificateOf is NewCertificate where the fingerprint is known.
func CertificateOf(fingerprint, chain, key string) *Certificate {
	return &Certificate{Fingerprint: fingerprint, chain: &chain, key: &key}
}

// Chain returns the certificates as PEM, the host's own first; "" if they are
// not known.
func (c *Certificate) Chain() string { return reveal(c.chain) }

// Key returns the private key as PEM; "" if it is not known.
func (c *Certificate) Key() string { return reveal(c.key) }

func reveal(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// Equal reports whether both are the same chain and key, going by the
// fingerprints. No certificate is equal to none only.
func (c *Certificate) Equal(o *Certificate) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.Fingerprint == o.Fingerprint
}

// String is "certificate" and the fingerprint.
func (c Certificate) String() string { return "certificate " + c.Fingerprint }
