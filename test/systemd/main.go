// Command systemd tries edgeward's Debian package under a real systemd: it
// boots a Debian root in a container, installs the package there, and plays
// what happens to a daemon in its life, while a Kubernetes API server and the
// emulated providers run here. A line a step; it exits non-zero at the first that
// does not hold. run.sh makes what it needs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/edgeward/edgeward/test/kube"
	"github.com/edgeward/edgeward/test/lab"
)

// patience is how long a step may take: the unit waits five seconds before it
// starts the daemon again.
const patience = time.Minute

func main() {
	runtime.LockOSThread() // the container dies with the thread that started it
	root := flag.String("root", "", "the directory of a Debian root with systemd; it stays as it is")
	packages := flag.String("packages", "", "the directory of both packages")
	older := flag.String("old", "", "the name there of the package of version 0.1.0")
	newer := flag.String("new", "", "likewise of 0.2.0, with another default configuration")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := &trial{old: inside + "/" + *older, new: inside + "/" + *newer}
	if err := run(ctx, t, *root, *packages); err != nil {
		fmt.Fprintln(os.Stderr, "test-systemd:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, t *trial, root, packages string) error {
	dir, err := os.MkdirTemp("", "edgeward-systemd-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := kube.Start(ctx, kube.Options{})
	if err != nil {
		return err
	}
	defer server.Stop()
	if t.lab, err = lab.New(ctx, server, dir, lab.Options{}); err != nil {
		return err
	}
	defer t.lab.Close()
	if err := t.prepare(ctx); err != nil {
		return err
	}

	console, err := os.Create(filepath.Join(dir, "console"))
	if err != nil {
		return err
	}
	defer console.Close()
	booting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if packages, err = filepath.Abs(packages); err != nil {
		return err
	}
	if t.machine, err = boot(booting, root, packages, console); err != nil {
		said, _ := os.ReadFile(console.Name())
		return fmt.Errorf("%w\nits console:\n%s", err, said)
	}
	defer t.halt()
	for _, s := range steps() {
		if err := t.step(ctx, s); err != nil {
			return err
		}
	}
	fmt.Println("Every step holds.")
	return nil
}

// step tries a step, prints how it went, and shows the log where it failed.
func (t *trial) step(ctx context.Context, s step) error {
	begin := time.Now()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.try(t, limited)
	took := time.Since(begin).Round(100 * time.Millisecond)
	if err == nil {
		fmt.Printf("ok    %s (%s)\n", s.holds, took)
		return nil
	}
	fmt.Printf("FAIL  %s (%s)\n", s.holds, took)
	journal, _ := t.run(context.WithoutCancel(ctx), "journalctl", "--no-pager", "--lines=30", "--unit=edgeward")
	return fmt.Errorf("%w\nthe end of the journal:\n%s", err, journal)
}
