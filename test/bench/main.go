// Command bench measures edgeward as a process, over a real Kubernetes API
// server and emulated providers, and writes what it took as a table and a
// picture. `make bench` runs it.
//
//	bench [-short] [-out DIR]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

func main() { os.Exit(run()) }

func run() int {
	short := flag.Bool("short", false, "two minutes: 100 and 1,000 Ingresses, with limits only 100")
	out := flag.String("out", "", "the directory to write RESULTS.md and growth.svg to; default: bench/ of the clone, with -short none")
	only := flag.Int("only", 0, "measure only this number of Ingresses; -1: only how namespaces take turns")
	free := flag.Bool("free", false, "measure only free calls")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	root, err := lab.Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if *out == "" && !*short {
		*out = filepath.Join(root, "bench")
	}
	fmt.Printf("measuring; this takes about %s\n", map[bool]string{true: "2 minutes", false: "30 minutes"}[*short])
	begun := time.Now()
	m, err := measureAll(ctx, *short, *only, *free)
	if err == nil && *out != "" {
		err = m.write(*out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if *out == "" {
		fmt.Printf("\n%s", m.table())
	}
	fmt.Printf("done after %s\n", time.Since(begun).Round(time.Second))
	return 0
}

// measurements are all results, with where they come from.
type measurements struct {
	machine machine
	results []result
}

// measureAll measures every size, with free calls and with limits.
func measureAll(ctx context.Context, short bool, only int, free bool) (measurements, error) {
	m := measurements{machine: thisMachine()}
	times := map[bool]int{true: 3, false: 20}[short]
	switch {
	case only < 0:
		return m, m.measureTurns(ctx, times)
	case only > 0:
		return m, m.measureSizes(ctx, short, only, free)
	}
	if err := m.measureSizes(ctx, short, only, free); err != nil {
		return m, err
	}
	return m, m.measureTurns(ctx, times)
}

func (m *measurements) measureSizes(ctx context.Context, short bool, only int, free bool) error {
	for _, s := range sizes() {
		if short && only == 0 && s.ingresses > 1000 || only > 0 && s.ingresses != only {
			continue
		}
		fmt.Printf("%d Ingresses, %d Services, %d nodes: filling the cluster\n", s.ingresses, s.services, s.nodes)
		c, err := newCluster(ctx, s)
		if err != nil {
			return err
		}
		err = m.measureSize(ctx, c, short, free)
		c.Stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// measureSize measures one size. The Ingresses that a burst creates come last.
func (m *measurements) measureSize(ctx context.Context, c *cluster, short, free bool) error {
	full := scope{changes: 100, nodes: 10, storm: time.Minute, burst: 2000, idle: time.Minute}
	if short {
		full = scope{changes: 20, nodes: 3, storm: 10 * time.Second, burst: 500, idle: 5 * time.Second}
	}
	if !free && !(short && c.ingresses > 100) {
		err := m.with(ctx, c, usual(), func(b *bed) []func() (result, error) {
			few := min(full.changes, 20)
			return []func() (result, error){
				func() (result, error) { return b.firstSync(ctx) },
				func() (result, error) { return b.restart(ctx) },
				func() (result, error) { return b.changes(ctx, few) },
				func() (result, error) { return b.replaceNodes(ctx, 3) },
			}
		})
		if err != nil {
			return err
		}
	}
	if c.ingresses >= 1000 {
		err := m.with(ctx, c, limits{}, func(b *bed) []func() (result, error) {
			return []func() (result, error){func() (result, error) { return b.busy(ctx, 20) }}
		})
		if err != nil {
			return err
		}
	}
	return m.with(ctx, c, limits{}, func(b *bed) []func() (result, error) {
		return []func() (result, error){
			func() (result, error) { return b.firstSync(ctx) },
			func() (result, error) { return b.restart(ctx) },
			func() (result, error) { return b.changes(ctx, full.changes) },
			func() (result, error) { return b.replaceNodes(ctx, full.nodes) },
			func() (result, error) { return b.idle(full.idle) },
			func() (result, error) { return b.storm(ctx, full.storm) },
			func() (result, error) { return b.burst(ctx, full.burst) },
		}
	})
}

// with measures scenarios one after the other with one set of providers.
func (m *measurements) with(ctx context.Context, c *cluster, l limits, scenarios func(*bed) []func() (result, error)) error {
	dir, err := os.MkdirTemp("", "edgeward-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBed(ctx, c, l, dir)
	if err != nil {
		return err
	}
	defer b.Close()
	defer func() {
		if b.daemon != nil {
			b.stop()
		}
	}()
	for _, scenario := range scenarios(b) {
		r, err := scenario()
		if err != nil {
			if b.daemon != nil {
				err = fmt.Errorf("%w\nthe end of the daemon's log:\n%s", err, tail(b.daemon.Log(), 2000))
			}
			return err
		}
		fmt.Println(" ", r.line())
		m.results = append(m.results, r)
	}
	return nil
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
