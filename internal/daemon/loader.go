package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/edgeward/edgeward/internal/config"
)

// loadLimit is how long the reading of the configuration may take.
const loadLimit = 10 * time.Second

// loader reads the configuration. The file may be a pipe that nobody writes to, or on
// a disk that hangs: such a reading is left behind, and no other begins beside it.
type loader struct {
	load    func() (*config.Config, error)
	pending chan loaded // nil: none is left behind
}

type loaded struct {
	cfg *config.Config
	err error
}

// read returns what the configuration holds now.
func (l *loader) read(ctx context.Context) (*config.Config, error) {
	select {
	case <-l.pending: // what was left behind has ended, and may be old
		l.pending = nil
	default:
	}
	if l.pending == nil {
		done := make(chan loaded, 1)
		go func() {
			cfg, err := l.load()
			done <- loaded{cfg, err}
		}()
		l.pending = done
	}
	limit := time.NewTimer(loadLimit)
	defer limit.Stop()
	select {
	case r := <-l.pending:
		l.pending = nil
		return r.cfg, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-limit.C:
		return nil, fmt.Errorf("reading the configuration has not ended in %s: is one of its files a pipe, or on a disk that hangs?", loadLimit)
	}
}
