// Package certificate reads the pair of certificate and key that a Secret of type
// kubernetes.io/tls holds, once, and says what is wrong with it for whatever host
// and at whatever time. Whether it is for a host, and in force, is judged where a
// host and the time are known. It has no I/O and no clock. Nothing that it says
// shows anything of a key.
package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
)

const (
	// minRSA is the least size of an RSA key in bits that browsers accept.
	minRSA = 2048
	// maxKey is how many bytes a private key may have. One of RSA with 16,384 bits has
	// 9,300, and to read one that fills a Secret would take minutes.
	maxKey = 16 << 10
)

// Read reads a certificate with the chain behind it and its private key, both
// PEM: the first certificate is that of the key, and of a kind that browsers
// accept; otherwise the result says what is wrong, as its Fault, and holds
// nothing. That the chain leads to an authority somebody trusts is not checked:
// it may be a private one, and what the others' expiry means depends on who
// verifies.
//
// What it returns has no more than the certificates and the key, in one form:
// remarks, headers and line ends do not alter the fingerprint.
func Read(certPEM, keyPEM []byte) kube.TLSSecret {
	s, err := read(certPEM, keyPEM)
	if err != nil {
		return kube.TLSSecret{Fault: err.Error()}
	}
	return s
}

func read(certPEM, keyPEM []byte) (kube.TLSSecret, error) {
	chain, chainPEM, err := parseChain(certPEM)
	if err != nil {
		return kube.TLSSecret{}, err
	}
	key, keyText, err := parseKey(keyPEM)
	if err != nil {
		return kube.TLSSecret{}, err
	}
	if err := checkPair(chain, key); err != nil {
		return kube.TLSSecret{}, err
	}
	c := chain[0]
	if len(c.ExtKeyUsage) > 0 && !slices.ContainsFunc(c.ExtKeyUsage, forServers) {
		return kube.TLSSecret{}, errors.New("the certificate is not one for servers")
	}
	if err := checkKind(c); err != nil {
		return kube.TLSSecret{}, err
	}
	s := kube.TLSSecret{Names: c.DNSNames, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
	return s.WithPair(chainPEM, keyText), nil
}

// parseChain reads all certificates in text. Blocks of another kind are left out.
func parseChain(text []byte) (chain []*x509.Certificate, canonical string, err error) {
	var out bytes.Buffer
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "", fmt.Errorf("certificate %d of the chain cannot be read: %w", len(chain)+1, err)
		}
		chain = append(chain, c)
		out.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	}
	if len(chain) == 0 {
		return nil, "", errors.New("there is no certificate in PEM form")
	}
	return chain, out.String(), nil
}

// parseKey reads the first private key in text. What the parsers say of it is
// not passed on.
func parseKey(text []byte) (key crypto.Signer, canonical string, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var parsed any
		switch {
		case len(block.Bytes) > maxKey:
			return nil, "", fmt.Errorf("the private key has %d bytes, over %d", len(block.Bytes), maxKey)
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, "", errors.New("the private key is encrypted")
		case block.Type == "PRIVATE KEY":
			parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case block.Type == "RSA PRIVATE KEY":
			parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case block.Type == "EC PRIVATE KEY":
			parsed, err = x509.ParseECPrivateKey(block.Bytes)
		default: // EC PARAMETERS, for instance
			continue
		}
		key, ok := parsed.(crypto.Signer)
		if err != nil || !ok {
			return nil, "", errors.New("the private key cannot be read")
		}
		return key, string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})), nil
	}
	return nil, "", errors.New("there is no private key in PEM form")
}

// checkPair says why the key is not that of the chain's first certificate.
func checkPair(chain []*x509.Certificate, key crypto.Signer) error {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	fits := func(c *x509.Certificate) bool { return ok && public.Equal(c.PublicKey) }
	switch {
	case fits(chain[0]):
		return nil
	case slices.ContainsFunc(chain, fits):
		return errors.New("the certificate of the private key is not the first of the chain")
	}
	return errors.New("the private key is not that of the certificate")
}

func forServers(u x509.ExtKeyUsage) bool {
	return u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny
}

// checkKind refuses keys and signatures that browsers do not accept.
func checkKind(c *x509.Certificate) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA {
			return fmt.Errorf("an RSA key of %d bits is too weak; %d are the least", bits, minRSA)
		}
	case *ecdsa.PublicKey:
		// Chrome and what is built on it take no other, though Firefox takes P-521.
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return fmt.Errorf("an ECDSA key on the curve %s is not supported by all browsers; P-256 and P-384 are", key.Params().Name)
		}
	default:
		return fmt.Errorf("a key of the kind %s is not supported; RSA and ECDSA are", c.PublicKeyAlgorithm)
	}
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
		return fmt.Errorf("a signature by %s is too weak", c.SignatureAlgorithm)
	}
	return nil
}
