package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestWhatAnErrorMeans(t *testing.T) {
	status := func(status int) error { return fmt.Errorf("creating: %w", &Error{Status: status}) }
	for _, tc := range []struct {
		name                         string
		err                          error
		notFound, notSent, permanent bool
	}{
		{name: "none"},
		{name: "another error", err: errors.New("EOF")},
		{name: "nothing was sent", err: fmt.Errorf("creating: %w", unsent{context.Canceled}), notSent: true},
		{name: "302", err: status(302)},
		{name: "400", err: status(400), permanent: true},
		{name: "401", err: status(401), notSent: true, permanent: true},
		{name: "403", err: status(403), notSent: true, permanent: true},
		{name: "404", err: status(404), notFound: true, permanent: true},
		{name: "408", err: status(408)},
		{name: "409", err: status(409), permanent: true},
		{name: "410", err: status(410), notFound: true, permanent: true},
		{name: "422", err: status(422), permanent: true},
		{name: "429", err: status(429), notSent: true},
		{name: "500", err: status(500)},
		{name: "503", err: status(503)},
		{name: "504", err: status(504)},
		{name: "not kept", err: fmt.Errorf("creating: %w", ErrNotKept), permanent: true},
		{name: "foreign", err: fmt.Errorf("updating: %w", ErrForeign), permanent: true},
		{name: "unsupported", err: fmt.Errorf("updating: %w", ErrUnsupported), permanent: true, notSent: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := IsNotFound(tc.err); got != tc.notFound {
				t.Errorf("IsNotFound: %v", got)
			}
			if got := NotSent(tc.err); got != tc.notSent {
				t.Errorf("NotSent: %v", got)
			}
			if got := Permanent(tc.err); got != tc.permanent {
				t.Errorf("Permanent: %v", got)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for _, tc := range []struct {
		err  Error
		want string
	}{
		{Error{Method: "GET", Path: "/v2/domains", Status: 401, Message: "Invalid API token."}, "GET /v2/domains: 401 Unauthorized: Invalid API token."},
		{Error{Method: "PUT", Path: "/a", Status: 502}, "PUT /a: 502 Bad Gateway"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 7, 27, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, header string
		want         time.Duration
	}{
		{"absent", "", 0},
		{"seconds", "17", 17 * time.Second},
		{"no seconds", "0", 0},
		{"negative", "-5", 0},
		{"at the cap", "300", 5 * time.Minute},
		{"above the cap", "301", 5 * time.Minute},
		{"so many that they overflow a duration", "9223372036854775807", 5 * time.Minute},
		{"a date", "Mon, 27 Jul 2026 12:01:30 GMT", 90 * time.Second},
		{"a date in the oldest form", "Mon Jul 27 12:00:02 2026", 2 * time.Second},
		{"a date beyond the cap", "Tue, 28 Jul 2026 12:00:00 GMT", 5 * time.Minute},
		{"a date that is past", "Mon, 27 Jul 2026 11:59:59 GMT", 0},
		{"garbage", "soon", 0},
		{"a fraction", "1.5", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := retryAfter(http.Header{"Retry-After": {tc.header}}, now); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	if got := retryAfter(nil, now); got != 0 {
		t.Errorf("got %v without any header", got)
	}
}

func TestMessage(t *testing.T) {
	const secret = "KEY/+1"
	long := strings.Repeat("ü", 150) // 300 bytes
	for _, tc := range []struct {
		name, body, want string
	}{
		{"Vultr's", `{"error":"Invalid API token.","status":401}`, "Invalid API token."},
		{"Edgio's", `{"errors":[{"message":"invalid timestamp","code":1010},{"message":"second"}]}`, "invalid timestamp"},
		{"Edgio's with the field", `{"errors":[{"message":"required","source":"body.sourceHostname"}]}`, "body.sourceHostname: required"},
		{"Edgio's with the sentence in the description", `{"errors":[{"message":"Bad Request","code":400,"description":"unknown service profile","source":"body.serviceProfileName"}]}`,
			"body.serviceProfileName: Bad Request: unknown service profile"},
		{"Edgio's with the description alone", `{"errors":[{"description":"unknown service profile"}]}`, "unknown service profile"},
		{"Edgio's with the same text twice", `{"errors":[{"message":"Required.","description":"required."}]}`, "Required."},
		{"Edgio's with the label in the sentence", `{"errors":[{"message":"Bad Request","description":"bad request: no host"}]}`, "bad request: no host"},
		{"Edgio's with the sentence in the label", `{"errors":[{"message":"no host given","description":"no host"}]}`, "no host given"},
		{"Edgio's with the field in the sentence", `{"errors":[{"message":"body.x: required","source":"body.x","description":""}]}`, "body.x: required"},
		{"Edgio's with nulls", `{"errors":[{"message":"required","source":null,"description":null}]}`, "required"},
		{"Edgio's with nothing", `{"errors":[{"code":7}]}`, `{"errors":[{"code":7}]}`},
		{"Edgio's in lines", `{"errors":[{"message":"Bad\nRequest\t","description":"\u001b[31mno\u0085host"}]}`, "Bad Request:  [31mno host"},
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
