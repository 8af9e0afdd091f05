package model

import (
	"strings"
	"testing"
)

// TestObjectSet has names that are too long for DNS: cut, and still distinct.
func TestObjectSet(t *testing.T) {
	long := strings.Repeat("a", 63)
	seen := make(map[string]string)
	for _, test := range []struct {
		namespace, name string
		room            int
		want            string // "": too long to be as it is
	}{
		{"default", "web", 200, "web.default.lb"},
		{long, long, 253, long + "." + long + ".lb"},
		{long, long, 100, ""},
		{long, long + "b", 253, ""}, // a label too long
		{"a", "b.c", 200, "b.c.a.lb"},
		{"default", "web", 14, "web.default.lb"},
		{"default", "web", 13, ""},
		{"default", "web", 9, ""},
	} {
		got := ObjectSet("lb", test.namespace, test.name, test.room)
		if test.want != "" && got != test.want {
			t.Errorf("%s.%s in %d: %q, want %q", test.name, test.namespace, test.room, got, test.want)
		}
		if len(got) > test.room || longestLabel(got) > 63 || strings.Contains(got, "..") {
			t.Errorf("%s.%s in %d: %q", test.name, test.namespace, test.room, got)
		}
		seen[got] = test.name
	}
	if len(seen) < 7 {
		t.Errorf("not distinct: %v", seen)
	}
}
