package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/lab"
)

// What the keys become when they are rotated.
const (
	newSharedKey = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2"
	newAPIKey    = "ROTATED-VULTR-KEY"
)

// TestRotatedKeyFiles revokes both keys at the providers and puts new ones into
// the files: the daemon takes them up by itself, and writes nothing for it.
func TestRotatedKeyFiles(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	dir := t.TempDir()
	shared, api := filepath.Join(dir, "edgio"), filepath.Join(dir, "vultr")
	must(t, os.WriteFile(shared, []byte(lab.SharedKey+"\n"), 0o600))
	must(t, os.WriteFile(api, []byte(lab.APIKey+"\n"), 0o600))
	d := b.start(b.config(sections{
		"edgio": "shared_key: \"\"\nshared_key_file: " + shared,
		"vultr": "api_key: \"\"\napi_key_file: " + api,
	}))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)

	b.Edgio.ReplaceKey(newSharedKey)
	b.Vultr.ReplaceKey(newAPIKey)
	b.apply(ingress("two", "www.example.com/two"))
	b.nodes("192.0.2.2")
	b.until(func() error {
		return errors.Join(d.atLeast(1, "edgeward_api_requests_total", `provider="edgio"`, `code="401"`),
			d.atLeast(1, "edgeward_api_requests_total", `provider="vultr"`, `code="401"`))
	})
	b.forgetCalls()
	replaceFile(t, shared, []byte(newSharedKey+"\n"))
	replaceFile(t, api, []byte(newAPIKey+"\n"))
	took := b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	b.addresses("192.0.2.1", "192.0.2.2")
	t.Logf("exact %s after the keys were in the files", took.Round(time.Millisecond))
	clean(t, d.Log())
}

