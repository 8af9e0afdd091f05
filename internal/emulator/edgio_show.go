package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// How a reply shows what is not known or not to be seen.
const (
	statePending = "IN_PROGRESS" // a guess
	mask         = "****"
)

func (e *Edgio) replyInstance(raw json.RawMessage) reply {
	return replyJSON(http.StatusOK, e.show(raw))
}

func (e *Edgio) replyInstances(all []json.RawMessage) reply {
	shown := []json.RawMessage{} // an empty list, not null
	for _, raw := range all {
		shown = append(shown, e.show(raw))
	}
	return replyJSON(http.StatusOK, results[json.RawMessage]{shown})
}

// show is an instance as the account's user gets to see it now. What stands is not
// changed by that.
func (e *Edgio) show(raw json.RawMessage) json.RawMessage {
	if e.options.Pending <= 0 && len(e.options.Masked) == 0 && !e.options.OmitDefaultPorts {
		return raw
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	must(decoder.Decode(&fields))
	if e.isPending(raw) {
		fields["status"] = map[string]string{"state": statePending}
	}
	if e.options.OmitDefaultPorts {
		omitDefaultPorts(fields)
	}
	return encode(e.masked(fields, false))
}

// isPending says that a version is too young to be served.
func (e *Edgio) isPending(raw json.RawMessage) bool {
	var version struct{ Revision revision }
	must(json.Unmarshal(raw, &version))
	return e.options.Now().Before(time.UnixMilli(version.Revision.CreatedDate).Add(e.options.Pending))
}

// masked returns a JSON value with the mask in place of the strings in the fields
// that the user may not see; all of them, if hidden says that this is one.
func (e *Edgio) masked(value any, hidden bool) any {
	switch v := value.(type) {
	case string:
		if hidden {
			return mask
		}
	case []any:
		for i := range v {
			v[i] = e.masked(v[i], hidden)
		}
	case map[string]any:
		for name := range v {
			v[name] = e.masked(v[name], hidden || slices.Contains(e.options.Masked, name))
		}
	}
	return value
}

func omitDefaultPorts(fields map[string]any) {
	body, _ := fields["body"].(map[string]any)
	sets, _ := body["protocolSets"].([]any)
	for _, set := range sets {
		set, _ := set.(map[string]any)
		port, _ := set["publishedPort"].(json.Number)
		protocol, _ := set["publishedProtocol"].(string)
		if n, err := port.Int64(); err == nil && int(n) == defaultPort(protocol) {
			delete(set, "publishedPort")
		}
	}
}
