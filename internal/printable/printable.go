// Package printable makes texts of others safe to show: what tenants write into
// their objects, what a provider answers, what a file holds. In none of them may a
// character command a terminal, begin a line, hide, or turn the order of others.
//
// It belongs where texts leave the program, not where they are made: then no new
// message can forget it.
package printable

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a text as part of one line: whatever does not show as itself stands as
// its Go escape (\n, \x1b, \u202e). Ordinary text stays as it is.
func Text(s string) string {
	i := first(s, harmful)
	if i < 0 {
		return s
	}
	out := append(make([]byte, 0, len(s)+16), s[:i]...)
	return string(escape(out, s[i:], harmful, goEscape))
}

// Line is Text for a message that may consist of several, as those of errors.Join
// and of parsers do: line breaks become semicolons.
func Line(s string) string {
	if !strings.Contains(s, "\n") {
		return Text(s)
	}
	var parts []string
	for part := range strings.Lines(s) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, Text(part))
		}
	}
	return strings.Join(parts, "; ")
}

// Shows reports whether a rune shows as itself, in its place. Other controls than
// those of the bidirectional algorithm, white space but the blank, and what is
// zero wide are not printable anyway, or to be ignored by those who print.
func Shows(r rune) bool {
	return strconv.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Writer returns a writer that escapes like Text, but for line breaks and tabs. It
// is for what makes its own lines and has the line breaks of others escaped, or
// none that matter. Each Write has to hold whole characters.
func Writer(w io.Writer) io.Writer {
	return writer{w, func(r rune, n int) bool { return r != '\n' && r != '\t' && harmful(r, n) }, goEscape}
}

// JSON returns a writer for JSON, which escapes in its way, so that it means what it
// did. Each Write has to hold whole characters.
func JSON(w io.Writer) io.Writer {
	return writer{w, func(r rune, n int) bool { return r != '\n' && harmful(r, n) }, jsonEscape}
}

type writer struct {
	to      io.Writer
	harmful func(r rune, size int) bool
	escape  func(to []byte, s string, r rune) []byte
}

func (w writer) Write(p []byte) (int, error) {
	if s := string(p); first(s, w.harmful) >= 0 {
		if _, err := w.to.Write(escape(make([]byte, 0, len(s)+16), s, w.harmful, w.escape)); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return w.to.Write(p)
}

// harmful judges a rune of the given size; one byte of RuneError is no UTF-8.
func harmful(r rune, size int) bool {
	return r < ' ' || r > '~' && (r == utf8.RuneError && size == 1 || !Shows(r))
}

// first is where the first harmful rune is; -1: there is none.
func first(s string, harmful func(rune, int) bool) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if harmful(r, n) {
			return i
		}
		i += n
	}
	return -1
}

func escape(to []byte, s string, harmful func(rune, int) bool, escaped func([]byte, string, rune) []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if harmful(r, n) {
			to = escaped(to, s[:n], r)
		} else {
			to = append(to, s[:n]...)
		}
		s = s[n:]
	}
	return to
}

// goEscape appends what stands for s, which is the rune r, in a Go string.
func goEscape(to []byte, s string, _ rune) []byte {
	quoted := strconv.QuoteToASCII(s)
	return append(to, quoted[1:len(quoted)-1]...)
}

// jsonEscape appends what stands for r in a JSON string.
func jsonEscape(to []byte, _ string, r rune) []byte {
	for _, unit := range utf16.AppendRune(nil, r) {
		to = append(to, `\u`...)
		to = append(to, strconv.FormatUint(1<<16|uint64(unit), 16)[1:]...)
	}
	return to
}
