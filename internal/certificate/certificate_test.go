package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newKey returns an ECDSA key.
func newKey(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign returns a certificate of key that key itself has signed, as PEM, for
// www.example.com and the month around testNow, after edit.
func sign(t *testing.T, key crypto.Signer, edit func(*x509.Certificate)) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"www.example.com"}, Subject: pkix.Name{CommonName: "cn.example.com"},
		NotBefore: testNow.AddDate(0, 0, -15), NotAfter: testNow.AddDate(0, 0, 15),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if edit != nil {
		edit(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// pkcs8 is a key as PEM.
func pkcs8(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return block("PRIVATE KEY", der)
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParse(t *testing.T) {
	key, other := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	strong, weak, rare := newRSA(t, 2048), newRSA(t, 1024), newKey(t, elliptic.P224())
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	names := func(names ...string) string {
		return sign(t, key, func(c *x509.Certificate) { c.DNSNames = names })
	}
	own, issuer := sign(t, key, nil), sign(t, other, nil)
	for _, tc := range []struct {
		name, chain, key string
		host             string // "": www.example.com
		err              string // "": it is good
	}{
		{name: "a certificate and its key", chain: own, key: pkcs8(t, key)},
		{name: "with the chain behind it", chain: own + issuer, key: pkcs8(t, key)},
		{name: "a key of SEC 1 after its parameters", chain: own, key: block("EC PARAMETERS", []byte{1}) + block("EC PRIVATE KEY", sec1)},
		{name: "RSA", chain: sign(t, strong, nil), key: pkcs8(t, strong)},
		{name: "a key of PKCS #1", chain: sign(t, strong, nil), key: block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(strong))},
		{name: "a wildcard", chain: names("*.example.com"), key: pkcs8(t, key)},
		{name: "one of several names", chain: names("example.com", "www.example.com"), key: pkcs8(t, key)},
		{name: "for any use", chain: sign(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), key: pkcs8(t, key)},
		{name: "for no use that it tells", chain: sign(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = nil }), key: pkcs8(t, key)},
		{name: "to the last second", chain: sign(t, key, func(c *x509.Certificate) { c.NotAfter = testNow }), key: pkcs8(t, key)},
		{name: "from the first second", chain: sign(t, key, func(c *x509.Certificate) { c.NotBefore = testNow }), key: pkcs8(t, key)},

		{name: "no certificate", chain: "", key: pkcs8(t, key), err: "there is no certificate in PEM form"},
		{name: "a certificate that is not PEM", chain: "SECRET", key: pkcs8(t, key), err: "there is no certificate in PEM form"},
		{name: "a key for a certificate", chain: pkcs8(t, key), key: pkcs8(t, key), err: "there is no certificate in PEM form"},
		{name: "a certificate that is none", chain: block("CERTIFICATE", []byte("x")), key: pkcs8(t, key), err: "certificate 1 of the chain cannot be read: "},
		{name: "a chain that is none", chain: own + block("CERTIFICATE", []byte("x")), key: pkcs8(t, key), err: "certificate 2 of the chain cannot be read: "},
		{name: "no key", chain: own, key: "", err: "there is no private key in PEM form"},
		{name: "a key that is not PEM", chain: own, key: "SECRET", err: "there is no private key in PEM form"},
		{name: "a certificate for a key", chain: own, key: own, err: "there is no private key in PEM form"},
		{name: "a key that is none", chain: own, key: block("PRIVATE KEY", []byte("SECRET")), err: "the private key cannot be read"},
		{name: "an encrypted key", chain: own, key: block("ENCRYPTED PRIVATE KEY", []byte("SECRET")), err: "the private key is encrypted"},
		{name: "an encrypted key of the old form", chain: own, err: "the private key is encrypted",
			key: "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nU0VDUkVU\n-----END EC PRIVATE KEY-----\n"},
		{name: "another's key", chain: own, key: pkcs8(t, other), err: "the private key is not that of the certificate"},
		{name: "a key of another kind", chain: own, key: pkcs8(t, strong), err: "the private key is not that of the certificate"},
		{name: "a chain the wrong way round", chain: issuer + own, key: pkcs8(t, key), err: "the certificate of the private key is not the first of the chain"},
		{name: "expired", chain: sign(t, key, func(c *x509.Certificate) { c.NotAfter = testNow.Add(-time.Second) }), key: pkcs8(t, key),
			err: "the certificate has expired at 2026-03-01T11:59:59Z"},
		{name: "not valid yet", chain: sign(t, key, func(c *x509.Certificate) { c.NotBefore = testNow.Add(time.Second) }), key: pkcs8(t, key),
			err: "the certificate is not valid before 2026-03-01T12:00:01Z"},
		{name: "of another host", chain: own, key: pkcs8(t, key), host: "shop.example.com", err: "the certificate is for www.example.com, not for shop.example.com"},
		{name: "a wildcard of one level more", chain: names("*.example.com"), key: pkcs8(t, key), host: "a.b.example.com", err: "the certificate is for *.example.com, not for a.b.example.com"},
		{name: "of many hosts", chain: names("a.org", "b.org", "c.org", "d.org", "e.org", "f.org", "g.org"), key: pkcs8(t, key),
			err: "the certificate is for a.org, b.org, c.org, d.org, e.org and 2 more, not for www.example.com"},
		{name: "a common name is no name", chain: names(), key: pkcs8(t, key), host: "cn.example.com", err: "the certificate is for no host name, not for cn.example.com"},
		{name: "of a client", chain: sign(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), key: pkcs8(t, key),
			err: "the certificate is not one for servers"},
		{name: "a weak key", chain: sign(t, weak, nil), key: pkcs8(t, weak), err: "an RSA key of 1024 bits is too weak; 2048 are the least"},
		{name: "a curve that browsers do not know", chain: sign(t, rare, nil), key: pkcs8(t, rare), err: "an ECDSA key on the curve P-224 is not supported"},
		{name: "Ed25519", chain: sign(t, edwards, nil), key: pkcs8(t, edwards), err: "a key of the kind Ed25519 is not supported; RSA and ECDSA are"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host := tc.host
			if host == "" {
				host = "www.example.com"
			}
			got, err := Parse([]byte(tc.chain), []byte(tc.key), host, testNow)
			switch {
			case tc.err == "" && err != nil:
				t.Fatal(err)
			case tc.err == "":
				if _, ok := strings.CutSuffix(tc.key, got.Key()); !ok || got.Chain() != tc.chain {
					t.Errorf("it holds %s and %s", got.Chain(), got.Key())
				}
			case err == nil || !strings.HasPrefix(err.Error(), tc.err) || got != nil:
				t.Errorf("got %v, %v; want %q", got, err, tc.err)
			case strings.Contains(err.Error(), "SECRET"):
				t.Errorf("a secret is in %v", err)
			}
		})
	}
}

