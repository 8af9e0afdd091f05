// Package logging makes the daemon's logger.
package logging

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/printable"
)

// New returns a logger that writes to w: in colour if w is a terminal and the
// format is auto, as JSON, or as text. Under systemd (inJournal) the text has
// no time, since the journal has its own. It does not wait for ever for who reads
// from w: see patient.
func New(w io.Writer, level slog.Level, format string, inJournal bool) *slog.Logger {
	return slog.New(newPatient(handler(w, level, format, inJournal)))
}

func handler(w io.Writer, level slog.Level, format string, inJournal bool) slog.Handler {
	switch {
	case format == config.LogJSON:
		return slog.NewJSONHandler(printable.JSON(w), &slog.HandlerOptions{Level: level})
	case format == config.LogAuto && isTerminal(w):
		return coloured(w, level)
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
	return slog.NewTextHandler(printable.Writer(w), &opts)
}

// coloured is for terminals. tint lets through what commands one, and texts from
// the cluster get into messages and values, so they are made harmless here.
func coloured(w io.Writer, level slog.Level) slog.Handler {
	return tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if k := a.Value.Kind(); k != slog.KindString && k != slog.KindAny || a.Key == slog.LevelKey {
			return a
		}
		if a.Key == slog.MessageKey { // it is not quoted
			return slog.String(a.Key, printable.Line(a.Value.String()))
		}
		return slog.String(a.Key, harmless(a.Value.String()))
	}})
}

// harmless is a value that tint will quote, which escapes line breaks and tabs,
// without what else does not show. Nor is there the written form of ESC in it,
// which tint would take back.
func harmless(text string) string {
	return strings.ReplaceAll(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || printable.Shows(r) {
			return r
		}
		return '\ufffd'
	}, text), `\x1b`, `\x1B`)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
