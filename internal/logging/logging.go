// Package logging makes the daemon's logger.
package logging

import (
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
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
		return slog.New(coloured(w, level))
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

// coloured is for terminals. tint lets through what commands one, and texts from
// the cluster get into messages and values, so they are made harmless here.
func coloured(w io.Writer, level slog.Level) slog.Handler {
	return tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if k := a.Value.Kind(); k != slog.KindString && k != slog.KindAny || a.Key == slog.LevelKey {
			return a
		}
		text := a.Value.String()
		if a.Key == slog.MessageKey { // else it is quoted
			text = strings.ReplaceAll(text, "\n", " ")
		}
		return slog.String(a.Key, harmless(text))
	}})
}

// harmless is text without control characters but line breaks and tabs. Nor is
// there the written form of ESC in it, which tint would take back.
func harmless(text string) string {
	return strings.ReplaceAll(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || strconv.IsPrint(r) {
			return r
		}
		return '\ufffd'
	}, text), `\x1b`, `\x1B`)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
