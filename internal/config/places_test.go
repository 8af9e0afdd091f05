package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/edgeward/edgeward/internal/schema"
)

func TestFind(t *testing.T) {
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "key"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, credentials, file, want string
	}{
		{"none", credentials, "", ""},
		{"absolute", credentials, "/run/key", "/run/key"},
		{"bare, in the credentials", credentials, "key", credentials + "/key"},
		{"bare, not there", credentials, "other", "/etc/edgeward/other"},
		{"bare, no credentials", "", "key", "/etc/edgeward/key"},
		{"relative", credentials, "./key", "/etc/edgeward/key"},
		{"relative, upwards", credentials, "../key", "/etc/key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := places{config: "/etc/edgeward", credentials: c.credentials}
			if got := p.find(c.file); got != c.want {
				t.Errorf("find(%q) = %q, want %q", c.file, got, c.want)
			}
		})
	}
}

func TestSecretFromFile(t *testing.T) {
	secrets := absolute(t, "testdata/secrets")
	cases := []struct {
		name, credentials, file, secret, path, fault string
	}{
		{"in the credentials", secrets, "edgio", "0123456789abcdefABCDEF00", secrets + "/edgio", ""},
		{"beside the file", "", "secrets/edgio", "0123456789abcdefABCDEF00", secrets + "/edgio", ""},
		{"absent from both", "/run/credentials", "edgio", "", "",
			"k_file: no such file or directory in /run/credentials or " + filepath.Dir(secrets)},
		{"absent, absolute", secrets, "/nowhere/edgio", "", "", "k_file: no such file or directory"},
		{"a device", secrets, "/dev/zero", "", "", "k_file: not a regular file"},
		{"empty", secrets, "empty", "", "", "k_file: the file is empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := places{config: filepath.Dir(secrets), credentials: c.credentials}
			secret, path, faults := p.secret("k", schema.Secret{}, c.file, schema.Hexadecimal)
			if secret.Reveal() != c.secret || path != c.path || faults.Error() != c.fault {
				t.Errorf("secret = %q, %q, %q", secret.Reveal(), path, faults)
			}
		})
	}
}
