package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"k8s.io/apimachinery/pkg/labels"
)

// The functions of this file and of hosts.go each make a value of the text that
// the file, the environment or the table of defaults has for it. Their errors
// say what is wanted and never repeat the text.

// required refuses the empty text that is the default of a key without one.
func required(parse func(string) (string, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "" {
			return "", errors.New("required")
		}
		return parse(text)
	}
}

// plainText takes one line of anything printable.
func plainText(text string) (string, error) {
	if strings.TrimSpace(text) != text {
		return "", errors.New("begins or ends with white space")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New("holds a character that cannot be printed, such as a line break")
	}
	return text, nil
}

// headerText takes what may stand in an HTTP header: printable ASCII (RFC 9110,
// section 5.5, less the obsolete rest), and here no blanks.
func headerText(text string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("holds a blank or another character that cannot stand in an HTTP header")
	}
	return text, nil
}

// secretText takes anything; what it must be is checked when it is known
// whether a file holds the secret instead.
func secretText(text string) (Secret, error) {
	return NewSecret(strings.TrimSpace(text)), nil
}

// ownerName takes the mark of what is ours. It stands in origin names and in
// headers, hence the narrow rule.
func ownerName(text string) (string, error) {
	if _, err := dnsLabel(text); err != nil || len(text) > 32 {
		return "", errors.New(`must be 1 to 32 of a-z, 0-9 and "-", and neither begin nor end with "-"`)
	}
	return text, nil
}

// unreserved is what needs no escape in a URL path (RFC 3986, section 2.3).
var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// pathSegment takes what can be one segment of a URL path without escapes.
func pathSegment(text string) (string, error) {
	if !unreserved.MatchString(text) || text == "." || text == ".." {
		return "", errors.New(`must be letters, digits, "-", "_", "." and "~": it becomes part of a URL`)
	}
	return text, nil
}

// filePath takes a path, as yet relative to nothing (see places).
func filePath(text string) (string, error) {
	if strings.HasPrefix(text, "~") {
		return "", errors.New(`"~" means nothing here: write the whole path`)
	}
	return plainText(text)
}

// labelSelector takes a Kubernetes label selector, or "" for none. One that
// selects everything without being empty ("  ") is a mistake.
func labelSelector(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	selector, err := labels.Parse(text)
	if err != nil || selector.Empty() {
		return "", errors.New(`not a label selector such as cdn=edgio or "env in (a, b), !old"`)
	}
	return text, nil
}

// nodeAddressType takes the kinds of node address that an A record can hold.
func nodeAddressType(text string) (string, error) {
	switch text {
	case "ExternalIP", "InternalIP":
		return text, nil
	case "Hostname", "ExternalDNS", "InternalDNS":
		return "", errors.New("this kind is a name, which an A record cannot hold: must be ExternalIP or InternalIP")
	}
	return "", errors.New("must be ExternalIP or InternalIP")
}

// patternText is a DNS name in which * stands for any number of any characters.
var patternText = regexp.MustCompile(`^[a-z0-9*]([a-z0-9*.-]*[a-z0-9*])?$`)

// pattern takes a name of a namespace or a host, with or without *.
func pattern(text string) (string, error) {
	if !patternText.MatchString(text) {
		return "", errors.New(`must be a name of a-z, 0-9, "-" and ".", in which "*" stands for anything`)
	}
	return text, nil
}

// annotation takes the name of an annotation of ours, with or without its prefix.
func annotation(text string) (string, error) {
	const prefix = "edgeward/"
	name, err := oneOf("published-protocols", "source-protocol", "source-path", "service-profile",
		"adopt", "release", "origin", "origin-port")(strings.TrimPrefix(text, prefix))
	if err != nil {
		return "", err
	}
	return prefix + name, nil
}

// oneOf takes one of the words.
func oneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if slices.Contains(words, text) {
			return text, nil
		}
		last := len(words) - 1
		return "", fmt.Errorf("must be %s or %s", strings.Join(words[:last], ", "), words[last])
	}
}

// logLevel takes the name of a level of log/slog, in lower case.
func logLevel(text string) (slog.Level, error) {
	if _, err := oneOf("debug", "info", "warn", "error")(text); err != nil {
		return 0, err
	}
	var level slog.Level
	err := level.UnmarshalText([]byte(text))
	return level, err
}

// duration takes what time.ParseDuration does, from least up.
func duration(least time.Duration) func(string) (time.Duration, error) {
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

// integer takes a decimal number within the bounds.
func integer(least, most int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("must be a whole number from %d to %d", least, most)
		}
		return n, nil
	}
}

// rate takes a number of requests in some time; 0 means no limit.
func rate(text string) (float64, error) {
	r, err := strconv.ParseFloat(text, 64)
	if err != nil || !(r >= 0) || math.IsInf(r, 0) {
		return 0, errors.New("must be a number, at least 0 (0: no limit)")
	}
	return r, nil
}

// share takes a number from 0 to 1.
func share(text string) (float64, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s <= 1) {
		return 0, errors.New("must be a number from 0 to 1")
	}
	return s, nil
}
