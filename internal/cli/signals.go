package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// lastMoment is how long the process may take to end after it was told to. Its parts
// end within ten seconds; what does not is left behind, such as a line that is written
// to a pipe which nobody reads, or a disk that hangs.
const lastMoment = 14 * time.Second

// catchSignals delivers SIGHUP on a channel, and ends a context at SIGTERM or SIGINT. If
// the process is still there after lastMoment it ends then; a second SIGTERM or SIGINT
// ends it at once.
//
// It is the first thing that the process does: a SIGHUP that came earlier would end it.
func catchSignals() (ctx context.Context, hangup <-chan os.Signal) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, func() {
		stop()
		time.Sleep(lastMoment)
		go fmt.Fprintf(os.Stderr, "edgeward: not everything has ended %s after the signal; ending without it\n", lastMoment)
		time.Sleep(time.Second / 10) // standard error may be what hangs
		os.Exit(exitFailure)
	})
	return ctx, told
}

// hangUp gives SIGHUP its usual meaning back, for commands on a terminal.
func hangUp() { signal.Reset(syscall.SIGHUP) }

// outliveReaders has the process go on where nobody reads its log any more: SIGPIPE
// would end it, which systemd takes for a clean end.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
