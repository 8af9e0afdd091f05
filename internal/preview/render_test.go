package preview

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/printable"
)

// evil would forge a line, command a terminal and turn the order of characters.
const evil = "x\n  - A prod.example.org 198.51.100.1\r\x1b[2K\x1b[1A\u009b2J\u202e\u200b\xff"

// hostile is a report with evil in each text.
func hostile() Report {
	fields := func(value string) []Field { return []Field{{evil, value}} }
	return Report{
		Changes: []Entry{
			{evil, evil, "create", evil, evil, 0, nil, fields(evil)},
			{evil, evil, "update", evil, evil, 1, fields(evil), fields("other" + evil)},
			{evil, evil, "delete", evil, evil, 1, fields(evil), nil},
		},
		Obstacles: []Obstacle{{evil, evil, evil, evil}},
		Warnings:  []string{evil},
	}
}

// TestNothingIsUnescaped prints evil in every place of a report: there are as many
// lines as with good texts, and in none of them anything that is not printable.
func TestNothingIsUnescaped(t *testing.T) {
	var text strings.Builder
	if err := hostile().WriteText(&text); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	for _, line := range lines {
		if printable.Text(line) != line {
			t.Errorf("printed as it is: %q", line)
		}
	}
	if len(lines) != 14 {
		t.Errorf("%d lines:\n%s", len(lines), &text)
	}
	if want := `  ! x\n  - A prod.example.org 198.51.100.1\r\x1b[2K\x1b[1A\u009b2J\u202e\u200b\xff`; !strings.Contains(text.String(), want) {
		t.Errorf("no line %s:\n%s", want, &text)
	}
}

// TestJSONIsUnescaped: what scripts read is what it was, and does nothing to a
// terminal either.
func TestJSONIsUnescaped(t *testing.T) {
	var text strings.Builder
	if err := hostile().WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if line = strings.TrimSuffix(line, "\n"); printable.Text(line) != line {
			t.Errorf("printed as it is: %q", line)
		}
	}
	var back Report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(evil, "\ufffd"); back.Warnings[0] != want {
		t.Errorf("%q came back as %q", want, back.Warnings[0])
	}
}

// TestOrdinaryText: a line looks as it always did.
func TestOrdinaryText(t *testing.T) {
	var text strings.Builder
	r := NewReport(desired.Want{}, forecast.Forecast{Records: []forecast.Change[model.Record]{}}, model.Settings{Domain: "example.net", DNS: model.DNS{Name: fixture.Vultr, Section: "vultr"}})
	r.Changes = []Entry{{"Ingress main/shop/web", "edgio", "delete", "rule bücher.example/a", "no Ingress wants it", (10 * time.Second).Seconds(), nil, nil}}
	r.Warnings = []string{`annotation "x" is not known`}
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	const want = `Ingress main/shop/web
  - rule bücher.example/a
      # no Ingress wants it, after 10s
Warnings
  ! annotation "x" is not known
To add: 0, to change: 0, to remove: 1.
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
