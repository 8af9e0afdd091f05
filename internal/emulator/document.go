package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Document is a JSON object whose values are kept as they were written, so that
// what an emulator does not know comes back as it was sent.
type Document map[string]json.RawMessage

// ParseDocument reads a JSON object; null is none.
func ParseDocument(text []byte) (Document, error) {
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errors.New("not a JSON object")
	}
	return d, nil
}

// Read decodes the value of key into v, a pointer; null and an absent key leave
// it alone. The key must be spelled exactly so: encoding/json, on its own,
// takes publishedURLPath for publishedUrlPath, and would hide a client's mistake.
func (d Document) Read(key string, v any) error {
	raw, ok := d[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// Has says that key is there and not null.
func (d Document) Has(key string) bool {
	raw, ok := d[key]
	return ok && string(raw) != "null"
}

// Encode writes v as JSON without escaping <, > and &, which would alter
// documents. It panics on what JSON cannot say; no emulator holds such values.
func Encode(v any) json.RawMessage {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	Must(encoder.Encode(v))
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ReplyJSON is a reply with v as its body.
func ReplyJSON(status int, v any) Reply {
	return Reply{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: Encode(v)}
}

// ParsePositive reads a positive decimal, such as a page's number; "" is
// otherwise.
func ParsePositive(s string, otherwise int) (n int, ok bool) {
	if s == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}

// Must panics with err, which only a mistake in a test or in an emulator itself
// can bring about.
func Must(err error) {
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err))
	}
}
