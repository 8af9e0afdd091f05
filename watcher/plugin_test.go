package watcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pluginKubeconfig is one for a server that has a plugin run for credentials, which
// writes a line to the file "runs" and then hangs until there is somebody who writes to
// the pipe "mended".
func pluginKubeconfig(t *testing.T, dir, server string) string {
	t.Helper()
	if err := syscall.Mkfifo(filepath.Join(dir, "mended"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`#!/bin/sh
echo run >>%[1]s/runs
cat %[1]s/mended >/dev/null
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"one"}}'
`, dir)
	plugin := writeFile(t, filepath.Join(dir, "hanging-plugin"), script)
	if err := os.Chmod(plugin, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // one that still hangs ends
		if pipe, err := os.OpenFile(filepath.Join(dir, "mended"), os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			pipe.Close()
		}
	})
	user := fmt.Sprintf("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %s, args: [SECRET]}", plugin)
	return writeFile(t, filepath.Join(dir, "kubeconfig"), kubeconfig("insecure-skip-tls-verify: true, server: "+server, user))
}

// TestHangingPlugin: calls end with their context although the plugin does not, and say
// what hangs; however many clients try how often, it is run once, and hardly any
// goroutines are left behind. Once it has ended all is well.
func TestHangingPlugin(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer one" {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		sendJSON(w, http.StatusOK, metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}})
	}))
	defer server.Close()
	dir := t.TempDir()
	path := pluginKubeconfig(t, dir, server.URL)
	var log lockedBuffer
	plugins := NewPlugins()
	call := func(limit time.Duration) error {
		// Each has its own clients, as after a reload.
		client, err := NewClients(ClientOptions{Kubeconfig: path, Plugins: plugins, Log: slog.New(slog.NewTextHandler(&log, nil))}).Get()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		begun := time.Now()
		_, err = client.Namespace(ctx, "default")
		if took := time.Since(begun); took > limit+10*spare {
			t.Errorf("a call took %s", took)
		}
		return err
	}
	before := runtime.NumGoroutine()
	for range 20 {
		var hangs *HangingPluginError
		if err := call(20 * time.Millisecond); !errors.As(err, &hangs) || hangs.Command != "hanging-plugin" || strings.Contains(err.Error(), "SECRET") {
			t.Fatalf("%v", err)
		}
	}
	if now := runtime.NumGoroutine(); now > before+8 {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	if n := strings.Count(log.String(), `level=ERROR msg="going on without an answer: the plugin hanging-plugin, which the kubeconfig runs for credentials, does not end`); n != 1 {
		t.Errorf("said %d times what hangs:\n%s", n, log.String())
	}

	mended := make(chan error, 1)
	go func() { mended <- os.WriteFile(filepath.Join(dir, "mended"), nil, 0) }()
	if err := receive(t, "the plugin's end", mended); err != nil {
		t.Fatal(err)
	}
	if err := call(10 * time.Second); err != nil {
		t.Errorf("after the plugin's end: %v", err)
	}
	if runs, err := os.ReadFile(filepath.Join(dir, "runs")); string(runs) != "run\n" {
		t.Errorf("the plugin was run so often: %q, %v", runs, err)
	}
	if !strings.Contains(log.String(), "a plugin for credentials that hung has ended") {
		t.Errorf("its end was not said:\n%s", log.String())
	}
}

// TestHangingPluginEndsRun: the watches of a cluster whose plugin hangs end when they are
// told to, and say meanwhile what they wait for.
func TestHangingPluginEndsRun(t *testing.T) {
	path := pluginKubeconfig(t, t.TempDir(), "https://127.0.0.1:1")
	timings := fast()
	timings.Call = 10 * time.Millisecond
	cluster, err := New(ClusterOptions{
		Name: "main", Clients: NewClients(ClientOptions{Kubeconfig: path, Log: quiet()}), IngressClasses: []string{"acme"},
		Timings: timings, Log: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, cluster.Run)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		if _, reason := cluster.Synced(); strings.Contains(reason, "the plugin hanging-plugin, which the kubeconfig runs for credentials, does not end") {
			break
		} else if sleep(ctx, time.Millisecond); ctx.Err() != nil {
			t.Fatalf("it waits for %q", reason)
		}
	}
	stop()
}
