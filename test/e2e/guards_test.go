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

	"github.com/edgeward/edgeward/test/invariants"
	"github.com/edgeward/edgeward/test/lab"
)

// TestWrongConfiguration starts a daemon beside what stands with one thing wrong
// in its configuration: whatever it says, nothing that stands is removed, not
// even where a start may delete what it likes.
func TestWrongConfiguration(t *testing.T) {
	b, _, rules := four(t)
	b.guard.Also(invariants.Part{Owner: "other", Cluster: "main"}, invariants.Part{Owner: lab.Owner, Cluster: "other"})
	addresses := []string{"192.0.2.1", "192.0.2.2"}
	kubeconfig, err := lab.Kubeconfig(t.Context(), server)
	must(t, err)
	var ids []string
	for _, r := range b.Edgio.Instances() {
		ids = append(ids, r.UUID)
	}
	for _, r := range b.Vultr.Records(lab.Domain) {
		ids = append(ids, r.ID)
	}
	before := b.objects(ids)
	cluster := func(name, lines string) string {
		return fmt.Sprintf("- name: %s\n  kubeconfig: %s%s", name, kubeconfig, lines)
	}
	for name, test := range map[string]struct {
		wrong  sections
		allow  bool // with --allow-delete
		status int
		words  []string // in what it says
	}{
		"owner":          {sections{"owner": "other"}, true, 0, []string{"another edgeward, owner acme"}},
		"cluster's name": {sections{"clusters": cluster("other", "")}, true, 0, []string{"belongs to cluster main, which is not in the configuration"}},
		"zone":           {sections{"vultr": "domain: elsewhere.example.net"}, true, 1, []string{"404"}},
		"shortname":      {sections{"edgio": "shortname: elsewhere"}, true, 1, []string{"403"}},
		// See TestWrongCluster for a kubeconfig of another cluster.
		"label selector": {sections{"clusters": cluster("main", "\n  label_selector: cdn=none")}, false, 1, []string{"refusing to delete 4 of 4"}},
		"namespace":      {sections{"clusters": cluster("main", "\n  namespaces: [kube-public]")}, false, 1, []string{"refusing to delete 4 of 4"}},
		"node selector":  {sections{"clusters": cluster("main", "\n  node_selector: role=none")}, true, 0, []string{"no node is left"}},
		"address types":  {sections{"clusters": cluster("main", "\n  node_address_types: [InternalIP]")}, true, 0, []string{"no node is left"}},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"--once"}
			if test.allow {
				args = append(args, "--allow-delete")
			}
			status, output := b.run(b.config(test.wrong), args...)
			if status != test.status || !hasAll(output, test.words) {
				t.Errorf("exit status %d, wanted %d; the output, in which all of %q should be:\n%s", status, test.status, test.words, output)
			}
			if err := errors.Join(lab.Same("rules", b.Rules(), rules...), lab.Same("addresses", b.Addresses(), addresses...)); err != nil {
				t.Error(err)
			}
			for id, was := range before {
				if now := b.objects([]string{id})[id]; now != was {
					t.Errorf("was\n%s\nis\n%s", was, now)
				}
			}
		})
	}
}

// TestForbiddenResource takes the right to one resource away. A daemon that
// starts then knows only a part, so it touches nothing; given the right back,
// it goes on.
func TestForbiddenResource(t *testing.T) {
	b, ingresses, rules := four(t)
	roles := server.Clientset().RbacV1().ClusterRoles()
	full, err := roles.Get(t.Context(), "edgeward", metav1.GetOptions{})
	must(t, err)
	resources := []string{"ingresses", "services", "nodes"}
	if !*thorough {
		resources = resources[:1] // each takes some ten seconds
	}
	for i, resource := range resources {
		less := full.DeepCopy()
		for r := range less.Rules {
			var left []string
			for _, name := range less.Rules[r].Resources {
				if name != resource {
					left = append(left, name)
				}
			}
			if less.Rules[r].Resources = left; left == nil {
				less.Rules[r].Resources = []string{"configmaps"}
			}
		}
		less.ResourceVersion = ""
		_, err := roles.Update(t.Context(), less, metav1.UpdateOptions{})
		must(t, err)
		t.Cleanup(func() { must(t, lab.Grant(context.Background(), server)) })
		b.forgetCalls()
		d := b.start(b.config(sections{"sync": "resync_interval: 1s"}), "--allow-delete")
		b.until(func() error { return d.logged("level=ERROR", "resource="+resource, "reason=forbidden", "RBAC") })
		b.delete(ingresses[i])
		b.until(func() error { return d.atLeast(2, "edgeward_api_requests_total", `provider="edgio"`) }) // a resync
		must(t, errors.Join(b.nothingWritten(), lab.Same("rules", b.Rules(), rules[i:]...), d.running()))
		if err := d.ready(); err == nil || !strings.Contains(err.Error(), "503 cluster main") {
			t.Errorf("%s: readiness: %v", resource, err)
		}

		must(t, lab.Grant(t.Context(), server))
		took := b.exact(rules[i+1:]...)
		b.until(d.ready)
		t.Logf("%s: exact %s after the right was given back", resource, took.Round(time.Millisecond))
		d.stop()
	}
}

