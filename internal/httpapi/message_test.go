package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestMessage(t *testing.T) {
	const secret = "KEY/+1"
	long := strings.Repeat("ü", 150) // 300 bytes
	for _, tc := range []struct {
		name, body, want string
	}{
		{"a text", `{"error":"Invalid API token.","status":401}`, "Invalid API token."},
		{"a list of faults", `{"errors":[{"message":"invalid timestamp","code":1010},{"message":"second"}]}`, "invalid timestamp"},
		{"a fault with the field", `{"errors":[{"message":"required","source":"body.sourceHostname"}]}`, "body.sourceHostname: required"},
		{"a fault with the sentence in the description", `{"errors":[{"message":"Bad Request","code":400,"description":"unknown service profile","source":"body.serviceProfileName"}]}`,
			"body.serviceProfileName: Bad Request: unknown service profile"},
		{"a fault with the description alone", `{"errors":[{"description":"unknown service profile"}]}`, "unknown service profile"},
		{"a fault with the same text twice", `{"errors":[{"message":"Required.","description":"required."}]}`, "Required."},
		{"a fault with the label in the sentence", `{"errors":[{"message":"Bad Request","description":"bad request: no host"}]}`, "bad request: no host"},
		{"a fault with the sentence in the label", `{"errors":[{"message":"no host given","description":"no host"}]}`, "no host given"},
		{"a fault with the field in the sentence", `{"errors":[{"message":"body.x: required","source":"body.x","description":""}]}`, "body.x: required"},
		{"a fault with nulls", `{"errors":[{"message":"required","source":null,"description":null}]}`, "required"},
		{"a fault with nothing", `{"errors":[{"code":7}]}`, `{"errors":[{"code":7}]}`},
		{"a fault in lines", `{"errors":[{"message":"Bad\nRequest\t","description":"\u001b[31mno\u0085host"}]}`, "Bad Request:  [31mno host"},
		{"a fault alone", `{"message":"Forbidden","description":"no rights to the account"}`, "Forbidden: no rights to the account"},
		{"the secret in a description", `{"errors":[{"message":"Unauthorized","description":"no key KEY/+1"}]}`, "Unauthorized: no key [redacted]"},
		{"no errors", `{"errors":[]}`, `{"errors":[]}`},
		{"an error of another shape", `{"error":{"code":7}}`, `{"error":{"code":7}}`},
		{"other JSON", `["no"]`, `["no"]`},
		{"plain text", " try later\r\n", "try later"},
		{"empty", "", ""},
		{"HTML", "\n<!DOCTYPE html><title>502</title>", "an HTML page"},
		{"control characters", "a\x1b[31mb\x00c\x7fd", "a [31mb c d"},
		{"control characters of a terminal in eight bits", "a\u009b31mb", "a 31mb"},
		{"control characters escaped in JSON", `{"error":"a\u001b[31mb\nc"}`, "a [31mb c"},
		{"text turned round", "a\u202egpj.exe", "a gpj.exe"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"too long", strings.Repeat("x", 201), strings.Repeat("x", 200) + "…"},
		{"just not too long", strings.Repeat("x", 200), strings.Repeat("x", 200)},
		{"cut within a character", "x" + long, "x" + strings.Repeat("ü", 99) + "…"},
		{"the secret", `{"error":"no key KEY/+1, really"}`, "no key [redacted], really"},
		{"the secret escaped", `{"error":"no key KEY\/\u002b1"}`, "no key [redacted]"},
		{"the secret where the text is cut", strings.Repeat("x", 197) + secret, strings.Repeat("x", 197) + "[re…"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := message([]byte(tc.body), secret); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := message([]byte("as it is"), ""); got != "as it is" {
		t.Errorf("got %q without a secret", got)
	}
}

func FuzzMessage(f *testing.F) {
	for _, body := range []string{
		`{"error":"Invalid API token.","status":401}`, `{"errors":[{"message":"m","source":"s"}]}`,
		"<html>", "\x1b[31m", `{"error":"KEY\u002d17"}`, "KEY-17", "\xff\xfe",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const secret = "KEY-17"
		text := message(body, secret)
		if len(text) > maxMessage+len("…") || !utf8.ValidString(text) {
			t.Errorf("%d bytes: %q", len(text), text)
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("not printable at %d: %q", i, text)
		}
		if strings.Contains(text, secret) {
			t.Errorf("the secret is in %q", text)
		}
		var known map[string]json.RawMessage
		if json.Unmarshal(body, &known) != nil && strings.HasPrefix(strings.TrimSpace(string(body)), "<") && text != "an HTML page" {
			t.Errorf("a page is quoted: %q", text)
		}
	})
}
