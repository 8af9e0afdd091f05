package daemon

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/server"
	"github.com/edgeward/edgeward/internal/syncer"
)

// idle is a DNS without records.
type idle struct{ provider.Records }

func (idle) Zones() []string                              { return []string{""} }
func (idle) List(context.Context) ([]model.Record, error) { return nil, nil }

// stuck is a log that takes no line any more once its reader has stopped.
type stuck struct {
	slog.Handler
	stopped chan struct{} // closed by then
	forever chan struct{}
}

func (s stuck) Handle(context.Context, slog.Record) error {
	select {
	case <-s.stopped:
		<-s.forever
	default:
	}
	return nil
}
func (s stuck) Enabled(context.Context, slog.Level) bool { return true }
func (s stuck) WithAttrs([]slog.Attr) slog.Handler       { return s }

// TestWatchdog: systemd is given a sign of life as long as the loop turns, and not when
// that hangs.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := stuck{stopped: make(chan struct{}), forever: make(chan struct{})}
		s := syncer.New(syncer.Options{
			Clusters: []desired.Cluster{{Name: "main"}}, DNS: idle{}, DNSAccount: httpapi.NewAccount(0, time.Second),
			ResyncInterval: 5 * time.Second, Metrics: metrics.New(prometheus.NewRegistry(), metrics.Build{}), Log: slog.New(log),
		})
		d := new(daemon)
		d.current.Store(&session{syncer: s})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		fed := func() bool { return strings.Contains(d.sign(), "\nWATCHDOG=1") }

		for range 100 {
			time.Sleep(server.Hung / 10)
			synctest.Wait()
			if !fed() {
				t.Fatal("not fed although the loop turns")
			}
		}
		close(log.stopped)
		s.Cluster("main").Ready("uid") // the loop says that it has planned
		time.Sleep(server.Hung - 10*time.Second)
		if !fed() {
			t.Error("it is given no time")
		}
		time.Sleep(20 * time.Second)
		if fed() {
			t.Error("fed although the loop hangs")
		}
		close(log.forever)
		time.Sleep(10 * time.Second)
		if !fed() {
			t.Error("not fed although the loop turns again")
		}
		cancel()
		<-ended
	})
}

func TestStatusLine(t *testing.T) {
	const want = `STATUS=vultr: not read yet: 502 Bad Gateway: \x1b[2K; MAINPID=1`
	if got := statusLine("vultr: not read yet: 502 Bad Gateway: \x1b[2K\nMAINPID=1"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
