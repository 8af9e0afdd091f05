package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs writes everything, and looks for what each file has to say.
func TestDocs(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		"edgeward.1": {
			".TH \"EDGEWARD\" \"1\"", "edgeward devel", "--dry-run", "edgeward-plan(1)", "SH EXIT STATUS", "\\fB78\\fP\n", "Bad configuration",
			"EDGEWARD_SYNC_MAX_DELETE", "/etc/edgeward/kubeconfig", "systemctl enable",
		},
		"edgeward-uninstall.1": {"--cluster", "retire a cluster"},
		"edgeward.bash":        {"complete -o default -F __start_edgeward edgeward"},
		"_edgeward":            {"#compdef edgeward\n"},
		"edgeward.fish":        {"complete -c edgeward"},
	} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(string(content), want) {
				t.Errorf("%s: no %q in\n%s", name, want, content)
			}
		}
	}
}
