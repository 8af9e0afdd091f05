package httpapi

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// maxMessage bounds a message, in bytes.
const maxMessage = 200

// A fault is an object by which an API says what is wrong. The sentence that helps may be
// in either text.
type fault struct {
	Source      string `json:"source"` // the field at fault
	Message     string `json:"message"`
	Description string `json:"description"`
}

// String is all that the fault says, without what another part repeats.
func (f fault) String() string {
	var parts []string
	for _, part := range []string{f.Source, f.Message, f.Description} {
		part = strings.TrimSpace(part)
		holds := func(whole string) bool { return strings.Contains(strings.ToLower(whole), strings.ToLower(part)) }
		if slices.ContainsFunc(parts, holds) {
			continue
		}
		parts = slices.DeleteFunc(parts, func(said string) bool {
			return strings.Contains(strings.ToLower(part), strings.ToLower(said))
		})
		parts = append(parts, part)
	}
	return strings.Join(parts, ": ")
}

// message finds the words in the body of an error, in the forms that JSON APIs commonly
// use: {"error": text}, {"errors": [fault]}, or a fault alone. Otherwise it is the text
// itself. The secrets are taken out of it.
func message(body []byte, secrets ...string) string {
	text := words(body)
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return strings.TrimSpace(text)
}

func words(body []byte) string {
	var known struct {
		Error  string  `json:"error"`
		Errors []fault `json:"errors"`
		fault
	}
	text := string(body)
	switch err := json.Unmarshal(body, &known); {
	case err != nil && strings.HasPrefix(strings.TrimSpace(text), "<"):
		return "an HTML page"
	case err != nil:
		return text
	case known.Error != "":
		return known.Error
	case len(known.Errors) > 0 && known.Errors[0].String() != "":
		return known.Errors[0].String()
	case known.fault.String() != "":
		return known.fault.String()
	}
	return text
}
