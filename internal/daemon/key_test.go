package daemon

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWatchKey(t *testing.T) {
	const (
		refuses = `ERROR msg="the provider refuses our key`
		takes   = `INFO msg="the provider takes our key again"`
	)
	tests := map[string]struct {
		codes string   // of replies, one after the other
		gauge []string // what it was set to
		lines []string // that the log begins with
	}{
		"nothing to learn from":     {"error 500 429 404", nil, nil},
		"good from the beginning":   {"200 201 204", []string{"1"}, nil},
		"bad from the beginning":    {"401 401 error 401", []string{"0"}, []string{refuses}},
		"revoked and replaced":      {"200 401 401 500 401 200 200", []string{"1", "0", "1"}, []string{refuses, takes}},
		"403 of single objects":     {"200 403 200 403 403 200 403 400 403 204", []string{"1"}, nil},
		"403 of all":                {"200 403 403 403 403", []string{"1", "0"}, []string{refuses}},
		"403 before anything else":  {"403 403 403", []string{"0"}, []string{refuses}},
		"first a doubt, then a yes": {"403 200", []string{"1"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var gauge, lines []string
			var text bytes.Buffer
			observed := 0
			observe := watchKey(func(v float64) { gauge = append(gauge, fmt.Sprint(v)) },
				slog.New(slog.NewTextHandler(&text, nil)), func(string, string, time.Duration) { observed++ })
			codes := strings.Fields(test.codes)
			for _, code := range codes {
				observe("GET", code, time.Second)
			}
			for line := range strings.Lines(text.String()) {
				_, line, _ = strings.Cut(line, "level=")
				lines = append(lines, strings.TrimSpace(line))
			}
			if diff := cmp.Diff(test.gauge, gauge); diff != "" {
				t.Errorf("gauge (-want +got):\n%s", diff)
			}
			if !slices.EqualFunc(lines, test.lines, strings.HasPrefix) {
				t.Errorf("logged %q, want lines that begin with %q", lines, test.lines)
			}
			if observed != len(codes) {
				t.Errorf("%d of %d calls were passed on", observed, len(codes))
			}
		})
	}
}
