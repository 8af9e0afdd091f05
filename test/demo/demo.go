package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// demo is the state of one run, and what its steps are made of.
type demo struct {
	ctx    context.Context
	lab    *lab.Lab
	once   bool
	enter  *bufio.Reader
	step   int
	daemon *lab.Daemon // nil while none runs
}

// story is what happens at one CDN.
type story interface {
	run() error
	example() []string // how to ask the CDN's edge, once the story is told
	close()
}

// start runs the daemon, shows its log, and says where its status page is.
func (d *demo) start(config string) (err error) {
	if d.daemon, err = d.lab.Start(config, indent{os.Stdout}); err != nil {
		return err
	}
	page, err := d.page()
	if err != nil {
		return err
	}
	fmt.Println("  status page:", page)
	return nil
}

// page is the address of the daemon's status page, as soon as there is one.
func (d *demo) page() (string, error) {
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	var page string
	err := lab.Until(ctx, func() (err error) {
		page, err = d.daemon.URL("/")
		return err
	})
	return page, err
}

// stop ends the daemon, if it runs, and reports an end that was not clean.
func (d *demo) stop() error {
	if d.daemon == nil {
		return nil
	}
	status, err := d.daemon.Stop()
	d.daemon = nil
	if err == nil && status != 0 {
		err = fmt.Errorf("the daemon ended with status %d", status)
	}
	return err
}

// title begins a step, after Enter if somebody watches.
func (d *demo) title(text string) {
	if !d.once && d.step > 0 {
		fmt.Print("\n[Enter] ")
		line := make(chan struct{})
		go func() { d.enter.ReadString('\n'); close(line) }()
		select {
		case <-line:
		case <-d.ctx.Done():
			return // and so does whatever the step tries
		}
	}
	d.step++
	fmt.Printf("\n=== %d. %s\n", d.step, text)
}

// inSync waits until ok returns nil, and shows what stands then.
func (d *demo) inSync(ok func() error, stands func() []string) error {
	start := time.Now()
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	if err := lab.Until(ctx, ok); err != nil {
		return fmt.Errorf("step %d does not hold: %w", d.step, err)
	}
	fmt.Printf("  in sync after %s\n", time.Since(start).Round(time.Millisecond))
	for _, line := range stands() {
		fmt.Println("  |", line)
	}
	return nil
}

func (d *demo) apply(name string) error { return d.with(name, d.lab.Kube.Apply) }

func (d *demo) delete(name string) error { return d.with(name, d.lab.Kube.Delete) }

func (d *demo) with(name string, do func(context.Context, []byte) error) error {
	data, err := manifests.ReadFile("manifests/" + name + ".yaml")
	if err != nil {
		return err
	}
	return do(d.ctx, data)
}

// indent sets the daemon's log off from the demo's own words.
type indent struct{ f *os.File }

func (w indent) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		fmt.Fprint(w.f, "    ", line)
	}
	return len(p), nil
}
