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
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
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

func TestRead(t *testing.T) {
	key, other := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	strong, weak, rare := newRSA(t, 2048), newRSA(t, 1024), newKey(t, elliptic.P224())
	middle, large := newKey(t, elliptic.P384()), newKey(t, elliptic.P521())
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	own, issuer := sign(t, key, nil), sign(t, other, nil)
	for _, tc := range []struct {
		name, chain, key string
		fault            string // "": it is good
	}{
		{name: "a certificate and its key", chain: own, key: pkcs8(t, key)},
		{name: "with the chain behind it", chain: own + issuer, key: pkcs8(t, key)},
		{name: "a key of SEC 1 after its parameters", chain: own, key: block("EC PARAMETERS", []byte{1}) + block("EC PRIVATE KEY", sec1)},
		{name: "RSA", chain: sign(t, strong, nil), key: pkcs8(t, strong)},
		{name: "a key of PKCS #1", chain: sign(t, strong, nil), key: block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(strong))},
		{name: "for any use", chain: sign(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), key: pkcs8(t, key)},
		{name: "for no use that it tells", chain: sign(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = nil }), key: pkcs8(t, key)},

		{name: "no certificate", chain: "", key: pkcs8(t, key), fault: "there is no certificate in PEM form"},
		{name: "a certificate that is not PEM", chain: "SECRET", key: pkcs8(t, key), fault: "there is no certificate in PEM form"},
		{name: "a key for a certificate", chain: pkcs8(t, key), key: pkcs8(t, key), fault: "there is no certificate in PEM form"},
		{name: "a certificate that is none", chain: block("CERTIFICATE", []byte("x")), key: pkcs8(t, key), fault: "certificate 1 of the chain cannot be read: "},
		{name: "a chain that is none", chain: own + block("CERTIFICATE", []byte("x")), key: pkcs8(t, key), fault: "certificate 2 of the chain cannot be read: "},
		{name: "no key", chain: own, key: "", fault: "there is no private key in PEM form"},
		{name: "a key that is not PEM", chain: own, key: "SECRET", fault: "there is no private key in PEM form"},
		{name: "a certificate for a key", chain: own, key: own, fault: "there is no private key in PEM form"},
		{name: "a key that is none", chain: own, key: block("PRIVATE KEY", []byte("SECRET")), fault: "the private key cannot be read"},
		{name: "a key that takes minutes to read", chain: own, key: block("RSA PRIVATE KEY", make([]byte, 16<<10+1)), fault: "the private key has 16385 bytes, over 16384"},
		{name: "an encrypted key", chain: own, key: block("ENCRYPTED PRIVATE KEY", []byte("SECRET")), fault: "the private key is encrypted"},
		{name: "an encrypted key of the old form", chain: own, fault: "the private key is encrypted",
			key: "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nU0VDUkVU\n-----END EC PRIVATE KEY-----\n"},
		{name: "another's key", chain: own, key: pkcs8(t, other), fault: "the private key is not that of the certificate"},
		{name: "a key of another kind", chain: own, key: pkcs8(t, strong), fault: "the private key is not that of the certificate"},
		{name: "a chain the wrong way round", chain: issuer + own, key: pkcs8(t, key), fault: "the certificate of the private key is not the first of the chain"},
		{name: "of a client", chain: sign(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), key: pkcs8(t, key),
			fault: "the certificate is not one for servers"},
		{name: "a weak key", chain: sign(t, weak, nil), key: pkcs8(t, weak), fault: "an RSA key of 1024 bits is too weak; 2048 are the least"},
		{name: "a curve that browsers do not know", chain: sign(t, rare, nil), key: pkcs8(t, rare), fault: "an ECDSA key on the curve P-224 is not supported by all browsers; P-256 and P-384 are"},
		{name: "one that only some know", chain: sign(t, large, nil), key: pkcs8(t, large), fault: "an ECDSA key on the curve P-521 is not supported by all browsers; P-256 and P-384 are"},
		{name: "one that all know", chain: sign(t, middle, nil), key: pkcs8(t, middle)},
		{name: "Ed25519", chain: sign(t, edwards, nil), key: pkcs8(t, edwards), fault: "a key of the kind Ed25519 is not supported; RSA and ECDSA are"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Read([]byte(tc.chain), []byte(tc.key))
			switch {
			case tc.fault == "":
				if _, ok := strings.CutSuffix(tc.key, got.PrivateKey()); !ok || got.PrivateKey() == "" || got.Chain() != tc.chain || got.Fault != "" {
					t.Errorf("it holds %s and %s; %s", got.Chain(), got.PrivateKey(), got.Fault)
				}
			case !strings.HasPrefix(got.Fault, tc.fault) || !got.Equal(kube.TLSSecret{Fault: got.Fault}):
				t.Errorf("got %+v of %v, %s; want %q", got, got.Names, got.Fault, tc.fault)
			case strings.Contains(got.Fault, "SECRET"):
				t.Errorf("a secret is in %v", got.Fault)
			}
		})
	}
}

// TestWhatIsToldOfTheFirst has what decides about a host and a time: it is that
// of the host's own certificate, not of the chain behind it.
func TestWhatIsToldOfTheFirst(t *testing.T) {
	key, other := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	tests := map[string]struct {
		edit  func(*x509.Certificate)
		names []string
	}{
		"several names":              {func(c *x509.Certificate) { c.DNSNames = []string{"*.example.com", "example.com"} }, []string{"*.example.com", "example.com"}},
		"a common name is no name":   {func(c *x509.Certificate) { c.DNSNames = nil }, nil},
		"an address is no name":      {func(c *x509.Certificate) { c.IPAddresses = []net.IP{{192, 0, 2, 1}} }, []string{"www.example.com"}},
		"expired, which is no fault": {func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Second) }, []string{"www.example.com"}},
		"not yet, which is no fault": {func(c *x509.Certificate) { c.NotBefore = c.NotAfter.Add(-time.Second) }, []string{"www.example.com"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var want *x509.Certificate
			chain := sign(t, key, func(c *x509.Certificate) { test.edit(c); want = c })
			got := Read([]byte(chain+sign(t, other, nil)), []byte(pkcs8(t, key)))
			if got.Fault != "" || !slices.Equal(got.Names, test.names) || !got.NotBefore.Equal(want.NotBefore) || !got.NotAfter.Equal(want.NotAfter) {
				t.Errorf("%q: for %v from %s to %s", got.Fault, got.Names, got.NotBefore, got.NotAfter)
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
		s := Read([]byte(chain), []byte(key))
		if s.Fault != "" {
			t.Fatal(s.Fault)
		}
		return s.Fingerprint
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
