package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// document is a JSON object whose values are kept as they were written, so that
// what an emulator does not know comes back as it was sent.
type document map[string]json.RawMessage

// parseDocument reads a JSON object; null is none.
func parseDocument(text []byte) (document, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errors.New("not a JSON object")
	}
	return d, nil
}

// read decodes the value of key into v, a pointer; null and an absent key leave
// it alone. The key must be spelled exactly so: encoding/json, on its own,
// takes publishedURLPath for publishedUrlPath, and would hide a client's mistake.
func (d document) read(key string, v any) error {
	raw, ok := d[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// has says that key is there and not null.
func (d document) has(key string) bool {
	raw, ok := d[key]
	return ok && string(raw) != "null"
}

// encode writes v as JSON without escaping <, > and &, which would alter
// documents. It panics on what JSON cannot say; no emulator holds such values.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(v))
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// replyJSON is a reply with v as its body.
func replyJSON(status int, v any) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encode(v)}
}

// must panics with err, which only a mistake in a test or in this package
// itself can bring about.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err))
	}
}
