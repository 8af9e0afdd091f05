package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/edgeward/edgeward/test/kube"
)

// Daemon is edgeward as a process.
type Daemon struct {
	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{} // closed when it has ended
	err  error
}

// Start runs bin/edgeward with the configuration and further arguments; see Run.
func (l *Lab) Start(config string, copyTo io.Writer, args ...string) (*Daemon, error) {
	return Run(copyTo, append([]string{"--config", config}, args...)...)
}

// Run starts bin/edgeward with arguments. What it prints is kept, and copied to
// copyTo if that is not nil.
func Run(copyTo io.Writer, args ...string) (*Daemon, error) { return RunWith(nil, copyTo, args...) }

// RunWith is Run with further variables in the environment.
func RunWith(env []string, copyTo io.Writer, args ...string) (*Daemon, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	return run(filepath.Join(root, "bin", "edgeward"), env, copyTo, args)
}

// RunProgram is Run for another program than bin/edgeward.
func RunProgram(path string, copyTo io.Writer, args ...string) (*Daemon, error) {
	return run(path, nil, copyTo, args)
}

func run(path string, env []string, copyTo io.Writer, args []string) (*Daemon, error) {
	d := &Daemon{log: &logBuffer{copyTo: copyTo}, done: make(chan struct{})}
	d.cmd = exec.Command(path, args...)
	d.cmd.Env = append(environment(), env...)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.SysProcAttr = kube.ChildAttributes()
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (make build)", err)
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	return d, nil
}

// environment is ours without what would configure the daemon.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "EDGEWARD_") && !strings.HasPrefix(v, "KUBECONFIG=") {
			env = append(env, v)
		}
	}
	return env
}

// PID is the process's number.
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// Signal sends a signal.
func (d *Daemon) Signal(sig os.Signal) error { return d.cmd.Process.Signal(sig) }

// Wait waits until the daemon has ended and returns its exit status; -1 if a
// signal ended it.
func (d *Daemon) Wait(ctx context.Context) (status int, err error) {
	select {
	case <-d.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("the daemon has not ended: %w", ctx.Err())
	}
	var exit *exec.ExitError
	if d.err != nil && !errors.As(d.err, &exit) {
		return 0, d.err
	}
	return d.cmd.ProcessState.ExitCode(), nil
}

// Done is closed when the daemon has ended.
func (d *Daemon) Done() <-chan struct{} { return d.done }

// Stop ends the daemon, by SIGTERM and if need be by SIGKILL.
func (d *Daemon) Stop() (status int, err error) {
	if err := d.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	status, err = d.Wait(ctx)
	if err != nil {
		d.cmd.Process.Kill()
		<-d.done
	}
	return status, err
}

// Log returns all that the daemon has printed so far.
func (d *Daemon) Log() string { return d.log.String() }

var listening = regexp.MustCompile(`listening for metrics.*address=(\S+)`)

// URL is that of a path ("/metrics") of the daemon's listener.
func (d *Daemon) URL(path string) (string, error) {
	match := listening.FindStringSubmatch(d.Log())
	if match == nil {
		return "", errors.New("the daemon does not listen yet")
	}
	return "http://" + match[1] + path, nil
}

// Get requests a path ("/metrics") of the daemon's listener.
func (d *Daemon) Get(ctx context.Context, path string) (status int, body string, err error) {
	url, err := d.URL(path)
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

// logBuffer collects what a process prints.
type logBuffer struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	copyTo io.Writer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.copyTo != nil {
		b.copyTo.Write(p)
	}
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
