package edgiotest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/emulator/edge"
)

// How a reply shows what is not known or not to be seen.
const (
	statePending = "IN_PROGRESS" // a guess
	mask         = "****"
)

func (a *Account) replyInstance(raw json.RawMessage) emulator.Reply {
	return emulator.ReplyJSON(http.StatusOK, a.shown(raw))
}

func (a *Account) replyInstances(all []json.RawMessage) emulator.Reply {
	shown := []json.RawMessage{} // an empty list, not null
	for _, raw := range all {
		shown = append(shown, a.shown(raw))
	}
	return emulator.ReplyJSON(http.StatusOK, results[json.RawMessage]{shown})
}

// shown is an instance as the account's user gets to see it now. What stands is
// not changed by that.
func (a *Account) shown(raw json.RawMessage) json.RawMessage {
	if a.options.Pending <= 0 && len(a.options.Masked) == 0 && !a.options.OmitDefaultPorts {
		return raw
	}
	fields := decodeObject(raw)
	if a.isPending(raw) {
		fields["status"] = map[string]any{"state": statePending}
	}
	if a.options.OmitDefaultPorts {
		omitDefaultPorts(fields)
	}
	a.maskFields(fields)
	return emulator.Encode(fields)
}

// decodeObject decodes a JSON object whose numbers come back as they were written.
func decodeObject(raw json.RawMessage) (fields map[string]any) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	emulator.Must(decoder.Decode(&fields))
	return fields
}

// isPending says that a version is too young to be served.
func (a *Account) isPending(raw json.RawMessage) bool {
	var version struct{ Revision revision }
	emulator.Must(json.Unmarshal(raw, &version))
	return a.options.Now().Before(time.UnixMilli(version.Revision.CreatedDate).Add(a.options.Pending))
}

// maskFields puts the mask in place of the strings in the fields of a JSON value
// that the user may not see.
func (a *Account) maskFields(value any) {
	switch v := value.(type) {
	case []any:
		for i := range v {
			a.maskFields(v[i])
		}
	case map[string]any:
		for name := range v {
			if slices.Contains(a.options.Masked, name) {
				v[name] = masked(v[name])
			} else {
				a.maskFields(v[name])
			}
		}
	}
}

// masked is a JSON value with the mask in place of all its strings.
func masked(value any) any {
	switch v := value.(type) {
	case string:
		return mask
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = masked(v[name])
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
		if n, err := port.Int64(); err == nil && int(n) == edge.DefaultPort(protocol) {
			delete(set, "publishedPort")
		}
	}
}