// TestRotatedCredentials revokes a token that the daemon has from a token file,
// and one from an exec plugin, and puts another one in its place: no restart is
// needed. TestExpiredToken does so for a token in the kubeconfig itself.
func TestRotatedCredentials(t *testing.T) {
	if !*thorough {
		t.Skip("TestExpiredToken is much the same; make test-faults has both")
	}
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	type installation struct {
		*bed
		*daemon
		token string // path
	}
	dir := t.TempDir()
	newToken := func(path string) {
		config, err := lab.Kubeconfig(t.Context(), server)
		must(t, err)
		text, err := os.ReadFile(config)
		must(t, err)
		_, token, _ := strings.Cut(string(text), "token: ")
		token, _, _ = strings.Cut(token, "\n")
		replaceFile(t, path, []byte(token))
	}
	user := map[string]string{
		"token file": "tokenFile: %s",
		"exec plugin": `exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: sh
      args: [-c, 'printf "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"$(cat %s)\"}}"']`,
	}
	var all []installation
	for _, kind := range []string{"token file", "exec plugin"} {
		path := filepath.Join(dir, strings.ReplaceAll(kind, " ", "-"))
		newToken(path)
		config, err := lab.Kubeconfig(t.Context(), server)
		must(t, err)
		text, err := os.ReadFile(config)
		must(t, err)
		before, _, _ := strings.Cut(string(text), "token: ")
		must(t, os.WriteFile(config, []byte(before+fmt.Sprintf(user[kind], path)+"\n"), 0o600))
		in := newInstallation(t, lab.Options{})
		d := in.start(in.config(sections{"clusters": "- name: main\n  kubeconfig: " + config}))
		in.exact(rule("www.example.com/one", 30080))
		in.idle(d)
		all = append(all, installation{in, d, path})
	}
	accounts := server.Clientset().CoreV1().ServiceAccounts("edgeward")
	must(t, accounts.Delete(t.Context(), "edgeward", metav1.DeleteOptions{}))
	must(t, lab.Grant(t.Context(), server))
	server.StopAPIServer()
	startAPIServer(t)
	b.apply(ingress("two", "www.example.com/two"))
	for _, in := range all {
		in.until(func() error { return in.logged("level=ERROR", "reason=unauthorized") })
		must(t, lab.Same("rules", in.Rules(), rule("www.example.com/one", 30080)))
		newToken(in.token)
	}
	for _, in := range all {
		took := in.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
		t.Logf("%s: exact %s after the token was renewed", filepath.Base(in.token), took.Round(time.Millisecond))
		must(t, in.running())
	}
}

// TestTwoDaemons runs two daemons with one owner on one cluster, by mistake.
// With one configuration they do the same, and what both have made is removed;
// with different ones they undo each other's work, and say so.
func TestTwoDaemons(t *testing.T) {
	b := newBed(t, lab.Options{AllowDuplicates: true})
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	config := b.config(sections{"sync": "resync_interval: 1s"})
	first, second := b.start(config), b.start(config)
	b.exact(rule("www.example.com/one", 30080))
	b.apply(ingress("two", "www.example.com/two"), ingress("three", "www.example.com/three"))
	b.nodes("192.0.2.3")
	exact := func() error {
		return errors.Join(lab.Same("rules", b.Rules(), rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080)),
			lab.Same("addresses", b.Addresses(), "192.0.2.1", "192.0.2.2", "192.0.2.3"))
	}
	b.until(exact)
	b.resync(first)
	b.resync(second)
	b.until(exact)
	b.forgetCalls()
	b.stays(2*time.Second, func() error { return errors.Join(exact(), b.nothingWritten()) })
	second.stop()

	second = b.start(b.config(sections{"sync": "resync_interval: 1s", "edgio": "source_path: strip"}))
	b.until(func() error {
		one, two := first.logged("level=ERROR", "is changed back each time"), second.logged("level=ERROR", "is changed back each time")
		if one == nil || two == nil {
			return nil
		}
		return one
	})
}
