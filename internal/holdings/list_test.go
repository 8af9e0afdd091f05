package holdings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/printable"
)

// TestNothingIsUnescaped lists objects whose texts would forge lines and columns
// and command a terminal.
func TestNothingIsUnescaped(t *testing.T) {
	const evil = "a\tb\nmain\x1b[1A\u202e\u009b"
	items := []Item{{evil, evil, evil, evil, evil, evil, evil}, {"main", "edgio", "rule", "www.example.com/a", "http://é", "shop/web", "1"}}
	var table strings.Builder
	if err := WriteTable(&table, items); err != nil {
		t.Fatal(err)
	}
	const safe = `a\tb\nmain\x1b[1A\u202e\u009b`
	blanks := func(n int) string { return strings.Repeat(" ", n) }
	wide := len(safe) + 2
	want := "CLUSTER" + blanks(wide-7) + "TARGET" + blanks(wide-6) + "KIND" + blanks(wide-4) + "OBJECT" + blanks(wide-6) + "VALUE" + blanks(wide-5) + "SERVES\n" +
		strings.Repeat(safe+"  ", 5) + safe + "\n" +
		"main" + blanks(wide-4) + "edgio" + blanks(wide-5) + "rule" + blanks(wide-4) + "www.example.com/a" + blanks(wide-17) + "http://é" + blanks(wide-8) + "shop/web\n"
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	var text strings.Builder
	if err := WriteJSON(&text, items); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if line = strings.TrimSuffix(line, "\n"); printable.Text(line) != line {
			t.Errorf("printed as it is: %q", line)
		}
	}
}
