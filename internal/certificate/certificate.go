// Package certificate reads the certificate and the key that a Secret of type
// kubernetes.io/tls holds, and says what is wrong with them whatever the host and the
// time. Whether the certificate is for a host, and valid now, is for package spectls to
// say. It has no I/O and no clock, and nothing that it says shows anything of a key.
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
	// minRSA is the least size of an RSA key, in bits, that browsers accept.
	minRSA = 2048
	// maxKey bounds a private key, in bytes. An RSA key of 16,384 bits has 9,300; to read
	// one that fills a Secret would take minutes.
	maxKey = 16 << 10
)

// Read reads a certificate with the chain behind it, and its private key, both PEM (RFC
// 7468). The first certificate has to be that of the key, and of a kind that browsers
// accept; otherwise the Fault of the result says what is wrong, and the result holds
// nothing else. Read does not check that the chain leads to an authority that anybody
// trusts: it may be a private one, and what it means that another certificate of the
// chain has expired depends on who verifies.
//
// The result has the certificates and the key in one form, so that remarks, headers and
// line ends do not alter the fingerprint.
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

// parseChain reads all certificates in text, and leaves out blocks of other types.
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

// parseKey reads the first private key in text. It does not pass on what the parsers say,
// which may show something of the key.
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
