package cli

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/providers"
)

// TestUnitHandsOverEveryKey compares what the unit gives to the daemon with the keys that
// the providers' sections have.
func TestUnitHandsOverEveryKey(t *testing.T) {
	unit, err := os.ReadFile("../../systemd/edgeward.service")
	if err != nil {
		t.Fatal(err)
	}
	var handed []string
	for _, match := range regexp.MustCompile(`(?m)^LoadCredential=([^:]+):/etc/edgeward/(.+)$`).FindAllStringSubmatch(string(unit), -1) {
		if match[1] != match[2] {
			t.Errorf("the file %s is handed over as %s", match[2], match[1])
		}
		handed = append(handed, match[1])
	}
	if diff := cmp.Diff(CredentialFiles(providers.All()), handed); diff != "" {
		t.Errorf("credentials (-table +unit):\n%s", diff)
	}
}
