package e2e

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// TestReload sends SIGHUP with a good configuration, with a faulty one and with
// a good one again, to one process. A faulty one changes nothing but what the log
// and the metrics say; a good one that asks for nothing new writes nothing.
func TestReload(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), labelled(ingress("two", "www.example.com/two"), "cdn=two"))
	config := b.config(nil)
	text, err := os.ReadFile(config)
	must(t, err)
	reload := func(d *daemon, content string) {
		t.Helper()
		replaceFile(t, config, []byte(content))
		must(t, d.Signal(syscall.SIGHUP))
	}
	const taken = "the configuration was read again and is in force"
	one, two, three := rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080)
	d := b.start(config)
	b.exact(one)
	b.idle(d)
	must(t, d.shows(1, "edgeward_config_last_reload_successful"))

	b.forgetCalls()
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error { return same("reloads", len(d.lines(taken)), 1) })
	b.idle(d)
	b.stays(300*time.Millisecond, b.nothingWritten)

	faulty := strings.Replace(string(text), "linger: 0s", "linger: soon\n  colour: red", 1)
	reload(d, faulty)
	b.until(func() error {
		return errors.Join(d.shows(0, "edgeward_config_last_reload_successful"),
			d.logged("level=ERROR", "the configuration is faulty, the old one stays: sync.linger: not a duration"),
			d.logged("level=ERROR", "the configuration is faulty, the old one stays: sync.colour: unknown key"))
	})
	b.apply(ingress("three", "www.example.com/three")) // the old one is at work
	b.exact(one, three)
	must(t, errors.Join(d.ready(), same("reloads", len(d.lines(taken)), 1)))

	// Another selection and another kubeconfig.
	entry := b.cluster("main", server, "label_selector: cdn in (edgio, two)", `ingress_class: ""`)
	other, err := os.ReadFile(b.config(sections{"clusters": entry}))
	must(t, err)
	reload(d, string(other))
	b.exact(one, two, three)
	b.until(func() error {
		return errors.Join(d.shows(1, "edgeward_config_last_reload_successful"), same("reloads", len(d.lines(taken)), 2), d.routes(map[string]float64{"synced": 3}))
	})
	must(t, d.running())
	clean(t, d.Log())
}

// TestReloadWithoutSecret refuses a configuration whose Secret cannot be read:
// the old one stays, and the log says which Secret it is.
func TestReloadWithoutSecret(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.grantSecrets()
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	config := b.config(nil)
	d := b.start(config)
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)

	secret, err := os.ReadFile(b.config(fromSecrets()))
	must(t, err)
	replaceFile(t, config, secret)
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error {
		return errors.Join(d.shows(0, "edgeward_config_last_reload_successful"),
			d.logged("level=ERROR", "the configuration cannot be used, the old one stays", "edgio.secret: Secret edgeward/edgeward-keys of cluster main: "))
	})
	b.apply(ingress("two", "www.example.com/two"))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))

	b.apply(kubeSecret(lab.SharedKey, lab.APIKey))
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error { return d.shows(1, "edgeward_config_last_reload_successful") })
}

// TestAllowDeleteIsForTheStart reloads a daemon that was started with --allow-delete,
// with a selector that nothing has: the flag does not let that delete anything.
func TestAllowDeleteIsForTheStart(t *testing.T) {
	b, _, rules := four(t)
	config := b.config(nil)
	d := b.start(config, "--allow-delete")
	b.idle(d)
	wrong, err := os.ReadFile(b.config(sections{"clusters": b.cluster("main", server, "label_selector: cdn=none")}))
	must(t, err)
	replaceFile(t, config, wrong)
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error { return d.logged("refusing to delete 4 of 4") })
	must(t, errors.Join(lab.Same("rules", b.Rules(), rules...), b.nothingWritten()))
}
