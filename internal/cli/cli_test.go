package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

// TestMain lets the test binary stand for edgeward: with TEST_PANIC set it
// panics as a part of the daemon would.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_PANIC") != "" {
		os.Args = []string{"edgeward", "version"}
		Run(Build{"devel", "unknown"}, providers.All())
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

// TestErrorsAreLines: what an error says gets no line of its own, nor anything else
// that a terminal obeys.
func TestErrorsAreLines(t *testing.T) {
	evil := errors.New("GET /x: 400: \x1b[2K\u202e\nedgeward: forged")
	const safe = `edgeward: GET /x: 400: \x1b[2K\u202e; edgeward: forged` + "\n"
	faults := schema.Faults{{Key: "owner", Message: "required"}, {Key: "/etc/\x1b[2K.yaml", Message: "a\nb"}}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"one":         {evil, safe},
		"several":     {errors.Join(evil, errors.Join(evil, errors.New("c"))), safe + safe + "edgeward: c\n"},
		"within one":  {fmt.Errorf("x: %w", errors.Join(errors.New("a"), errors.New("b"))), "edgeward: x: a; b\n"},
		"faults":      {faults, "owner: required\n" + `/etc/\x1b[2K.yaml: a; b` + "\n"},
		"and another": {errors.Join(faults[:1], evil), "owner: required\n" + safe},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			printError(&out, test.err)
			if out.String() != test.want {
				t.Errorf("it prints\n%s, want\n%s", out.String(), test.want)
			}
		})
	}
}
