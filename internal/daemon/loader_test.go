package daemon

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeward/edgeward/internal/config"
)

// TestLoader has a configuration whose reading hangs: it is left behind after a while,
// or with its context, no other begins beside it, and what it brings at last is not
// taken for new.
func TestLoader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		written := make(chan string)
		l := &loader{load: func() (*config.Config, error) {
			begun.Add(1)
			return &config.Config{Owner: <-written}, nil
		}}
		for range 3 {
			start := time.Now()
			if _, err := l.read(t.Context()); err == nil || !strings.Contains(err.Error(), "has not ended in 10s") || time.Since(start) != loadLimit {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := l.read(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if n := begun.Load(); n != 1 {
			t.Errorf("%d readings", n)
		}
		written <- "old"
		synctest.Wait()
		go func() { written <- "new" }()
		if cfg, err := l.read(t.Context()); err != nil || cfg.Owner != "new" {
			t.Errorf("%v, %v", cfg, err)
		}
	})
}
