package emulator

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for _, tc := range []struct {
		name           string
		hostname, data bool
	}{
		{"www.example.com", true, true},
		{"WWW.Example.COM", true, true},
		{"xn--bcher-kva.example", true, true},
		{"0a.1b.c2", true, true},
		{label63 + ".com", true, true},
		{"_acme-challenge.example.com", false, true},
		{"", false, false},
		{"localhost", false, false},
		{"example.com.", false, false},
		{".example.com", false, false},
		{"a..b", false, false},
		{"*.example.com", false, false},
		{"-a.com", false, false},
		{"a-.com", false, false},
		{"a b.com", false, false},
		{"bücher.example", false, false},
		{label63 + "a.com", false, false},
		{strings.Repeat(label63+".", 3) + strings.Repeat("a", 61), true, true},
		{strings.Repeat(label63+".", 3) + strings.Repeat("a", 62), false, false},
		{"192.0.2.1", false, false},
		{"2001:db8::1", false, false},
		{"example.com:80", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := IsHostname(tc.name); got != tc.hostname {
				t.Errorf("host name: %t, want %t", got, tc.hostname)
			}
			if got := IsDomainName(tc.name); got != tc.data {
				t.Errorf("domain name: %t, want %t", got, tc.data)
			}
		})
	}
}
