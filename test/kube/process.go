package kube

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	pollInterval = 50 * time.Millisecond
	// stopGrace is how long a program may take to end after SIGTERM.
	stopGrace = 20 * time.Second
	// tailLines is how much of a log is shown on failure.
	tailLines = 25
)

// process is a running program whose output goes to a file.
type process struct {
	name    string
	logPath string
	cmd     *exec.Cmd
	exited  chan struct{} // closed when the program has ended
	err     error         // how it ended; valid once exited is closed
}

// startProcess runs a program in dir, and appends its output to dir/NAME.log.
func startProcess(dir, program string, args ...string) (*process, error) {
	name := filepath.Base(program)
	logPath := filepath.Join(dir, name+".log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()

	p := &process{name: name, logPath: logPath, cmd: exec.Command(program, args...), exited: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = logFile, logFile
	p.cmd.SysProcAttr = ChildAttributes()

	started := make(chan error)
	go func() {
		// The kernel signals a child when the thread that forked it ends (prctl(2),
		// PR_SET_PDEATHSIG), so that thread has to live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// await calls ready until it returns nil. It fails, with the tail of the log,
// as soon as the program ends or ctx does.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended: %v; its log ends with\n%s", p.name, p.err, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w (%v); its log ends with\n%s", p.name, err, ctx.Err(), p.tail())
		case <-time.After(pollInterval):
		}
	}
}

// stop ends the program by SIGTERM, or kills it if that takes longer than stopGrace.
func (p *process) stop() {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopGrace):
		p.kill()
	}
}

// kill ends the program at once and waits for its end.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// signal ignores the one error there can be: that the program has ended already.
func (p *process) signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) }

// tail is the end of the program's log.
func (p *process) tail() string {
	log, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	return lastLines(log, tailLines)
}

// lastLines is the last n lines of text, without the final newline.
func lastLines(text []byte, n int) string {
	lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}
