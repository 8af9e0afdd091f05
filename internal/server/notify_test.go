package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestNotify sends a state to a socket as systemd listens on.
func TestNotify(t *testing.T) {
	names := map[string]string{"a path": filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names["an abstract socket"] = fmt.Sprintf("@edgeward-test-%d", os.Getpid())
	}
	for name, path := range names {
		t.Run(name, func(t *testing.T) {
			systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer systemd.Close()
			for _, state := range []string{"READY=1", "STATUS=3 rules\nWATCHDOG=1"} {
				if err := Notify(path, state); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, 100)
				n, err := systemd.Read(got)
				if err != nil || string(got[:n]) != state {
					t.Errorf("received %q, %v; want %q", got[:n], err, state)
				}
			}
		})
	}
}

// TestNotifyThatIsNotRead: a socket that takes no more holds nobody up.
func TestNotifyThatIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	for range 10_000 {
		if err := Notify(path, "STATUS=one more"); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return
		}
	}
	t.Error("the socket takes whatever comes")
}

func TestNotifyNobody(t *testing.T) {
	if err := Notify("", "READY=1"); err != nil {
		t.Errorf("without a socket: %v", err)
	}
	err := Notify(filepath.Join(t.TempDir(), "none"), "READY=1")
	if err == nil || !strings.HasPrefix(err.Error(), "notifying systemd: ") {
		t.Errorf("with a socket that is not there: %v", err)
	}
}
