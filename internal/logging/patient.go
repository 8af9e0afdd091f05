package logging

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// patience is how long a line may take to be written until its writer is not waited
// for any more.
const patience = time.Second

// patient is a handler that does not wait for ever for a reader of the log, such as
// one that has stopped at the other end of a pipe. While a line cannot be written,
// further ones are lost; how many is said once lines can be written again.
type patient struct {
	slog.Handler
	queue *queue
}

// queue is where a line waits until it is written.
type queue struct {
	mu   sync.Mutex
	free chan struct{} // holds one element while no line is being written
	lost int           // lines since the latest was written
}

func newPatient(h slog.Handler) slog.Handler {
	q := &queue{free: make(chan struct{}, 1)}
	q.free <- struct{}{}
	return patient{h, q}
}

// Handle implements slog.Handler.
func (p patient) Handle(ctx context.Context, r slog.Record) error {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	select {
	case <-p.queue.free:
	default:
		p.queue.lost++
		return nil
	}
	lost := p.queue.lost
	p.queue.lost = 0
	written := make(chan error, 1)
	go func() {
		if lost > 0 {
			note := slog.NewRecord(time.Now(), slog.LevelWarn, "lines of this log are lost, as they could not be written in time", 0)
			note.Add("lines", lost)
			_ = p.Handler.Handle(ctx, note)
		}
		err := p.Handler.Handle(ctx, r)
		p.queue.free <- struct{}{}
		written <- err
	}()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case err := <-written:
		return err
	case <-limit.C:
		return nil
	}
}

// WithAttrs implements slog.Handler.
func (p patient) WithAttrs(attrs []slog.Attr) slog.Handler {
	return patient{p.Handler.WithAttrs(attrs), p.queue}
}

// WithGroup implements slog.Handler.
func (p patient) WithGroup(name string) slog.Handler {
	return patient{p.Handler.WithGroup(name), p.queue}
}
