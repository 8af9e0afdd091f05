package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

// pipeSize is the size of the pipes of piped, in bytes: the least there is.
const pipeSize = 4096

// piped runs edgeward, until the test ends, with a small pipe as its standard output
// and error, which has something in it already and whose other end is returned.
func piped(t *testing.T, before int, args ...string) (cmd *exec.Cmd, reader *os.File, ended <-chan error) {
	t.Helper()
	root, err := lab.Root()
	must(t, err)
	reader, writer, err := os.Pipe()
	must(t, err)
	defer writer.Close()
	const setPipeSize = 1031 // F_SETPIPE_SZ
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), setPipeSize, pipeSize); errno != 0 {
		t.Fatal(errno)
	}
	_, err = writer.Write(make([]byte, before))
	must(t, err)
	cmd = exec.Command(filepath.Join(root, "bin", "edgeward"), args...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = writer, writer, kube.ChildAttributes()
	must(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		reader.Close()
	})
	return cmd, reader, done
}

// within waits for the end of a process, and fails the test if that takes longer.
func within(t *testing.T, limit time.Duration, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		t.Fatalf("it has not ended after %s", limit)
		return nil
	}
}

// TestLogIsNotRead has the reader of the log stop: the daemon goes on without it, and
// ends when it is told to.
func TestLogIsNotRead(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	cmd, _, ended := piped(t, pipeSize, "--config", b.config(nil))
	b.exact(rule("www.example.com/one", 30080))
	b.apply(ingress("two", "www.example.com/two"))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := within(t, 15*time.Second, ended); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestCommandThatNobodyReads: a command whose output is not read, and which therefore
// waits, ends after a while when it is told to.
func TestCommandThatNobodyReads(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080))
	for _, name := range strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z") {
		b.apply(ingress("i-"+name, "www.example.com/"+name))
	}
	cmd, reader, ended := piped(t, 0, "--config", b.config(nil), "plan")
	b.until(func() error { // it has begun to write
		reader.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err := reader.Read(make([]byte, 1))
		return err
	})
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	var exit *exec.ExitError
	if err := within(t, 15*time.Second, ended); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
}

// TestLogReaderGoesAway: the daemon outlives whoever reads its log.
func TestLogReaderGoesAway(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	cmd, reader, ended := piped(t, 0, "--config", b.config(nil))
	b.exact(rule("www.example.com/one", 30080))
	must(t, reader.Close())
	must(t, cmd.Process.Signal(syscall.SIGHUP)) // it says that it has read it
	b.apply(ingress("two", "www.example.com/two"))
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := within(t, 15*time.Second, ended); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestReaderOfACommandGoesAway: a command whose reader has had enough ends as usual
// ones do, by SIGPIPE.
func TestReaderOfACommandGoesAway(t *testing.T) {
	b := newBed(t, lab.Options{})
	config := b.config(nil)
	for _, command := range []string{"plan", "list", "check"} {
		cmd, reader, ended := piped(t, 0, "--config", config, command)
		must(t, reader.Close())
		_ = within(t, 15*time.Second, ended)
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
			t.Errorf("%s: %v", command, cmd.ProcessState)
		}
	}
}

// TestHangupAtTheStart sends SIGHUP while the configuration is read for the first time,
// and as soon as the daemon says a word: it starts, and reads the configuration again.
func TestHangupAtTheStart(t *testing.T) {
	b := newBed(t, lab.Options{})
	const taken = "the configuration was read again and is in force"
	t.Run("while the configuration is read", func(t *testing.T) {
		own := &bed{Lab: b.Lab, t: t}
		text, err := os.ReadFile(own.config(nil))
		must(t, err)
		pipe := filepath.Join(t.TempDir(), "config.yaml")
		must(t, syscall.Mkfifo(pipe, 0o600))
		d := own.start(pipe)
		writer, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the reader
		must(t, err)
		must(t, d.Signal(syscall.SIGHUP))
		replaceFile(t, pipe, text)
		_, err = writer.Write(text)
		must(t, errors.Join(err, writer.Close()))
		own.until(func() error { return d.logged(taken) })
		d.endsSoon(syscall.SIGTERM, 0, 5*time.Second)
	})
	t.Run("after the first line", func(t *testing.T) {
		own := &bed{Lab: b.Lab, t: t}
		config := own.config(nil)
		for range 10 {
			d := own.start(config)
			for d.Log() == "" && d.Done() != nil {
				select {
				case <-d.Done():
					t.Fatal("it has ended")
				default:
				}
			}
			must(t, d.Signal(syscall.SIGHUP))
			own.until(func() error { return d.logged(taken) })
			d.endsSoon(syscall.SIGTERM, 0, 5*time.Second)
		}
	})
}
