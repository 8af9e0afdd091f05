package daemon

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// spare is how long a call may go on after its context is done.
	spare = time.Second
	// lastWait is how long watches and reports may take to end at a stop or a reload.
	lastWait = 5 * time.Second
)

// errHangs is that of a call that does not end when its context does.
var errHangs = errors.New("no end in time: does a plugin that the kubeconfig runs for credentials hang?")

// heeding returns what a call does. One that goes on although ctx has been done for
// the time spare is left behind, with errHangs: client-go does not stop a plugin that it
// runs for credentials.
func heeding[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	late := make(chan struct{})
	defer context.AfterFunc(ctx, func() { time.AfterFunc(spare, func() { close(late) }) })()
	select {
	case r := <-done:
		return r.value, r.err
	case <-late:
		var none T
		return none, errHangs
	}
}

// crew are parts that run beside each other, by what they are called in the log.
type crew struct {
	log *slog.Logger

	mu      sync.Mutex
	running map[string]int
	ended   chan struct{} // has an element after one has ended
}

func newCrew(log *slog.Logger) *crew {
	return &crew{log: log, running: make(map[string]int), ended: make(chan struct{}, 1)}
}

// run runs a part.
func (c *crew) run(name string, part func()) {
	c.mu.Lock()
	c.running[name]++
	c.mu.Unlock()
	go func() {
		part()
		c.mu.Lock()
		if c.running[name]--; c.running[name] == 0 {
			delete(c.running, name)
		}
		c.mu.Unlock()
		select {
		case c.ended <- struct{}{}:
		default:
		}
	}()
}

// wait waits for the end of all parts, which were told to end. Those that take longer
// than most are left behind, and named in the log.
func (c *crew) wait(most time.Duration) {
	limit := time.NewTimer(most)
	defer limit.Stop()
	for {
		left := c.left()
		if len(left) == 0 {
			return
		}
		select {
		case <-c.ended:
		case <-limit.C:
			c.log.Warn("going on without waiting any longer for the end of " + strings.Join(left, ", ") +
				": does a plugin that a kubeconfig runs for credentials hang?")
			return
		}
	}
}

// left are the names of the parts that still run.
func (c *crew) left() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.running))
}
