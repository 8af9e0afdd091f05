package schema

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Hexadecimal checks a key that is decoded from hexadecimal.
func Hexadecimal(text string) error {
	_, err := hex.DecodeString(text)
	switch {
	case errors.Is(err, hex.ErrLength):
		return errors.New("not hexadecimal: the number of digits is odd")
	case err != nil:
		return errors.New("not hexadecimal")
	}
	return nil
}

// BearerToken checks a key that is sent in the header Authorization.
func BearerToken(text string) error {
	_, err := HeaderText(text)
	return err
}

// The functions of this file and of hosts.go each make a value of the text that
// the file, the environment or the table of defaults has for it. Their errors
// say what is wanted and never repeat the text.

// Required refuses the empty text that is the default of a key without one.
func Required(parse func(string) (string, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "" {
			return "", errors.New("required")
		}
		return parse(text)
	}
}

// PlainText takes one line of anything printable.
func PlainText(text string) (string, error) {
	if strings.TrimSpace(text) != text {
		return "", errors.New("begins or ends with white space")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New("holds a character that cannot be printed, such as a line break")
	}
	return text, nil
}

// HeaderText takes what may stand in an HTTP header: printable ASCII (RFC 9110,
// section 5.5, less the obsolete rest), and here no blanks.
func HeaderText(text string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("holds a blank or another character that cannot stand in an HTTP header")
	}
	return text, nil
}

// SecretText takes anything; what it must be is checked when it is known
// whether a file holds the secret instead.
func SecretText(text string) (Secret, error) {
	return NewSecret(strings.TrimSpace(text)), nil
}

// unreserved is what needs no escape in a URL path (RFC 3986, section 2.3).
var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// PathSegment takes what can be one segment of a URL path without escapes.
func PathSegment(text string) (string, error) {
	if !unreserved.MatchString(text) || text == "." || text == ".." {
		return "", errors.New(`must be letters, digits, "-", "_", "." and "~": it becomes part of a URL`)
	}
	return text, nil
}

// FilePath takes a path, as yet relative to nothing (see places).
func FilePath(text string) (string, error) {
	if strings.HasPrefix(text, "~") {
		return "", errors.New(`"~" means nothing here: write the whole path`)
	}
	return PlainText(text)
}

// OneOf takes one of the words.
func OneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if slices.Contains(words, text) {
			return text, nil
		}
		last := len(words) - 1
		return "", fmt.Errorf("must be %s or %s", strings.Join(words[:last], ", "), words[last])
	}
}

// Duration takes what time.ParseDuration does, from least up.
func Duration(least time.Duration) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if _, number := strconv.ParseFloat(text, 64); err != nil && number == nil {
			return 0, errors.New("needs a unit such as 30s")
		}
		if err != nil {
			return 0, errors.New("not a duration such as 30s, 10m or 1h30m")
		}
		if d < least {
			return 0, fmt.Errorf("must be at least %v", least)
		}
		return d, nil
	}
}

// Integer takes a decimal number within the bounds.
func Integer(least, most int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("must be a whole number from %d to %d", least, most)
		}
		return n, nil
	}
}

// Rate takes a number of requests in some time; 0 means no limit.
func Rate(text string) (float64, error) {
	r, err := strconv.ParseFloat(text, 64)
	if err != nil || !(r >= 0) || math.IsInf(r, 0) {
		return 0, errors.New("must be a number, at least 0 (0: no limit)")
	}
	return r, nil
}
