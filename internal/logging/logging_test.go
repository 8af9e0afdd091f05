package logging

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/edgeward/edgeward/internal/config"
)

func TestNew(t *testing.T) {
	const stamp = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+`
	tests := map[string]struct {
		format    string
		inJournal bool
		want      string // a regular expression of one line
	}{
		"text":                 {config.LogText, false, `^time=` + stamp + ` level=WARN msg="a b" c=1 d.time=x\n$`},
		"auto, no terminal":    {config.LogAuto, false, `^time=` + stamp + ` level=WARN msg="a b" c=1 d.time=x\n$`},
		"in the journal":       {config.LogAuto, true, `^level=WARN msg="a b" c=1 d.time=x\n$`},
		"JSON":                 {config.LogJSON, false, `^{"time":"` + stamp + `","level":"WARN","msg":"a b","c":1,"d":{"time":"x"}}\n$`},
		"JSON, in the journal": {config.LogJSON, true, `^{"time":"` + stamp + `","level":"WARN","msg":"a b","c":1,"d":{"time":"x"}}\n$`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := New(&out, slog.LevelWarn, test.format, test.inJournal)
			log.Info("too quiet")
			log.Warn("a b", "c", 1, slog.Group("d", "time", "x"))
			if !regexp.MustCompile(test.want).MatchString(out.String()) {
				t.Errorf("wrote %q, want %s", out.String(), test.want)
			}
		})
	}
}

// TestNoTerminal writes to a file: it is not coloured.
func TestNoTerminal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	New(file, slog.LevelInfo, config.LogAuto, false).Warn("a")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.ContainsRune(text, '\x1b') || !bytes.Contains(text, []byte("level=WARN msg=a")) {
		t.Errorf("wrote %q, %v", text, err)
	}
}

// TestNothingIsUnescaped logs text that would begin a new line, or command a
// terminal, as a message and as a value, in each format.
func TestNothingIsUnescaped(t *testing.T) {
	const evil = "a\nlevel=ERROR msg=forged \x1b[2J\x1b]0;title\x07 \u202e\u2066 \u009b31m \x7f \u200b\u3164 \x9b31m \\x1b[31m"
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"text":       func(w io.Writer) slog.Handler { return New(w, slog.LevelInfo, config.LogText, false).Handler() },
		"journal":    func(w io.Writer) slog.Handler { return New(w, slog.LevelInfo, config.LogAuto, true).Handler() },
		"JSON":       func(w io.Writer) slog.Handler { return New(w, slog.LevelInfo, config.LogJSON, false).Handler() },
		"a terminal": func(w io.Writer) slog.Handler { return coloured(w, slog.LevelInfo) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(handler(&out))
			log.Warn("not published: "+evil, "ingress", evil, "rules", []string{evil})
			text := out.String()
			if n := strings.Count(text, "\n"); n != 1 {
				t.Errorf("%d lines: %q", n, text)
			}
			if !utf8.ValidString(text) {
				t.Errorf("%q is not UTF-8", text)
			}
			for _, bad := range []string{"\x1b[2J", "\x1b]0", "\x1b[31m", "\x07", "\x7f", "\u009b", "\u202e", "\u2066", "\u200b", "\u3164"} {
				if strings.Contains(text, bad) {
					t.Errorf("%q is in %q", bad, text)
				}
			}
		})
	}
}
