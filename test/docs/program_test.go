package docs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Exit statuses of edgeward.
const (
	badUsage         = 64
	badConfiguration = 78
)

// nowhere is a kubeconfig for a cluster that does not answer.
const nowhere = `
apiVersion: v1
kind: Config
clusters: [{name: main, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: main, context: {cluster: main, user: edgeward}}]
users: [{name: edgeward, user: {token: hush}}]
current-context: main
`

// edgeward runs bin/edgeward with a configuration, where neither a cluster nor a provider
// answers, and returns its exit status and what it printed.
func edgeward(t *testing.T, configuration string, args ...string) (status int, output string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"config.yaml":      configuration,
		"edgio-shared-key": "c0ffeec0ffeec0ffeec0ffeec0ffee42",
		"vultr-api-key":    "HUSHHUSHHUSHHUSHHUSH",
		"kubeconfig":       nowhere,
		"ams.kubeconfig":   nowhere,
		"fra.kubeconfig":   nowhere,
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	binary, err := filepath.Abs(filepath.Join(root, "bin", "edgeward"))
	must(t, err)
	cmd := exec.Command(binary, append(args, "--config", filepath.Join(dir, "config.yaml"))...)
	cmd.Dir = dir
	cmd.Env = []string{
		"KUBECONFIG=" + filepath.Join(dir, "kubeconfig"),
		"EDGEWARD_VULTR_BASE_URL=http://127.0.0.1:1", "EDGEWARD_METRICS_LISTEN=127.0.0.1:0",
	}
	if strings.Contains(configuration, "\nedgio:\n") { // else it would turn Edgio on
		cmd.Env = append(cmd.Env, "EDGEWARD_EDGIO_BASE_URL=http://127.0.0.1:1")
	}
	printed, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v (make build)", err)
	}
	return cmd.ProcessState.ExitCode(), string(printed)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
