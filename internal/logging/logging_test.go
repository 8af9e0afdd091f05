package logging

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"testing"

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
