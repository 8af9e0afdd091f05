package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary stand for edgeward: with TEST_PANIC set it
// panics as a part of the daemon would.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_PANIC") != "" {
		os.Args = []string{"edgeward", "version"}
		run()
		panic("a part of the daemon")
	}
	os.Exit(m.Run())
}

// TestPanicEndsBySIGABRT holds the process to dying by a signal, which systemd
// takes for a failure, and to saying why.
func TestPanicEndsBySIGABRT(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_PANIC=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("it ended with %v, and said %s", err, out)
	}
	if status := exit.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGABRT {
		t.Errorf("it ended with %v, want by SIGABRT", err)
	}
	if !strings.Contains(string(out), "a part of the daemon") {
		t.Errorf("it said %s, want the panic", out)
	}
}
