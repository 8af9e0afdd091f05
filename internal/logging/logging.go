// Package logging makes the daemon's logger.
package logging

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"github.com/edgeward/edgeward/internal/config"
)

// New returns a logger that writes to w: in colour if w is a terminal and the
// format is auto, as JSON, or as text. Under systemd (inJournal) the text has
// no time, since the journal has its own.
func New(w io.Writer, level slog.Level, format string, inJournal bool) *slog.Logger {
	switch {
	case format == config.LogJSON:
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	case format == config.LogAuto && isTerminal(w):
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly}))
	}
	opts := slog.HandlerOptions{Level: level}
	if inJournal {
		opts.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(w, &opts))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
