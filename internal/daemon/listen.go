package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/printable"
	"github.com/edgeward/edgeward/internal/server"
	"github.com/edgeward/edgeward/internal/status"
)

// listen opens the listener and tells systemd that the daemon runs: whether it
// is in sync is another question, which /readyz answers.
func (d *daemon) listen(ctx context.Context, address string, failed context.CancelCauseFunc, log *slog.Logger) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("metrics.listen: %w", err)
	}
	log.Info("listening for metrics, health checks and the status page", "address", listener.Addr().String())
	go func() {
		if err := server.Serve(ctx, listener, server.Handler(d.registry, d, status.Handler(d.Build.Version, d.overview), d.hosts)); err != nil {
			failed(err)
		}
	}()
	if err := d.notify("READY=1"); err != nil {
		log.Warn(err.Error())
	}
	context.AfterFunc(ctx, func() { d.notify("STOPPING=1") })
	go d.watchdog(ctx)
	return nil
}

// notify tells systemd, if it started us, a state.
func (d *daemon) notify(state string) error {
	return server.Notify(os.Getenv("NOTIFY_SOCKET"), state)
}

// watchdog shows systemd what the daemon does and, as often as it asks for in
// $WATCHDOG_USEC, that its loop turns. When that hangs, systemd ends the process.
func (d *daemon) watchdog(ctx context.Context) {
	interval := 10 * time.Second
	if usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64); err == nil && usec > 0 {
		interval = time.Duration(usec) * time.Microsecond / 3
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		d.notify(d.sign())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sign is what systemd is shown: a sign of life only while the loop gives one.
func (d *daemon) sign() string {
	state := statusLine(d.Status())
	if time.Since(d.Alive()) < server.Hung {
		state += "\nWATCHDOG=1"
	}
	return state
}

// statusLine has systemd show a text. A line break in it would begin another
// assignment.
func statusLine(text string) string { return "STATUS=" + printable.Line(text) }

// Ready is that of the syncer with the configuration in force.
func (d *daemon) Ready() (ok bool, reason string) { return d.current.Load().syncer.Ready() }

// Alive likewise.
func (d *daemon) Alive() time.Time { return d.current.Load().syncer.Alive() }

// Status likewise.
func (d *daemon) Status() string { return d.current.Load().syncer.Status() }

// hosts are the names under which the status page may be asked for.
func (d *daemon) hosts() []string { return d.current.Load().cfg.Metrics.Names() }

// overview likewise.
func (d *daemon) overview() *outcome.Overview { return d.current.Load().syncer.Overview() }
