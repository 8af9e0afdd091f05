package vultrcdn

import (
	"strings"
	"testing"
)

func TestLabels(t *testing.T) {
	mark := markOn("team", testHost)
	const fingerprint = "0123456789abcdef"
	for _, tc := range []struct {
		name, text string
		want       label
	}{
		{"ours", "edgeward " + mark, label{mark: mark}},
		{"ours with a certificate", "edgeward " + mark + " cert=" + fingerprint, label{mark, fingerprint}},
		{"a mark that is none", "edgeward team", label{mark: "team"}},
		{"none", "", label{}},
		{"somebody's", "my-pullzone", label{}},
		{"the mark alone", mark, label{}},
		{"no mark", "edgeward ", label{}},
		{"a certificate without mark", "edgeward  cert=" + fingerprint, label{}},
		{"upper case", "Edgeward " + mark, label{}},
		{"a blank before it", " edgeward " + mark, label{}},
		{"a blank after it", "edgeward " + mark + " ", label{}},
		{"a line after it", "edgeward " + mark + "\n", label{}},
		{"two blanks", "edgeward  " + mark, label{}},
		{"something after it", "edgeward " + mark + " (do not touch)", label{}},
		{"a fingerprint cut off", "edgeward " + mark + " cert=" + fingerprint[:15], label{}},
		{"a fingerprint that is too long", "edgeward " + mark + " cert=" + fingerprint + "0", label{}},
		{"a fingerprint in upper case", "edgeward " + mark + " cert=" + strings.ToUpper(fingerprint), label{}},
		{"no fingerprint", "edgeward " + mark + " cert=", label{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := parseLabel(tc.text)
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if got != (label{}) && got.String() != tc.text {
				t.Errorf("written again it is %q", got)
			}
		})
	}
}
