package spectls

import (
	"crypto/x509"
	"testing"
)

// TestNamesAreCoveredAsByX509 compares a set of names with what decides elsewhere.
func TestNamesAreCoveredAsByX509(t *testing.T) {
	names := []string{"", "*", ".", "*.", "com", "*.com", "example.com", "*.example.com", "EXAMPLE.com", "*.Example.COM", "www.example.com", "www.example.com.",
		"*.www.example.com", "w*.example.com", "www.*.com", "*.*.com", "_x.example.com", "192.0.2.1"}
	for _, host := range []string{"example.com", "www.example.com", "a.www.example.com", "other.com", "a.b.c.example.com", "x-y.example.com"} {
		for _, name := range names {
			names := []string{"other.example.org", name}
			want := (&x509.Certificate{DNSNames: names}).VerifyHostname(host) == nil
			if got := newNameSet(names).cover(host); got != want {
				t.Errorf("%q is covered by %q: %t, want %t", host, name, got, want)
			}
		}
	}
}
