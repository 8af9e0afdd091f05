package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

// hangingPlugin returns a kubeconfig for a cluster that has a plugin run for
// credentials which does not end before the test, and a func that tells how often it
// was run.
func hangingPlugin(t *testing.T, s *kube.Server) (kubeconfig string, runs func() int) {
	t.Helper()
	dir := t.TempDir()
	plugin, pipe, log := filepath.Join(dir, "hanging-plugin"), filepath.Join(dir, "pipe"), filepath.Join(dir, "runs")
	must(t, syscall.Mkfifo(pipe, 0o600))
	must(t, os.WriteFile(plugin, fmt.Appendf(nil, "#!/bin/sh\nexec 2>/dev/null >/dev/null\necho run >>%s\ncat %s\n", log, pipe), 0o700))
	t.Cleanup(func() {
		if writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			writer.Close()
		}
	})
	original, err := lab.Kubeconfig(t.Context(), s)
	must(t, err)
	text, err := os.ReadFile(original)
	must(t, err)
	before, token, found := strings.Cut(string(text), "    token: ")
	if !found {
		t.Fatalf("no token in\n%s", text)
	}
	_, after, _ := strings.Cut(token, "\n")
	kubeconfig = filepath.Join(dir, "kubeconfig")
	must(t, os.WriteFile(kubeconfig, []byte(before+"    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      command: "+plugin+"\n"+after), 0o600))
	return kubeconfig, func() int {
		text, _ := os.ReadFile(log)
		return strings.Count(string(text), "run")
	}
}

// endsSoon fails the test if the daemon does not end with this status soon after the
// signal.
func (d *daemon) endsSoon(sig os.Signal, status int, soon time.Duration) {
	d.t.Helper()
	begun := time.Now()
	must(d.t, d.Signal(sig))
	if got := d.ends(); got != status {
		d.t.Errorf("exit status %d after %s, want %d", got, sig, status)
	}
	took := time.Since(begun)
	if d.t.Logf("ended %s after %s", took.Round(time.Millisecond), sig); took > soon {
		d.t.Errorf("it took longer than %s", soon)
	}
}

// TestHangingPlugin has two clusters, and the plugin of one hangs: the other is served,
// before, during and after a reload, the log names the plugin, which is run once, and
// the daemon ends when it is told to.
func TestHangingPlugin(t *testing.T) {
	b := newBed(t, lab.Options{})
	hangs, runs := hangingPlugin(t, server)
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	d := b.start(b.config(sections{"clusters": b.cluster("main", server) + "- name: east\n  kubeconfig: " + hangs}))
	one, two, three := rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080)
	b.exact(one)

	for i, next := range []struct{ name, url string }{{"two", "www.example.com/two"}, {"three", "www.example.com/three"}} {
		must(t, d.Signal(syscall.SIGHUP))
		b.apply(ingress(next.name, next.url))
		took := b.exact([]string{one, two, three}[:i+2]...)
		b.until(func() error {
			return same("reloads", len(d.lines("the configuration was read again and is in force")), i+1)
		})
		if t.Logf("exact %s after reload %d", took.Round(time.Millisecond), i+1); took > 4*time.Second {
			t.Error("that is too long")
		}
	}
	b.until(func() error {
		return d.logged("level=ERROR", "cluster=east", "the plugin hanging-plugin", "does not end")
	})
	d.endsSoon(syscall.SIGTERM, 0, 4*time.Second)
	must(t, same("runs of the plugin", runs(), 1))
	clean(t, d.Log())
}

// TestHangingPluginOfCommands: whatever needs a cluster whose plugin hangs ends when it
// is told to.
func TestHangingPluginOfCommands(t *testing.T) {
	b := newBed(t, lab.Options{})
	for name, args := range map[string][]string{
		"daemon": {"run"}, "once": {"--once"}, "dry run": {"--dry-run", "--once"}, "check": {"check"}, "plan": {"plan"},
		"key, daemon": {"run"}, "key, list": {"list"}, "key, uninstall": {"uninstall", "--yes"}, "key, check": {"check"}, "key, plan": {"plan"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hangs, runs := hangingPlugin(t, server)
			s := sections{}
			if strings.HasPrefix(name, "key") {
				s = fromSecrets()
			}
			s["clusters"] = "- name: main\n  kubeconfig: " + hangs
			own := &bed{Lab: b.Lab, t: t}
			d := own.start(own.config(s), args...)
			own.until(func() error { return same("runs of the plugin", runs(), 1) })
			status := 1
			if len(args) == 1 && args[0] == "run" || args[len(args)-1] == "--once" {
				status = 0
			}
			d.endsSoon(syscall.SIGTERM, status, 6*time.Second)
		})
	}
}

// TestPipesInsteadOfFiles: a kubeconfig in a pipe is a fault, and a configuration that
// has become one does not hold up the daemon.
func TestPipesInsteadOfFiles(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	for _, args := range [][]string{{"run"}, {"--once"}, {"check"}, {"plan"}} {
		d := b.start(b.config(sections{"clusters": "- name: main\n  kubeconfig: " + pipe}), args...)
		if status := d.ends(); status != 78 && status != 1 || !hasAll(d.Log(), []string{pipe + ": not a regular file"}) {
			t.Errorf("%v: exit status %d:\n%s", args, status, d.Log())
		}
	}

	config := b.config(nil)
	d := b.start(config)
	b.exact(rule("www.example.com/one", 30080))
	must(t, os.Remove(config))
	must(t, syscall.Mkfifo(config, 0o600))
	must(t, d.Signal(syscall.SIGHUP))
	b.apply(ingress("two", "www.example.com/two"))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	b.until(func() error {
		return d.logged("the configuration cannot be used, the old one stays", "is one of its files a pipe, or on a disk that hangs?")
	})
	d.endsSoon(syscall.SIGTERM, 0, 4*time.Second)
}

// TestSilentProvider has a provider take a write and never answer: SIGTERM waits ten
// seconds for it, and a second one does not.
func TestSilentProvider(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			var held atomic.Int64
			b := newBed(t, lab.Options{Observe: func(_ string, h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						held.Add(1)
						<-r.Context().Done()
						return
					}
					h.ServeHTTP(w, r)
				})
			}})
			b.nodes("192.0.2.1")
			b.apply(service(30080), ingress("one", "www.example.com/one"))
			d := b.start(b.config(nil))
			b.until(func() error { return same("held calls", held.Load() > 0, true) })
			if sig == syscall.SIGTERM {
				d.endsSoon(sig, 0, 13*time.Second)
				return
			}
			must(t, d.Signal(sig))
			b.until(func() error { return d.logged("calls under way may finish") })
			d.endsSoon(sig, -1, 2*time.Second)
		})
	}
}
