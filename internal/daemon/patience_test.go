package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hang takes d, whatever its context says.
func hang(d time.Duration) { time.Sleep(d) }

// TestHeeding: a call that ignores its context is left behind a little after that is
// done, and no other.
func TestHeeding(t *testing.T) {
	failed := errors.New("failed")
	for name, test := range map[string]struct {
		takes time.Duration
		err   error
		want  error
		after time.Duration
	}{
		"it ends":    {time.Second, nil, nil, time.Second},
		"it fails":   {time.Second, failed, failed, time.Second},
		"just about": {15*time.Second + spare/2, failed, failed, 15*time.Second + spare/2},
		"it hangs":   {time.Hour, nil, errHangs, 15*time.Second + spare},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				begun := time.Now()
				_, err := heeding(ctx, func() (int, error) { hang(test.takes); return 1, test.err })
				if took := time.Since(begun); !errors.Is(err, test.want) || took != test.after {
					t.Errorf("after %s: %v", took, err)
				}
				hang(time.Hour)
			})
		})
	}
}

// TestCrew waits for what ends, and names what does not.
func TestCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newCrew(slog.New(slog.NewTextHandler(&log, nil)))
		c.run("a", func() { hang(time.Second) })
		c.run("b", func() { hang(2 * time.Second) })
		begun := time.Now()
		if c.wait(lastWait); time.Since(begun) != 2*time.Second || log.Len() > 0 {
			t.Errorf("after %s: %s", time.Since(begun), &log)
		}
		c.run("a", func() { hang(time.Second) })
		c.run("the watches of cluster b", func() { hang(time.Hour) })
		begun = time.Now()
		c.wait(lastWait)
		if time.Since(begun) != lastWait || !strings.Contains(log.String(), "the end of the watches of cluster b: does a plugin") {
			t.Errorf("after %s: %s", time.Since(begun), &log)
		}
		hang(time.Hour)
	})
}
