package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// daemon is edgeward running for one test.
type daemon struct {
	*lab.Daemon
	t *testing.T
}

// start runs the daemon with the configuration at path until the test ends,
// and shows its log if the test failed.
func (b *bed) start(path string, args ...string) *daemon {
	b.t.Helper()
	return b.startProgram("", path, args...)
}

// startProgram is start for another program than bin/edgeward; "": for that.
func (b *bed) startProgram(program, path string, args ...string) *daemon {
	b.t.Helper()
	args = append([]string{"--config", path}, args...)
	run := func() (*lab.Daemon, error) { return lab.Run(nil, args...) }
	if program != "" {
		run = func() (*lab.Daemon, error) { return lab.RunProgram(program, nil, args...) }
	}
	process, err := run()
	must(b.t, err)
	b.t.Cleanup(func() {
		if _, err := process.Stop(); err != nil {
			b.t.Error(err)
		}
		if b.t.Failed() {
			b.t.Logf("the log of edgeward %s:\n%s", strings.Join(args, " "), process.Log())
		}
	})
	return &daemon{process, b.t}
}

// run runs edgeward to its end and returns its exit status and all that it
// printed.
func (b *bed) run(path string, args ...string) (status int, output string) {
	b.t.Helper()
	d := b.start(path, args...)
	return d.ends(), d.Log()
}

// ends waits until the daemon has ended and returns its exit status.
func (d *daemon) ends() int {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	status, err := d.Wait(ctx)
	must(d.t, err)
	return status
}

// stop ends the daemon as systemd does.
func (d *daemon) stop() {
	d.t.Helper()
	status, err := d.Stop()
	must(d.t, err)
	if status != 0 {
		d.t.Fatalf("exit status %d after SIGTERM", status)
	}
}

// running returns nil while the daemon has not ended.
func (d *daemon) running() error {
	status, _, err := d.Get(d.t.Context(), "/healthz")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("/healthz: %d", status)
	}
	return err
}

// ready returns nil once /readyz does.
func (d *daemon) ready() error {
	status, body, err := d.Get(d.t.Context(), "/readyz")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("/readyz: %d %s", status, body)
	}
	return err
}

// logged returns nil if a line of the log has all the words.
func (d *daemon) logged(words ...string) error {
	if len(d.lines(words...)) == 0 {
		return fmt.Errorf("no line of the log has all of %q", words)
	}
	return nil
}

// lines returns the lines of the log that have all the words.
func (d *daemon) lines(words ...string) []string {
	var found []string
	for line := range strings.Lines(d.Log()) {
		if hasAll(line, words) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// about returns the lines of the log that warn of an Ingress.
func (d *daemon) about(cluster, name string) []string {
	return slices.DeleteFunc(d.lines("level=WARN"), func(line string) bool {
		return !slices.Contains(strings.Fields(line), "ingress="+cluster+"/default/"+name)
	})
}

func hasAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// metric adds up the samples of a metric that have all the labels, each as in
// `state="synced"`. It is an error if there is none.
func (d *daemon) metric(name string, labels ...string) (float64, error) {
	_, body, err := d.Get(d.t.Context(), "/metrics")
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for line := range strings.Lines(body) {
		sample, value, ok := cutLast(strings.TrimSpace(line), " ")
		family, rest, _ := strings.Cut(sample, "{")
		if !ok || family != name || !hasAll(rest, labels) {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, err
		}
		sum, found = sum+n, true
	}
	if !found {
		return 0, fmt.Errorf("no metric %s with %s", name, strings.Join(labels, ","))
	}
	return sum, nil
}

// shows returns nil if a metric has this value, see metric.
func (d *daemon) shows(want float64, name string, labels ...string) error {
	got, err := d.metric(name, labels...)
	if err == nil && got != want {
		err = fmt.Errorf("%s%v is %v, not %v", name, labels, got, want)
	}
	return err
}

// atLeast returns nil if a metric has this value or more.
func (d *daemon) atLeast(least float64, name string, labels ...string) error {
	got, err := d.metric(name, labels...)
	if err == nil && got < least {
		err = fmt.Errorf("%s%v is %v, less than %v", name, labels, got, least)
	}
	return err
}

// routes returns nil if edgeward_routes of the cluster main shows these
// numbers of routes and no other.
func (d *daemon) routes(want map[string]float64) error {
	var errs []error
	for _, state := range []string{"synced", "pending", "conflict", "invalid", "error"} {
		errs = append(errs, d.shows(want[state], "edgeward_routes", `cluster="main"`, `state="`+state+`"`))
	}
	return errors.Join(errs...)
}

// idle waits until the daemon is ready and has nothing left to do at the
// providers.
func (b *bed) idle(d *daemon) time.Duration {
	b.t.Helper()
	return b.until(func() error {
		return errors.Join(d.ready(), d.shows(0, "edgeward_queue_depth"),
			d.atLeast(1, "edgeward_last_success_timestamp_seconds", `target="edgio"`),
			d.atLeast(1, "edgeward_last_success_timestamp_seconds", `target="vultr"`))
	})
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
