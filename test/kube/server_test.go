package kube

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// server is set by TestMain, before any test.
var server *Server

func TestMain(m *testing.M) {
	if os.Getenv(sleeperEnv) != "" {
		os.Exit(runSleeper())
	}
	os.Exit(RunMain(m, &server))
}

func TestStartedServerIsOfTheVersionOfItsModule(t *testing.T) {
	version, err := server.Clientset().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "k8s.io/kubernetes " + version.GitVersion + " "; !strings.Contains(string(gomod), want) {
		t.Errorf("the API server calls itself %s, which is not in test/go.mod", version.GitVersion)
	}
}

func TestRestartKeepsAddressAndObjects(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	namespace := newNamespace(t)
	if err := server.ApplyIn(ctx, namespace, []byte(webService)); err != nil {
		t.Fatal(err)
	}
	before, err := server.Clientset().CoreV1().Services(namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// An open watch must neither keep the API server from ending nor outlive it.
	watcher, err := server.Clientset().CoreV1().Services(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()

	stopped := server.apiserver
	server.StopAPIServer()
	if stopped.err != nil {
		t.Errorf("the API server did not end in order: %v", stopped.err)
	}
	for event := range watcher.ResultChan() {
		if event.Type != watch.Added { // the Service, as it was when the watch began
			t.Errorf("the watch reports %s", event.Type)
		}
	}
	_, err = server.Clientset().CoreV1().Services(namespace).Get(ctx, "web", metav1.GetOptions{})
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while stopped: %v, want connection refused", err)
	}
	if err := server.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}

	after, err := server.Clientset().CoreV1().Services(namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after.UID != before.UID || after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the Service is another one: %s/%s, was %s/%s", after.UID, after.ResourceVersion, before.UID, before.ResourceVersion)
	}
}

func TestCompactionExpiresOldResourceVersion(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	namespace := newNamespace(t)
	services := server.Clientset().CoreV1().Services(namespace)
	list, err := services.List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.ApplyIn(ctx, namespace, []byte(webService)); err != nil {
		t.Fatal(err)
	}
	firstEvent := func() watch.Event {
		t.Helper()
		watcher, err := services.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
		if err != nil {
			return watch.Event{Type: watch.Error, Object: apiStatus(t, err)}
		}
		defer watcher.Stop()
		select {
		case event := <-watcher.ResultChan():
			return event
		case <-ctx.Done():
			t.Fatal("no event")
		}
		return watch.Event{}
	}

	if event := firstEvent(); event.Type != watch.Added {
		t.Errorf("before compaction: %s, want %s", event.Type, watch.Added)
	}
	server.StopAPIServer()
	if err := server.Compact(ctx); err != nil {
		t.Error(err)
	}
	if err := server.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	event := firstEvent()
	if err := apierrors.FromObject(event.Object); event.Type != watch.Error || !apierrors.IsResourceExpired(err) {
		t.Errorf("after compaction: %s %v, want 410 Expired", event.Type, err)
	}
}

func TestCompactForgetsOldRevisions(t *testing.T) {
	ctx := t.Context()
	old, err := server.etcdRevision(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.ApplyIn(ctx, newNamespace(t), []byte(webService)); err != nil {
		t.Fatal(err)
	}
	readOld := func() error {
		return server.etcdCall(ctx, "/v3/kv/range", map[string]any{"key": []byte("/"), "revision": old}, nil)
	}

	if err := readOld(); err != nil {
		t.Errorf("before compaction: %v", err)
	}
	if err := server.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if err := readOld(); err == nil || !strings.Contains(err.Error(), "has been compacted") {
		t.Errorf("after compaction: %v, want that the revision has been compacted", err)
	}
}

func TestSilentServer(t *testing.T) {
	if err := server.SignalAPIServer(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", server.port.number))
	if err != nil {
		t.Error("a stopped process should still accept connections: ", err)
	} else {
		conn.Close()
	}
	if err := server.SignalAPIServer(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := server.ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTwoServersAreStrangers(t *testing.T) {
	var log strings.Builder
	second, err := Start(t.Context(), Options{Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Stop)
	if !strings.Contains(log.String(), "kube-apiserver is ready on "+second.Config().Host) {
		t.Errorf("log: %q", log.String())
	}
	uid := func(s *Server) string {
		namespace, err := s.Clientset().CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return string(namespace.UID)
	}
	if uid(server) == uid(second) {
		t.Error("both servers show the same cluster")
	}

	dir, etcd, apiserver := second.dir, second.etcd, second.apiserver
	second.Stop()
	second.Stop()
	for _, p := range []*process{etcd, apiserver} {
		select {
		case <-p.exited:
		default:
			t.Errorf("%s runs after Stop", p.name)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there after Stop: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	// programs makes a directory with the two programs as shell scripts.
	programs := func(t *testing.T, etcd, apiserver string) string {
		dir := t.TempDir()
		for name, script := range map[string]string{"etcd": etcd, "kube-apiserver": apiserver} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for _, test := range []struct {
		name string
		opts Options
		want string
	}{
		{"programs not built", Options{BinDir: t.TempDir()}, "make bin/kube-apiserver bin/etcd"},
		{"etcd ends", Options{BinDir: programs(t, "echo no room >&2; exit 3", "")}, "etcd ended: exit status 3; its log ends with\nno room"},
		{"directory's path too long for a socket", Options{
			BinDir: programs(t, "", ""), Dir: filepath.Join(t.TempDir(), strings.Repeat("x", 100)),
		}, "use a shorter Dir"},
		{"API server ends", Options{
			BinDir: programs(t, fmt.Sprintf("exec '%s' \"$@\"", absolute(t, filepath.Join(server.binDir, "etcd"))), "echo bad flag; exit 1"),
		}, "kube-apiserver ended: exit status 1; its log ends with\nbad flag"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Start(t.Context(), test.opts)
			if err == nil {
				s.Stop()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q in it", err, test.want)
			}
		})
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// newNamespace is a namespace for one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	namespace, err := server.CreateNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

// apiStatus is the Status that the API server sent as an error.
func apiStatus(t *testing.T, err error) *metav1.Status {
	t.Helper()
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		t.Fatal(err)
	}
	s := status.Status()
	return &s
}