// Go makes no such certificates any more.
func TestWeakSignatures(t *testing.T) {
	key := newKey(t, elliptic.P256()).Public()
	for algorithm, want := range map[x509.SignatureAlgorithm]string{
		x509.MD5WithRSA: "a signature by MD5-RSA is too weak", x509.SHA1WithRSA: "a signature by SHA1-RSA is too weak",
		x509.ECDSAWithSHA1: "a signature by ECDSA-SHA1 is too weak", x509.ECDSAWithSHA256: "<nil>", x509.SHA256WithRSA: "<nil>",
	} {
		if got := fmt.Sprint(checkKind(&x509.Certificate{PublicKey: key, SignatureAlgorithm: algorithm})); got != want {
			t.Errorf("%s: got %s, want %s", algorithm, got, want)
		}
	}
}

// The fingerprint tells every rotation, and nothing else.
func TestFingerprint(t *testing.T) {
	key, other := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	chain, keyPEM := sign(t, key, nil)+sign(t, other, nil), pkcs8(t, key)
	parse := func(chain, key string) string {
		t.Helper()
		c, err := Parse([]byte(chain), []byte(key), "www.example.com", testNow)
		if err != nil {
			t.Fatal(err)
		}
		return c.Fingerprint
	}
	was := parse(chain, keyPEM)
	for _, tc := range []struct {
		name, chain, key string
		same             bool
	}{
		{"read again", chain, keyPEM, true},
		{"line ends of Windows", strings.ReplaceAll(chain, "\n", "\r\n"), strings.ReplaceAll(keyPEM, "\n", "\r\n"), true},
		{"remarks", "subject=www.example.com\n" + chain + "\n", "the key\n" + keyPEM, true},
		{"headers", strings.Replace(chain, "-----\n", "-----\nNote: x\n\n", 1), strings.Replace(keyPEM, "-----\n", "-----\nNote: x\n\n", 1), true},
		{"a key beside the certificates", chain + keyPEM, keyPEM, true},
		{"the certificate renewed for the same key", sign(t, key, func(c *x509.Certificate) { c.SerialNumber.SetInt64(2) }) + sign(t, other, nil), keyPEM, false},
		{"without the chain", sign(t, key, nil), keyPEM, false},
		{"another key", sign(t, other, nil), pkcs8(t, other), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := parse(tc.chain, tc.key); (got == was) != tc.same {
				t.Errorf("%s, was %s", got, was)
			}
		})
	}
}
