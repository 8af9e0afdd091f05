package logging

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeward/edgeward/internal/config"
)

// TestReaderThatStops: a log that nobody reads holds nobody up for long; what was lost
// is counted, and all is well once it is read again.
func TestReaderThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		log := New(writer, slog.LevelInfo, config.LogText, true)
		one := log.With("a", 1)
		begun := time.Now()
		log.Info("waits")
		for i := range 1000 {
			one.Info(fmt.Sprint("lost ", i))
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("1001 lines took %s", took)
		}
		lines := make(chan string, 10)
		go func() {
			for buf := make([]byte, 1000); ; {
				n, err := reader.Read(buf)
				if err != nil {
					return
				}
				lines <- string(buf[:n])
			}
		}()
		synctest.Wait()
		one.WithGroup("g").Info("read again", "b", 2)
		writer.Close()
		for _, want := range []string{"level=INFO msg=waits\n", "lines=1000\n", "level=INFO msg=\"read again\" a=1 g.b=2\n"} {
			if got := <-lines; !strings.HasSuffix(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}

// TestNothingIsLost: whoever reads in time misses no line, however fast they come.
func TestNothingIsLost(t *testing.T) {
	var out strings.Builder
	log := New(&out, slog.LevelInfo, config.LogText, true)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 5000 {
				log.Info("a")
			}
		})
	}
	writers.Wait()
	if n := strings.Count(out.String(), "msg=a\n"); n != 20000 {
		t.Errorf("%d lines of 20000", n)
	}
}
