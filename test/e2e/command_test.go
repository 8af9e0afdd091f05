package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// TestBadConfig has many faults in one file: a line each, at once, that names
// the key, and none of them shows a secret.
func TestBadConfig(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	must(t, os.WriteFile(config, []byte(`
owner: Not An Owner
clusters:
  - name: Upper
    colour: red
edgio:
  base_url: http://cdn.example.com/config-api/v1
  shared_key: SECRET-not-hexadecimal
  requests_per_minute: -1
vultr:
  api_key: SECRET-of-vultr
  domain: nodots
  ttl: 0
sync:
  max_delete: 2
  linger: five minutes
metrics:
  listen: nowhere
log:
  level: loud
typo: SECRET-in-a-typo
`), 0o600))
	keys := []string{
		"owner", "clusters[0].name", "clusters[0].colour", "edgio.base_url", "edgio.username", "edgio.shared_key",
		"edgio.shortname", "edgio.requests_per_minute", "vultr.domain", "vultr.ttl", "sync.max_delete", "sync.linger",
		"metrics.listen", "log.level", "typo",
	}
	for _, command := range []string{"run", "check"} {
		started := time.Now()
		status, output := edgeward(t, "--config", config, command)
		if took := time.Since(started); took > time.Second {
			t.Errorf("%s: it took %s", command, took)
		}
		if status != 78 {
			t.Errorf("%s: exit status %d", command, status)
		}
		lines := strings.Split(strings.TrimSpace(output), "\n")
		for _, key := range keys {
			if n := strings.Count("\n"+output, "\n"+key+": "); n != 1 {
				t.Errorf("%s: %d lines for %s", command, n, key)
			}
		}
		if len(lines) != len(keys) || strings.Contains(output, "SECRET") {
			t.Errorf("%s: it says\n%s", command, output)
		}
	}
}

// TestExitStatus: what a script can tell a mistake by.
func TestExitStatus(t *testing.T) {
	b := newBed(t, lab.Options{})
	config := b.config(nil)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	for name, test := range map[string]struct {
		args  []string
		want  int
		words []string // all in the output
	}{
		"version":         {[]string{"version"}, 0, []string{"edgeward ", "commit ", "go1."}},
		"help":            {[]string{"--help"}, 0, []string{"--once", "--dry-run", "--allow-delete", "--kubeconfig", "--log-level", "check"}},
		"unknown command": {[]string{"--config", config, "jump"}, 64, []string{"jump"}},
		"unknown flag":    {[]string{"--config", config, "--jump"}, 64, []string{"--jump"}},
		"one argument too many": {
			[]string{"--config", config, "check", "everything"}, 64, []string{"everything"}},
		"a flag of another command": {[]string{"--config", config, "check", "--once"}, 64, []string{"--once"}},
		"no such log level":         {[]string{"--config", config, "--log-level", "loud"}, 64, []string{"--log-level"}},
		"no such configuration":     {[]string{"--config", "/nowhere/config.yaml"}, 78, []string{"/nowhere/config.yaml"}},
		"no such kubeconfig":        {[]string{"--config", config, "--kubeconfig", "/nowhere/kubeconfig"}, 78, []string{"/nowhere/kubeconfig", "kubeconfig"}},
		"port in use": {
			[]string{"--config", b.config(sections{"metrics": "listen: " + taken.Addr().String()})}, 1,
			[]string{"metrics.listen", taken.Addr().String(), "in use"}},
	} {
		t.Run(name, func(t *testing.T) {
			status, output := edgeward(t, test.args...)
			if status != test.want || !hasAll(output, test.words) {
				t.Errorf("exit status %d, wanted %d; the output, in which all of %q should be:\n%s", status, test.want, test.words, output)
			}
			clean(t, output)
		})
	}
	must(t, b.nothingWritten())
}

// edgeward runs the program to its end.
func edgeward(t *testing.T, args ...string) (status int, output string) {
	t.Helper()
	d, err := lab.Run(nil, args...)
	must(t, err)
	return (&daemon{d, t}).ends(), d.Log()
}

