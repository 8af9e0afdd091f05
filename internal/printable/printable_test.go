package printable

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"ordinary text":         {"Service web: port 80 of ~x, \"a\" 'b' \\n {1}", "Service web: port 80 of ~x, \"a\" 'b' \\n {1}"},
		"other letters":         {"bücher.example, 例え, שלום, ⌘ …", "bücher.example, 例え, שלום, ⌘ …"},
		"empty":                 {"", ""},
		"a line break":          {"a\n  - A forged\r\n", `a\n  - A forged\r\n`},
		"a tab":                 {"a\tb", `a\tb`},
		"an escape sequence":    {"\x1b[2K\x1b[1A\x07\x00\x7f", `\x1b[2K\x1b[1A\a\x00\x7f`},
		"one in eight bits":     {"\u009b2K", `\u009b2K`},
		"bidirectional":         {"a\u202ab\u202ec\u2066d\u2069\u200e\u200f\u061c", `a\u202ab\u202ec\u2066d\u2069\u200e\u200f\u061c`},
		"zero width":            {"a\u200bb\u200d\ufeff\u00ad\u2060", `a\u200bb\u200d\ufeff\u00ad\u2060`},
		"letters that are none": {"a\u3164b\u115f\uffa0\u034f\ufe0f\U000e0041", `a\u3164b\u115f\uffa0\u034f\ufe0f\U000e0041`},
		"other line ends":       {"a\u2028b\u2029c\u0085d\vf", `a\u2028b\u2029c\u0085d\vf`},
		"other blanks":          {"a\u00a0b\u3000", `a\u00a0b\u3000`},
		"no UTF-8":              {"a\xffb\xe2\x80", `a\xffb\xe2\x80`},
		"what stands for that":  {"a\ufffd", "a\ufffd"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Text(test.text); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			var out strings.Builder
			if n, err := Writer(&out).Write([]byte(test.text)); n != len(test.text) || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
			want := strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(out.String())
			if want != test.want {
				t.Errorf("the writer makes %q, want %q", out.String(), test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"a":                          "a",
		"cluster a: x\ncluster b: y": "cluster a: x; cluster b: y",
		"yaml: errors:\n  line 1: \x1b[1A\n\n  line 2": `yaml: errors:; line 1: \x1b[1A; line 2`,
	} {
		if got := Line(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestJSON: what comes out is safe and means the same.
func TestJSON(t *testing.T) {
	const evil = "a\n\x1b[2K\u009b1A\x7f\u202e\u200b\u3164\U000e0041 <b> é"
	var out strings.Builder
	if err := json.NewEncoder(JSON(&out)).Encode(map[string]string{"text": evil}); err != nil {
		t.Fatal(err)
	}
	if text := strings.TrimSuffix(out.String(), "\n"); Text(text) != text {
		t.Errorf("%q is not safe", text)
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back["text"] != evil {
		t.Errorf("%q came back as %q, %v", evil, back["text"], err)
	}
}

func TestOrdinaryTextCostsNothing(t *testing.T) {
	text := "not published: Service wéb of bücher.example does not exist"
	if n := testing.AllocsPerRun(100, func() { Text(text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		safe := Text(text)
		for _, r := range safe {
			if !Shows(r) {
				t.Errorf("%q is in %q", r, safe)
			}
		}
		if Text(safe) != safe {
			t.Errorf("%q is not what it is made of itself", safe)
		}
	})
}