// kubeSecret is the manifest of the Secret that deploy/rbac-secrets.yaml gives
// rights on.
func kubeSecret(sharedKey, apiKey string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: edgeward-keys, namespace: edgeward}
stringData: {shared-key: %q, api-key: %q}
`, sharedKey, apiKey)
}

// grantSecrets gives the daemon the rights of deploy/rbac-secrets.yaml, and takes
// them and the Secret away when the test ends.
func (b *bed) grantSecrets() {
	b.t.Helper()
	root, err := lab.Root()
	must(b.t, err)
	rights, err := os.ReadFile(filepath.Join(root, "deploy", "rbac-secrets.yaml"))
	must(b.t, err)
	b.apply(string(rights))
	b.t.Cleanup(func() {
		ctx := context.Background()
		_ = server.Delete(ctx, rights)
		_ = server.Delete(ctx, []byte(kubeSecret("", "")))
	})
}

// fromSecrets are the sections that have both keys in the Secret.
func fromSecrets() sections {
	const ref = "secret: main/edgeward/edgeward-keys"
	return sections{"edgio": "shared_key: \"\"\n" + ref, "vultr": "api_key: \"\"\n" + ref}
}

// TestRotatedSecret has both keys in a Kubernetes Secret, with the rights of
// deploy/rbac-secrets.yaml on it. A key that cannot be used, and the Secret's
// deletion, change nothing; new keys are taken up by the same process.
func TestRotatedSecret(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.grantSecrets()
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), kubeSecret(lab.SharedKey, lab.APIKey+"\n"))
	d := b.start(b.config(fromSecrets()))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)
	b.until(func() error { return d.logged("snapshot taken", "resource=secrets", "key=vultr.secret") })

	b.apply(kubeSecret("SECRET-not-hexadecimal", lab.APIKey))
	b.until(func() error {
		return d.logged("level=ERROR", "holds no key that can be used", "key=edgio.secret", "secret=edgeward/edgeward-keys", "not hexadecimal")
	})
	b.delete(kubeSecret("", ""))
	b.until(func() error { return d.logged("the Secret was deleted", "key=edgio.secret") })
	b.apply(ingress("two", "www.example.com/two"))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))

	b.Edgio.ReplaceKey(newSharedKey)
	b.Vultr.ReplaceKey(newAPIKey)
	b.nodes("192.0.2.2")
	b.until(func() error {
		return d.atLeast(1, "edgeward_api_requests_total", `provider="vultr"`, `code="401"`)
	})
	b.apply(kubeSecret(newSharedKey, newAPIKey))
	b.addresses("192.0.2.1", "192.0.2.2")
	b.apply(ingress("three", "www.example.com/three"))
	took := b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080))
	t.Logf("exact %s after the keys were in the Secret", took.Round(time.Millisecond))
	b.until(func() error {
		return errors.Join(d.running(), d.shows(1, "edgeward_config_last_reload_successful"))
	})
	if n := len(d.lines("a Secret holds another key")); n < 1 || n > 2 { // one for both at once, or one after the other
		t.Errorf("%d reloads for the new keys", n)
	}
	clean(t, d.Log())
	if strings.Contains(d.Log(), "SECRET") || strings.Contains(d.Log(), newSharedKey) || strings.Contains(d.Log(), newAPIKey) {
		t.Errorf("a key is in the log")
	}
}

// TestUnreadableSecret: whatever keeps a command from the Secret is said with
// its name, is no fault of the configuration, and is not waited for.
func TestUnreadableSecret(t *testing.T) {
	b := newBed(t, lab.Options{})
	config := b.config(fromSecrets())
	fails := func(words ...string) {
		t.Helper()
		for _, command := range [][]string{{"run"}, {"run", "--once"}, {"check"}, {"plan"}, {"list"}, {"uninstall", "--yes"}} {
			status, output := edgeward(t, append([]string{"--config", config}, command...)...)
			if status != 1 || !hasAll(output, append(words, "edgio.secret: Secret edgeward/edgeward-keys of cluster main: ", "vultr.secret: ")) {
				t.Errorf("%v: exit status %d; not all of %q in\n%s", command, status, words, output)
			}
			clean(t, output)
		}
	}
	fails("it may not be read (see deploy/rbac-secrets.yaml)", "forbidden")
	b.grantSecrets()
	b.until(func() error { // the API server learns of the rights in a moment
		if _, output := edgeward(t, "--config", config, "list"); !strings.Contains(output, "does not exist") {
			return errors.New(output)
		}
		return nil
	})
	fails("it does not exist")
	b.apply(strings.Replace(kubeSecret("a", "b"), "shared-key", "other-key", 1))
	if status, output := edgeward(t, "--config", config, "plan"); status != 1 || !hasAll(output, []string{"edgio.secret: ", "its data has 2 keys, none of them shared-key"}) {
		t.Errorf("exit status %d: %s", status, output)
	}
	must(t, b.nothingWritten())

	b.delete(kubeSecret("", ""))
	b.apply(kubeSecret(lab.SharedKey, lab.APIKey))
	for _, command := range []string{"check", "plan", "list"} {
		if status, output := edgeward(t, "--config", config, command); status != 0 {
			t.Errorf("%s: exit status %d:\n%s", command, status, output)
		}
	}
	must(t, b.nothingWritten())
}

// maySecret leaves the daemon these verbs on the Secret.
func (b *bed) maySecret(verbs ...string) {
	b.t.Helper()
	roles := server.Clientset().RbacV1().Roles("edgeward")
	role, err := roles.Get(b.t.Context(), "edgeward-keys", metav1.GetOptions{})
	must(b.t, err)
	role.Rules[0].Verbs = verbs
	_, err = roles.Update(b.t.Context(), role, metav1.UpdateOptions{})
	must(b.t, err)
}

// TestRotatedSecretReadLater has the watch tell of a new key when the Secret cannot be
// read: the daemon tries again by itself. Of a single key, so that it is told but once.
func TestRotatedSecretReadLater(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.grantSecrets()
	b.nodes("192.0.2.1")
	b.apply(service(30080), kubeSecret(lab.SharedKey, lab.APIKey))
	config := b.config(sections{"edgio": fromSecrets()["edgio"]})
	d := b.start(config)
	b.idle(d)
	b.until(func() error { return d.logged("snapshot taken", "resource=secrets", "key=edgio.secret") })
	b.maySecret("list", "watch")
	b.until(func() error {
		if _, output := edgeward(t, "--config", config, "list"); !strings.Contains(output, "forbidden") {
			return errors.New(output)
		}
		return nil
	})
	b.Edgio.ReplaceKey(newSharedKey)
	b.apply(kubeSecret(newSharedKey, newAPIKey))
	b.until(func() error {
		return errors.Join(d.logged("the configuration cannot be used, the old one stays", "it may not be read"),
			d.shows(0, "edgeward_config_last_reload_successful"))
	})
	b.maySecret("get", "list", "watch")
	b.until(func() error { return d.shows(1, "edgeward_config_last_reload_successful") })
	b.apply(ingress("one", "www.example.com/one"))
	b.exact(rule("www.example.com/one", 30080))
}

// TestSecretNotWatched has the right to get the Secret and no more: the daemon
// works, check and the log say what is missing.
func TestSecretNotWatched(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.grantSecrets()
	b.maySecret("get")
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), kubeSecret(lab.SharedKey, lab.APIKey))
	config := b.config(fromSecrets())
	b.until(func() error {
		status, output := edgeward(t, "--config", config, "check")
		if status != 1 || !hasAll(output, []string{"FAIL  edgio.secret: not allowed to list and watch the Secret edgeward/edgeward-keys of cluster main"}) {
			return fmt.Errorf("exit status %d: %s", status, output)
		}
		return nil
	})
	d := b.start(config)
	b.exact(rule("www.example.com/one", 30080))
	b.until(func() error {
		return errors.Join(d.logged("level=ERROR", "resource=secrets", "reason=forbidden"),
			d.atLeast(1, "edgeward_watch_restarts_total", `resource="secrets"`, `reason="forbidden"`))
	})
}