// clean fails the test if the output has a secret or a stack trace in it.
func clean(t *testing.T, output string) {
	t.Helper()
	for _, secret := range []string{lab.SharedKey, lab.APIKey, "goroutine "} {
		if strings.Contains(output, secret) {
			t.Errorf("%q is in the output:\n%s", secret, output)
		}
	}
}

// TestCheck has edgeward check everything that can be wrong around it.
func TestCheck(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.apply(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: nobody}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: half}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: half}
rules:
  - {apiGroups: [""], resources: [namespaces, services], verbs: [get, list, watch]}
  - {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: half}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half}
subjects: [{kind: ServiceAccount, name: half, namespace: default}]
`)
	as := func(account string) string {
		kubeconfig, err := server.ServiceAccountKubeconfig(t.Context(), "default", account, time.Hour)
		must(t, err)
		return "- name: main\n  kubeconfig: " + kubeconfig
	}
	revoked, err := server.TokenKubeconfig("SECRET-token")
	must(t, err)

	const all = 8 // findings where all is well, the notes not counted
	for name, test := range map[string]struct {
		sections sections
		fails    []string // regular expressions, one for each FAIL line
	}{
		"all is well":     {nil, nil},
		"no rights":       {sections{"clusters": as("nobody")}, []string{`cluster main: .*kube-system.*forbidden`}},
		"half the rights": {sections{"clusters": as("half")}, []string{`cluster main: .*watch.* ingresses`, `cluster main: .*list.*watch.* endpointslices`, `cluster main: .*list.*watch.* nodes`}},
		"unknown token":   {sections{"clusters": "- name: main\n  kubeconfig: " + revoked}, []string{`cluster main: .*Unauthorized`}},
		"wrong Vultr key": {sections{"vultr": "api_key: SECRET-vultr"}, []string{`vultr: .*401`}},
		"unknown zone":    {sections{"vultr": "domain: other.example.net"}, []string{`vultr: .*other\.example\.net.*404`}},
		"wrong Edgio key": {sections{"edgio": "shared_key: 5EC2E7"}, []string{`edgio: .*401`}},
		"unknown account": {sections{"edgio": "shortname: other-cdn"}, []string{`edgio: .*other-cdn`}},
		"unknown profile": {sections{"edgio": "service_profile: Nonesuch"}, []string{`edgio: .*Nonesuch.*LLNW-Generic`}},
		"nobody answers": {sections{"edgio": "base_url: http://127.0.0.1:1", "vultr": "base_url: http://127.0.0.1:1"},
			[]string{`edgio: .*connection refused`, `vultr: .*connection refused`}},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := b.Config(t.Context(), test.sections)
			must(t, err)
			status, output := edgeward(t, "--config", path, "check")
			var fails []string
			for line := range strings.Lines(output) {
				if rest, ok := strings.CutPrefix(line, "FAIL "); ok {
					fails = append(fails, strings.TrimSpace(rest))
				}
			}
			ok := len(fails) == len(test.fails)
			for i := 0; ok && i < len(fails); i++ {
				ok = regexp.MustCompile(test.fails[i]).MatchString(fails[i])
			}
			if want := min(len(test.fails), 1); !ok || status != want {
				t.Errorf("exit status %d, wanted %d; wanted failures %q; it says\n%s", status, want, test.fails, output)
			}
			if n := strings.Count("\n"+output, "\nok "); test.fails == nil && n < all {
				t.Errorf("%d findings, wanted %d or more:\n%s", n, all, output)
			}
			clean(t, output)
			if strings.Contains(output, "SECRET") || strings.Contains(output, "5EC2E7") {
				t.Errorf("a secret is in the output:\n%s", output)
			}
		})
	}
	if err := b.nothingWritten(); err != nil {
		t.Error(fmt.Errorf("check: %w", err))
	}
}
