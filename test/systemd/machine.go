package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/edgeward/edgeward/test/kube"
)

// machine is a container with systemd as its PID 1 (systemd-nspawn(1)). It has
// this machine's network, and what is written in it stays in memory.
type machine struct {
	nspawn *exec.Cmd
	ended  chan struct{} // closed when nspawn has ended
	init   int           // the PID here of the container's PID 1
}

// inside is where the container finds the directory of packages.
const inside = "/packages"

// boot boots the Debian root in a directory and returns when systemd has
// started everything. The console goes to a file. The container dies with the
// calling thread.
func boot(ctx context.Context, root, packages string, console io.Writer) (*machine, error) {
	args := []string{
		"--quiet", "--directory=" + root, "--volatile=overlay", "--boot",
		"--register=no", "--link-journal=no", "--bind-ro=" + packages + ":" + inside,
	}
	// Where there is no systemd that would give the container a unit of its own.
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		args = append(args, "--keep-unit")
	}
	m := &machine{nspawn: exec.Command("systemd-nspawn", args...), ended: make(chan struct{})}
	m.nspawn.Stdout, m.nspawn.Stderr = console, console
	m.nspawn.SysProcAttr = kube.ChildAttributes()
	if err := m.nspawn.Start(); err != nil {
		return nil, err
	}
	go func() {
		m.nspawn.Wait() // how it ends is seen on the console
		close(m.ended)
	}()
	err := until(ctx, func() error {
		if err := m.findInit(); err != nil {
			return err
		}
		state, err := m.run(ctx, "systemctl", "is-system-running")
		if state == "running" || state == "degraded" {
			return nil // the latter where this machine withholds something from containers
		}
		return fmt.Errorf("systemd is %s: %w", state, err)
	})
	if err != nil {
		m.halt()
		return nil, fmt.Errorf("booting %s: %w", root, err)
	}
	return m, nil
}

// findInit looks for the child of nspawn that is PID 1 in a namespace of its own.
func (m *machine) findInit() error {
	select {
	case <-m.ended:
		return errors.New("systemd-nspawn has ended")
	default:
	}
	pid := m.nspawn.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return err
	}
	for _, child := range strings.Fields(string(children)) {
		status, err := os.ReadFile("/proc/" + child + "/status")
		if err == nil && strings.Contains(string(status), "\nNSpid:\t"+child+"\t1\n") {
			m.init, err = strconv.Atoi(child)
			return err
		}
	}
	return errors.New("the container has no PID 1 yet")
}

// run runs a command in the container and returns what it printed, on both
// channels, without the white space around it. The error repeats that.
func (m *machine) run(ctx context.Context, command ...string) (string, error) {
	return m.feed(ctx, nil, command...)
}

// feed is run with an input.
func (m *machine) feed(ctx context.Context, input io.Reader, command ...string) (string, error) {
	args := []string{"--target", strconv.Itoa(m.init),
		"--mount", "--uts", "--ipc", "--pid", "--cgroup", "--root", "--wd", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(args, command...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	cmd.Stdin = input
	output, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(output))
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, text)
	}
	return text, err
}

// write makes or replaces a file in the container, of root's.
func (m *machine) write(ctx context.Context, file, mode string, content []byte) error {
	script := fmt.Sprintf("mkdir -p %[1]s && umask 077 && cat >%[2]s && chmod %[3]s %[2]s", path.Dir(file), file, mode)
	_, err := m.feed(ctx, bytes.NewReader(content), "sh", "-c", script)
	return err
}

// halt shuts the container down, and kills it where that takes too long.
func (m *machine) halt() {
	m.nspawn.Process.Signal(syscall.SIGTERM)
	select {
	case <-m.ended:
	case <-time.After(20 * time.Second):
		m.nspawn.Process.Kill()
		<-m.ended
	}
}

// until waits until ok returns nil. When ctx ends first, the error is that of
// the last complete try.
func until(ctx context.Context, ok func() error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := ok()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil { // what ctx cut off has little to say
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}
